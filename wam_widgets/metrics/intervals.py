"""How sure a mean over a few inputs is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wam_widgets.checks import positive_int

__all__ = ["Interval", "bootstrap", "bootstrap_difference"]

LARGE = 10_000
"""Inputs above which the interval is the normal one: drawing them anew would say the same."""

_TOGETHER = 2**22
"""Numbers that are drawn at once, so that memory does not grow with the inputs."""

_COLUMNS = 256
"""Columns for which inputs are drawn at once; the next ones see the same draws again."""


@dataclass(frozen=True)
class Interval:
    """A mean over inputs and where it may lie.

    Attributes
    ----------
    mean, low, high : float
    count : int
        Number of inputs. With one there is no spread to be seen: low and high are the mean.
    """

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        if self.count == 1:
            return _spoken(self.mean)
        return f"{_spoken(self.mean)} ({_spoken(self.low)} to {_spoken(self.high)})"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def bootstrap(
    values: Tensor, confidence: float = 0.95, n_resamples: int = 2000, seed: int = 0
) -> list[Interval]:
    """Return the mean over inputs with its bootstrap interval, for each column.

    The inputs are drawn anew with replacement, and the interval holds the middle of the means of
    the draws (percentile interval; Efron, "Bootstrap methods: another look at the jackknife",
    1979). All columns see the same draws. For more than 10,000 inputs it is the limit of that, the
    normal interval: mean ± z s / √N with the standard deviation s of the inputs.

    Parameters
    ----------
    values : Tensor
        ``[N]`` (one column) or ``[N, M]``, finite.
    confidence : float
        Share of the draws inside, between 0 and 1.
    n_resamples : int
        Number of draws.
    seed : int
        Of the draws; the global generators are not touched.

    Returns
    -------
    list of Interval
        One for each column.

    Raises
    ------
    ValueError
        If there is no input, a value is not finite, or `confidence` is not between 0 and 1.
    """
    table = _table(values, "values")
    if table.shape[1] > _COLUMNS:
        parts = table.split(_COLUMNS, dim=1)
        return [one for part in parts for one in bootstrap(part, confidence, n_resamples, seed)]
    draws, seed = _checked(confidence, n_resamples, seed)
    middle = table.mean(dim=0)
    if len(table) > LARGE:
        return _normal(middle, _variance(table), confidence, len(table))
    return _middle(middle, _means(table, draws, seed), confidence, len(table))


def bootstrap_difference(
    first: Tensor,
    second: Tensor,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> list[Interval]:
    """Return the mean of some inputs minus that of others, with its interval, for each column.

    The two are not paired: each is drawn anew by itself (Efron and Tibshirani, "An introduction to
    the bootstrap", 1993, chapter 8). If either has more than 10,000 inputs, the interval is the
    normal one, with variance s₁² / N₁ + s₂² / N₂.

    Parameters
    ----------
    first, second : Tensor
        ``[N₁]`` and ``[N₂]``, or ``[N₁, M]`` and ``[N₂, M]``, finite.
    confidence, n_resamples, seed
        As in :func:`bootstrap`.

    Returns
    -------
    list of Interval
        One for each column; `count` is the smaller of the two numbers of inputs.

    Raises
    ------
    ValueError
        As :func:`bootstrap`, or if the two have different columns.
    """
    pair = _table(first, "first"), _table(second, "second")
    if pair[0].shape[1] != pair[1].shape[1]:
        raise ValueError(
            f"first has {pair[0].shape[1]} columns and second {pair[1].shape[1]}: they must be "
            "the same"
        )
    draws, seed = _checked(confidence, n_resamples, seed)
    middle = pair[0].mean(dim=0) - pair[1].mean(dim=0)
    count = min(map(len, pair))
    if max(map(len, pair)) > LARGE:
        return _normal(middle, _variance(pair[0]) + _variance(pair[1]), confidence, count)
    # Two streams of one seed: with the same draws groups of one size would be paired.
    means = _means(pair[0], draws, 2 * seed) - _means(pair[1], draws, 2 * seed + 1)
    return _middle(middle, means, confidence, count)


def _table(values: Tensor, name: str) -> Tensor:
    """Return numbers as ``[N, M]`` in float64, or raise a ValueError."""
    table = values.detach().double().cpu()
    table = table.unsqueeze(1) if table.ndim == 1 else table
    if table.ndim != 2 or len(table) == 0:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: it must be [N] or [N, M] with N at least 1"
        )
    if not torch.isfinite(table).all():
        raise ValueError(f"{name} has NaN or infinite entries: they must be finite")
    return table


def _checked(confidence: float, n_resamples: int, seed: int) -> tuple[int, int]:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}: it must be between 0 and 1, such as 0.95")
    return positive_int(n_resamples, "n_resamples"), positive_int(seed, "seed", least=0)


def _means(table: Tensor, draws: int, seed: int) -> Tensor:
    """Return the mean over inputs that are drawn anew, for each draw, ``[draws, M]``."""
    count = len(table)
    generator = torch.Generator().manual_seed(seed)
    at_once = max(1, _TOGETHER // count)
    found = []
    for first in range(0, draws, at_once):
        # How often each input is drawn; sums of such rows are the sums over the drawn inputs.
        drawn = torch.randint(count, (min(at_once, draws - first), count), generator=generator)
        times = torch.zeros(drawn.shape, dtype=torch.float64)
        times.scatter_add_(1, drawn, torch.ones_like(times))
        found.append(times @ table / count)
    return torch.cat(found)


def _variance(table: Tensor) -> Tensor:
    """Return the variance of the mean, ``[M]``."""
    return table.var(dim=0, correction=0) / len(table)


def _middle(middle: Tensor, means: Tensor, confidence: float, count: int) -> list[Interval]:
    edge = (1 - confidence) / 2
    ends = torch.quantile(means, torch.tensor([edge, 1 - edge], dtype=torch.float64), dim=0)
    return _intervals(middle, ends[0], ends[1], count)


def _normal(middle: Tensor, variance: Tensor, confidence: float, count: int) -> list[Interval]:
    z = torch.special.ndtri(torch.tensor((1 + confidence) / 2, dtype=torch.float64))
    return _intervals(middle, middle - z * variance.sqrt(), middle + z * variance.sqrt(), count)


def _intervals(middle: Tensor, low: Tensor, high: Tensor, count: int) -> list[Interval]:
    ends = zip(middle.tolist(), low.tolist(), high.tolist(), strict=True)
    return [Interval(*one, count) for one in ends]


def _spoken(value: float) -> str:
    # A minus of its own width, and no minus zero.
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
