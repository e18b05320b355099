"""Total Sobol indices: in how much of a function's variance each of its inputs has a part.

The inputs are independent and uniform from 0 to 1. The total index of input r,

    S_r = E[Var(f | all inputs but r)] / Var(f),

counts what it does alone and together with others (Homma and Saltelli, "Importance measures in
global sensitivity analysis of nonlinear models", 1996). Only values of f are needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from wam_widgets.checks import positive_int

__all__ = ["ESTIMATORS", "Design", "check_estimator", "indices", "total_indices"]

ESTIMATORS = ("jansen", "homma", "janon", "glen", "saltelli")
"""How the total index is estimated, see :func:`total_indices`."""


@dataclass(frozen=True)
class Design:
    """Two independent halves of one scrambled Sobol sequence, ``[n, d]`` each.

    The model is asked at the rows of `a`, of `b`, and, for each of the d columns, at the rows of
    `a` with that column from `b`: n (d + 2) times in all.
    """

    a: Tensor
    b: Tensor

    @classmethod
    def of(cls, dimension: int, n_samples: int, seed: int = 0) -> Design:
        """Draw a design; the global random generators are not touched.

        Raises
        ------
        ValueError
            If n is no power of two, where the sequence is balanced, or it has no so many
            dimensions.
        """
        n = positive_int(n_samples, "n_samples", least=2)
        if n & (n - 1):
            near = 2 ** round(math.log2(n))
            raise ValueError(
                f"n_samples is {n}: it must be a power of two, such as {near}, for which the Sobol "
                "sequence is balanced"
            )
        most = torch.quasirandom.SobolEngine.MAXDIM // 2
        if not 1 <= dimension <= most:
            raise ValueError(f"dimension is {dimension}: a Sobol sequence serves 1 to {most}")
        engine = torch.quasirandom.SobolEngine(2 * dimension, scramble=True, seed=seed)
        rows = engine.draw(n, dtype=torch.float64)
        return cls(rows[:, :dimension].contiguous(), rows[:, dimension:].contiguous())


def total_indices(a: Tensor, b: Tensor, c: Tensor, estimator: str = "jansen") -> Tensor:
    """Estimate the total Sobol indices from the outputs at the rows of a :class:`Design`.

    With f̄ and V the mean and the variance over `a` and `b`, c_r the outputs with column r
    exchanged:

    - ``"jansen"`` (Jansen 1999): Σ (a − c_r)² / 2nV. Never negative, the least variance.
    - ``"homma"`` (Homma and Saltelli 1996) and ``"saltelli"`` (Saltelli et al. 2008), which are the
      same: 1 − mean((a − f̄)(c_r − f̄)) / V. Centred before multiplying, which the formula in print
      leaves to the reader and without which a large mean drowns the index.
    - ``"janon"`` (Janon et al. 2014): the same with mean and variance of a and c_r together.
    - ``"glen"`` (Glen and Isaacs 2012): 1 − the correlation of a and c_r.

    Parameters
    ----------
    a, b : Tensor
        ``[n]``.
    c : Tensor
        ``[d, n]``.
    estimator : {"jansen", "homma", "janon", "glen", "saltelli"}

    Returns
    -------
    Tensor
        ``[d]``, float64; zeros where the output does not change at all.
    """
    check_estimator(estimator)
    rounding = 16 * torch.finfo(a.dtype).eps
    both = torch.cat([a, b]).double()
    mean, variance = both.mean(), both.var()
    if variance <= (rounding * both.abs().max()) ** 2:
        return torch.zeros(len(c), dtype=torch.float64)
    a, c = (a.double() - mean).cpu(), (c.double() - mean).cpu()
    variance = variance.cpu()
    if estimator == "jansen":
        return (a - c).square().mean(dim=1) / (2 * variance)
    if estimator in ("homma", "saltelli"):
        return 1 - (a * c).mean(dim=1) / variance
    if estimator == "janon":
        centre = (a + c).mean(dim=1) / 2
        spread = (a.square() + c.square()).mean(dim=1) / 2 - centre.square()
        return 1 - _over((a * c).mean(dim=1) - centre.square(), spread)
    a, c = a - a.mean(), c - c.mean(dim=1, keepdim=True)
    norm = (a.square().sum() * c.square().sum(dim=1)).sqrt()
    return 1 - _over((a * c).sum(dim=1), norm)


def check_estimator(estimator: object) -> None:
    """Raise a ValueError for a name that is no estimator."""
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator is {estimator!r}: it must be one of {', '.join(ESTIMATORS)}")


def indices(
    function: Callable[[Tensor], Tensor],
    dimension: int,
    n_samples: int = 1024,
    estimator: str = "jansen",
    seed: int = 0,
) -> Tensor:
    """Return the total Sobol indices of a function of uniform numbers from 0 to 1.

    Parameters
    ----------
    function : callable
        From ``[n, d]`` to ``[n]``; called d + 2 times.
    dimension : int
        d.
    n_samples : int
        A power of two.
    estimator, seed
        As for :func:`total_indices` and :meth:`Design.of`.

    Returns
    -------
    Tensor
        ``[d]``, float64.
    """
    design = Design.of(positive_int(dimension, "dimension"), n_samples, seed)
    changed = []
    for column in range(dimension):
        rows = design.a.clone()
        rows[:, column] = design.b[:, column]
        changed.append(function(rows))
    return total_indices(function(design.a), function(design.b), torch.stack(changed), estimator)


def _over(above: Tensor, below: Tensor) -> Tensor:
    """Return the ratio, 1 where there is nothing below."""
    return torch.where(below > 0, above / torch.where(below > 0, below, 1.0), 1.0)
