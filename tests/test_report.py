"""The exported file: complete, alone, harmless, the same each time; and the demo command."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

import wam_widgets as wam
from tests.models import convolutional, random
from tests.observe import Observed
from tests.pages import Page
from tests.sound import RATE, classifier, scene
from wam_widgets import files, reports
from wam_widgets.front_ends import LogMel
from wam_widgets.widgets import module, wire
from wam_widgets.widgets.controls import PANELS

# Stands in for the front end where a test is about the page around it. It does what the real one
# must be able to do in such a page: read the data, run a worker from a blob, style a shadow root,
# draw a picture from a blob; and it holds what could end its element.
SCRIPT = r"""
const hostile = "</script><!-- <script>";
const element = document.querySelector(".wam-explorer[data-source]");
const read = async (id) => {
const text = document.getElementById(id).textContent;
const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const content = await new Response(stream).arrayBuffer();
const size = new DataView(content).getUint32(0, true);
return JSON.parse(new TextDecoder().decode(content.slice(4, 4 + size)));
};
const { payload, state } = await read(element.dataset.source);
const { families } = await read("wam-bank");
const source = "onmessage = (event) => postMessage(event.data + 1)";
const worker = new Worker(URL.createObjectURL(new Blob([source])));
const answer = await new Promise((done) => {
  worker.onmessage = (event) => done(event.data);
  worker.postMessage(41);
});
const canvas = new OffscreenCanvas(3, 3);
canvas.getContext("2d").fillRect(0, 0, 3, 3);
const image = new Image();
image.src = URL.createObjectURL(await canvas.convertToBlob());
await image.decode();
const root = element.attachShadow({ mode: "open" });
root.innerHTML = "<style>p { color: rgb(1, 2, 3) }</style><p></p>";
root.querySelector("p").textContent = JSON.stringify({
  hostile, answer, image: image.width, title: payload.title, family: state.family,
  families: families.length,
});
"""


@pytest.fixture(scope="module")
def explanation() -> wam.Explanation:
    weight = torch.randn(3, 1, 20, 24, generator=torch.Generator().manual_seed(0))

    def model(points: torch.Tensor) -> torch.Tensor:
        return torch.tanh(torch.einsum("bchw,kchw->bk", points, weight) / 10)

    x = torch.rand(1, 1, 20, 24, generator=torch.Generator().manual_seed(1))
    return wam.explain(
        model,
        x,
        method=["saliency", "smoothgrad"],
        class_names=["<b>a</b>", "b", "c"],
        show_progress=False,
    )


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "report.js").write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(module, "STATIC", folder)
    return folder


def test_everything_is_in_the_file(explanation: wam.Explanation, stand_in: Path) -> None:
    page = Page(reports.page(wam.Section(explanation, "A title", controls={"keep": 0.25})))
    content = page.content()
    assert content["state"]["keep"] == 0.25
    assert content["state"]["family"] == explanation.default_basis.family
    payload = content["payload"]
    assert [entry["method"] for entry in payload["entries"]] == ["saliency", "smoothgrad"]
    packed = payload["entries"][1]["gradient"]
    gradient = explanation.select("smoothgrad").gradient
    error = torch.from_numpy(wire.decode(packed)) - gradient
    assert float(error.abs().max()) <= float(gradient.abs().max()) / 2048
    assert page.having("data-source") == ["wam-data-1"]
    assert page.having("id") == ["section-1", "wam-bank", "wam-data-1"]
    assert "bank" not in payload
    assert len(page.data("wam-bank")["families"]) == len(wam.families())


def test_nothing_is_loaded_from_elsewhere(explanation: wam.Explanation, stand_in: Path) -> None:
    text = reports.page(explanation)
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert not {"src", "href", "srcset", "action", "onclick"} & set(attributes)
    assert "@import" not in text
    assert "url(" not in text.split("<script")[0]
    assert page.policy.startswith("default-src 'none';")
    assert "connect-src" not in page.policy
    assert "http" not in page.policy


def test_the_policy_allows_this_script_only(explanation: wam.Explanation, stand_in: Path) -> None:
    page = Page(reports.page(explanation))
    script = page.scripts[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}' blob: 'wasm-unsafe-eval';" in page.policy
    assert "</script" not in script
    assert "<!--" not in script


def test_what_users_write_is_text(explanation: wam.Explanation, stand_in: Path) -> None:
    title = """</title></script><script>alert("1")</script><!-- & 'x'"""
    text = reports.page(explanation, title)
    page = Page(text)
    assert len(page.scripts) == 3
    assert "<script>alert" not in text
    assert text.count(html.escape(title)) == 3  # title, heading, name of the section
    assert "<b>a</b>" not in text
    assert page.content()["payload"]["title"] == title
    assert page.content()["payload"]["classNames"][0] == "<b>a</b>"


def test_the_page_says_what_it_shows(explanation: wam.Explanation, stand_in: Path) -> None:
    words = Page(reports.page(wam.Section(explanation, controls={"level": 2}))).text
    for fact in ("saliency, SmoothGrad", "20 × 24", "level 2", version("torch"), "offline"):
        assert fact in words, fact


def test_the_same_explanation_gives_the_same_bytes(
    explanation: wam.Explanation, stand_in: Path, tmp_path: Path
) -> None:
    first = reports.to_html(explanation, tmp_path / "a.html").read_bytes()
    second = reports.to_html(explanation, tmp_path / "b.html").read_bytes()
    assert first == second
    assert reports.to_html(explanation, tmp_path / "c.html", title="x").read_bytes() != first


def test_a_failed_write_leaves_the_old_file(
    explanation: wam.Explanation,
    stand_in: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        reports.to_html(explanation, path)
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "static"]
    monkeypatch.undo()


def test_bad_arguments(explanation: wam.Explanation, stand_in: Path, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="a folder"):
        reports.to_html(explanation, tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        reports.to_html(explanation, tmp_path / "no" / "page.html")
    with pytest.raises(ValueError, match="controls has 'colour'"):
        reports.to_html(explanation, tmp_path / "page.html", controls={"colour": "red"})
    (stand_in / "report.js").unlink()
    with pytest.raises(FileNotFoundError, match="not built"):
        reports.to_html(explanation, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_it_runs_from_the_disk(
    explanation: wam.Explanation, stand_in: Path, tmp_path: Path, offline_page: Observed
) -> None:
    """Script, worker, style and pictures work under the policy; nothing is asked for."""
    path = reports.to_html(explanation, tmp_path / "page.html", title="A <title>")
    page = offline_page.page
    page.goto(path.as_uri())
    shown = page.locator(".wam-explorer p")
    shown.wait_for()
    assert json.loads(shown.text_content() or "") == {
        "hostile": "</script><!-- <script>",
        "answer": 42,
        "image": 3,
        "title": "A <title>",
        "family": explanation.default_basis.family,
        "families": len(wam.families()),
    }
    assert shown.evaluate("(p) => getComputedStyle(p).color") == "rgb(1, 2, 3)"
    assert page.title() == "A <title>"
    assert offline_page.requests == []
    assert offline_page.errors == []


def test_the_policy_blocks_what_would_leave(
    explanation: wam.Explanation, stand_in: Path, tmp_path: Path, observed: Observed
) -> None:
    """Not only does nothing ask: whatever asked would be stopped."""
    path = reports.to_html(explanation, tmp_path / "page.html")
    page = observed.page
    page.goto(path.as_uri())
    page.locator(".wam-explorer p").wait_for()
    outcome = page.evaluate(
        """async () => {
          const blocked = [];
          document.addEventListener("securitypolicyviolation", (e) =>
            blocked.push(e.effectiveDirective));
          await fetch("http://127.0.0.1:9/").catch(() => undefined);
          new Image().src = "http://127.0.0.1:9/x.png";
          const script = document.createElement("script");
          script.textContent = "window.injected = true";
          document.body.append(script);
          while (blocked.length < 3) await new Promise((done) => setTimeout(done, 10));
          return { blocked: blocked.sort(), injected: window.injected === true };
        }"""
    )
    assert outcome["injected"] is False
    assert set(outcome["blocked"]) == {"connect-src", "img-src", "script-src-elem"}


@pytest.fixture(scope="module")
def sound() -> wam.Explanation:
    inner = classifier(64)
    return wam.explain(
        lambda mel: inner((mel + 40) / 20),
        scene(RATE + 401)[0],
        method=["saliency", "smoothgrad"],
        n_samples=2,
        front_end=LogMel(RATE),
        show_progress=False,
    )


def test_a_sound_is_in_the_file(sound: wam.Explanation, stand_in: Path, tmp_path: Path) -> None:
    text = reports.page(
        wam.Section(sound, controls={"source": "residual", "gains": [-3.0] + [0.0] * 9})
    )
    content = Page(text).content()
    assert content["payload"]["sampleRate"] == RATE
    assert content["payload"]["features"]["taken"] is True
    assert content["payload"]["entries"][0]["features"]["shape"] == [1, 64, 65]
    state = content["state"]
    assert state["panels"] == list(PANELS["audio"])
    assert (state["family"], state["level"]) == ("db4", 9)
    assert state["ranking"] == sound.default_ranking
    assert (state["source"], state["gains"][0]) == ("residual", -3)
    words = Page(text).text
    assert "Sound of 1.03 s · 16 kHz · mono · saliency, SmoothGrad" in words
    assert text == reports.page(
        wam.Section(sound, controls={"source": "residual", "gains": [-3.0] + [0.0] * 9})
    )


@pytest.mark.parametrize(
    ("shape", "rate", "fact"),
    [
        ((1, 2, 44100), 44100, "Sound of 1.00 s · 44.1 kHz · stereo"),
        ((3, 1, 400), 800, "3 sounds of 500 ms each · 800 Hz · mono"),
        ((1, 4, 22050), 11025, "Sound of 2.00 s · 11.025 kHz · 4 channels"),
    ],
)
def test_the_facts_of_a_sound(
    shape: tuple[int, ...], rate: float, fact: str, stand_in: Path
) -> None:
    e = wam.explain(
        lambda x: x.mean(dim=1)[:, :2],
        random(*shape).float(),
        method="saliency",
        sample_rate=rate,
        show_progress=False,
    )
    assert fact in Page(reports.page(e)).text


def test_a_volume_is_in_the_file(stand_in: Path) -> None:
    x = random(1, 2, 9, 10, 11)
    e = wam.explain(
        convolutional(3),
        x,
        method="saliency",
        spacing=(1, 0.5, 2.25),
        orientation="LPS",
        show_progress=False,
    )
    text = reports.page(wam.Section(e, controls={"threshold": 0.2}))
    content = Page(text).content()
    assert content["payload"]["spacing"] == [1, 0.5, 2.25]
    assert content["payload"]["orientation"] == "LPS"
    assert content["payload"]["signal"]["shape"] == [1, 2, 9, 10, 11]
    state = content["state"]
    assert state["panels"] == list(PANELS["volume"])
    assert state["threshold"] == 0.2
    facts = "Volume 9 × 10 × 11 · voxels 1 × 0.5 × 2.25 mm · LPS · saliency"
    assert facts in Page(text).text
