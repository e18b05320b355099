"""WCAM: total Sobol indices of regions of wavelet coefficients (Kasmi et al. 2023).

Every region of the coefficients is multiplied by a random number from 0 to 1, and the model is
asked what it makes of the synthesised signals. The total index of a region is the share of the
output's variance in which it has a part, alone or with others. No gradient is needed: the model
may be a black box.

Kasmi et al., "Assessment of the Reliability of a Model's Decision by Generalizing Attribution to
the Wavelet Domain", XAI in Action, NeurIPS 2023, after Fel et al., "Look at the Variance!",
NeurIPS 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from wam_widgets.coefficients import Coefficients
from wam_widgets.entries import MapEntry
from wam_widgets.explainer import Explainer
from wam_widgets.gradients import Cancelled
from wam_widgets.objectives import Target, target_name
from wam_widgets.regions import regions
from wam_widgets.sobol import Design, check_estimator, total_indices
from wam_widgets.wavelets import Basis

__all__ = ["LEVEL", "sobol"]

_GRID = {"image": 8, "audio": 64, "volume": 4}
_FINER_GRID = {"image": 2, "audio": 1, "volume": 2}
"""Cells per axis that give between 60 and 90 regions at the level of :data:`LEVEL`."""

LEVEL = {"image": 3, "audio": 6, "volume": 2}
"""Level per modality at which a cell of the default grid holds no more than one scale."""

_BLOCK = 16_000_000
"""Values of the masked signals that are kept while their variants are run: 64 MB in float32."""


def sobol(
    explainer: Explainer,
    basis: Basis,
    target: Target = None,
    *,
    n_samples: int = 32,
    grid: int | None = None,
    sampling: str = "grid",
    estimator: str = "jansen",
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MapEntry:
    """Return the total Sobol index of each region of the coefficients.

    Parameters
    ----------
    explainer : Explainer
        Model, input, objective and baseline: a mask of 0 leaves the baseline's coefficients, zero
        by default.
    basis : Basis
        Where the regions lie.
    target : int, sequence of int, tuple of two, or None
        As in :func:`wam_widgets.explain`.
    n_samples : int
        Rows n of the design, a power of two. The model is run n (d + 2) times for d regions.
    grid : int, optional
        Cells per axis, see :func:`wam_widgets.regions.regions`. Default for ``"grid"``: 8 for
        images, 64 for sounds, 4 for volumes, which makes 64 regions; else 2, 1 and 2.
    sampling : {"grid", "diagonal", "subbands"}
        How the coefficients are cut into regions.
    estimator : {"jansen", "homma", "janon", "glen", "saltelli"}
        See :func:`wam_widgets.sobol.total_indices`.
    progress : callable, optional
        Called with runs done and runs in all.
    should_stop : callable, optional
        Asked between passes.

    Returns
    -------
    MapEntry
        The index of a region is shared evenly by its coefficients, of all channels together: the
        sum over a region is its index, and the spectrum shows the share of each scale. Indices
        have no sign: they say that a region matters, not what it speaks for.

    Raises
    ------
    Cancelled
        When `should_stop` returned True.

    Notes
    -----
    The synthesis is linear, so exchanging one number of a mask adds a multiple of that region's
    signal: d + 2n signals are synthesised, not n (d + 2).
    """
    check_estimator(estimator)
    if grid is None:
        grid = (_GRID if sampling == "grid" else _FINER_GRID)[explainer.modality]
    signal, classifier = explainer.signal, explainer.classifier
    start = torch.zeros_like(signal[:1]) if explainer.baseline is None else explainer.baseline
    start = start.expand(len(start), *signal.shape[1:])
    moved = basis.analyse(signal - start)
    labels, count = regions(moved, sampling, grid)
    design = Design.of(count, n_samples, explainer.first_seed)
    classes = explainer.classes(target)
    share = 1 / torch.bincount(labels, minlength=count).cpu().double()
    total = len(signal) * n_samples * (count + 2)
    bar = tqdm(total=total, desc="sobol", disable=not explainer.show_progress, leave=False)
    done, found = 0, []
    with bar, torch.no_grad(), classifier.untouched(signal.device, explainer.first_seed):
        for sample in range(len(signal)):
            x0 = start[sample : sample + 1] if len(start) > 1 else start
            outputs = torch.zeros(count + 2, n_samples, dtype=torch.float64)
            for part in _passes(moved[sample], x0, labels, design, classifier.batch_size):
                if should_stop is not None and should_stop():
                    raise Cancelled("the computation was cancelled")
                points = explainer.laid_out(part.points)
                of_each = classes[sample : sample + 1].expand(len(points), -1)
                scores = explainer.objective(classifier(points), of_each)
                outputs[part.columns, part.rows] = scores.double().cpu().unflatten(0, part.shape)
                done += len(points)
                bar.update(len(points))
                if progress is not None:
                    progress(done, total)
            index = total_indices(outputs[0], outputs[1], outputs[2:], estimator)
            found.append((index * share)[labels.cpu()])
    settings = explainer.settings(baselines=True)
    settings |= {"n_samples": n_samples, "sampling": sampling, "grid": grid}
    settings |= {"estimator": estimator, "seed": explainer.first_seed}
    return MapEntry(
        method="sobol",
        target=target_name(target) if explainer.objective.function is None else "custom",
        classes=classes.cpu(),
        values=torch.stack(found).to(signal.device, moved.approximation.dtype),
        output=explainer.output(classes),
        domain="basis",
        basis=basis,
        settings=settings,
    )


class _Pass(NamedTuple):
    """Signals for one run of the model: every combination of some columns and some rows."""

    columns: slice
    """0 for the half a of the design, 1 for b, 2 + r for a with column r of b."""
    rows: slice
    points: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        return self.columns.stop - self.columns.start, self.rows.stop - self.rows.start


def _passes(
    moved: Coefficients, x0: Tensor, labels: Tensor, design: Design, batch: int
) -> Iterator[_Pass]:
    """Go through the masked signals of one sample, `batch` at a time."""
    flat = moved.flatten()
    a, b = (half.to(flat.device, flat.dtype) for half in (design.a, design.b))
    count, dimension = a.shape

    def masked(masks: Tensor) -> Tensor:
        points = moved.basis.synthesise(moved.unflatten(flat * masks[:, labels]))
        return points.to(x0.dtype)

    # A power of two, as n is: all blocks are alike.
    size = min(count, 2 ** int(math.log2(max(1, _BLOCK // x0.numel()))))
    for first in range(0, count, size):
        block = slice(first, first + size)
        kept = []
        for rows in _cut(block, batch):
            kept.append(x0 + masked(a[rows]))
            yield _Pass(slice(0, 1), rows, kept[-1].clone())
            yield _Pass(slice(1, 2), rows, x0 + masked(b[rows]))
        base = torch.cat(kept)
        difference = (b - a)[block].view(size, dimension, *[1] * (x0.ndim - 1))
        # Few rows: several columns fill a pass.
        for columns in _cut(slice(0, dimension), max(1, batch // size)):
            chosen = torch.arange(columns.start, columns.stop, device=flat.device)
            alone = masked(
                (torch.arange(dimension, device=flat.device) == chosen[:, None]).to(flat)
            )
            for rows in _cut(slice(0, size), batch):
                change = difference[rows, columns].transpose(0, 1)
                points = torch.addcmul(base[rows], change, alone[:, None]).flatten(0, 1)
                place = slice(first + rows.start, first + rows.stop)
                yield _Pass(slice(2 + columns.start, 2 + columns.stop), place, points)


def _cut(whole: slice, size: int) -> Iterator[slice]:
    for start in range(whole.start, whole.stop, size):
        yield slice(start, min(start + size, whole.stop))
