"""What is found of some inputs: predictions, attributions, metrics, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import CATALOGUE
from wam_widgets.checks import device_of
from wam_widgets.explanation import Explanation
from wam_widgets.joining import cut, moved
from wam_widgets.metrics.cells import Cell, Work, checked
from wam_widgets.provenance import digest
from wam_widgets.schedule import GRADIENTS
from wam_widgets.studies.items import told
from wam_widgets.studies.plan import Plan, seed_of
from wam_widgets.studies.records import Outcome, Sample, Score, Shard
from wam_widgets.studies.thumbnails import thumbnail

__all__ = ["check_baselines", "pieces"]


def pieces(model: Callable[..., Any], plan: Plan, samples: Sequence[Sample]) -> Iterator[Shard]:
    """Go through inputs, and give what is found of each batch as soon as it is known.

    Inputs of one shape and type are explained together. What is found of one does not depend on
    the others: noise is drawn from its own seed, see :func:`wam_widgets.studies.plan.seed_of`. An
    input that fails, alone, is recorded with its error.

    Parameters
    ----------
    model : callable
        As in :func:`wam_widgets.explain`; inputs are moved to where its weights are.
    plan : Plan
    samples : sequence of Sample

    Yields
    ------
    Shard
        Of one batch.

    Raises
    ------
    ValueError
        If `baselines` has an entry for each input of a batch: a result would depend on the others.
    """
    check_baselines(plan, samples)
    alike: dict[tuple[Any, ...], list[Sample]] = {}
    for sample in samples:
        error = _unusable(sample, plan)
        if error is not None or sample.x is None:
            yield Shard([_outcome(sample, plan, error or "it has no values")])
            continue
        key = (tuple(sample.x.shape), sample.x.dtype)
        alike.setdefault(key, []).append(sample)
    size = 1 if _one_by_one(plan) else plan.batch_size
    device = device_of(model)
    for group in alike.values():
        for first in range(0, len(group), size):
            yield _batch(model, plan, group[first : first + size], device)


def _batch(
    model: Callable[..., Any], plan: Plan, batch: list[Sample], device: torch.device | None
) -> Shard:
    """Return what is found of a batch; if it fails, of each of its inputs by itself."""
    try:
        return _found(model, plan, batch, device)
    except Exception as error:
        if len(batch) == 1:
            return Shard([_outcome(batch[0], plan, told(error))])
    whole = Shard()
    for sample in batch:
        one = _batch(model, plan, [sample], device)
        whole.outcomes += one.outcomes
        whole.scores += one.scores
        whole.explanations |= one.explanations
    return whole


def _found(
    model: Callable[..., Any], plan: Plan, batch: list[Sample], device: torch.device | None
) -> Shard:
    seeds = tuple(seed_of(plan.seed, sample.id) for sample in batch)
    alone = _one_by_one(plan)
    x = torch.stack([sample.x for sample in batch if sample.x is not None])
    target: Any = [sample.label for sample in batch] if plan.target == "label" else plan.target
    settings = {**plan.settings, "seed": seeds[0] if alone else seeds}
    work = Work(
        model, x if device is None else x.to(device), target, None, settings,
        seeds[0] if alone else None,
    )  # fmt: skip
    scores: list[Score] = []
    kept = _Kept()
    explained: list[int] | None = None
    for label, method in plan.methods.items():
        for place, ranking, cell in work.cells(method, plan.places, plan.rankings):
            values = {
                name: checked(metric(cell), len(batch), name).tolist()
                for name, metric in plan.metrics.items()
            }
            spectra = (
                cell.attribution.spectrum().double().tolist()
                if isinstance(cell.attribution, Attribution)
                else None
            )
            for i, sample in enumerate(batch):
                scores.append(
                    Score(
                        sample.index, sample.id, label, place, ranking,
                        {name: found[i] for name, found in values.items()},
                        None if spectra is None else tuple(spectra[i]),
                    )
                )  # fmt: skip
            if explained is None and cell.explainer.logits is not None:
                explained = cell.attribution.source.classes[:, 0].tolist()
            kept.add(label, cell)
    whole = kept.explanation
    if whole is None:
        raise ValueError(
            "methods and bases have nothing in common: a method that belongs to a basis needs one"
        )
    name, rows, stored = _stored(plan, batch, whole)
    outcomes = [
        _outcome(
            sample, plan, None,
            **_prediction(whole.probabilities, i, sample.label),
            explained=None if explained is None else explained[i],
            thumbnail=thumbnail(whole[i]) if plan.thumbnails else None,
            explanation=name if i in rows else None,
            row=rows.index(i) if i in rows else None,
        )
        for i, sample in enumerate(batch)
    ]  # fmt: skip
    return Shard(outcomes, scores, stored)


class _Kept:
    """The explanations of a batch by all methods, as one."""

    def __init__(self) -> None:
        self.explanation: Explanation | None = None
        self._owner: dict[tuple[str, str], str] = {}

    def add(self, label: str, cell: Cell) -> None:
        """Join the explanation of a cell; of two variants of one method the first is kept."""
        source, found = cell.attribution.source, cell.attribution.explanation
        if self._owner.setdefault((source.method, source.target), label) == label:
            found = found.with_curves(cell.curves.values())
            self.explanation = found if self.explanation is None else self.explanation | found


def _stored(
    plan: Plan, batch: list[Sample], whole: Explanation
) -> tuple[str, list[int], dict[str, Explanation]]:
    """Return the file of the explanations that are kept, whose they are, and its content."""
    name = f"{batch[0].index:08d}.safetensors"
    rows = [i for i, sample in enumerate(batch) if plan.keeps(sample.id)]
    if not rows:
        return name, rows, {}
    part = whole if len(rows) == len(batch) else cut(whole, rows)
    return name, rows, {name: moved(part, torch.device("cpu"))}


def _outcome(sample: Sample, plan: Plan, error: str | None, **found: Any) -> Outcome:
    return Outcome(
        index=sample.index,
        id=sample.id,
        label=sample.label,
        shape=() if sample.x is None else tuple(sample.x.shape),
        digest=_digest(sample.x, error),
        seed=seed_of(plan.seed, sample.id),
        error=error,
        **found,
    )


def _digest(x: Tensor | None, error: str | None) -> str:
    """Return the digest of an input; of one that failed nothing, if it can have none."""
    if x is None:
        return ""
    try:
        return digest(x)
    except Exception:
        if error is None:
            raise
        return ""


def _prediction(probabilities: Tensor | None, i: int, label: int | None) -> dict[str, Any]:
    if probabilities is None:
        return {}
    row = probabilities[i].double()
    known = label is not None and 0 <= label < len(row)
    return {
        "predicted": int(row.argmax()),
        "probability": float(row.max()),
        "label_probability": float(row[label]) if known else None,
    }


def _unusable(sample: Sample, plan: Plan) -> str | None:
    """Return why an input cannot be explained at all."""
    if sample.error is None and plan.target == "label" and sample.label is None:
        return "ValueError: target is 'label', and this input comes without one"
    return sample.error


def check_baselines(plan: Plan, samples: Sequence[Sample]) -> None:
    """Raise a ValueError if a baseline is of a whole batch rather than of every input."""
    ndim = next((sample.x.ndim for sample in samples if sample.x is not None), None)
    for settings in (plan.settings, *(method.settings for method in plan.methods.values())):
        shape = tuple(getattr(settings.get("baselines"), "shape", ()))
        if ndim is not None and len(shape) > ndim and shape[0] > 1:
            raise ValueError(
                f"baselines has shape {shape}: in a study it must be the same for every input, "
                f"{shape[1:]}, as which inputs share a batch must not change a result"
            )


def _one_by_one(plan: Plan) -> bool:
    """Return whether something draws random numbers for a whole batch."""
    return any(metric.drawn for metric in plan.metrics.values()) or any(
        CATALOGUE[method.name].kind == "basis"
        or (method.name in GRADIENTS and GRADIENTS[method.name].drawn)
        for method in plan.methods.values()
    )
