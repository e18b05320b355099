"""Mean gradients of an objective with respect to the signal.

Every method here is a mean of gradients over points near, or on the path to, the signal. Because
the pullback into a wavelet basis is linear, that mean is all that any basis needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge
from tqdm.auto import tqdm

from wam_widgets.rectifiers import rectify
from wam_widgets.schedule import METHODS, Method, Schedule

__all__ = [
    "METHODS",
    "Cancelled",
    "Mean",
    "Method",
    "Schedule",
    "Scored",
    "default_batch",
    "mean_gradient",
]


class Scored(NamedTuple):
    """The objective ``[B]`` at a batch of points, and where the front end's output entered it."""

    value: Tensor
    features: GradientEdge | None = None


@dataclass(frozen=True)
class Mean:
    """Mean gradients with respect to the signal, and to the front end's output where there is one.

    Attributes
    ----------
    signal : Tensor
        ``[N, C, *space]``.
    features : Tensor or None
        ``[N, *F]``.
    """

    signal: Tensor
    features: Tensor | None = None


Score = Callable[[Tensor, slice], Scored]
"""Points ``[B, C, *space]`` that belong to the samples of a slice, repeated -> objective."""

Progress = Callable[[int, int, Callable[[], Mean]], None]
"""Called with passes done, passes in all, and a function that returns the means so far."""


class Cancelled(Exception):
    """The computation was stopped on request; nothing of it is kept."""


def mean_gradient(
    score: Score,
    signal: Tensor,
    schedule: Schedule,
    *,
    baseline: Tensor | None = None,
    features: Tensor | None = None,
    noise_level: float = 0.1,
    internal_batch_size: int | None = None,
    show_progress: bool = False,
    label: str = "",
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Mean:
    """Return the weighted mean of ∂ score / ∂ signal over the points of a schedule.

    Where the signal passes a front end, ∂ score / ∂ features is averaged over the same points with
    the same weights; the backward pass goes through the features anyway, so it costs nothing.

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
    features : Tensor, optional
        ``[N, *F]``, what the front end gives at the signal; its values are not used.
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
    Mean
        Accumulated in float32 or better. Peak memory does not depend on the number of steps.
    """
    n = len(signal)
    total = len(schedule) * n
    mean = Mean(_zeros(signal), None if features is None else _zeros(features))
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
            _stop_if(should_stop, label)
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
                partial = _partial(schedule, mean, step, sample, weight_done)
                progress(step * n + sample, total, partial)
        # What was cancelled during the last pass is not kept either.
        _stop_if(should_stop, label)
    finally:
        bar.close()
    for found in (mean.signal, mean.features):
        if found is not None and not torch.isfinite(found).all():
            raise ValueError(
                f"the gradient of the model is not finite ({label}): look for a division by zero, "
                "a log or a square root at zero, or an overflow in half precision (autocast)"
            )
    return mean


def _stop_if(should_stop: Callable[[], bool] | None, label: str) -> None:
    if should_stop is not None and should_stop():
        raise Cancelled(f"{label or 'explanation'} was cancelled")


def _zeros(like: Tensor) -> Tensor:
    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.zeros_like(like, dtype=dtype, requires_grad=False)


def _partial(
    schedule: Schedule, mean: Mean, step: int, sample: int, weight: float
) -> Callable[[], Mean]:
    def scaled(sums: Tensor) -> Tensor:
        weights = sums.new_full((len(sums),), weight)
        if sample:
            weights[:sample] += float(schedule.weights[step])
        weights = torch.where(weights > 0, weights, torch.ones_like(weights))
        return sums / weights.view(-1, *[1] * (sums.ndim - 1))

    def partial() -> Mean:
        return Mean(scaled(mean.signal), None if mean.features is None else scaled(mean.features))

    return partial


def _chunk(
    score: Score,
    signal: Tensor,
    schedule: Schedule,
    baseline: Tensor | None,
    sigma: Tensor | None,
    steps: range,
    samples: slice,
    mean: Mean,
) -> None:
    """Run the points of some steps of some samples and add their gradients to the mean."""
    x = signal[samples]
    points = torch.empty((len(steps), *x.shape), dtype=x.dtype, device=x.device)
    # In place throughout, in as few walks through memory as there are terms: fresh memory for every
    # term costs as much as a tenth of a pass.
    noise: Tensor | None = None
    for step, point in zip(steps, points, strict=True):
        torch.mul(x, float(schedule.alphas[step]), out=point)
        if sigma is not None:
            # Drawing costs 2 % of a quick network: the second of a pair takes the first's noise.
            second = noise is not None and step % 2 == 1
            noise = noise if second else schedule.draw(step, signal, samples)
            point.addcmul_(sigma[samples], noise, value=-1 if second else 1)
        if baseline is not None:
            rest = 1 - float(schedule.alphas[step])
            point.add_(baseline.expand_as(signal)[samples], alpha=rest)
    batch = points.flatten(0, 1)
    if signal.ndim == 4 and signal.is_contiguous(memory_format=torch.channels_last):
        batch = batch.contiguous(memory_format=torch.channels_last)
    batch.requires_grad_(True)
    with torch.enable_grad():
        value, edge = score(batch, samples)
        if not value.requires_grad:
            raise ValueError(
                "model gives an output without a gradient: it must not detach, convert to NumPy, "
                "take an argmax or run under torch.no_grad() between its input and its output"
            )
        if schedule.rectified is not None:
            rectify(value, schedule.rectified, None if edge is None else edge.node)
        # Both from one backward pass, and both at hand before anything is added: a pass that runs
        # out of memory leaves the means as they were.
        wanted: Any = (batch,) if edge is None else (batch, edge)
        found = torch.autograd.grad(value.sum(), wanted, allow_unused=True)
    if any(gradient is None for gradient in found):
        raise ValueError(
            "model gives an output that does not depend on its input: there is nothing to explain"
        )
    for sums, gradient in zip((mean.signal, mean.features), found, strict=False):
        assert sums is not None
        for step, part in zip(steps, gradient.unflatten(0, points.shape[:2]), strict=True):
            sums[samples].add_(part, alpha=float(schedule.weights[step]))


def _value_range(signal: Tensor) -> Tensor:
    flat = signal.flatten(1)
    span = flat.amax(dim=1) - flat.amin(dim=1)
    return span.view(-1, *[1] * (signal.ndim - 1))


def default_batch(signal: Tensor) -> int:
    """Points per pass on a CPU: those of 9 images of 224 × 224 × 3, measured fastest.

    Larger activations than those would be given back to the system after each pass. Sounds and
    volumes have more of them for each value: fewer points, within 5 % of the fastest for log-mel
    and waveform networks on 2 s at 16 kHz to 5 s at 44.1 kHz, and within 10 % for networks with
    and without strides on 32³ to 64³ voxels.
    """
    most, values = {3: (8, 500_000), 4: (16, 1_400_000), 5: (4, 550_000)}[signal.ndim]
    return max(1, min(most, values // max(1, signal[0].numel())))


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
