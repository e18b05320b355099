"""CartoonX and WaveletX: the fewest coefficients from which the model answers as it does.

A mask m of numbers from 0 to 1, one for each place of each subband and shared by the channels,
keeps m ⊙ z of the coefficients z and fills the rest with (1 − m) ⊙ n. Adam looks for the mask with
the smallest

    E_n |f(x) − f(W⁻¹(m ⊙ z + (1 − m) ⊙ n))|² + λ₁ mean |m| + λ₂ |W⁻¹(m ⊙ z)|₁ / |x|₁

where f is a probability and n noise with the mean and the standard deviation of each subband.
CartoonX (Kolek et al., "Cartoon Explanations of Image Classifiers", ECCV 2022, section 3) has
λ₂ = 0. WaveletX (Kolek et al., "Explaining Image Classifiers with Multiscale Directional Image
Representation", CVPR 2023) adds the last term, which keeps the mask from producing what is not in
the signal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from wam_widgets.checks import positive_int
from wam_widgets.coefficients import Coefficients
from wam_widgets.entries import MapEntry
from wam_widgets.explainer import Explainer
from wam_widgets.gradients import Cancelled
from wam_widgets.objectives import Target, target_name
from wam_widgets.regions import regions
from wam_widgets.wavelets import Basis

__all__ = ["FILLS", "Found", "mask_optimisation", "optimise"]

FILLS = ("noise", "baselines")
"""What is put where the mask is 0: noise matched to each subband, or the baseline."""


class Found(NamedTuple):
    """A mask, and the way to it.

    Attributes
    ----------
    values : Tensor
        ``[N, K]``, the mask in the order of :meth:`Coefficients.flatten`.
    loss : Tensor
        ``[n_steps, N]``, of each sample before each step.
    """

    values: Tensor
    loss: Tensor


def mask_optimisation(
    explainer: Explainer,
    basis: Basis,
    target: Target = None,
    *,
    n_steps: int = 100,
    n_samples: int = 4,
    sparsity: float = 1.0,
    spatial: float = 0.0,
    learning_rate: float = 0.1,
    fill: str = "noise",
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MapEntry:
    """Return the mask that keeps the answer of the model with few coefficients.

    Parameters
    ----------
    explainer : Explainer
        Model and input. Its objective is f; the papers take the probability of the class.
    basis : Basis
        Where the mask lies.
    target : int, sequence of int, tuple of two, or None
        As in :func:`wam_widgets.explain`.
    n_steps : int
        Steps of Adam.
    n_samples : int
        Draws of the noise in each step; every one is a forward and a backward pass.
    sparsity : float
        λ₁.
    spatial : float
        λ₂; 0 for CartoonX.
    learning_rate : float
        Of Adam, falling to zero along half a cosine.
    fill : {"noise", "baselines"}
        What is put where the mask is 0. With ``"baselines"`` the mask goes over the coefficients
        of x − x₀, and there is nothing to draw: `n_samples` is taken as 1.
        Noise cannot tell what a subband of one coefficient is worth: its mean is that coefficient.
    progress : callable, optional
        Called with steps done and steps in all.
    should_stop : callable, optional
        Asked between passes.

    Returns
    -------
    MapEntry
        The mask, from 0 to 1. The picture of the papers is
        ``a.basis.synthesise(a.values * a.coefficients)``.

    Raises
    ------
    ValueError
        If the model gives no gradient, or for a number out of its range.
    Cancelled
        When `should_stop` returned True.
    """
    classes = explainer.classes(target)
    found = optimise(
        explainer,
        basis,
        classes,
        n_steps=n_steps,
        n_samples=n_samples,
        sparsity=sparsity,
        spatial=spatial,
        learning_rate=learning_rate,
        fill=fill,
        progress=progress,
        should_stop=should_stop,
    )
    settings = explainer.settings(baselines=fill == "baselines")
    settings |= {"n_steps": n_steps, "n_samples": n_samples, "sparsity": sparsity}
    settings |= {"spatial": spatial, "learning_rate": learning_rate, "fill": fill}
    return MapEntry(
        method="mask_optimisation",
        target=target_name(target) if explainer.objective.function is None else "custom",
        classes=classes.cpu(),
        values=found.values,
        output=explainer.output(classes),
        domain="basis",
        basis=basis,
        settings=settings | {"seed": explainer.first_seed},
    )


def optimise(
    explainer: Explainer,
    basis: Basis,
    classes: Tensor,
    *,
    n_steps: int,
    n_samples: int,
    sparsity: float,
    spatial: float,
    learning_rate: float,
    fill: str,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Found:
    """Return the mask and the loss along the way; parameters as for :func:`mask_optimisation`."""
    steps, draws = positive_int(n_steps, "n_steps"), positive_int(n_samples, "n_samples")
    weights = _not_negative(sparsity, "sparsity"), _not_negative(spatial, "spatial")
    rate = _not_negative(learning_rate, "learning_rate")
    task = _Task.of(explainer, basis, classes, fill)
    count = len(task.flat)
    draws = draws if fill == "noise" else 1
    mask = torch.ones(count, task.places, dtype=task.flat.dtype, device=task.flat.device)
    mask.requires_grad_(True)
    adam = torch.optim.Adam([mask], lr=rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    generator = torch.Generator(device=mask.device).manual_seed(explainer.first_seed)
    batch = explainer.classifier.batch_size
    pairs = torch.arange(draws * count, device=mask.device)
    history = []
    bar = tqdm(range(steps), "mask", disable=not explainer.show_progress, leave=False)
    with torch.enable_grad(), explainer.classifier.untouched(mask.device, explainer.first_seed):
        for step in bar:
            # The same draws for every sample: none depends on the batch that it is in.
            noise = task.draw(draws, generator)
            penalty = task.penalty(mask, *weights)
            (gradient,) = torch.autograd.grad(penalty.sum(), mask)
            loss = penalty.detach()
            for part in pairs.split(batch):
                if should_stop is not None and should_stop():
                    raise Cancelled("the computation was cancelled")
                which = part % count
                distortion = task.distortion(mask, which, noise[part // count]) / draws
                gradient += torch.autograd.grad(distortion.sum(), mask)[0]
                loss.index_add_(0, which, distortion.detach().to(loss))
            history.append(loss.cpu())
            mask.grad = gradient
            adam.step()
            falling.step()
            with torch.no_grad():
                mask.clamp_(0, 1)
            if progress is not None:
                progress(step + 1, steps)
    return Found(mask.detach()[:, task.labels], torch.stack(history))


class _Task(NamedTuple):
    """What stays the same from step to step."""

    explainer: Explainer
    classes: Tensor
    reference: Tensor
    start: Tensor
    moved: Coefficients
    flat: Tensor
    mean: Tensor
    deviation: Tensor
    labels: Tensor
    places: int
    grey: Coefficients
    loudness: Tensor

    @classmethod
    def of(cls, explainer: Explainer, basis: Basis, classes: Tensor, fill: str) -> _Task:
        if fill not in FILLS:
            raise ValueError(f"fill is {fill!r}: it must be one of {', '.join(FILLS)}")
        signal, start = explainer.signal, torch.zeros_like(explainer.signal[:1])
        if explainer.baseline is not None:
            if fill == "noise":
                raise ValueError("baselines is given: it is used with fill='baselines' only")
            start = explainer.baseline
        start = start.expand_as(signal)
        moved = basis.analyse(signal - start)
        flat = moved.flatten()
        matched = fill == "noise"
        mean = _of_subbands(moved, lambda v: v.mean(dim=2)) if matched else torch.zeros_like(flat)
        deviation = _of_subbands(moved, lambda v: v.std(dim=2, correction=0)) if matched else mean
        # As many cells as coefficients: each is a region of its own, shared by the channels.
        labels, places = regions(moved, "subbands", max(moved.space) + basis.length)
        grey = (signal - start).mean(dim=1, keepdim=True)
        loudness = grey.abs().flatten(1).mean(dim=1).to(flat)
        loudness = torch.where(loudness > 0, loudness, torch.ones_like(loudness))
        reference = explainer.output(classes)
        return cls(
            explainer,
            classes,
            reference,
            start,
            moved,
            flat,
            mean,
            deviation,
            labels,
            places,
            basis.analyse(grey),
            loudness,
        )

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return standard normal noise, ``[count, K]``."""
        shape, like = (count, self.flat.shape[1]), self.flat
        return torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)

    def penalty(self, mask: Tensor, sparsity: float, spatial: float) -> Tensor:
        """Return λ₁ mean |m| + λ₂ |W⁻¹(m ⊙ z)|₁ / |x|₁ of each sample; channels averaged."""
        value = sparsity * mask.mean(dim=1)
        if spatial:
            kept = self.grey.unflatten(mask * self.grey.flatten())
            left = kept.basis.synthesise(kept).abs().flatten(1).mean(dim=1)
            value = value + spatial * left / self.loudness
        return value

    def distortion(self, mask: Tensor, which: Tensor, noise: Tensor) -> Tensor:
        """Return |f(x) − f(masked)|² for some samples, each with its own draw."""
        kept = mask[which][:, self.labels]
        filled = self.mean[which] + self.deviation[which] * noise
        coefficients = self.moved.unflatten(kept * self.flat[which] + (1 - kept) * filled)
        points = coefficients.basis.synthesise(coefficients)
        points = self.start[which] + points.to(self.start.dtype)
        e = self.explainer
        scored = e.classifier.score(e.laid_out(points), e.objective, self.classes[which])
        if not scored.value.requires_grad:
            raise ValueError(
                "model gives an output without a gradient, which the mask needs; 'sobol' needs none"
            )
        return (scored.value - self.reference[which]).square()


def _of_subbands(coefficients: Coefficients, statistic: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ``[N, K]``: for each coefficient a statistic of its subband and channel."""

    def spread(values: Tensor) -> Tensor:
        found = statistic(values.flatten(2))
        return found.view(*found.shape, *[1] * (values.ndim - 2)).expand_as(values)

    return coefficients.map(spread).flatten()


def _not_negative(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {value!r}: it must be a number, at least 0")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} is {value}: it must be at least 0")
    return float(value)
