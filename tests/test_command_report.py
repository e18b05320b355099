"""``python -m wam_widgets report``: a reader's own files and models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import wam_widgets as wam
from tests.pages import Page
from wam_widgets import __main__ as command
from wam_widgets.commands.inputs import Built, build, read

BUILDERS = """
import torch
from neighbour import WEIGHT

def picture():
    names = ["grass", "brick <b>", "bread"]
    return {"model": mean, "class_names": names, "mean": [0.5], "std": 0.25, "size": (12, 16)}

def mean(x):
    assert x.shape[1:] == (1, 12, 16), x.shape
    return torch.stack([x.mean((1, 2, 3)), WEIGHT * x[:, 0, 2, 3], x[:, 0, 0, 5]], 1)

def sound():
    return {"model": lambda x: x.square().mean(2)[:, :1] * torch.ones(2), "sample_rate": 800}

def own():
    return {"model": lambda x: x.flatten(1)[:, :2], "load": lambda path: torch.ones(1, 1, 8, 9)}

def broken():
    raise ValueError("no weights")

def failing():
    def model(x):
        raise ValueError("wrong size")
    return model

def nothing():
    return {"class_names": ["a"]}

def unfit():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(7, 3))

def uncalled():
    return torch.nn.Linear

def needy(path):
    return torch.nn.Linear(7, 3)

def unloadable():
    return {"model": mean, "load": 3}

def unknown():
    return {"model": mean, "clas_names": ["a"]}

def square():
    return {"model": mean, "size": 5}

def flat():
    return {"model": mean, "size": (5, 0)}

number = 3
"""


@pytest.fixture
def folder(report_script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Builders, a picture in colours and one in grey, and a sound."""
    (tmp_path / "builders.py").write_text(BUILDERS)
    (tmp_path / "neighbour.py").write_text("WEIGHT = 2.0\n")
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "colours <i>.png")
    Image.fromarray(pixels[..., 0]).save(tmp_path / "grey.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "grey.png").read_bytes()[:200])
    soundfile.write(tmp_path / "sound.wav", np.tile([0.5, -0.25], (400, 1)), 400)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("builders", "neighbour"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def run(*arguments: str) -> int:
    return command.main(["report", *arguments, "--no-open", "--method", "saliency"])


def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_a_report_of_pictures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "notes.md").write_text("# Über\n\n*what*", encoding="utf-8")
    status = run(
        *("builders.py:picture", "colours <i>.png", "grey.png", "--title", "Two <pictures>"),
        *("--notes", "notes.md", "--target", "predicted", "--target", "bread", "--target", "0-1"),
        *("--method", "integrated_gradients", "--steps", "3", "--curves"),
    )
    said = capsys.readouterr()
    assert status == 0, said.err
    assert "report.html" in said.out
    found = page(folder / "report.html")
    for words in ("Two <pictures>", "Über what", "colours <i>.png", "grey.png", "3 steps"):
        assert words in found.text, words
    for number in (1, 2):
        payload = found.content(number)["payload"]
        assert payload["signal"]["shape"] == [1, 1, 12, 16]
        assert payload["display"] == {"mean": [0.5], "std": [0.25], "range": [0.0, 1.0]}
        assert payload["classNames"] == ["grass", "brick <b>", "bread"]
        made = {(entry["method"], entry["target"]) for entry in payload["entries"]}
        methods, targets = ("integrated_gradients", "saliency"), ("predicted", "2", "0-1")
        assert made == {(m, t) for m in methods for t in targets}
        assert len(payload["curves"]) == 6


def test_maps_stand_beside_a_gradient_and_are_measured_too(folder: Path) -> None:
    arguments = ("builders.py:picture", "grey.png", "--no-open", "--method", "occlusion")
    assert command.main(["report", *arguments, "--samples", "2", "--curves"]) == 0
    payload = page(folder / "report.html").content(1)["payload"]
    assert [entry["method"] for entry in payload["entries"]] == ["smooth_integrated_gradients"]
    assert [found["method"] for found in payload["maps"]] == ["occlusion"]
    domains = {curve["method"]: curve["domain"] for curve in payload["curves"]}
    assert domains == {"smooth_integrated_gradients": "basis", "occlusion": "signal"}


def test_models_beside_each_other(folder: Path) -> None:
    names = folder / "names.txt"
    names.write_text("één\ntwo\n3\n", encoding="utf-8")
    arguments = ("builders.py:picture", "grey.png", "--beside", "builders.py:picture")
    assert run(*arguments, "--class-names", str(names), "--output", "both.html") == 0
    found = page(folder / "both.html")
    assert len(found.of_class("wam-row")) == 1
    assert len(found.having("data-linked")) == 1
    assert found.content(2)["payload"]["classNames"] == ["één", "two", "3"]


def test_a_report_of_a_sound(folder: Path) -> None:
    assert run("builders.py:sound", "sound.wav", "--output", "sound.html") == 0
    payload = page(folder / "sound.html").content()["payload"]
    assert payload["sampleRate"] == 800
    assert payload["signal"]["shape"] == [1, 1, 800]  # resampled and mixed


def test_an_input_of_the_builders_own(folder: Path) -> None:
    (folder / "any.thing").write_text("x")
    assert run("builders:own", "any.thing") == 0
    payload = page(folder / "report.html").content()["payload"]
    assert payload["signal"]["shape"] == [1, 1, 8, 9]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["builders.py", "grey.png"], "model is 'builders.py': it must be file.py:function"),
        (["builders.py:nope", "grey.png"], "builders.py has no function 'nope'"),
        (["builders.py:number", "grey.png"], "builders.py has no function 'number'"),
        (["no.py:build", "grey.png"], "model is in 'no.py': there is no such file"),
        (["nomodule:build", "grey.png"], "model is in 'nomodule': there is no such module"),
        (["no-module:build", "grey.png"], "neither a .py file nor a module"),
        (["builders.py:nothing", "grey.png"], 'a model, or a mapping with "model"'),
        (["builders.py:unknown", "grey.png"], "did you mean 'class_names'"),
        (["builders.py:flat", "grey.png"], "size is (5, 0): it must be"),
        (["builders.py:uncalled", "grey.png"], "uncalled() gives the class Linear: it must"),
        (["builders.py:needy", "grey.png"], "'builders.py:needy': it is called without arguments"),
        (["builders.py:unloadable", "grey.png"], "load is 3: it must be a function"),
        (["builders.py:unfit", "grey.png"], "multiplied"),
        (["builders.py:unfit", "grey.png"], "input 'grey.png', model 'builders.py:unfit')"),
        (["builders.py:picture", "."], "input is '.': a folder; it must be a file"),
        (["builders.py:picture", "cut.png"], "input is 'cut.png': the picture cannot be read"),
        (["builders.py:picture", "grey.png", "--target", "bred"], "did you mean 'bread'"),
        (["builders.py:picture", "grey.png", "--target", "\xb2"], "target is '\xb2': it must be"),
        (["builders.py:picture", "grey.png", "--notes", "."], "--notes is '.': a folder"),
        (["builders.py:picture", "no.png"], "input is 'no.png': there is no such file"),
        (["builders.py:picture", "builders.py"], "no picture, sound or volume that is known"),
        (["builders.py:picture", "grey.png", "--target", "straw"], "target is 'straw'"),
        (["builders.py:picture", "grey.png", "--method", "magic"], "method is 'magic'"),
        (["builders.py:picture", "grey.png", "--notes", "no.md"], "--notes is 'no.md'"),
        (["builders.py:picture", "grey.png", "--notes", "grey.png"], "must be text in UTF-8"),
        (["builders.py:picture", "grey.png", "--output", "."], "--output is '.': a folder"),
    ],
)
def test_complaints(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert run(*arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: ")
    assert complaint in said
    assert not (folder / "report.html").exists()


def test_a_class_or_two_by_name(folder: Path) -> None:
    targets = ("--target", "bread", "--target", "bread-grass")
    assert run("builders.py:picture", "grey.png", *targets) == 0
    entries = page(folder / "report.html").content()["payload"]["entries"]
    assert [entry["target"] for entry in entries] == ["2", "2-0"]


def saved(folder: Path, name: str) -> None:
    x = torch.rand(1, 1, 8, 9)
    explanation = wam.explain(lambda x: x.flatten(1)[:, :2], x, method="saliency")
    explanation.save(folder / name)


def test_saved_explanations_need_no_model(folder: Path) -> None:
    for name in ("one.safetensors", "two.safetensors"):
        saved(folder, name)
    given = ["report", "one.safetensors", "--no-open"]
    assert command.main(given) == 0
    assert page(folder / "report.html").content()["payload"]["signal"]["shape"] == [1, 1, 8, 9]
    assert command.main([*given, "two.safetensors", "--title", "Kept"]) == 0
    found = page(folder / "report.html")
    for words in ("Kept", "one.safetensors", "two.safetensors"):
        assert words in found.text
    assert run("builders.py:picture", "grey.png", "one.safetensors") == 0
    shapes = [
        page(folder / "report.html").content(number)["payload"]["signal"]["shape"]
        for number in (1, 2)
    ]
    assert shapes == [[1, 1, 12, 16], [1, 1, 8, 9]]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["one.safetensors", "grey.png"], "with grey.png the first argument must be model.py"),
        (["one.safetensors", "--beside", "builders.py:own"], "with builders.py:own the first"),
        (["one.safetensors", "--curves"], "--curves needs a model"),
        (["no.safetensors"], "'no.safetensors': there is no such file"),
    ],
)
def test_what_saved_explanations_cannot_have(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    saved(folder, "one.safetensors")
    assert command.main(["report", *arguments, "--no-open"]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert complaint in said


@pytest.mark.parametrize(
    ("builder", "message"), [("broken", "no weights"), ("failing", "wrong size")]
)
def test_what_fails_in_the_users_code_shows_where(folder: Path, builder: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(f"builders.py:{builder}", "grey.png")


def test_a_large_report_is_announced_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("wam_widgets.reports.LARGE", 1000)
    assert run("builders.py:picture", "grey.png") == 0
    lines = capsys.readouterr().err.strip().splitlines()
    assert any(line.startswith("warning: the report will be about") for line in lines)


@pytest.mark.parametrize(
    ("mode", "settings", "channels"),
    [
        *(("RGB", {}, 3), ("L", {}, 1), ("RGBA", {}, 3), ("LA", {}, 1), ("P", {}, 3), ("1", {}, 1)),
        *(
            ("RGB", {"mean": [0.5]}, 1),
            ("L", {"mean": [0.1, 0.2, 0.3]}, 3),
            ("L", {"mean": 0.5}, 1),
        ),
        *(("I;16", {}, 1), ("CMYK", {}, 3)),
    ],
)
def test_pictures_of_every_kind(
    tmp_path: Path, mode: str, settings: dict[str, Any], channels: int
) -> None:
    value = 255 if mode == "1" else 128
    if mode == "I;16":
        image = Image.fromarray(np.full((5, 7), 128 * 257, dtype=np.uint16))
    else:
        image = Image.fromarray(np.full((5, 7), value, dtype=np.uint8)).convert(mode)
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    image.save(path)
    x, known = read(path, Built("m", abs, settings))
    assert known == {}
    assert x.shape == (1, channels, 5, 7)
    assert x.dtype == torch.float32
    mean = torch.tensor(settings.get("mean", 0.0)).reshape(-1, 1, 1)
    assert torch.allclose(x + mean, torch.full_like(x, value / 255), atol=1e-6)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 3), (0, 0, 0, 0)).save(tmp_path / "x.png")
    x, _ = read(tmp_path / "x.png", Built("m", abs))
    assert torch.equal(x, torch.ones(1, 3, 3, 4))


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    image = Image.new("L", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.png", exif=exif)
    x, _ = read(tmp_path / "x.png", Built("m", abs))
    assert x.shape == (1, 1, 6, 4)


def test_a_size_keeps_the_middle(folder: Path) -> None:
    assert build("builders.py:square").size == (5, 5)
    stripes = np.zeros((4, 12), dtype=np.uint8)
    stripes[:, 4:8] = 255
    Image.fromarray(stripes).save("stripes.png")
    x, _ = read(Path("stripes.png"), build("builders.py:square"))
    assert x.shape == (1, 1, 5, 5)
    assert x.min() > 0.9


def test_a_volume_knows_its_voxels(folder: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    values = np.zeros((5, 6, 7), dtype=np.float32)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 1.5, 1.0, 1])), folder / "v.nii.gz")
    x, known = read(folder / "v.nii.gz", Built("m", abs))
    assert x.shape == (1, 1, 5, 6, 7)
    assert known == {"spacing": (2.0, 1.5, 1.0), "orientation": "RAS"}
