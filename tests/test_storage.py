"""Saved explanations come back equal, without the model."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import wam_widgets as wam
from tests import kept
from tests.kept import same
from tests.models import Linear, convolutional, explain, random
from wam_widgets.explainer import Explainer
from wam_widgets.front_ends import LogMel
from wam_widgets.metrics import curve
from wam_widgets.schedule import METHODS
from wam_widgets.widgets.payload import payload

VERSION_1 = Path(__file__).parent / "golden" / "explanation-1.safetensors"


def saved(explanation: wam.Explanation, folder: Path) -> Path:
    return explanation.save(folder / "e.safetensors")


def image() -> wam.Explanation:
    model, x = convolutional(2), random(3, 2, 16, 13)
    options: dict[str, Any] = {"baselines": "blur", "n_steps": 3, "n_samples": 2}
    options |= {"mean": [0.1, 0.2], "std": 0.5, "class_names": ["a", "b", "c"]}
    e = explain(model, x, method=list(METHODS), **options)
    e = (
        e
        | explain(model, x, target=(0, 2), **options)
        | explain(model, x, target=[2, 0, 1], **options)
    )
    shares = [0.0, 0.5, 1.0]
    return e.with_curves(curve(e.at("haar", level), model, shares=shares) for level in (1, 2))


def sound() -> wam.Explanation:
    class Net(nn.Module):
        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return torch.stack([features.mean((-2, -1)), features.amax((-2, -1))], -1)

    front_end = LogMel(np.int64(8000), n_fft=64, n_mels=6)  # type: ignore[arg-type]
    x = random(2, 300).float()
    return wam.explain(
        Net().eval(), x, method=["smooth_integrated_gradients", "saliency"], front_end=front_end,
        n_samples=2, baselines=0.1 * x, show_progress=False,
    )  # fmt: skip


def volume() -> wam.Explanation:
    return explain(
        convolutional(3), random(1, 2, 10, 9, 8), spacing=(2, 1, 0.7), orientation="LPS",
        n_samples=2,
    )  # fmt: skip


def custom() -> wam.Explanation:
    return explain(convolutional(2), random(1, 2, 9, 9), objective=lambda y: y.square().sum(1))


def one() -> wam.Explanation:
    """One class for one sample, as `expand` gives it: a number whose stride is 0."""
    return explain(convolutional(2), random(1, 2, 9, 9), target=1)


def bare() -> wam.Explanation:
    """What an Explorer holds before anything was computed."""
    x = random(1, 1, 8, 8)
    return Explainer(Linear(random(2, 1, 8, 8)), x).empty()


@pytest.mark.parametrize("make", [image, sound, volume, custom, one, bare])
def test_what_was_explained_comes_back(make: Any, tmp_path: Path) -> None:
    e = make()
    path = saved(e, tmp_path)
    loaded = wam.load(path)
    assert same(loaded, e)
    again = tmp_path / "again"
    assert loaded.save(again) == again
    assert again.read_bytes() == path.read_bytes()
    if e.entries:
        assert payload(loaded) == payload(e)  # all that an Explorer or a report shows
    for method, target in e.entries:
        a, b = e.select(method, target), loaded.select(method, target)
        assert torch.equal(a.at("haar", 1).values.flatten(), b.at("haar", 1).values.flatten())
        assert a.label() == b.label()
        if e.features is not None:
            assert torch.equal(a.feature_attribution(), b.feature_attribution())


@pytest.mark.parametrize("modality", ["image", "audio", "volume"])
def test_every_field_comes_back(modality: str, tmp_path: Path) -> None:
    e = kept.everything(modality)
    path = saved(e, tmp_path)
    assert same(wam.load(str(path)), e)
    record = kept.envelope(kept.take_apart(path.read_bytes())[0])["explanation"]
    assert set(record) == {f.name for f in fields(wam.Explanation)}
    assert set(record["entries"][0]) == {f.name for f in fields(wam.Entry)}
    assert set(record["curves"][0]) == {f.name for f in fields(wam.Curve)}
    assert record["provenance"] == {
        f.name: getattr(e.provenance, f.name) for f in fields(e.provenance)
    }


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtypes(dtype: torch.dtype, tmp_path: Path) -> None:
    model = Linear(random(2, 1, 8, 8)).to(dtype)
    e = explain(model, random(2, 1, 8, 8).to(dtype), method=["saliency", "smoothgrad"])
    assert e.signal.dtype == dtype
    assert same(wam.load(saved(e, tmp_path)), e)
    other = replace(e, probabilities=e.probabilities.to(torch.float8_e5m2))
    with pytest.raises(TypeError, match=r"probabilities has dtype torch\.float8_e5m2.*float16"):
        other.save(tmp_path / "other")
    assert [file.name for file in tmp_path.iterdir()] == ["e.safetensors"]


def test_tensors_of_every_layout(tmp_path: Path) -> None:
    """Views, other memory formats, tensors that ask for gradients, and subclasses of Tensor."""
    e = kept.everything("image", n=4)
    entry = e.entry
    odd = [
        e[1:3],
        e[::2],
        replace(e, signal=e.signal.contiguous(memory_format=torch.channels_last)),
        replace(e, signal=e.signal.clone().requires_grad_()),
        replace(e, signal=nn.Parameter(e.signal.clone())),
        replace(e, signal=e.signal[:1].expand(4, -1, -1, -1)),
        replace(e, signal=torch.complex(e.signal, e.signal).conj().imag),
        replace(e, signal=torch._neg_view(e.signal)),
        replace(e, probabilities=e.probabilities.t().contiguous().t()),
        e.with_entry(replace(entry, gradient=entry.gradient.flip(2).transpose(2, 3))),
    ]
    for other in odd:
        loaded = wam.load(saved(other, tmp_path))
        assert type(loaded.signal) is torch.Tensor and not loaded.signal.requires_grad
        assert same(loaded, replace(other, signal=other.signal.detach().as_subclass(torch.Tensor)))
    with torch.inference_mode():
        inside = replace(e, signal=e.signal * 1)
    assert same(wam.load(saved(inside, tmp_path)), inside)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    e = kept.everything()
    other = replace(e, sample_rate=np.float32(8000), mean=(np.float64(0.25),))
    loaded = wam.load(saved(other, tmp_path))
    assert same(loaded, e)


def test_a_curve_in_an_approximate_basis_loads_without_a_warning(tmp_path: Path) -> None:
    e = kept.everything("image", n=1, size=128)
    with pytest.warns(UserWarning, match="approximately"):
        basis = wam.Basis("dmey", 1)
    e = replace(e, curves=(replace(e.curves[0], basis=basis),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(wam.load(saved(e, tmp_path)), e)


def test_any_reader_of_safetensors_gets_at_the_arrays(tmp_path: Path) -> None:
    e = kept.everything("volume")
    arrays = load_file(saved(e, tmp_path))
    assert torch.equal(arrays["signal"], e.signal)
    assert torch.equal(arrays["entries.1.gradient"], e.gradient)


def test_what_is_shared_is_in_the_file_once(tmp_path: Path) -> None:
    model, x = convolutional(2), random(2, 2, 16, 16)
    options: dict[str, Any] = {"baselines": random(2, 2, 16, 16, seed=5), "n_steps": 2}
    one = explain(model, x, method="integrated_gradients", **options)
    more = one | replace(one, entries={("other", "predicted"): replace(one.entry, method="other")})
    grown = saved(more, tmp_path).stat().st_size - one.save(tmp_path / "one").stat().st_size
    assert grown < 1500 < one.gradient.nbytes
    loaded = wam.load(tmp_path / "e.safetensors")
    first, second = loaded.entries.values()
    assert first.gradient is second.gradient and first.baseline is second.baseline
    assert same(loaded, more)
    # Equal is not shared: what lies elsewhere in memory stays apart.
    apart = more.with_entry(replace(one.entry, method="other", gradient=one.gradient.clone()))
    assert apart.save(tmp_path / "two").stat().st_size > one.gradient.nbytes + grown
    assert same(wam.load(tmp_path / "two"), apart)


def test_the_file_is_small_and_says_what_is_in_it(tmp_path: Path) -> None:
    e = image()
    path = saved(e, tmp_path)
    header, data = kept.take_apart(path.read_bytes())
    distinct = {
        t.data_ptr(): t.nbytes
        for entry in e.entries.values()
        for t in (entry.gradient, entry.baseline, entry.output, entry.start, entry.classes)
        if t is not None
    }
    assert sum(distinct.values()) + e.signal.nbytes <= len(data)
    assert len(data) <= sum(distinct.values()) + e.signal.nbytes + 4096
    told = kept.envelope(header)
    assert (told["format"], told["version"]) == ("explanation", 1)
    assert told["written_by"] == wam.__version__
    # What the documentation says of the checksum is what was written.
    assert kept.envelope(kept.take_apart(kept.signed(header, data, told))[0]) == told


def test_a_file_of_version_1_stays_readable() -> None:
    """Written by ``kept.everything().save`` when the layout was new; never write it anew."""
    assert same(wam.load(VERSION_1), kept.everything())


@pytest.mark.parametrize("modality", ["image", "audio", "volume"])
def test_maps_come_back(modality: str, tmp_path: Path) -> None:
    e = kept.mapped(modality)
    read = wam.load(saved(e, tmp_path))
    assert same(read, e)
    assert len(read.maps) == (3 if modality == "audio" else 2)
    bound = e.at(method="map of the basis")
    assert torch.equal(read.at(method="map of the basis").values.flatten(), bound.values.flatten())
    one = read[1:]
    assert same(one.maps[0].values, e.maps[0].values[1:])


def test_devices(tmp_path: Path) -> None:
    e = kept.mapped()
    path = saved(e, tmp_path)
    away = wam.load(path, device="meta")
    there = [away.signal, away.probabilities, away.features]
    for entry in away.entries.values():
        there += [entry.gradient, entry.output]
        assert entry.classes.device.type == "cpu"
    for found in away.maps:
        there += [found.values, found.output]
        assert found.classes.device.type == "cpu"
    first = away.entries["integrated_gradients", "predicted"]
    there += [first.baseline, first.start, first.feature_gradient, first.feature_baseline]
    assert {t.device.type for t in there} == {"meta"}
    assert {t.device.type for t in vars(away.curves[0]).values() if hasattr(t, "device")} == {"cpu"}
    for name in ("abacus", "cuda:77"):
        with pytest.raises(ValueError, match=f"device is '{name}': it cannot be used here"):
            wam.load(path, device=name)
    if torch.cuda.is_available():
        on_gpu = wam.load(path, device="cuda")
        assert on_gpu.at("haar", 1).values.flatten().is_cuda
        assert same(wam.load(on_gpu.save(tmp_path / "back")), e)
        assert (tmp_path / "back").read_bytes() == path.read_bytes()


def test_what_was_loaded_is_independent_of_the_file(tmp_path: Path) -> None:
    e = kept.everything("image")
    path = saved(e, tmp_path)
    loaded = wam.load(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))
    assert same(loaded, e)
    loaded.signal.zero_()
    path.unlink()
    assert not loaded.signal.any()
    assert loaded.save(path).exists()
