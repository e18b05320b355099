"""How sure a mean over a few inputs is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wam_widgets.checks import positive_int

__all__ = ["Interval", "bootstrap"]


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
    1979). All columns see the same draws.

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
    table = values.detach().double().cpu()
    table = table.unsqueeze(1) if table.ndim == 1 else table
    if table.ndim != 2 or len(table) == 0:
        raise ValueError(
            f"values has shape {tuple(values.shape)}: it must be [N] or [N, M] with N at least 1"
        )
    if not torch.isfinite(table).all():
        raise ValueError("values has NaN or infinite entries: they must be finite")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}: it must be between 0 and 1, such as 0.95")
    count = len(table)
    draws = positive_int(n_resamples, "n_resamples")
    generator = torch.Generator().manual_seed(positive_int(seed, "seed", least=0))
    # How often each input is drawn; sums of such rows are the sums over the drawn inputs.
    drawn = torch.randint(count, (draws, count), generator=generator)
    times = torch.zeros(draws, count, dtype=torch.float64)
    times.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64))
    means = times @ table / count
    edge = (1 - confidence) / 2
    ends = torch.quantile(means, torch.tensor([edge, 1 - edge], dtype=torch.float64), dim=0)
    middle = table.mean(dim=0)
    return [
        Interval(float(m), float(low), float(high), count)
        for m, low, high in zip(middle, *ends, strict=True)
    ]


def _spoken(value: float) -> str:
    # A minus of its own width, and no minus zero.
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
