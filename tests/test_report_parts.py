"""Reports of several explanations: their order, words and data, and what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import wam_widgets as wam
from tests.connection import Explore
from tests.pages import Page
from wam_widgets import reports
from wam_widgets.reports import page
from wam_widgets.text import sendable
from wam_widgets.widgets import module

pytestmark = pytest.mark.usefixtures("report_script")


class Outline(HTMLParser):
    """What stands where: headings, notes, Explorers, rows and their ends, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._heading = tag in ("h1", "h2", "h3", "h4")
        if self._heading:
            self.found.append(f"{tag} ")
        elif given.get("data-source"):
            self.found.append(f"{given['data-source']} {given['data-modality']}")
        elif given.get("class") == "wam-row":
            self.found.append("linked" if "data-linked" in given else "row")

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self.found.append("end")
        self._heading = False


def test_everything_in_its_order(
    image: wam.Explanation, sound: wam.Explanation, volume: wam.Explanation
) -> None:
    text = page(
        [
            "# First\n\nwords",
            wam.Section(image, "A picture", notes="# Note", controls={"keep": 0.5}),
            "no heading",
            [image, wam.Section(sound, "A sound", notes="# Beside")],
            "# Second",
            volume,
        ],
        "The title",
        "# Top",
    )
    assert Outline(text).found == [
        *("h1 The title", "h2 Top", "h2 First"),
        *("h2 A picture", "row", "h3 Note", "wam-data-1 image", "end"),
        *("h2 Image: grass and A sound", "linked", "h3 Image: grass", "wam-data-2 image"),
        *("h3 A sound", "h4 Beside", "wam-data-3 audio", "end"),
        *("h2 Second", "h2 Volume: class 2", "row", "wam-data-4 volume", "end"),
    ]
    found = Page(text)
    modalities = [found.content(k)["payload"]["modality"] for k in (1, 2, 3, 4)]
    assert modalities == ["image", "image", "audio", "volume"]
    assert [found.content(k)["state"]["keep"] for k in (1, 2)] == [0.5, 0.1]
    titles = [found.content(k)["payload"]["title"] for k in (1, 2, 3, 4)]
    assert titles == ["A picture", "Image: grass", "A sound", "Volume: class 2"]


def test_the_contents_lead_to_every_section(image: wam.Explanation) -> None:
    found = Page(page(["# One", image, "## no\n# Two\n# Three", [image, image]]))
    links = [link for link in found.having("href") if link]
    assert links == ["#part-0-1", "#section-1", "#part-2-1", "#part-2-2", "#section-2"]
    assert {link[1:] for link in links} <= set(found.having("id"))
    assert len(found.of_class("wam-part")) == 3
    assert len(set(found.having("id"))) == len(found.having("id"))


@pytest.mark.parametrize("notes", [None, "# Top"])
def test_one_explanation_needs_no_contents(image: wam.Explanation, notes: str | None) -> None:
    found = Page(page(image, notes=notes))
    assert found.of_class("wam-contents") == []
    assert found.text.count("Wavelet explanation of an image") == 2  # title of the page, heading
    assert found.content()["payload"]["title"] == "Wavelet explanation of an image"


def test_what_a_report_is_called(
    image: wam.Explanation, sound: wam.Explanation, volume: wam.Explanation
) -> None:
    def title(items: object) -> str:
        (found,) = re.findall("<title>(.*)</title>", page(items))
        return found

    assert title([wam.Section(image, "mine")]) == "mine"
    assert title([image, image]) == "Wavelet explanations of 2 images"
    assert title([image, sound]) == "Wavelet explanations of an image and a sound"
    assert (
        title([image, [sound, sound], volume])
        == "Wavelet explanations of an image, 2 sounds and a volume"
    )


def test_rows_say_what_is_different(image: wam.Explanation, sound: wam.Explanation) -> None:
    def titles(*row: reports.Single) -> list[str]:
        return [line[3:] for line in Outline(page([row, image])).found if line.startswith("h3")]

    assert image.provenance is not None
    other = replace(image, provenance=replace(image.provenance, model="Deeper"))
    entry = image.entries["saliency", "predicted"]
    less = replace(image, entries={("saliency", "predicted"): entry}, method="saliency")
    assert titles(image, sound) == ["Image: grass", "Sound: class 1"]
    assert titles(image, other) == ["Image: grass, Linear", "Image: grass, Deeper"]
    assert titles(image, less) == ["Image: grass, saliency, SmoothGrad", "Image: grass, saliency"]
    assert titles(image, image) == ["Image: grass", "Image: grass"]
    assert titles(wam.Section(image, "Image: grass"), other) == [
        "Image: grass",
        "Image: grass, Deeper",
    ]
    assert (
        Outline(page([[image, other], image])).found[1]
        == "h2 Image: grass, Linear and grass, Deeper"
    )


def test_an_explorer_goes_in_as_it_is_shown(explore: Explore, image: wam.Explanation) -> None:
    explorer = explore(image, title="Moved", family="sym3", level=2, keep=0.3)
    explorer.method = "smoothgrad"
    (module.STATIC / "report.js").write_text("/* report */")
    content = Page(page([explorer])).content()
    state = content["state"]
    assert content["payload"]["title"] == "Moved"
    assert (state["family"], state["level"], state["keep"]) == ("sym3", 2, 0.3)
    assert state["method"] == "smoothgrad"
    assert set(state) == set(explorer.controls())


def test_an_explorer_that_has_yet_to_compute_what_it_shows(
    explore: Explore, image: wam.Explanation
) -> None:
    explorer = explore(image, model=lambda x: x.flatten(1)[:, :2])
    (module.STATIC / "report.js").write_text("/* report */")
    explorer.method = "integrated_gradients"  # nobody has asked for it
    state = Page(page(explorer)).content()["state"]
    assert (state["method"], state["target"]) == ("saliency", "predicted")


def test_controls_are_those_of_the_widget(image: wam.Explanation) -> None:
    state = Page(page(wam.Section(image, controls={"family": "db5"}))).content()["state"]
    assert (state["family"], state["level"]) == ("db5", 1)  # as deep as it can be
    assert state["colour_map"] == wam.options.colour_map
    with wam.options(family="sym3", level=2, keep=0.2):
        state = Page(page(image)).content()["state"]
        assert (state["family"], state["level"], state["keep"]) == ("sym3", 2, 0.2)


@pytest.mark.parametrize(
    ("controls", "complaint"),
    [
        ({"colour": "red"}, "controls has 'colour'.*did you mean"),
        ({"family": "dB4"}, "controls: .*'dB4'"),
        ({"level": 9}, "controls: level"),
        ({"keep": 1.5}, "controls: keep is 1.5"),
        ({"method": "integrated_gradients"}, "controls: method is 'integrated_gradients'"),
        ({"target": 1}, "controls: target is '1'"),
        ({"sample": 1}, "controls: sample is 1"),
        ({"panels": ["player"]}, "controls: panels is 'player'"),
    ],
)
def test_wrong_controls(
    image: wam.Explanation, controls: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        page(wam.Section(image, controls=controls))


def test_wrong_items(image: wam.Explanation) -> None:
    for items, complaint in (
        ([], "no explanation"),
        (["only notes"], "no explanation"),
        ([image, []], "empty row"),
        (replace(image, entries={}), "empty"),
    ):
        with pytest.raises(ValueError, match=complaint):
            page(items)
    for items, complaint in (
        ([3], "holds a int"),
        (None, "items is a NoneType"),
        ({"one": image}, "items is a dict"),
        (image.at(), "items is a Attribution"),
        ([[image, "note"]], "a row with a string or a row in it"),
        ([[image, [image]]], "a row with a string or a row in it"),
        ([wam.Section("x")], "a Section needs an Explanation"),
        ([wam.Section(image, title=3)], "title is a int"),
        ([wam.Section(image, notes=["x"])], "notes is a list"),
        ([wam.Section(image, controls=3)], "controls is a int"),
    ):
        with pytest.raises(TypeError, match=complaint):
            page(items)
    for words in ({"title": 3}, {"notes": ["x"]}):
        with pytest.raises(TypeError, match="must be a string"):
            page(image, **words)


def test_the_same_input_gives_the_same_bytes(
    image: wam.Explanation, sound: wam.Explanation, tmp_path: Path
) -> None:
    items = [image, "note", [image, sound]]
    first = wam.report(items, tmp_path / "a.html", notes="*x*").read_bytes()
    assert wam.report(items, tmp_path / "b.html", notes="*x*").read_bytes() == first
    assert wam.report(items[::-1], tmp_path / "c.html", notes="*x*").read_bytes() != first
    assert image.to_html(tmp_path / "d.html", "t", "*x*").read_bytes() == (
        wam.report(image, tmp_path / "e.html", title="t", notes="*x*").read_bytes()
    )


def test_what_users_write_is_text_everywhere(image: wam.Explanation) -> None:
    hostile = """</script><script>alert(1)</script><img src=x onerror='a'>&quot;"\x00\ud800"""
    assert image.provenance is not None
    named = replace(
        image,
        class_names=(hostile, hostile),
        provenance=replace(image.provenance, model=hostile, versions={hostile: hostile}),
    )
    section = wam.Section(named, hostile, hostile)
    text = page([hostile, section, [section, named]], hostile, hostile)
    text.encode()
    found = Page(text)
    kinds = [tag for tag, _ in found.elements]
    assert kinds.count("script") == 5  # three explanations, the filters, the front end
    assert "img" not in kinds
    assert found.text.count("<script>alert(1)</script>") >= 15
    assert not [name for _, given in found.elements for name in given if name.startswith("on")]
    assert found.content(1)["payload"]["classNames"][0] == sendable(hostile)
