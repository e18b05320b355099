"""How few coefficients or places an attribution needs: sparseness and complexity.

Neither asks the model: a sparse attribution is easy to read, not therefore true. What counts is
what can be kept or removed: coefficients, places of the signal (channels summed), or values of the
front end's output.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from wam_widgets.attribution import Attribution
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.masking import score

__all__ = ["complexity", "concentration", "sparseness"]


def sparseness(attribution: Attribution | SignalMap) -> Tensor:
    """Return the Gini index of the magnitudes, ``[N]``: 0 even, near 1 in one coefficient.

    Hurley and Rickard, "Comparing measures of sparsity", 2009, equation 12; for attributions
    Chalasani et al., "Concise explanations of neural networks using adversarial training", 2020,
    section 4. Larger is sparser. Zero where nothing is attributed.
    """
    ordered = score(attribution, "signed").double().abs().sort(dim=1).values
    k = ordered.shape[1]
    rank = torch.arange(1, k + 1, device=ordered.device, dtype=torch.float64)
    total = ordered.sum(dim=1)
    safe = torch.where(total > 0, total, torch.ones_like(total))
    index = 1 - 2 * (ordered * (k - rank + 0.5) / k).sum(dim=1) / safe
    return torch.where(total > 0, index, torch.zeros_like(index)).cpu()


def complexity(attribution: Attribution | SignalMap) -> Tensor:
    """Return the Shannon entropy of the shares of magnitude, in nats, ``[N]``.

    −Σ p ln p with p = |a| / Σ|a|: Bhatt et al., "Evaluating and aggregating feature-based model
    explanations", 2020, definition 4. Smaller is simpler: 0 for a single coefficient, ln K for an
    even attribution of K. Zero where nothing is attributed.
    """
    magnitude = score(attribution, "signed").double().abs()
    total = magnitude.sum(dim=1, keepdim=True)
    share = magnitude / torch.where(total > 0, total, torch.ones_like(total))
    entropy: Tensor = torch.special.entr(share).sum(dim=1)
    return entropy.cpu()


def concentration(attribution: Attribution | SignalMap) -> Tensor:
    """Return minus the entropy of the shares of magnitude, in bits, ``[N]``; larger is better.

    The criterion of Coifman and Wickerhauser, "Entropy-based algorithms for best basis selection",
    1992; see :func:`complexity`.
    """
    return -complexity(attribution) / math.log(2)
