"""The methods, and the points at which each of them takes the gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Seed = int | tuple[int, ...]
"""Of the noise: one for all samples, or one for each."""


@dataclass(frozen=True)
class Method:
    """How the points are chosen at which the gradient is taken.

    Attributes
    ----------
    path : bool
        Along the straight line from the baseline to the signal, instead of at the signal.
    noise : bool
        With Gaussian noise added.
    drawn : bool
        The places on the path are drawn at random, all from the same distribution.
    rectified : str or None
        What is done to gradients at rectifiers, see :mod:`wam_widgets.rectifiers`.
    """

    path: bool
    noise: bool
    drawn: bool = False
    rectified: str | None = None

    @property
    def sampled(self) -> bool:
        """The points are a sample: they depend on a seed, and their number is `n_samples`."""
        return self.noise or self.drawn

    def settings(
        self, n_steps: int, n_samples: int, noise_level: float, seed: Seed
    ) -> dict[str, str | int | float]:
        """Return those of some parameters that make a difference, by name."""
        found: dict[str, str | int | float] = {}
        if self.path and not self.sampled:
            found["n_steps"] = n_steps
        if self.sampled:
            found["n_samples"] = n_samples
        if self.noise:
            found["noise_level"] = noise_level
        if self.sampled:
            found["seed"] = seed if isinstance(seed, int) else "one for each input"
        return found


METHODS = {
    "saliency": Method(path=False, noise=False),
    "smoothgrad": Method(path=False, noise=True),
    "integrated_gradients": Method(path=True, noise=False),
    "smooth_integrated_gradients": Method(path=True, noise=True),
}
"""The methods of Kasmi et al. (2025): gradients of the model as it is, at chosen points."""

GRADIENTS = {
    **METHODS,
    "gradient_shap": Method(path=True, noise=False, drawn=True),
    "guided_backprop": Method(path=False, noise=False, rectified="guided"),
    "deconvolution": Method(path=False, noise=False, rectified="deconvolution"),
}
"""These, and others whose result is a mean gradient, for comparison."""

LOUDNESS_POWER = 4
"""Power of the path behind a front end.

A front end in decibels changes by as much from α = 0.001 to 0.01 as from 0.1 to 1. With 32 evenly
weighted steps the sum of integrated gradients misses f(x) − f(x₀) by 25 % (median of 16 cases of
log-mel networks), with p = 4 by 1 %, with 3 to 6 by 1 to 3 %. Smooth integrated gradients keep
even steps: their noise is a floor under the loudness, their sum is right already, and uneven
weights only add variance (measured).
"""


@dataclass(frozen=True)
class Schedule:
    """The points of one mean: place on the path, weight and noise of each step.

    Noise comes in opposite pairs (antithetic variates: δ at one point, −δ at its neighbour on the
    path), which cancel what is odd in δ. With 25 points of the embedded classifiers the mean is as
    near its limit as with 65 to 85 independent ones, that of SmoothGrad as with 75 to 115.
    """

    alphas: np.ndarray
    weights: np.ndarray
    noise: bool
    seed: Seed
    rectified: str | None = None

    @classmethod
    def of(cls, method: str, n_steps: int, n_samples: int, seed: Seed, power: int = 1) -> Schedule:
        """Return the steps of a method.

        Integrated gradients use Gauss–Legendre nodes (exact for polynomials up to degree
        2·n_steps − 1), smooth integrated gradients stratified midpoints, since the noise rules
        their error, GradientSHAP places that are drawn independently. Steps come in an order that
        covers the path evenly from the first few on, so that a partial mean resembles the whole;
        the two of a pair follow each other.

        With `power` p the nodes of integrated gradients lie in u, where α = u^p and dα = p·u^(p−1)
        du: the same integral, denser at the baseline, see :data:`LOUDNESS_POWER`.
        """
        kind = GRADIENTS[method]
        count = n_samples if kind.sampled else n_steps if kind.path else 1
        if not kind.path:
            alphas, weights = np.ones(count), np.full(count, 1 / count)
        elif kind.drawn:
            if not isinstance(seed, int):
                raise ValueError(
                    f"seed is a sequence: {method} draws one path for all inputs; explain them one "
                    "by one"
                )
            alphas, weights = np.random.default_rng(seed).random(count), np.full(count, 1 / count)
        elif kind.noise:
            alphas, weights = (np.arange(count) + 0.5) / count, np.full(count, 1 / count)
        else:
            nodes, w = np.polynomial.legendre.leggauss(count)
            u = (nodes + 1) / 2
            alphas, weights = u**power, w / 2 * power * u ** (power - 1)
        order = _spread(count)
        if kind.noise:
            order = (2 * _spread(count // 2)[:, None] + np.arange(2)).ravel()
            order = np.append(order, count - 1) if count % 2 else order
        return cls(alphas[order], weights[order], kind.noise, seed, kind.rectified)

    def __len__(self) -> int:
        return len(self.alphas)

    def draw(self, step: int, like: Tensor, samples: slice = slice(None)) -> Tensor:
        """Return the standard normal noise of a step for some samples, ``[1 or n, C, *space]``.

        That of an odd step is the opposite of the one before. It depends on the seed and the step
        alone: neither the batch nor its cutting into chunks changes a sample's result, and the
        global generators are not touched. With one seed all samples see the same noise.
        """
        if isinstance(self.seed, int):
            noise = _normal(self.seed, step // 2, like)
        else:
            noise = torch.cat([_normal(seed, step // 2, like) for seed in self.seed[samples]])
        return noise.neg_() if step % 2 else noise


def _normal(seed: int, pair: int, like: Tensor) -> Tensor:
    state = np.random.SeedSequence((seed, pair)).generate_state(2, np.uint32)
    generator = torch.Generator(device=like.device)
    generator.manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
    shape = (1, *like.shape[1:])
    return torch.randn(shape, generator=generator, device=like.device, dtype=like.dtype)


def _spread(count: int) -> np.ndarray:
    """Return 0 … count − 1 in an order that covers the range evenly from the first few on."""
    # Multiples of the golden ratio fill the unit interval evenly at every length.
    order = np.argsort((np.arange(count) * 0.6180339887498949) % 1.0, kind="stable")
    return np.argsort(order, kind="stable")
