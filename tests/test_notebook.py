"""The notebooks of the repository run from top to bottom, without a network."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests.notebooks import FOLDER, NOTEBOOKS


@pytest.fixture
def image(notebooks: dict[str, Any]) -> Any:
    return notebooks["image"]


@pytest.fixture
def audio(notebooks: dict[str, Any]) -> Any:
    return notebooks["audio"]


@pytest.fixture
def volume(notebooks: dict[str, Any]) -> Any:
    return notebooks["volume"]


@pytest.fixture
def methods(notebooks: dict[str, Any]) -> Any:
    return notebooks["methods"]


def outputs(notebook: Any, source: str) -> list[dict[str, Any]]:
    """The outputs of the one cell that has this text."""
    (cell,) = (
        cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source
    )
    return list(cell.outputs)


def text(found: list[dict[str, Any]]) -> str:
    return "".join(o.get("text", "") or o["data"].get("text/plain", "") for o in found)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_ran(notebooks: dict[str, Any], name: str) -> None:
    code = [cell for cell in notebooks[name].cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert not (output.output_type == "stream" and output.name == "stderr"), output.text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_explorer_is_there_and_so_is_its_picture(notebooks: dict[str, Any], name: str) -> None:
    (shown,) = [o for o in outputs(notebooks[name], "explorer = wam.explore(") if "data" in o]
    assert 'class="wam-embed"' in shown["data"]["text/html"]
    picture = base64.b64decode(shown["data"]["image/png"])
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_committed_notebook_shows_pictures(name: str) -> None:
    """Where it cannot run, such as on a page of GitHub; ``make notebooks`` makes them anew."""
    kept = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in kept["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    found = [output for cell in code for output in cell["outputs"]]
    assert all(output["output_type"] != "error" for output in found)
    types = [set(output.get("data", {})) for output in found]
    # A widget without its kernel and its state would stand where the picture should.
    assert "widgets" not in kept["metadata"]
    assert not any("application/vnd.jupyter.widget-view+json" in data for data in types)
    shown = next(cell for cell in code if "explorer = wam.explore(" in "".join(cell["source"]))
    (picture,) = (o["data"]["image/png"] for o in shown["outputs"] if "image/png" in o["data"])
    assert base64.b64decode("".join(picture)).startswith(b"\x89PNG")


def test_numbers_are_as_they_must_be(image: Any) -> None:
    spectrum = text(outputs(image, "attribution.spectrum()[0]"))
    shares = dict(re.findall(r"^(\S.*?) +([\d.]+)%$", spectrum, re.MULTILINE))
    assert list(shares) == ["approximation", *(f"scale {j}" for j in range(5, 0, -1))]
    assert sum(map(float, shares.values())) == pytest.approx(100, abs=0.5)

    # Completeness: the same sum in every basis, and it is the change of the output.
    complete = text(outputs(image, "float(total))"))
    change, *sums = [float(line.split()[-1]) for line in complete.strip().splitlines()]
    assert len(sums) == 3
    assert sums == pytest.approx([sums[0]] * 3, abs=1e-4)
    assert sums[0] == pytest.approx(change, rel=0.1, abs=0.02)


def test_the_magic_shows_a_second_one_that_is_linked(image: Any) -> None:
    (shown,) = [o for o in outputs(image, "%wam explanation") if "data" in o]
    assert 'class="wam-embed"' in shown["data"]["text/html"]
    assert text(outputs(image, "wam.link(explorer, smooth)")) == "('sym4', 4)"


def test_it_goes_into_a_report_and_comes_back(image: Any) -> None:
    report = (Path(image.folder) / "methods.html").read_text()
    assert report.count('class="wam-explorer"') == 2 and "<strong>many</strong>" in report
    loaded = wam.load(Path(image.folder) / "texture.safetensors")
    assert loaded.methods == ("smooth_integrated_gradients", "smoothgrad", "integrated_gradients")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("image", "attribution.plot()"),
        ("audio", "siren.plot()"),
        ("volume", "rod.plot()"),
        ("volume", "plt.subplots("),
    ],
)
def test_figures_are_drawn(notebooks: dict[str, Any], name: str, source: str) -> None:
    found = outputs(notebooks[name], source)
    assert sum("image/png" in output.get("data", {}) for output in found) == 1


@pytest.mark.parametrize(
    ("name", "file"),
    [("image", "texture.html"), ("audio", "siren.html"), ("volume", "rod.html")],
)
def test_the_file_is_written(notebooks: dict[str, Any], name: str, file: str) -> None:
    said = text(outputs(notebooks[name], ".to_html("))
    assert file in said
    path = Path(notebooks[name].folder) / file
    assert 100_000 < path.stat().st_size < 3_000_000


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_opens_in_colab(name: str) -> None:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text())
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    first = "".join(notebook["cells"][0]["source"])
    assert badge in first and f"/blob/main/notebooks/{name}.ipynb" in first


def table(found: list[dict[str, Any]], columns: int) -> dict[str, list[float]]:
    """The rows of a printed table that end with so many numbers, without their units."""
    rows = {}
    for line in text(found).splitlines():
        match = re.match(r"(.*?\S)" + r" +(-?[\d.]+)(?:%| dB)?" * columns + "$", line)
        if match:
            rows[match[1]] = [float(number) for number in match.groups()[1:]]
    return rows


def test_evidence_is_where_the_events_are(audio: Any) -> None:
    planted = table(outputs(audio, "def truth("), 2)
    assert list(planted) == ["hum", "bird", "chirp", "siren", "hiss"]
    for inside, chance in planted.values():
        assert inside > 45 > 3 * chance
    shares = table(outputs(audio, "shares = torch.stack("), 5)
    assert len(shares) == 10
    for column in range(5):
        assert sum(row[column] for row in shares.values()) == pytest.approx(100, abs=4)


def test_the_important_part_is_the_siren_and_parts_add_up(audio: Any) -> None:
    levels = table(outputs(audio, "def level("), 2)
    lost = {name: before - after for name, (before, after) in levels.items()}
    assert lost.pop("siren") < 8
    assert len(lost) == 4 and min(lost.values()) > 12
    (difference,) = re.findall(r"sum: (\S+)", text(outputs(audio, "siren.at().parts()")))
    assert float(difference) < 1e-5


def test_targets_are_recovered(audio: Any) -> None:
    noise = table(outputs(audio, "separation.with_noise("), 3)
    assert len(noise) == 6
    for before, after, _ in noise.values():
        assert before == 0 and after > 2
    mixed = table(outputs(audio, "separation.overlap("), 4)
    assert len(mixed) == 6
    for _, _, before, after in mixed.values():
        assert after > before + 3


def test_sounds_are_not_normalised(audio: Any) -> None:
    players = [
        output["data"]["text/html"]
        for cell in audio.cells
        for output in cell.get("outputs", [])
        if "<audio" in output.get("data", {}).get("text/html", "")
    ]
    assert len(players) >= 3
    for player in players:
        (encoded,) = re.findall(r"base64,([^\"]+)", player)
        with wave.open(io.BytesIO(base64.b64decode(encoded))) as file:
            assert file.getframerate() == 16000
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        assert 0 < np.abs(samples.astype(int)).max() < 0.9 * 32768


def test_the_filter_bank_is_that_of_the_transformer() -> None:
    """The cell for Hugging Face's AST agrees with the feature extractor that it stands for."""
    transformers = pytest.importorskip("transformers")
    (source,) = (
        "".join(cell["source"])
        for cell in json.loads((FOLDER / "audio.ipynb").read_text())["cells"]
        if cell["cell_type"] == "code" and "class FilterBank" in "".join(cell["source"])
    )
    names: dict[str, Any] = {"torch": torch}
    exec(source, names)
    extractor = transformers.ASTFeatureExtractor()
    x = 0.1 * torch.randn(2, 24000, generator=torch.Generator().manual_seed(0))
    model = names["FromFilterBank"](torch.nn.Identity(), extractor)
    wanted = extractor(list(x.numpy()), sampling_rate=16000, return_tensors="pt")
    torch.testing.assert_close(
        model(names["FilterBank"]()(x)), wanted["input_values"].float(), atol=2e-3, rtol=0
    )


def test_roughness_is_found_where_and_at_the_scale_it_is(volume: Any) -> None:
    shares = table(outputs(volume, "questions = {"), 3)
    assert list(shares) == ["rough rod", "smooth torus", "rough against smooth rod"]
    for row in shares.values():
        assert sum(row) == pytest.approx(100, abs=2)
    assert shares["smooth torus"][2] < 5
    assert shares["rough against smooth rod"][2] > 12

    planted = table(outputs(volume, "def near("), 3)
    assert tuple(planted) == wam.methods("gradient")[:4]
    for near, fine_near, fine_away in planted.values():
        assert near > 55 and fine_near > 80 and fine_away < 8
    # The cloud and the noise: half of what is fine in the volume.
    assert table(outputs(volume, "def near("), 2)["energy of that scale"][1] > 40

    complete = text(outputs(volume, "float(total))"))
    change, *sums = [float(line.split()[-1]) for line in complete.strip().splitlines()]
    assert sums == pytest.approx([change] * 3, abs=0.02)


def test_few_coefficients_are_enough(volume: Any) -> None:
    kept = table(outputs(volume, "regions = {"), 4)
    assert list(kept) == ["0.1%", "0.2%", "0.5%", "1.0%", "100.0%"]
    probability, rod, torus, away = kept["0.5%"]
    assert probability > kept["100.0%"][0] + 0.1
    assert rod > torus + 10 and away < 10
    assert kept["100.0%"][1:] == [100, 100, 100]


def test_methods_are_compared_where_each_of_them_lies(methods: Any) -> None:
    compared = text(outputs(methods, "methods = [")).splitlines()
    rows = {(cells[0], cells[1]): float(cells[5]) for cells in map(_cells, compared[3:])}
    assert ("grad_cam", "signal") in rows and ("lrp", "signal") in rows
    assert rows["smooth_integrated_gradients", "db2, level 5"] == max(rows.values())
    listed = text(outputs(methods, "for kind in (")).split()
    assert set(wam.methods()) <= set(listed)


def test_curves_are_of_three_domains(methods: Any) -> None:
    lines = text(outputs(methods, "domains = {")).splitlines()[1:5]
    names = [line[:27].strip() for line in lines]
    assert names[:3] == ["wavelets", "waveform", "mel spectrogram"]
    for line in lines:
        kept, removed, difference = map(float, line[27:].split())
        assert difference == pytest.approx(kept - removed, abs=0.011) and difference > 0.1


def test_what_was_planted_is_found(methods: Any) -> None:
    lines = text(outputs(methods, "planted = ")).splitlines()[3:]
    found = {cells[1]: cells[-1] for cells in map(_cells, lines) if cells[0] == "smoothgrad"}
    assert float(found["haar, level 3"].split()[0]) > 0.97
    assert float(found["signal"].split()[0]) < 0.95


def test_components_are_ranked_by_what_is_lost_without_them(methods: Any) -> None:
    lines = text(outputs(methods, "parts.count")).splitlines()
    without = [float(number) for number in re.findall(r"without it ([\d.]+)", "".join(lines))]
    assert len(without) == 6 and without == sorted(without)
    report = (Path(methods.folder) / "compared.html").read_text()
    assert report.count('class="wam-explorer"') == 2 and "Grad-CAM" in report


def _cells(line: str) -> list[str]:
    """The cells of a row of a table in Markdown."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
