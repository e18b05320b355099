"""The kernel's transform and attributions against PyWavelets, on the file that vitest reads too."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.golden.make_golden import FILE
from wam_widgets.coefficients import Coefficients
from wam_widgets.explanation import Entry, Explanation
from wam_widgets.wavelets import Basis, max_level

GOLDEN = json.loads(gzip.decompress(FILE.read_bytes()))


def _unpack(wire: dict[str, Any]) -> Tensor:
    """Return float64 with a batch axis."""
    raw = np.frombuffer(base64.b64decode(wire["data"]), {"u8": "u1", "f32": "<f4"}[wire["dtype"]])
    values = raw.astype(np.float64) * wire.get("scale", 1) + wire.get("offset", 0)
    return torch.from_numpy(values).reshape(1, *wire["shape"])


def _close(have: Tensor, want: Tensor, name: str) -> None:
    assert have.shape == want.shape, name
    error = (have - want).abs().max() / want.abs().max().clamp(min=1e-30)
    # The file holds single precision.
    assert error < 1e-6, f"{name}: relative error {error}"


def _name(item: dict[str, Any]) -> str:
    size = "x".join(map(str, item["space"]))
    return "-".join([item.get("kind", ""), item["family"], str(item["level"]), item["mode"], size])


def _basis(item: dict[str, Any]) -> Basis:
    return Basis(item["family"], item["level"], item["mode"])


@pytest.mark.parametrize("item", GOLDEN["transforms"], ids=_name)
def test_transform(item: dict[str, Any]) -> None:
    basis = _basis(item)
    assert item["level"] <= max_level(item["family"], tuple(item["space"]))
    z = basis.analyse(_unpack(item["signal"]))
    _close(z.flatten(), _unpack(item["coefficients"]), "analyse")
    pulled = basis.pullback(_unpack(item["gradient"]))
    _close(pulled.flatten(), _unpack(item["pullback"]), "pullback")
    x = basis.synthesise(z.unflatten(_unpack(item["vector"])))
    _close(x, _unpack(item["synthesis"]), "synthesise")


@pytest.mark.parametrize("item", GOLDEN["attributions"], ids=_name)
def test_attribution(item: dict[str, Any]) -> None:
    entry = Entry(
        method="method",
        target="0",
        classes=torch.zeros(1, 1, dtype=torch.long),
        gradient=_unpack(item["gradient"]),
        baseline=_unpack(item["baseline"]) if item["baseline"] else None,
        path=item["path"],
        multiply=item["multiply"],
        output=torch.zeros(1),
    )
    modality = {1: "audio", 2: "image", 3: "volume"}[len(item["space"])]
    explanation = Explanation(
        signal=_unpack(item["signal"]),
        modality=modality,
        entries={("method", "0"): entry},
        method="method",
        target="0",
    )
    a = explanation.at(item["family"], level=item["level"], mode=item["mode"])
    assert isinstance(a.values, Coefficients)
    _close(a.values.flatten(), _unpack(item["values"]), "values")
    _close(a.scale_maps(), _unpack(item["maps"]), "scale maps")
    np.testing.assert_allclose(a.spectrum()[0], item["spectrum"], atol=1e-7)
    for want in item["reconstructions"]:
        options = {name: want[name] for name in ("keep", "ranking", "mask", "scales")}
        important = _unpack(want["important"])
        have = a.reconstruct(**options)
        assert (have - important).abs().max() < 1e-6 * explanation.signal.abs().max(), options
    for want in item["spins"]:
        options = {name: want[name] for name in ("keep", "ranking", "mask")}
        parts = _unpack(want["parts"])
        have = a.parts(**options, cycle_spins=want["spins"])
        assert (have - parts).abs().max() < 1e-6 * explanation.signal.abs().max(), options
        have = a.reconstruct(**options, cycle_spins=want["spins"])
        assert (have - parts.sum(1)).abs().max() < 1e-6 * explanation.signal.abs().max(), options
