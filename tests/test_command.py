"""The command line: the demos, and what both commands have in common."""

from __future__ import annotations

import webbrowser
from functools import partial
from pathlib import Path

import pytest

import wam_widgets as wam
from tests.pages import Page
from wam_widgets import __main__ as command
from wam_widgets.commands import demo


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves are tested elsewhere."""
    curve = partial(wam.metrics.curve, shares=(0, 0.1, 1))
    monkeypatch.setattr(wam.metrics, "curve", curve)


def test_demo_writes_a_file(
    report_script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "METHODS", ("saliency", "smoothgrad"))
    path = tmp_path / "demo.html"
    assert command.main(["demo", "--output", str(path), "--no-open"]) == 0
    assert str(path) in capsys.readouterr().out
    payload = Page(path.read_text(encoding="utf-8")).content()["payload"]
    entries = [(entry["method"], entry["target"]) for entry in payload["entries"]]
    # Both textures of the picture are explained: the predicted one and the other.
    assert len(entries) == 4
    assert entries[:2] == [("saliency", "predicted"), ("smoothgrad", "predicted")]
    assert len({tuple(entry["classes"][0]) for entry in payload["entries"]}) == 2
    assert len(payload["curves"]) == 4


def test_demo_of_a_sound(
    report_script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "METHODS", ("saliency",))
    path = tmp_path / "demo.html"
    assert command.main(["demo", "audio", "--output", str(path), "--no-open"]) == 0
    payload = Page(path.read_text(encoding="utf-8")).content()["payload"]
    assert payload["modality"] == "audio"
    assert payload["title"].startswith("What a sound classifier hears: bird, ")
    # Everything that sounds is explained, and the first of it is what was predicted.
    (events,) = wam.examples.audio().events or ()
    assert {e["classes"][0][0] for e in payload["entries"]} == {event.label for event in events}
    assert payload["entries"][0]["target"] == "predicted"
    assert len(payload["curves"]) == len(payload["entries"]) == 5


def test_demo_of_a_volume(
    report_script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "METHODS", ("saliency",))
    path = tmp_path / "demo.html"
    assert command.main(["demo", "volume", "--output", str(path), "--no-open"]) == 0
    payload = Page(path.read_text(encoding="utf-8")).content()["payload"]
    example = wam.examples.volume()
    assert payload["modality"] == "volume"
    assert payload["title"].startswith("What a volume classifier looks at: ")
    assert (payload["spacing"], payload["orientation"]) == (
        list(example.spacing or ()),
        example.orientation,
    )
    # Every solid is explained, and nothing for what is none.
    assert example.truth is not None
    solids = set(example.truth.flatten().tolist()) - {-1}
    assert {e["classes"][0][0] for e in payload["entries"]} >= solids
    assert (
        len(payload["curves"])
        == len(payload["entries"])
        == len(solids | {payload["entries"][0]["classes"][0][0]})
    )


def test_demo_complains_before_it_computes(
    report_script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bad in (tmp_path, tmp_path / "no" / "demo.html"):
        assert command.main(["demo", "--output", str(bad)]) == 2
        assert "--output is" in capsys.readouterr().err
    report_script.unlink()
    assert command.main(["demo", "--output", str(tmp_path / "demo.html"), "--no-open"]) == 2
    assert "not built" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["dance"])
    assert "invalid choice" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["demo", "smell"])
    complaint = capsys.readouterr().err
    assert "image" in complaint
    assert "audio" in complaint
    assert "volume" in complaint


def test_a_machine_without_a_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def never(*_: object, **__: object) -> bool:
        raise AssertionError("no browser must be started")

    monkeypatch.setattr(webbrowser, "get", never)
    monkeypatch.setattr(command.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert command.show(tmp_path / "demo.html") is False

    def fail(*_: object) -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", fail)
    assert command.show(tmp_path / "demo.html") is False
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert command.show(tmp_path / "demo.html") is False
