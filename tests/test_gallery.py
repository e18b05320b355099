"""The gallery of a study without a browser: what it is sent, its controls, messages, Explorers."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

import wam_widgets as wam
from tests import explained
from tests import outcomes as studied
from tests.connection import PATIENCE, from_browser
from tests.models import Linear, random
from wam_widgets.front_ends import LogMel
from wam_widgets.studies.records import Outcome, Score
from wam_widgets.widgets import wire
from wam_widgets.widgets.gallery_controls import NOT_KEPT
from wam_widgets.widgets.gallery_payload import Shown, gallery_payload, gather
from wam_widgets.widgets.study_explorer import StudyExplorer

Open = Callable[..., StudyExplorer]

LABELS = [0, 1, None, 1, 0, 2]
PREDICTED = [0, 0, 1, None, 1, 2]
EXPLAINED = [0, 0, 2, 2, 1, 2]
SCORES = [0.1 + 0.2, float("nan"), -1.5, 1e-40, 0.1 + 0.2, 1e300]
SPECTRA = [(0.5, 0.25, 0.25), (0.2, 0.3, 0.5), (1, 0, 0), (0, 0, 1), (0.1, 0.1, 0.8), (0, 1, 0)]


def outcomes() -> list[Outcome]:
    """Six inputs, the last but one with an explanation, and a seventh that failed."""
    found = [
        studied.outcome(i, label, predicted, explained=cls)
        for i, (label, predicted, cls) in enumerate(zip(LABELS, PREDICTED, EXPLAINED, strict=True))
    ]
    found[4] = studied.outcome(4, 0, 1, explained=1, explanation="00000004.safetensors", row=0)
    return [*found, studied.failed(6, "ValueError: <b>bad</b>")]


def found() -> list[Score]:
    return [
        score
        for i, value in enumerate(SCORES)
        for score in studied.scores(
            i, {"faithfulness": value, "deletion": -value}, spectrum=SPECTRA[i]
        )
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("studies") / "study"
    kept = {"00000004.safetensors": explained.image().select("smoothgrad")}
    names = ["a", "<b>", "c"]
    return studied.store(path, outcomes(), found(), explanations=kept, class_names=names).path


@pytest.fixture
def study(store: Path) -> wam.Study:
    return wam.study(store)


@pytest.fixture
def explore(connected: None) -> Iterator[Open]:
    made: list[StudyExplorer] = []

    def call(study: wam.Study, *arguments: Any, **options: Any) -> StudyExplorer:
        made.append(study.explore(*arguments, **options))
        return made[-1]

    yield call
    for explorer in made:
        explorer.close()


def test_the_numbers_arrive_as_they_are(study: wam.Study) -> None:
    sent = gallery_payload(gather(study, title="T"))
    assert sent["ids"] == [f"input {i}" for i in range(6)]
    assert (sent["total"], sent["failed"], sent["running"]) == (6, 1, False)
    assert sent["failures"] == [{"id": "input 6", "error": "ValueError: <b>bad</b>"}]
    assert sent["classes"] == ["a", "<b>", "c"]
    assert sent["metrics"] == [
        {"name": "faithfulness", "better": "larger"},
        {"name": "deletion", "better": "smaller"},
    ]
    for name, known in (("label", LABELS), ("predicted", PREDICTED), ("explained", EXPLAINED)):
        assert wire.decode(sent[name]).tolist() == [-1 if k is None else k for k in known]
    # A probability is known where something is predicted.
    probability = wire.decode(sent["probability"])
    wanted = [np.nan if k is None else 0.5 + i / 1000 for i, k in enumerate(PREDICTED)]
    assert np.array_equal(probability, np.float32(wanted), equal_nan=True)
    assert wire.decode(sent["openable"]).tolist() == [0, 0, 0, 0, 1, 0]
    first, second = sent["rows"]
    assert (first["method"], first["place"], first["ranking"]) == studied.ROWS[0]
    # What float32 cannot hold is none, as what is not a number.
    known = np.float32([value if abs(value) < 1e38 else np.nan for value in SCORES])
    for row in (first, second):
        values = wire.decode(row["values"])
        assert np.array_equal(values, [known, -known], equal_nan=True)
    assert np.abs(wire.decode(first["spectrum"]) - SPECTRA).max() <= 1 / 4096
    assert (first["scales"], second["spectrum"]) == (None, None)
    assert sent["thumbnails"] is None


def test_the_same_study_gives_the_same_payload(study: wam.Study) -> None:
    first, second = (gallery_payload(gather(wam.study(study.path))) for _ in range(2))
    assert first == second
    assert gallery_payload(gather(study, title="other"))["id"] != first["id"]


def test_a_sample_holds_the_extremes(tmp_path: Path) -> None:
    count, most = 1000, 500
    values = random(2, count, seed=3).tolist()
    inputs = [studied.outcome(i, i % 3, i % 3) for i in range(count)]
    scored = [
        score
        for i in range(count)
        for score in studied.scores(i, {"faithfulness": values[0][i], "deletion": values[1][i]})
    ]
    store = studied.store(tmp_path / "large", inputs, scored, shard_size=100)
    study = wam.study(store.path)
    shown = gather(study, most=most)
    assert (len(shown), shown.total) == (most, count)
    positions = [int(name.split()[1]) for name in shown.ids]
    assert positions == sorted(set(positions))
    for row in range(2):
        order = np.argsort(values[row]).tolist()
        assert {*order[:3], *order[-3:]} <= set(positions)
    assert gather(study, most=most).ids == shown.ids
    assert len(gather(study, most=count)) == count
    # The rest is drawn evenly: from all over the study.
    assert np.mean(positions) == pytest.approx(count / 2, abs=50)


@pytest.mark.parametrize("settings", [{"sample_rate": 8000}, {"front_end": LogMel(8000)}])
def test_bands_of_sounds_are_named(tmp_path: Path, settings: dict[str, Any]) -> None:
    inputs = [studied.outcome(0, 0, 0, shape=(1, 800))]
    store = studied.store(
        tmp_path / "sounds", inputs, studied.scores(0, {"faithfulness": 1.0}),
        metrics="faithfulness", **settings,
    )  # fmt: skip
    (row, _) = gather(wam.study(store.path)).rows
    assert row.scales == ("0–1 kHz", "1–2 kHz", "2–4 kHz")


SELECTED: list[tuple[dict[str, Any], list[int]]] = [
    # NaN comes last whichever way, equal ones as they are given; 1e300 is no float32.
    ({}, [2, 3, 0, 4, 1, 5]),
    ({"order": "best"}, [0, 4, 3, 2, 1, 5]),
    ({"order": "given"}, [0, 1, 2, 3, 4, 5]),
    # Of deletion less is better.
    ({"metric": "deletion"}, [2, 3, 0, 4, 1, 5]),
    ({"metric": "deletion", "order": "best"}, [0, 4, 3, 2, 1, 5]),
    ({"correctness": "correct"}, [0, 5]),
    ({"correctness": "wrong"}, [4, 1]),
    # An input without a label counts to the class that is explained.
    ({"label_filter": [1]}, [3, 1]),
    ({"label_filter": [2, 0]}, [2, 0, 4, 5]),
    ({"label_filter": []}, []),
    # Compared as they are sent: 0.1 + 0.2 in float32 is a little more than 0.3.
    ({"range": [float(np.float32(0.3)), 1.0]}, [0, 4]),
    ({"range": [0.3, 0.3]}, []),
    ({"range": [-2.0, 0.0]}, [2]),
    ({"search": "PUT 3"}, [3]),
    ({"search": "<b>"}, []),
    ({"label_filter": [0], "correctness": "wrong", "range": [0.0, 1.0], "search": "4"}, [4]),
]


@pytest.mark.parametrize(("controls", "wanted"), SELECTED)
def test_selected(
    study: wam.Study, explore: Open, controls: dict[str, Any], wanted: list[int]
) -> None:
    explorer = explore(study, **controls)
    assert explorer.selected == explorer.gallery.selected == [f"input {i}" for i in wanted]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("row", 2, "from 0 to 1"),
        ("row", -1, "from 0 to 1"),
        ("metric", "insertion", "faithfulness, deletion"),
        ("label_filter", [-1], "label_filter has -1"),
        ("correctness", "right", "all, correct, wrong"),
        ("range", [1.0], r"\[low, high\]"),
        ("range", [1.0, 0.0], "low at most high"),
        ("range", [0.0, float("nan")], "both finite"),
        ("order", "random", "worst, best, given"),
        ("opened", "input 9", "no input of this gallery"),
        ("opened", "input 6", "no input of this gallery"),
        ("opened", "input 0", "explanations were not kept: pass model= and data="),
    ],
)
def test_bad_values_say_what_they_must_be(
    study: wam.Study, explore: Open, name: str, value: object, message: str
) -> None:
    gallery = explore(study).gallery
    before = gallery.controls()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(gallery, name, value)
    assert gallery.controls() == before
    with pytest.raises(traitlets.TraitError, match=message):
        explore(study, **{name: value})
    # From the browser it is put back there.
    gallery.comm.messages.clear()
    gallery.set_state({name: value})
    assert gallery.controls() == before
    assert gallery.comm.updates()[name] == before[name]


def test_the_browser_sets_the_controls(study: wam.Study, explore: Open) -> None:
    gallery = explore(study).gallery
    gallery.set_state({"correctness": "wrong", "metric": "deletion", "range": None})
    assert (gallery.correctness, gallery.metric) == ("wrong", "deletion")
    assert gallery.rows == studied.ROWS


def test_the_text_of_the_front_end_is_there_once(study: wam.Study, explore: Open) -> None:
    first, second = (explore(study).gallery.get_state() for _ in range(2))
    assert first["_esm"] == "/* stub */\n"
    assert first["_module"] == second["_module"]
    assert explore(study).gallery._module.code == "/* gallery */\n"
    assert explore(study).gallery._module is not wam.explore(explained.image())._module
    assert isinstance(first["_data"]["label"]["data"], bytes)


def test_pictures_are_asked_for(study: wam.Study, explore: Open) -> None:
    gallery = explore(study).gallery
    from_browser(gallery, kind="thumbnails", id="1", positions=[5, 0])
    assert gallery.wait(PATIENCE)
    ((content, _),) = gallery.comm.custom("thumbnails")
    assert content["id"] == "1"
    images = {k: base64.b64decode(image) for k, image in content["images"].items()}
    assert images == {"0": b"picture 0", "5": b"picture 5"}


@pytest.mark.parametrize(
    "positions", [None, "0", [6], [-1], [True], [0.5], ["0"], [[0]], list(range(501)), {"a": 1}]
)
def test_hostile_messages_are_refused(study: wam.Study, explore: Open, positions: object) -> None:
    explorer = explore(study)
    gallery = explorer.gallery
    from_browser(gallery, kind="thumbnails", id="1", positions=positions)
    assert gallery.wait(PATIENCE)
    ((content, _),) = gallery.comm.custom("error")
    assert content["id"] == "1"
    assert re.search("position is|positions must be", content["message"])
    if isinstance(positions, list) and len(positions) == 1:
        from_browser(gallery, kind="open", id="2", position=positions[0])
        assert gallery.wait(PATIENCE)
        assert [error["id"] for error, _ in gallery.comm.custom("error")] == ["1", "2"]
    for content in ({}, {"kind": "thumbnails"}, {"kind": ["open"]}, {"kind": "cancel", "id": "9"}):
        gallery._receive(None, content, [])
    gallery._receive(None, "text", [])
    assert gallery.wait(PATIENCE)
    assert explorer.explorer is None
    assert gallery.opened is None


def test_a_click_opens_what_was_kept(study: wam.Study, explore: Open) -> None:
    explorer = explore(study, row=0)
    gallery = explorer.gallery
    assert list(explorer.children) == [gallery]
    from_browser(gallery, kind="open", id="1", position=4)
    assert explorer.wait(PATIENCE)
    ((content, _),) = gallery.comm.custom("opened")
    assert (content["id"], content["position"], content["opened"]) == ("1", 4, "input 4")
    assert gallery.opened == "input 4"
    shown = explorer.explorer
    assert shown is not None
    heading, below = explorer.children[1].children
    assert below is shown
    assert "input 4: a, predicted &lt;b&gt;</h3>" in heading.value
    assert shown.title == "input 4: a, predicted <b>"
    # It begins with what the row measured.
    assert (shown.method, shown.family, shown.level, shown.ranking) == (
        *("saliency", "haar", 2),
        "signed",
    )
    assert torch.equal(shown.explanation.signal, explained.image().signal)
    assert not shown._live
    # Once more: it stays.
    from_browser(gallery, kind="open", id="2", position=4)
    assert explorer.wait(PATIENCE)
    assert explorer.explorer is shown
    # Closed from either side.
    gallery.set_state({"opened": None})
    assert explorer.wait(PATIENCE)
    assert explorer.explorer is None
    assert shown.comm is None
    assert list(explorer.children) == [gallery]


def test_what_was_not_kept_says_so(study: wam.Study, explore: Open) -> None:
    explorer = explore(study)
    from_browser(explorer.gallery, kind="open", id="1", position=0)
    assert explorer.wait(PATIENCE)
    ((content, _),) = explorer.gallery.comm.custom("error")
    assert (content["message"], content["remedy"]) == (NOT_KEPT, "")
    assert explorer.gallery.opened is None


class Two(Linear):
    """Two classes told apart by a picture's mean."""

    def __init__(self) -> None:
        super().__init__(random(2, 1, 8, 8).float())


@pytest.fixture
def computed(tmp_path: Path) -> tuple[wam.Study, Two, torch.Tensor]:
    model, data = Two(), random(5, 1, 8, 8, seed=1).float()
    study = wam.evaluate(
        model, data, "saliency", [wam.Basis("haar", 2)], store=tmp_path / "study",
        show_progress=False, class_names=["a", "b"],
    )  # fmt: skip
    return study, model, data


def test_what_was_not_kept_is_explained_again(
    computed: tuple[wam.Study, Two, torch.Tensor], explore: Open
) -> None:
    study, model, data = computed
    explorer = explore(study, model, data)
    explorer.gallery.opened = "3"
    assert explorer.wait(PATIENCE)
    first = explorer.explorer
    assert first is not None
    wanted = wam.explain(model, data[3], None, "saliency", show_progress=False)
    assert torch.equal(first.explanation.gradient, wanted.gradient)
    assert first._live
    first.method = "integrated_gradients"
    assert first.attribution().explanation.method == "integrated_gradients"
    # Another one takes its place, and the first is closed.
    explorer.gallery.opened = "1"
    assert explorer.wait(PATIENCE)
    second = explorer.explorer
    assert second is not None and second is not first
    assert torch.equal(second.explanation.signal, data[1:2])
    assert first.comm is None
    gallery, opened = explorer.children
    assert (gallery, opened.children[1]) == (explorer.gallery, second)
    explorer.close()
    assert {widget.comm for widget in (gallery, opened, *opened.children)} == {None}


def test_the_newest_click_wins(
    computed: tuple[wam.Study, Two, torch.Tensor], explore: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, model, data = computed
    explorer = explore(study, model, data)
    gate, begun, asked = threading.Event(), threading.Event(), []

    def explanation(name: str, *given: Any, **options: Any) -> wam.Explanation:
        asked.append(name)
        begun.set()
        assert gate.wait(PATIENCE)
        return type(study).explanation(study, name, *given, **options)

    monkeypatch.setattr(study, "explanation", explanation)
    gallery = explorer.gallery
    shown: list[str | None] = []
    gallery.observe(lambda change: shown.append(change["new"]), "opened")
    from_browser(gallery, kind="open", id="1", position=0)
    assert begun.wait(PATIENCE)
    # Pictures come meanwhile.
    from_browser(gallery, kind="thumbnails", id="p", positions=[0, 1])
    assert gallery._channels["thumbnails"].wait(PATIENCE)
    assert [content["id"] for content, _ in gallery.comm.custom("thumbnails")] == ["p"]
    for identity, position in (("2", 1), ("3", 2)):
        from_browser(gallery, kind="open", id=identity, position=position)
    gate.set()
    assert explorer.wait(PATIENCE)
    assert asked == ["0", "2"]
    assert [content["id"] for content, _ in gallery.comm.custom("cancelled")] == ["1", "2"]
    assert [content["id"] for content, _ in gallery.comm.custom("opened")] == ["3"]
    assert shown == ["2"]
    assert explorer.explorer is not None
    assert torch.equal(explorer.explorer.explanation.signal, data[2:3])


def test_a_model_that_fails_is_said_and_nothing_is_lost(
    computed: tuple[wam.Study, Two, torch.Tensor], explore: Open
) -> None:
    study, model, data = computed
    explorer = explore(study, lambda: model, data, opened="2")
    assert explorer.wait(PATIENCE)
    first = explorer.explorer
    assert first is not None
    with torch.no_grad():
        model.weight.add_(1)
    explorer.gallery.opened = "4"
    assert explorer.wait(PATIENCE)
    ((content, _),) = explorer.gallery.comm.custom("error")
    assert content["id"] == ""
    assert "does not have the weights" in content["message"]
    assert explorer.gallery.opened == "2"
    assert explorer.explorer is first


def test_arguments_are_checked_at_once(study: wam.Study, explore: Open) -> None:
    with pytest.raises(TypeError, match="did you mean 'correctness'"):
        explore(study, corectness="wrong")
    with pytest.raises(TypeError, match="settings are for a model"):
        explore(study, front_end=abs)
    with pytest.raises(TypeError, match="model is a int"):
        explore(study, 3)


def test_a_front_end_is_needed_again(tmp_path: Path, explore: Open) -> None:
    model, front_end = Linear(random(2, 1, 64).float()), torch.nn.Identity()
    data = random(2, 1, 64).float()
    study = wam.evaluate(
        model, data, "saliency", [wam.Basis("haar", 2)], "sparseness", store=tmp_path / "sounds",
        front_end=front_end, sample_rate=8000, show_progress=False,
    )  # fmt: skip
    with pytest.raises(TypeError, match=r"made with one \(Identity\)"):
        explore(study, model, data)
    explorer = explore(study, model, data, front_end=front_end, opened="1")
    assert explorer.wait(PATIENCE)
    assert explorer.explorer is not None
    assert explorer.explorer.explanation.modality == "audio"


def test_a_study_that_goes_on(tmp_path: Path, explore: Open) -> None:
    inputs = [studied.outcome(i, 0, 0) for i in range(8)]
    scored = [
        one for i in range(8) for one in studied.scores(i, {"faithfulness": i, "deletion": 0})
    ]
    store = studied.store(tmp_path / "study", inputs[:4], scored[:8], count=8)
    explorer = explore(wam.study(store.path), order="best", range=[2.0, 9.0])
    before = explorer._repr_mimebundle_()["image/png"]
    assert explorer.selected == ["input 3", "input 2"]
    assert explorer.gallery._data["running"]
    studied.write(store, 1, inputs, scored)
    assert explorer.selected == ["input 3", "input 2"]
    explorer.gallery.comm.messages.clear()
    explorer.refresh()
    assert explorer.selected == [f"input {i}" for i in (7, 6, 5, 4, 3, 2)]
    sent = explorer.gallery.comm.updates()["_data"]
    assert (len(sent["ids"]), sent["total"], sent["running"]) == (8, 8, False)
    assert explorer._repr_mimebundle_()["image/png"] != before


def test_a_study_without_anything_to_show(tmp_path: Path, explore: Open) -> None:
    running = studied.store(tmp_path / "running", [], [], count=5)
    with pytest.raises(ValueError, match="no finished input to show yet"):
        explore(wam.study(running.path))
    # The page says what failed, and so does the gallery.
    store = studied.store(tmp_path / "failed", [studied.failed(0)], [])
    explorer = explore(wam.study(store.path))
    sent = explorer.gallery._data
    assert (sent["ids"], sent["failed"], explorer.selected) == ([], 1, [])
    assert "image/png" in explorer._repr_mimebundle_()


def test_a_saved_notebook_has_a_picture(study: wam.Study, explore: Open) -> None:
    explorer = explore(study, title="A <b>study</b> $of$ things")
    view = "application/vnd.jupyter.widget-view+json"
    bundle = explorer._repr_mimebundle_()
    assert bundle[view]["model_id"] == explorer.model_id
    first = base64.b64decode(bundle["image/png"])
    assert first.startswith(b"\x89PNG")
    assert explorer._repr_mimebundle_()["image/png"] == bundle["image/png"]
    for name, value in {"row": 1, "metric": "deletion", "correctness": "correct"}.items():
        setattr(explorer.gallery, name, value)
        again = base64.b64decode(explorer._repr_mimebundle_()["image/png"])
        assert again != first
        first = again
    own = explorer.gallery._repr_mimebundle_()
    assert own is not None
    assert {view, "image/png"} <= set(own[0])
    # Nothing is left: it is said rather than left out.
    explorer.gallery.search = "nothing"
    assert "image/png" in explorer._repr_mimebundle_()


def test_the_shown_names(study: wam.Study) -> None:
    shown: Shown = gather(study)
    assert [shown.about(i) for i in range(4)] == [
        "input 0: a",
        "input 1: <b>, predicted a",
        "input 2: predicted <b>",
        "input 3: <b>",
    ]
