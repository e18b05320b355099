"""The page of a study: everything is in it, in words and as data, and what users wrote is text."""

from __future__ import annotations

import ast
import html
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import wam_widgets as wam
from tests import explained, outcomes
from tests.models import Linear, random
from tests.pages import Page
from wam_widgets import reports
from wam_widgets.studies import page as written
from wam_widgets.widgets import module, sizes, wire

FILE = "00000000.safetensors"
HOSTILE = "</script><script>alert(1)</script><b>x</b>"


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A stand-in for the built front end."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "study.js").write_text("/* study */\n")
    monkeypatch.setattr(module, "STATIC", folder)


def study(path: Path, count: int = 8, kept: int = 6, **settings: Any) -> wam.Study:
    """Inputs of which the first have explanations; faithfulness falls from one to the next."""
    found = [
        outcomes.outcome(i, i % 2, 0, explanation=FILE if i < kept else None, row=0)
        for i in range(count)
    ]
    scores = [
        score
        for i in range(count)
        for score in outcomes.scores(i, {"faithfulness": -i / 8, "deletion": i / 8})
    ]
    failed = [outcomes.failed(count, f"ValueError: {HOSTILE}")]
    store = outcomes.store(
        path, [*found, *failed], scores, shard_size=16, weights="ab12",
        explanations={FILE: explained.image()}, **settings,
    )  # fmt: skip
    return wam.study(store.path)


def test_everything_is_in_the_file(tmp_path: Path) -> None:
    one = study(tmp_path / "study", class_names=["grass", HOSTILE])
    path = one.to_html(tmp_path / "study.html", n=4, title=f"A {HOSTILE}", notes="With **notes**.")
    page = Page(path.read_text(encoding="utf-8"))
    # The gallery, as it is live.
    gallery = page.content(1)
    assert gallery["state"]["metric"] == "faithfulness"
    assert gallery["state"]["opened"] is None
    sent = gallery["payload"]
    assert sent["ids"] == [f"input {i}" for i in range(8)]
    values = wire.decode(sent["rows"][0]["values"])
    assert values[0].tolist() == [-i / 8 for i in range(8)]
    assert sent["classes"] == ["grass", HOSTILE]
    assert len(sent["thumbnails"]) == 8
    # Of six that were kept: the two worst, the middle, the best.
    opened = [i for i, can in enumerate(wire.decode(sent["openable"])) if can]
    assert opened == [0, 3, 4, 5]
    wrappers = [found for _, found in page.elements if "data-gallery" in found]
    assert sorted(int(found["data-input"] or -1) for found in wrappers) == opened
    assert all(found["data-gallery"] == "wam-data-1" and "hidden" in found for found in wrappers)
    assert page.having("data-source") == [f"wam-data-{k}" for k in range(1, 6)]
    shown = page.content(2)
    assert shown["state"]["family"] == "haar"
    assert shown["state"]["level"] == 2
    assert shown["payload"]["title"] == f"input 5: {HOSTILE}, predicted grass"
    assert "4 of the 6 inputs with an explanation open as Explorers: the 2 worst, 1 from the" in (
        page.text
    )


def test_it_says_what_was_computed_and_how_to_repeat_it(tmp_path: Path) -> None:
    one = study(tmp_path / "study", n_samples=4)
    text = Page(one.to_html(tmp_path / "study.html").read_text(encoding="utf-8")).text
    (line,) = one.summary(metrics="deletion", place="haar, level 2").itertuples()
    for words in (
        "9 inputs, 1 of them failed",
        f"{line.mean:.2f} ({line.low:.2f} to {line.high:.2f})",
        "Larger is better, except for deletion.",
        f"input 8 ValueError: {HOSTILE}",
        "SHA-256 ab12",
        f"PyTorch {torch.__version__}",
        "model, # Network, weights SHA-256 ab12",
        "methods=['saliency'], bases=[wam.Basis('haar', 2), 'signal'], rankings=['signed'], "
        "metrics=['faithfulness', 'deletion'], target=None",
        "n_samples=4",
        "6 inputs have an explanation, and open as Explorers.",
    ):
        assert words in text


def test_the_call_is_python(tmp_path: Path) -> None:
    names = [f"a  class, number {i}: '\"\\\n" for i in range(20)]
    one = study(tmp_path / "study", class_names=names, n_samples=4)
    text = one.to_html(tmp_path / "study.html", n=0).read_text(encoding="utf-8")
    shown = re.search("<code>(.*?)</code>", text, re.DOTALL)
    assert shown is not None
    lines = html.unescape(shown[1])
    assert max(map(len, lines.splitlines())) <= 88
    call = ast.parse(lines).body[-1]
    assert isinstance(call, ast.Assign) and isinstance(call.value, ast.Call)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.value.keywords}
    assert ast.literal_eval(given["class_names"]) == names
    assert given["bases"] == "[wam.Basis('haar', 2), 'signal']"
    assert given["n_samples"] == "4"


def test_what_users_write_is_text(tmp_path: Path) -> None:
    one = study(tmp_path / "study", class_names=["a", HOSTILE])
    given = {"title": HOSTILE, "notes": HOSTILE}
    page = Page(one.to_html(tmp_path / "study.html", **given).read_text(encoding="utf-8"))
    assert not [tag for tag, _ in page.elements if tag == "b"]
    kinds = [found.get("type") for tag, found in page.elements if tag == "script"]
    assert set(kinds) == {"application/json", "module"}
    assert kinds.count("module") == 1
    for tag, found in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert not {"src", "srcset", "action", "onclick"} & set(found)
    assert page.policy.startswith("default-src 'none';")


def test_the_same_study_gives_the_same_file(tmp_path: Path) -> None:
    one = study(tmp_path / "study")
    first = one.to_html(tmp_path / "first.html").read_bytes()
    assert wam.study(one.path).to_html(tmp_path / "second.html").read_bytes() == first


def test_without_explanations(tmp_path: Path) -> None:
    one = study(tmp_path / "study", kept=0)
    page = Page(one.to_html(tmp_path / "study.html").read_text(encoding="utf-8"))
    assert "No input opens as an Explorer: explanations were not kept" in page.text
    assert not wire.decode(page.content(1)["payload"]["openable"]).any()


def test_where_all_failed_it_says_why(tmp_path: Path) -> None:
    failed = [outcomes.failed(i, f"ValueError: {HOSTILE}") for i in range(3)]
    one = wam.study(outcomes.store(tmp_path / "study", failed, []).path)
    page = Page(one.to_html(tmp_path / "study.html").read_text(encoding="utf-8"))
    assert "3 inputs, 3 of them failed" in page.text
    assert page.text.count(f"ValueError: {HOSTILE}") == 3
    assert "Means over inputs" not in page.text and "opens as an Explorer" not in page.text
    with pytest.raises(ValueError, match="no scores: 3 inputs failed"):
        one.summary()


def test_a_metric_that_no_input_has(tmp_path: Path) -> None:
    found = [outcomes.outcome(i, 0, 0) for i in range(3)]
    scores = [one for i in range(3) for one in outcomes.scores(i, {"faithfulness": math.nan})]
    store = outcomes.store(tmp_path / "study", found, scores)
    page = Page(wam.study(store.path).to_html(tmp_path / "study.html").read_text(encoding="utf-8"))
    assert "– [3 left out]" in page.text and "nan" not in page.text


def test_what_no_explorer_can_show_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = study(tmp_path / "study")
    fits = iter([True, False, False, True])
    monkeypatch.setattr(written, "_fits", lambda explanation: next(fits))
    page = Page(one.to_html(tmp_path / "study.html", n=4).read_text(encoding="utf-8"))
    assert "2 of them cannot be shown: their explanations hold no gradient" in page.text
    opened = wire.decode(page.content(1)["payload"]["openable"])
    assert [i for i, can in enumerate(opened) if can] == [0, 5]
    assert len(page.having("data-input")) == 2


def test_what_has_no_gradient_fits_no_explorer(monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = explained.image()
    assert written._fits(explanation)
    assert not written._fits(replace(explanation, entries={}, method=None, target=None))
    monkeypatch.setitem(sizes.LARGEST, "audio", 100)
    assert not written._fits(explained.sound())


def test_with_model_and_data_they_are_computed(tmp_path: Path) -> None:
    model, data = Linear(random(2, 1, 8, 8).float()), random(5, 1, 8, 8, seed=1).float()
    one = wam.evaluate(
        model, data, "saliency", [wam.Basis("haar", 2)], store=tmp_path / "study",
        show_progress=False,
    )  # fmt: skip
    path = one.to_html(tmp_path / "study.html", n=1, model=model, data=data)
    page = Page(path.read_text(encoding="utf-8"))
    (place,) = (
        int(found["data-input"] or 0) for _, found in page.elements if "data-input" in found
    )
    wanted = wam.explain(model, data[place], None, "saliency", show_progress=False).gradient
    sent = wire.decode(page.content(2)["payload"]["entries"][0]["gradient"])
    assert abs(sent - wanted.numpy()).max() <= float(wanted.abs().max()) / 2048


def test_pictures_stop_where_they_would_be_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = study(tmp_path / "study")
    monkeypatch.setattr(written, "MOST_PICTURES", 3 * len("picture 0"))
    page = Page(one.to_html(tmp_path / "study.html", n=0).read_text(encoding="utf-8"))
    # The worst, the best, the second worst.
    assert set(page.content(1)["payload"]["thumbnails"]) == {"7", "0", "6"}
    assert "The worst and the best 3 inputs have pictures." in page.text


@pytest.mark.parametrize(("metric", "worst"), [("faithfulness", 7), ("deletion", 7), ("area", 0)])
def test_the_worst_is_by_the_first_metric(tmp_path: Path, metric: str, worst: int) -> None:
    inputs = [outcomes.outcome(i, 0, 0, explanation=FILE, row=0) for i in range(8)]
    values = {"faithfulness": -1.0, "deletion": 1.0, "area": 1.0}[metric]
    scores = [one for i in range(8) for one in outcomes.scores(i, {metric: values * i})]
    metrics = {metric: {"metric": "insertion" if metric == "area" else metric}}
    store = outcomes.store(
        tmp_path / "study", inputs, scores, metrics=metrics, explanations={FILE: explained.image()}
    )
    path = wam.study(store.path).to_html(tmp_path / "study.html", n=1)
    page = Page(path.read_text(encoding="utf-8"))
    assert page.having("data-input") == [str(worst)]


def test_a_large_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = study(tmp_path / "study")
    path = one.to_html(tmp_path / "study.html")
    monkeypatch.setattr(reports, "LARGE", path.stat().st_size // 2)
    with pytest.warns(UserWarning, match="the file will be about .* write fewer Explorers"):
        one.to_html(path)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": -1}, ValueError, "n is -1"),
        ({"title": 3}, TypeError, "title is a int"),
        ({"notes": b"x"}, TypeError, "notes is a bytes"),
        ({"path": "nowhere/study.html"}, FileNotFoundError, "does not exist"),
        ({"front_ent": None}, TypeError, "'front_ent' is no argument.*did you mean 'front_end'"),
        ({"model": abs}, TypeError, "data is missing: model= alone computes nothing"),
    ],
)
def test_arguments_are_checked(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    one = study(tmp_path / "study")
    with pytest.raises(error, match=message):
        one.to_html(**{"path": tmp_path / "study.html", **options})
    assert not (tmp_path / "study.html").exists()
