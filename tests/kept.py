"""Explanations that were saved: what is equal, and files taken apart and put together again.

Files are read and signed here as the documentation of the layout says, without the package.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

import wam_widgets as wam
from wam_widgets.axes import Axes
from wam_widgets.provenance import Provenance

VERSIONS = {"wam_widgets": "0.1.0", "PyTorch": "2.4.0", "Python": "3.11.7"}


def same(a: Any, b: Any) -> bool:
    """Compare two explanations, or parts of them: types, dtypes, shapes and every bit."""
    if isinstance(a, Tensor):
        if not isinstance(b, Tensor) or a.dtype != b.dtype or a.shape != b.shape:
            return False
        plain = (
            t.resolve_neg().clone(memory_format=torch.contiguous_format).reshape(-1) for t in (a, b)
        )
        return torch.equal(*(t.view(torch.uint8) for t in plain))
    if isinstance(a, Mapping):
        keys = isinstance(b, Mapping) and list(a) == list(b)
        return keys and all(same(a[key], b[key]) for key in a)
    if type(a) is not type(b):
        return False
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(*pair) for pair in zip(a, b, strict=True))
    return a == b


def counted(*shape: int, dtype: torch.dtype = torch.float32, start: float = 0.0) -> Tensor:
    """Return eighths that count up: exact in every dtype while there are few of them."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count) % 251) / 8 + start).reshape(shape).to(dtype)


def everything(modality: str = "audio", n: int = 2, size: int = 12) -> wam.Explanation:
    """Return an explanation in which every field is set that the modality allows; no model."""
    ndim = {"image": 2, "audio": 1, "volume": 3}[modality]
    sound, volume = modality == "audio", modality == "volume"
    shape = (n, 1 if sound else 2, *[size] * ndim)
    features = (n, 3, 5)
    first = wam.Entry(
        method="integrated_gradients",
        target="predicted",
        classes=torch.tensor([[1]] * n),
        gradient=counted(*shape, start=-7),
        baseline=counted(1, *shape[1:], start=0.5),
        path=True,
        multiply=True,
        output=counted(n, start=-3),
        start=counted(n, start=-4),
        feature_gradient=counted(*features) if sound else None,
        feature_baseline=counted(1, *features[1:]) if sound else None,
        settings={"objective": "logit", "n_steps": 7, "noise_level": 0.1, "multiply": True},
    )
    second = wam.Entry(
        method="smoothgrad",
        target="2−0",
        classes=torch.tensor([[2, 0]] * n),
        gradient=counted(*shape, start=-9),
        baseline=None,
        path=False,
        multiply=False,
        output=counted(n),
    )
    curve = wam.Curve(
        method=first.method,
        target=first.target,
        basis=wam.Basis("db2", 1, "periodic"),
        ranking="magnitude",
        share=torch.tensor([0, 0.25, 1], dtype=torch.float64),
        insertion=counted(n, 3),
        deletion=counted(n, 3, start=1),
    )
    return wam.Explanation(
        signal=counted(*shape),
        modality=modality,
        entries={(entry.method, entry.target): entry for entry in (first, second)},
        method=second.method,
        target=second.target,
        class_names=("grass", "</script> “”", "\udce9 \0 \u2028"),
        probabilities=counted(n, 3),
        mean=(0.25,) * shape[1],
        std=(0.5,) * shape[1],
        sample_rate=8000.0 if sound else None,
        spacing=(1.5, 1.0, 0.1) if volume else None,
        curves=(curve,),
        channel_axis=not sound,
        features=counted(*features, start=2) if sound else None,
        axes=Axes("Mel spectrogram", "dB", (100.0, 200.5, 400.1), -3.5, 2.0) if sound else None,
        orientation="RAS" if volume else None,
        provenance=Provenance("Net", "LogMel" if sound else None, "1970-01-02 00:00 UTC", VERSIONS),
    )


def mapped(modality: str = "audio") -> wam.Explanation:
    """Return the same with a map in every domain that it has."""
    e = everything(modality)
    basis = wam.Basis("haar", 2, "zero")
    shapes = {"signal": (len(e), 1, *e.space), "basis": basis.analyse(e.signal).flatten().shape}
    if e.features is not None:
        shapes["features"] = tuple(e.features.shape)
    classes = torch.tensor([[2]] * len(e))
    return e.with_maps(
        wam.MapEntry(
            method=f"map of the {domain}",
            target="2",
            classes=classes,
            values=counted(*shape, start=-5),
            output=counted(len(e), start=1),
            domain=domain,
            basis=basis if domain == "basis" else None,
            settings={"layer": "top.1", "cells": 8},
        )
        for domain, shape in shapes.items()
    )


def take_apart(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes of the arrays."""
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    return header, content[8 + length :]


def put_together(header: Mapping[str, Any] | bytes, data: bytes) -> bytes:
    whole = isinstance(header, bytes)
    text = header if whole else json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text + data


def envelope(header: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(header["__metadata__"]["wam_widgets"])
    return found


def signed(header: Mapping[str, Any], data: bytes, told: Mapping[str, Any]) -> bytes:
    """Return the file with another JSON text and the checksum that belongs to it."""
    canonical = json.dumps(told["explanation"], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode())
    for name in sorted(header):
        if name != "__metadata__":
            about = header[name]
            first, last = about["data_offsets"]
            digest.update(f"\n{name} {about['dtype']} {about['shape']}\n".encode())
            digest.update(data[first:last])
    told = {**told, "sha256": digest.hexdigest()}
    metadata = {**header["__metadata__"], "wam_widgets": json.dumps(told)}
    return put_together({**header, "__metadata__": metadata}, data)
