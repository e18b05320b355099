"""wam.options: what may be set, what it changes, and that it ends where it must."""

from __future__ import annotations

import builtins
import copy
import doctest
import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import wam_widgets as wam
from tests.connection import Explore
from tests.models import convolutional, random
from wam_widgets.widgets import embed
from wam_widgets.widgets.controls import COLOUR_MAPS
from wam_widgets.widgets.payload import default_controls

NAMES = ["method", "family", "level", "mode", "colour_map", "keep", "embed"]


@pytest.fixture(autouse=True)
def as_at_first() -> Iterator[None]:
    assert wam.options.as_dict() == wam.Options().as_dict()
    yield
    wam.options.reset()


@pytest.fixture(scope="module")
def e() -> wam.Explanation:
    return wam.explain(convolutional(2), random(1, 2, 64, 48), method="saliency")


def test_the_documented_example_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "_", None, raising=False)  # doctest leaves its last value there
    result = doctest.testmod(sys.modules[wam.Options.__module__])
    assert (result.attempted, result.failed) == (5, 0)


def test_what_is_there_is_listed() -> None:
    assert list(wam.options.as_dict()) == NAMES
    assert dir(wam.options) == sorted([*NAMES, "as_dict", "reset"])
    lines = repr(wam.options).splitlines()
    assert lines[0] == "wam_widgets.options"
    wam.options.family = "sym4"
    assert [line.split()[0] for line in lines[1:]] == NAMES
    assert "family = 'sym4' " in repr(wam.options)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("method", "smothgrad", r"method is 'smothgrad': it must be one of saliency, smoothgrad"),
        ("method", None, r"method is None: it must be one of"),
        ("family", "db99", r"family is 'db99': .* did you mean"),
        ("level", 0, r"level is 0: it must be an integer of at least 1, or None"),
        ("level", True, r"level is True: "),
        ("level", 2.0, r"level is 2.0: "),
        ("mode", "mirror", r"mode is 'mirror': it must be one of symmetric, reflect"),
        ("colour_map", "jet", r"colour_map is 'jet': it must be one of blue-red"),
        ("keep", 1.5, r"keep is 1.5: it must be a number from 0 to 1"),
        ("keep", float("nan"), r"keep is nan: "),
        ("keep", "0.1", r"keep is '0.1': "),
        ("embed", "pdf", r"embed is 'pdf': it must be one of png, html"),
        ("embed", [], r"embed is \[\]: "),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    name: str, value: Any, message: str
) -> None:
    before = wam.options.as_dict()
    with pytest.raises(ValueError, match=message):
        setattr(wam.options, name, value)
    with pytest.raises(ValueError, match=message):
        wam.options(embed="html", **{name: value}) if name != "embed" else wam.options(embed=value)
    assert wam.options.as_dict() == before


def test_a_family_is_a_name() -> None:
    with pytest.raises(TypeError, match="family is 4: it must be a wavelet name"):
        wam.options.family = 4


def test_a_wrong_name_is_refused_with_the_right_one() -> None:
    message = "'famly' is no option: it must be one of method, .*; did you mean 'family'?"
    with pytest.raises(AttributeError, match=message):
        wam.options.famly = "db2"
    with pytest.raises(AttributeError, match=message):
        _ = wam.options.famly
    with pytest.raises(TypeError, match=message):
        wam.options(famly="db2")
    with pytest.raises(ValueError, match=message):
        wam.options.reset("famly")


def test_a_context_ends_also_with_an_error() -> None:
    wam.options.level = 2
    with (
        pytest.raises(ZeroDivisionError),
        wam.options(level=4, family="db2") as inside,
        wam.options(family="haar"),
    ):
        assert inside is wam.options
        assert (wam.options.level, wam.options.family) == (4, "haar")
        wam.options.keep = 0.5
        raise ZeroDivisionError
    assert wam.options.level == 2
    assert wam.options.family is None
    assert wam.options.keep == 0.1
    # Made, but not entered.
    wam.options(level=7)
    assert wam.options.level == 2


def test_reset() -> None:
    wam.options.level, wam.options.keep, wam.options.mode = 2, 1, "zero"
    wam.options.reset("level", "keep")
    assert wam.options.as_dict() == {**wam.Options().as_dict(), "mode": "zero"}
    wam.options.reset()
    assert wam.options.as_dict() == wam.Options().as_dict()


def test_asking_for_interactive_outputs_acts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell that asks holds what they need, also when it is run again; leaving asks nothing."""
    calls: list[str] = []
    monkeypatch.setattr(embed, "carry", lambda: calls.append(wam.options.embed))
    wam.options.embed = "png"
    wam.options.family = "db2"
    assert calls == []
    wam.options.embed = "html"
    wam.options.embed = "html"
    assert calls == ["html"] * 2
    with wam.options(embed="png"), wam.options(embed="html"):
        assert len(calls) == 3
    assert wam.options.embed == "html" and len(calls) == 3


def test_the_module_never_hides_the_object() -> None:
    import wam_widgets.options as by_name

    assert importlib.import_module("wam_widgets.options").options is wam.options
    assert by_name is wam.options
    assert isinstance(wam.options, wam.Options)


def test_copies_are_on_their_own() -> None:
    other = copy.deepcopy(wam.options)
    other.level = 3
    assert wam.options.level is None


def test_explanations_follow_and_arguments_win() -> None:
    model, x = convolutional(2), random(1, 2, 16, 16)
    with wam.options(method="saliency"):
        assert wam.explain(model, x).method == "saliency"
        assert wam.explain(model, x, method="smoothgrad").method == "smoothgrad"
        assert wam.Explainer(model, x).explain().method == "saliency"
    assert wam.explain(model, x).method == "smooth_integrated_gradients"


def test_the_basis_follows_and_arguments_win(e: wam.Explanation) -> None:
    with wam.options(family="sym2", level=3, mode="zero"):
        assert e.at().basis == wam.Basis("sym2", 3, "zero")
        assert e.at("haar").basis == wam.Basis("haar", 3, "zero")
        assert e.at(level=2).basis == wam.Basis("sym2", 2, "zero")
        assert e.at(mode="reflect").basis == wam.Basis("sym2", 3, "reflect")
        assert e.at(wam.Basis("db2", 1)).basis == wam.Basis("db2", 1)
    with wam.options(family="haar"):
        assert e.at().basis == wam.Basis("haar", 5)
    assert e.at().basis == wam.Basis("db2", 4)


def test_a_small_signal_gets_what_it_allows() -> None:
    small = wam.explain(convolutional(2), random(1, 2, 9, 12), method="saliency")
    with wam.options(family="db2", level=7):
        assert small.at().basis == wam.Basis("db2", 1)
        assert small.at("haar").basis == wam.Basis("haar", 3)
    with wam.options(family="db8"):
        assert small.at().basis.family == "db2"
    # What is asked for in the call is not bent.
    with wam.options(family="db2"), pytest.raises(ValueError, match="level is 7"):
        small.at(level=7)


def test_explorers_and_reports_begin_there(e: wam.Explanation, explore: Explore) -> None:
    colours = COLOUR_MAPS[-1]
    chosen = {"family": "sym2", "level": 2, "mode": "zero", "keep": 0.3, "colour_map": colours}
    with wam.options(**chosen):
        explorer = explore(e)
        assert {name: getattr(explorer, name) for name in chosen} == chosen
        assert chosen.items() <= default_controls(e).items()
        assert explore(e, level=3, keep=0.5).keep == 0.5
    assert {name: getattr(explorer, name) for name in chosen} == chosen
    assert explore(e).family == "db2"


def test_an_explorer_asks_for_the_method(explore: Explore) -> None:
    torch.manual_seed(0)
    with wam.options(method="saliency"):
        assert explore(convolutional(2), random(1, 2, 16, 16)).method == "saliency"
