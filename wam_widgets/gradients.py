"""Mean gradients of an objective with respect to the signal.

Every method here is a mean of gradients over points near, or on the path to, the signal. Because
the pullback into a wavelet basis is linear, that mean is all that any basis needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

Score = Callable[[Tensor, slice], Tensor]
"""Points ``[B, C, *space]`` that belong to the samples of a slice, repeated -> objective [B]."""

Progress = Callable[[int, int, Callable[[], Tensor]], None]
"""Called with passes done, passes in all, and a function that returns the mean so far."""


class Cancelled(Exception):
    """The computation was stopped on request; nothing of it is kept."""


@dataclass(frozen=True)
class Method:
    """How the points are chosen at which the gradient is taken.

    Attributes
    ----------
    path : bool
        Along the straight line from the baseline to the signal, instead of at the signal.
    noise : bool
        With Gaussian noise added.
    """

    path: bool
    noise: bool


METHODS = {
    "saliency": Method(path=False, noise=False),
    "smoothgrad": Method(path=False, noise=True),
    "integrated_gradients": Method(path=True, noise=False),
    "smooth_integrated_gradients": Method(path=True, noise=True),
}


def methods() -> tuple[str, ...]:
    """Return the names of the attribution methods.

    ``saliency`` (Simonyan et al. 2014; input × gradient with ``multiply_by_inputs``),
    ``smoothgrad`` (Smilkov et al. 2017; WAM_SG of Kasmi et al. 2025, section 3),
    ``integrated_gradients`` (Sundararajan et al. 2017; WAM_IG) and
    ``smooth_integrated_gradients``, which draws the place on the path and the noise together.
    """
    return tuple(METHODS)


def check_method(name: object) -> str:
    """Return `name` if it is a method, else raise a ValueError that lists them."""
    if not isinstance(name, str) or name not in METHODS:
        raise ValueError(f"method is {name!r}: it must be one of {', '.join(METHODS)}")
    return name


@dataclass(frozen=True)
class Schedule:
    """The points of one mean: place on the path, weight and noise of each step."""

    alphas: np.ndarray
    weights: np.ndarray
    noise: bool
    seed: int

    @classmethod
    def of(cls, method: str, n_steps: int, n_samples: int, seed: int) -> Schedule:
        """Return the steps of a method.

        Integrated gradients use Gauss–Legendre nodes (exact for polynomials up to degree
        2·n_steps − 1), smooth integrated gradients stratified midpoints, since the noise rules
        their error. Steps come in an order that covers the path evenly from the first few on, so
        that a partial mean resembles the whole.
        """
        kind = METHODS[method]
        count = n_samples if kind.noise else n_steps if kind.path else 1
        if not kind.path:
            alphas, weights = np.ones(count), np.full(count, 1 / count)
        elif kind.noise:
            alphas, weights = (np.arange(count) + 0.5) / count, np.full(count, 1 / count)
        else:
            nodes, w = np.polynomial.legendre.leggauss(count)
            alphas, weights = (nodes + 1) / 2, w / 2
        # Multiples of the golden ratio fill the unit interval evenly at every length.
        order = np.argsort((np.arange(count) * 0.6180339887498949) % 1.0, kind="stable")
        order = np.argsort(order, kind="stable")
        return cls(alphas[order], weights[order], kind.noise, seed)

    def __len__(self) -> int:
        return len(self.alphas)

    def draw(self, step: int, like: Tensor) -> Tensor:
        """Return the standard normal noise of a step, ``[1, C, *space]``.

        It depends on the seed and the step alone: neither the batch nor its cutting into chunks
        changes a sample's result, and the global generators are not touched.
        """
        state = np.random.SeedSequence((self.seed, step)).generate_state(2, np.uint32)
        generator = torch.Generator(device=like.device)
        generator.manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
        return torch.randn(
            (1, *like.shape[1:]), generator=generator, device=like.device, dtype=like.dtype
        )


def mean_gradient(
    score: Score,
    signal: Tensor,
    schedule: Schedule,
    *,
    baseline: Tensor | None = None,
    noise_level: float = 0.1,
    internal_batch_size: int | None = None,
    show_progress: bool = False,
    label: str = "",
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Tensor:
    """Return the weighted mean of ∂ score / ∂ signal over the points of a schedule.

    Parameters
    ----------
    score : callable
        The objective at a batch of points.
    signal : Tensor
        ``[N, C, *space]``. It is not changed.
    schedule : Schedule
        The points: x₀ + α (x − x₀) + δ.
    baseline : Tensor, optional
        x₀, broadcastable to the signal; zero by default. Used where the schedule has a path.
    noise_level : float
        Standard deviation of δ as a fraction of each sample's value range.
    internal_batch_size : int, optional
        Points in one pass; chosen from the signal's size and the free memory by default. It is
        halved, and the pass repeated, whenever memory runs out.
    show_progress : bool
        Show a progress bar.
    label : str
        What the bar and the errors call this.
    progress : callable, optional
        Streams partial means.
    should_stop : callable, optional
        Asked between passes; :class:`Cancelled` is raised when it returns True.

    Returns
    -------
    Tensor
        ``[N, C, *space]``, accumulated in float32 or better. Peak memory does not depend on the
        number of steps.
    """
    n = len(signal)
    total = len(schedule) * n
    mean = torch.zeros_like(
        signal, dtype=torch.promote_types(signal.dtype, torch.float32), requires_grad=False
    )
    sigma = noise_level * _value_range(signal) if schedule.noise else None
    weight_done = 0.0
    batch = internal_batch_size or default_batch(signal)
    measured = internal_batch_size is not None or signal.device.type != "cuda"
    if not measured:
        batch = 1
    bar = tqdm(total=total, desc=label, unit="pass", disable=not show_progress, leave=False)
    try:
        step = sample = 0
        while step < len(schedule):
            if should_stop is not None and should_stop():
                raise Cancelled(f"{label or 'explanation'} was cancelled")
            # Whole steps of all samples, or some samples of one step: sums stay in order.
            if sample == 0 and batch >= n:
                steps, samples = range(step, min(step + batch // n, len(schedule))), slice(0, n)
            else:
                steps, samples = range(step, step + 1), slice(sample, min(sample + batch, n))
            if not measured:
                torch.cuda.reset_peak_memory_stats(signal.device)
                before = torch.cuda.memory_allocated(signal.device)
            try:
                _chunk(score, signal, schedule, baseline, sigma, steps, samples, mean)
            except (RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
                batch = _halve(batch, error)
                continue
            if not measured:
                peak = torch.cuda.max_memory_allocated(signal.device) - before
                batch = _batch_from_memory(signal, peak)
                measured = True
            done = len(steps) * (samples.stop - samples.start)
            if samples.stop == n:
                step, sample = steps.stop, 0
                weight_done = float(schedule.weights[:step].sum())
            else:
                sample = samples.stop
            bar.update(done)
            if progress is not None:
                scale = _partial_scale(schedule, mean, step, sample, weight_done)
                progress(step * n + sample, total, scale)
    finally:
        bar.close()
    if not torch.isfinite(mean).all():
        raise ValueError(
            f"the gradient of the model is not finite ({label}): look for a division by zero, a "
            "log or a square root at zero, or an overflow in half precision (autocast)"
        )
    return mean


def _partial_scale(
    schedule: Schedule, mean: Tensor, step: int, sample: int, weight: float
) -> Callable[[], Tensor]:
    def partial() -> Tensor:
        weights = mean.new_full((len(mean),), weight)
        if sample:
            weights[:sample] += float(schedule.weights[step])
        weights = torch.where(weights > 0, weights, torch.ones_like(weights))
        return mean / weights.view(-1, *[1] * (mean.ndim - 1))

    return partial


def _chunk(
    score: Score,
    signal: Tensor,
    schedule: Schedule,
    baseline: Tensor | None,
    sigma: Tensor | None,
    steps: range,
    samples: slice,
    mean: Tensor,
) -> None:
    """Run the points of some steps of some samples and add their gradients to the mean."""
    x = signal[samples]
    points = torch.empty((len(steps), *x.shape), dtype=x.dtype, device=x.device)
    # In place throughout: fresh memory for every term costs as much as a tenth of a pass.
    for step, point in zip(steps, points, strict=True):
        alpha = float(schedule.alphas[step])
        if sigma is None:
            point.zero_()
        else:
            torch.mul(sigma[samples], schedule.draw(step, signal), out=point)
        point.add_(x, alpha=alpha)
        if baseline is not None:
            point.add_(baseline.expand_as(signal)[samples], alpha=1 - alpha)
    batch = points.flatten(0, 1)
    if signal.ndim == 4 and signal.is_contiguous(memory_format=torch.channels_last):
        batch = batch.contiguous(memory_format=torch.channels_last)
    batch.requires_grad_(True)
    with torch.enable_grad():
        value = score(batch, samples)
        if not value.requires_grad:
            raise ValueError(
                "model gives an output without a gradient: it must not detach, convert to NumPy, "
                "take an argmax or run under torch.no_grad() between its input and its output"
            )
        (gradient,) = torch.autograd.grad(value.sum(), batch, allow_unused=True)
    if gradient is None:
        raise ValueError(
            "model gives an output that does not depend on its input: there is nothing to explain"
        )
    for step, part in zip(steps, gradient.unflatten(0, points.shape[:2]), strict=True):
        mean[samples].add_(part, alpha=float(schedule.weights[step]))


def _value_range(signal: Tensor) -> Tensor:
    flat = signal.flatten(1)
    span = flat.amax(dim=1) - flat.amin(dim=1)
    return span.view(-1, *[1] * (signal.ndim - 1))


def default_batch(signal: Tensor) -> int:
    """Points per pass on a CPU: those of 9 images of 224 × 224 × 3, measured fastest.

    Larger activations than those would be given back to the system after each pass.
    """
    return max(1, min(16, 1_400_000 // max(1, signal[0].numel())))


def _batch_from_memory(signal: Tensor, peak_of_one: int) -> int:
    free, _ = torch.cuda.mem_get_info(signal.device)
    free += torch.cuda.memory_reserved(signal.device) - torch.cuda.memory_allocated(signal.device)
    # Enough to keep the device busy; more would only take memory that grows with the samples.
    enough = max(24, min(256, 4_000_000 // max(1, signal[0].numel())))
    return max(1, min(enough, int(0.5 * free / max(peak_of_one, 1))))


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return "can't allocate memory" in text or "out of memory" in text


def _halve(batch: int, error: BaseException) -> int:
    if batch <= 1:
        raise MemoryError(
            "memory ran out on a single input: use a smaller input, a smaller model, or autocast "
            "in half precision"
        ) from error
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return batch // 2
