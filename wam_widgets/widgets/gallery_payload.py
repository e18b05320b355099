"""What a gallery shows of a study: the ``GalleryPayload`` of ``js/src/gallery/types.ts``.

Of at most :data:`MOST` inputs. Metrics travel as float32, shares of scales as float16: a share is
off by at most 1/2048 of itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wam_widgets.packing import content_digest
from wam_widgets.studies.columns import Columns, numbers
from wam_widgets.text import sendable
from wam_widgets.wavelets import Basis
from wam_widgets.widgets import wire

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study

__all__ = ["MOST", "MOST_FAILURES", "Shown", "ShownRow", "base64_text", "gallery_payload", "gather"]

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]

MOST = 20_000
"""Inputs that a browser is sent; of a larger study it gets a sample."""

MOST_FAILURES = 100
"""Inputs that failed whose errors are sent."""

_EXTREMES = 10
"""The worst and best inputs of each metric and row that are in every sample."""


@dataclass(frozen=True)
class ShownRow:
    """What is known by one method, at one place, with one ranking.

    Attributes
    ----------
    method, place, ranking : str
    values : ndarray of float32, shape [metrics, N]
        NaN where there is none.
    shares : ndarray of float32, shape [N, J + 1], or None
        Of each scale, index 0 the approximation; None outside of a basis, NaN where there is none.
    scales : tuple of str or None
        The band of each scale of sounds, in words.
    """

    method: str
    place: str
    ranking: str
    values: Numbers
    shares: npt.NDArray[np.float32] | None
    scales: tuple[str, ...] | None


@dataclass(frozen=True)
class Shown:
    """The inputs of a gallery, in the order of the study; those that failed are not among them.

    Attributes
    ----------
    ids : tuple of str
        N of them.
    label, predicted, explained : ndarray of int64, shape [N]
        Classes; −1 where there is none.
    probability : ndarray of float32, shape [N]
        Of the predicted class; NaN where there is none.
    openable : ndarray of bool, shape [N]
        Whether there is an explanation to show.
    metrics : mapping of str to "larger" or "smaller"
        Which is better.
    rows : tuple of ShownRow
    classes : tuple of str or None
    modality : str
    total, failed : int
        Inputs of the study without an error, and with one.
    failures : tuple of (str, str)
        Id and error of the first that failed.
    running : bool
        More is to come.
    title : str or None
    """

    ids: tuple[str, ...]
    label: Whole
    predicted: Whole
    explained: Whole
    probability: Numbers
    openable: npt.NDArray[np.bool_]
    metrics: Mapping[str, str]
    rows: tuple[ShownRow, ...]
    classes: tuple[str, ...] | None
    modality: str
    total: int
    failed: int
    failures: tuple[tuple[str, str], ...] = ()
    running: bool = False
    title: str | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def class_name(self, index: int) -> str:
        """Return the name of a class, or its number; a dash where there is none."""
        if index < 0:
            return "–"
        named = self.classes is not None and index < len(self.classes)
        return self.classes[index] if named and self.classes is not None else str(index)

    def about(self, position: int) -> str:
        """Return what is said of an input: "cat-7: tabby, predicted lynx"."""
        label, predicted = int(self.label[position]), int(self.predicted[position])
        known = [self.class_name(label)] if label >= 0 else []
        if predicted >= 0 and predicted != label:
            known.append(f"predicted {self.class_name(predicted)}")
        return f"{self.ids[position]}: {', '.join(known)}" if known else self.ids[position]


def gather(
    study: Study, *, all_open: bool = False, title: str | None = None, most: int = MOST
) -> Shown:
    """Return what a gallery shows of a study, as far as it has come.

    Parameters
    ----------
    study : Study
    all_open : bool
        Any input can be explained again; by default those can be opened whose explanations are
        kept.
    title : str, optional
    most : int
        Inputs at most. Of more, a sample, the same each time, in which the worst and best of
        every metric and row always are.

    Raises
    ------
    ValueError
        If no input is finished or failed yet.
    """
    content = study.content()
    failed = content.failed
    fine = np.flatnonzero(~failed)
    if not len(failed):
        raise ValueError("the study has no finished input to show yet")
    metrics = {name: study.better(name) for name in study.metrics}
    # [metrics, rows, N]
    values = np.array([content.values(name) for name in metrics], np.float64)
    values = values.reshape(len(metrics), len(content.rows), len(content))
    chosen = _sample(values, fine, most)
    inputs = content.inputs.take(chosen)
    stored = inputs.column("explanation").combine_chunks().is_valid().to_numpy(False)
    errors = content.inputs.filter(failed).slice(0, MOST_FAILURES)
    return Shown(
        ids=tuple(inputs.column("id").to_pylist()),
        label=content.whole("label")[chosen],
        predicted=content.whole("predicted")[chosen],
        explained=content.whole("explained")[chosen],
        probability=_single(numbers(inputs, "probability").astype(np.float64)),
        openable=np.ones(len(chosen), bool) if all_open else stored,
        metrics=metrics,
        rows=tuple(
            ShownRow(
                *key, _single(values[:, place, chosen]), *_shares(study, content, place, chosen)
            )
            for place, key in enumerate(content.rows)
        ),
        classes=study.class_names,
        modality=study.modality,
        total=len(fine),
        failed=int(failed.sum()),
        failures=tuple(
            zip(errors.column("id").to_pylist(), errors.column("error").to_pylist(), strict=True)
        ),
        running=not study.complete,
        title=title,
    )


def gallery_payload(shown: Shown, thumbnails: Mapping[int, bytes] | None = None) -> dict[str, Any]:
    """Return everything of a gallery that does not change with a control.

    Parameters
    ----------
    shown : Shown
    thumbnails : mapping of int to bytes, optional
        Pictures by position; None where they are asked for when they are seen.

    Returns
    -------
    dict
        Plain values, and ``bytes`` inside the wire arrays. The ``id`` is a digest of the content.
    """
    result: dict[str, Any] = {
        "title": None if shown.title is None else sendable(shown.title),
        "modality": shown.modality,
        "classes": None if shown.classes is None else [sendable(name) for name in shown.classes],
        "ids": [sendable(name) for name in shown.ids],
        "total": shown.total,
        "failed": shown.failed,
        "failures": [
            {"id": sendable(name), "error": sendable(error)} for name, error in shown.failures
        ],
        "running": shown.running,
        "label": wire.encode_whole(shown.label, name="label"),
        "predicted": wire.encode_whole(shown.predicted, name="predicted"),
        "explained": wire.encode_whole(shown.explained, name="explained"),
        "probability": wire.encode_gaps(shown.probability),
        "openable": _flags(shown.openable),
        "metrics": [
            {"name": sendable(name), "better": better} for name, better in shown.metrics.items()
        ],
        "rows": [_row_payload(row) for row in shown.rows],
        "thumbnails": None
        if thumbnails is None
        else {str(position): base64_text(image) for position, image in thumbnails.items()},
    }
    return {"id": content_digest(result), **result}


def base64_text(image: bytes) -> str:
    """Return a picture as messages and pages hold it."""
    return b64encode(image).decode("ascii")


def _shares(
    study: Study, content: Columns, place: int, chosen: Whole
) -> tuple[Numbers | None, tuple[str, ...] | None]:
    """Return the shares of scales in one row, and the bands of sounds in words."""
    found = content.shares(place)
    if found is None:
        return None, None
    rate = study.sample_rate
    if study.modality != "audio" or rate is None or rate <= 0:
        return found[chosen].astype(np.float32), None
    from wam_widgets.figures.sound import hertz

    # Bands depend on the level alone.
    bands = Basis("haar", found.shape[1] - 1).bands(rate)
    return found[chosen].astype(np.float32), tuple(hertz(*band) for band in bands)


def _row_payload(row: ShownRow) -> dict[str, Any]:
    shares = row.shares
    return {
        "method": sendable(row.method),
        "place": sendable(row.place),
        "ranking": sendable(row.ranking),
        "scales": None if row.scales is None else list(row.scales),
        "values": wire.encode_gaps(row.values),
        # Shares that do not exist cannot be drawn: all are zero then.
        "spectrum": None if shares is None else wire.encode(np.nan_to_num(shares), "f16"),
    }


def _sample(values: npt.NDArray[np.float64], fine: Whole, most: int) -> Whole:
    """Return the positions that are shown, of those that are fine, in their order."""
    if len(fine) <= most:
        return fine
    columns = values.reshape(-1, values.shape[-1])[:, fine]
    # However many metrics and rows there are, nearly all of the sample is drawn by lot: its means
    # are those of the study.
    each = max(1, min(_EXTREMES, most // (40 * len(columns)))) if len(columns) else 0
    order = np.argsort(columns, axis=1, kind="stable")  # NaN last
    there = np.isfinite(columns).sum(axis=1)
    kept: set[int] = set()
    for ranked, count in zip(order, there, strict=True):
        kept |= {*ranked[: min(each, count)].tolist()}
        kept |= {*ranked[max(0, count - each) : count].tolist()}
    others = np.setdiff1d(np.arange(len(fine)), sorted(kept))
    drawn = np.random.default_rng(0).choice(others, max(0, most - len(kept)), replace=False)
    found: Whole = fine[np.sort(np.concatenate([np.array(sorted(kept), np.int64), drawn]))]
    return found


def _single(values: npt.NDArray[np.float64]) -> Numbers:
    """Return values as they are sent; what float32 cannot hold is none."""
    return wire.decode(wire.encode_gaps(values))


def _flags(values: npt.NDArray[np.bool_]) -> wire.WireArray:
    data = values.astype(np.uint8).tobytes()
    return {"dtype": "u8", "shape": [len(values)], "scale": 1.0, "offset": 0.0, "data": data}
