"""Linked Explorers without a browser: what Python passes on, and what the browser is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import wam_widgets as wam
from tests import solid, sound
from tests.connection import Explore
from tests.exported import picture
from tests.models import Linear, random
from wam_widgets.widgets.link import LINKED

Make = Callable[..., wam.Explorer]


@pytest.fixture
def image(explore: Explore) -> Make:
    """An Explorer of pictures of a size."""

    def make(height: int = 64, width: int = 64, count: int = 1, **controls: Any) -> wam.Explorer:
        model = Linear(random(2, 1, height, width).float())
        x = picture(1, height, width, count)
        e = wam.explain(model, x, 0, "saliency", objective="logit", show_progress=False)
        return explore(e, **{"family": "haar", "level": 3, **controls})

    return make


def told(explorer: wam.Explorer) -> dict[str, Any]:
    """What the browser was told of an Explorer since the last time it was asked."""
    comm: Any = explorer.comm
    messages, comm.messages = comm.messages, []
    merged: dict[str, Any] = {}
    for data, _ in messages:
        if data.get("method") == "update":
            merged.update(data["state"])
    return merged


def test_they_begin_where_the_first_one_is(image: Make) -> None:
    a = image(keep=0.3, scales=[0, 2], selection={"start": [0, 8], "stop": [16, 32]})
    b = image(ranking="magnitude", level=2)
    link = wam.link(a, b)
    assert {name: getattr(a, name) for name in LINKED} == {
        name: getattr(b, name) for name in LINKED
    }
    assert link.explorers == (a, b)
    assert link.names == LINKED
    assert "2 Explorers: the default controls>" in repr(link)


def test_what_is_set_in_one_is_set_in_all(image: Make) -> None:
    a, b, c = image(), image(), image()
    wam.link(a, b, c)
    b.family, b.level, b.keep = "sym4", 2, 0.5
    b.scales = [1]
    for other in (a, c):
        assert (other.family, other.level, other.keep, other.scales) == ("sym4", 2, 0.5, [1])
        seen = told(other)
        assert (seen["family"], seen["level"], seen["keep"], seen["scales"]) == (
            ("sym4", 2, 0.5, [1])
        )
    b.level = 3
    assert a.scales == b.scales == c.scales == [2]


def test_methods_targets_and_panels_stay_apart_unless_they_are_named(image: Make) -> None:
    a, b = image(), image()
    wam.link(a, b)
    a.panels = ["overlay"]
    assert len(b.panels) == 5
    wam.link(a, b, names=["panels"])
    assert b.panels == ["overlay"]
    for name in ("method", "target", "panels"):
        assert name not in LINKED


def test_only_what_is_named(image: Make) -> None:
    a, b = image(keep=0.3), image()
    link = wam.link(a, b, names=["level", "family"])
    assert link.names == ("family", "level")
    assert b.keep == 0.1
    a.level, a.keep = 2, 0.7
    assert (b.level, b.keep) == (2, 0.1)


def test_unlink(image: Make) -> None:
    a, b = image(), image()
    with wam.link(a, b) as link:
        assert a._links == b._links
        assert len(a._links) == 1
        a.keep = 0.2
    assert a._links == b._links == []
    assert told(b)["_links"] == []
    a.keep = 0.3
    assert b.keep == 0.2
    link.unlink()
    assert repr(link).endswith(", ended>")


def test_a_level_that_a_smaller_input_lacks_is_not_sent_back(image: Make) -> None:
    large, small = image(128, 128), image(16, 16)
    wam.link(large, small)
    large.level = 7
    assert (large.level, small.level) == (7, 4)
    large.scales = [6, 7]
    assert small.scales == [3, 4]
    large.family = "db4"
    assert (large.level, small.level, small.family) == (4, 1, "db4")
    large.family = "haar"
    assert (large.level, small.level) == (4, 4)
    small.level = 2
    assert large.level == 2
    # Nothing of it fits: the small one stays as it is.
    large.family = "db20"
    assert small.family == "haar"
    assert large.family == "db20"


def test_places_go_by_their_share_of_a_picture(image: Make) -> None:
    large, small = image(64, 128), image(16, 64)
    wam.link(large, small)
    large.selection = {"start": [17, 32], "stop": [33, 66]}
    assert small.selection == {"start": [4, 16], "stop": [9, 33]}
    assert large.selection == {"start": [17, 32], "stop": [33, 66]}
    large.selection = None
    assert small.selection is None


def test_samples_and_channels_that_are_not_there(image: Make) -> None:
    a, b = image(count=3), image(count=2)
    wam.link(a, b)
    a.sample = 2
    assert b.sample == 1
    a.channels = "0"
    assert b.channels == "0"


def test_places_go_by_the_time_of_a_sound(explore: Explore) -> None:
    def heard(length: int, rate: int) -> wam.Explorer:
        model = Linear(random(2, 1, length).float() / 100)
        x = sound.scene(length, rate)
        e = wam.explain(
            model, x, 0, "saliency", objective="logit", sample_rate=rate, show_progress=False
        )
        return explore(e)

    long, short = heard(16000, 8000), heard(8000, 16000)
    wam.link(long, short)
    long.selection = {"start": [800], "stop": [1601]}
    assert short.selection == {"start": [1600], "stop": [3202]}
    long.selection = {"start": [3000], "stop": [6000]}
    assert short.selection == {"start": [6000], "stop": [8000]}
    long.selection = {"start": [8000], "stop": [9000]}
    assert short.selection is None
    long.gains = [0.0] * long.level + [-6.0]
    assert short.gains is not None
    assert short.gains[-1] == -6.0


def test_volumes_and_modalities(explore: Explore, image: Make) -> None:
    whole = explore(solid.signed())
    x = solid.balls()[..., ::2]
    weight = solid.BALL.inside().double()[..., ::2]
    half = explore(solid.explained(x, weight, spacing=None))
    wam.link(whole, half)
    whole.crosshair = [20, 5, 41]
    whole.camera = {"azimuth": 5}
    assert half.crosshair == [20, 5, 20]
    assert half.camera == whole.camera
    # What an image and a volume have in common, and no more.
    flat = image()
    wam.link(whole, flat)
    whole.selection = {"start": [0, 0, 0], "stop": [8, 8, 8]}
    whole.keep = 0.4
    assert flat.selection is None
    assert flat.keep == half.keep == 0.4


def test_what_the_browser_says(image: Make) -> None:
    a, b = image(), image()
    wam.link(a, b)
    told(a), told(b)
    # Moved there: b's own view has followed and says so itself, here it is only known.
    a.set_state({"keep": 0.4, "level": 2, "_told": {"keep": 1, "level": 1}})
    assert (b.keep, b.level) == (0.4, 2)
    assert not {"keep", "level", "scales", "gains"} & set(told(b))
    # It followed: nothing goes back, not even what is old by now.
    a.keep = 0.6
    told(a), told(b)
    b.set_state({"keep": 0.4, "_told": {"keep": -1}})
    assert (a.keep, b.keep) == (0.6, 0.4)
    assert "keep" not in told(a)
    # Moved by a slider that is linked with it: nobody knows yet.
    a.set_state({"keep": 0.8, "_told": {"keep": 1, "level": 1}})
    assert b.keep == 0.8
    assert told(b)["keep"] == 0.8
    # What a view could never say is taken for nothing.
    a.set_state({"_told": "much", "keep": 0.9})
    a.set_state({"keep": 0.9, "_told": {"keep": "often"}})
    assert b.keep == 0.9


def test_chains_and_rings(image: Make) -> None:
    a, b, c = image(128, 128), image(16, 16), image(128, 128)
    wam.link(a, b)
    wam.link(b, c)
    a.level = 7
    # Through one that cannot follow to the letter.
    assert (a.level, b.level, c.level) == (7, 4, 7)
    wam.link(c, a)
    for level in (2, 6, 7):
        c.level = level
        assert (a.level, b.level, c.level) == (level, min(4, level), level)
    told(b)
    a.keep = 0.35
    assert told(b) == {"keep": 0.35}


def test_what_is_wrong_is_said(image: Make) -> None:
    a, b = image(), image()
    with pytest.raises(ValueError, match="explorers has 1: link takes two or more, each once"):
        wam.link(a)
    with pytest.raises(ValueError, match="explorers has 3: link takes two or more, each once"):
        wam.link(a, b, a)
    with pytest.raises(TypeError, match="explorers has a Tensor: they must be Explorers"):
        wam.link(a, torch.zeros(1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="names is 'level': it must be a sequence"):
        wam.link(a, b, names="level")
    with pytest.raises(ValueError, match="names has 'colour': it must be one of family, level"):
        wam.link(a, b, names=["level", "colour"])
    with pytest.raises(ValueError, match="names is empty"):
        wam.link(a, b, names=[])
    assert a._links == b._links == []
