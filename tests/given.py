"""Attributions whose values are given, not computed."""

from __future__ import annotations

import torch
from torch import Tensor

import wam_widgets as wam
from wam_widgets.entries import MapEntry
from wam_widgets.maps import SignalMap


def explanation(
    signal: Tensor, values: Tensor, classes: Tensor | None = None, basis: wam.Basis | None = None
) -> wam.Explanation:
    """Return an explanation that holds one map, of class 0 by default, and no gradient."""
    modality = {3: "audio", 4: "image", 5: "volume"}[signal.ndim]
    if classes is None:
        classes = torch.zeros(len(signal), 1, dtype=torch.long)
    domain = "signal" if basis is None else "basis"
    found = MapEntry("given", "0", classes, values, torch.zeros(len(signal)), domain, basis)
    return wam.Explanation(signal, modality, {}, "", "").with_maps([found])


def signal_map(signal: Tensor, values: Tensor, classes: Tensor | None = None) -> SignalMap:
    """Return a map of the signal with these values, ``[N, C or 1, *space]``."""
    return explanation(signal, values, classes).signal_map("given")


def attribution(
    signal: Tensor, values: Tensor, basis: wam.Basis, classes: Tensor | None = None
) -> wam.Attribution:
    """Return an attribution in a basis with these values, ``[N, K]``."""
    return explanation(signal, values, classes, basis).at(basis, method="given")
