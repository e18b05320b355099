"""What a gallery shows of a study: the ``GalleryPayload`` of ``js/src/gallery/types.ts``.

Of at most :data:`MOST` inputs. Metrics travel as float32, shares of scales as float16: a share is
off by at most 1/2048 of itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wam_widgets.maps import DOMAINS
from wam_widgets.packing import content_digest
from wam_widgets.text import sendable
from wam_widgets.wavelets import Basis
from wam_widgets.widgets import wire

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study

__all__ = ["MOST", "Shown", "ShownRow", "base64_text", "gallery_payload", "gather"]

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]

MOST = 20_000
"""Inputs that a browser is sent; of a larger study it gets a sample."""

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
    study: Study,
    openable: Callable[[Any], npt.ArrayLike],
    *,
    title: str | None = None,
    most: int = MOST,
) -> Shown:
    """Return what a gallery shows of a study, as far as it has come.

    Parameters
    ----------
    study : Study
    openable : callable
        From the table of the inputs to whether each can be opened.
    title : str, optional
    most : int
        Inputs at most. Of more, a sample, the same each time, in which the worst and best of
        every metric and row always are.

    Raises
    ------
    ValueError
        If no input is finished yet.
    """
    every = study.inputs
    fine = every["error"].isna().to_numpy(bool)
    if not fine.any():
        failed = f"; {len(fine)} failed, see study.failures" if len(fine) else ""
        raise ValueError(f"the study has no finished input to show{failed}")
    metrics = {name: study.better(name) for name in study.metrics}
    # [metrics, rows, N]
    values = np.array([study.values(name) for name in metrics], np.float64)
    values = values.reshape(len(metrics), len(study.rows), len(every))
    chosen = _sample(values, np.flatnonzero(fine), most)
    inputs = every.iloc[chosen]
    rate = study.parameters.get("settings", {}).get("sample_rate")
    names = study.class_names
    return Shown(
        ids=tuple(str(name) for name in inputs.index),
        label=_classes(inputs["label"]),
        predicted=_classes(inputs["predicted"]),
        explained=_classes(inputs["explained"]),
        probability=inputs["probability"].to_numpy(np.float32, na_value=np.nan),
        openable=np.asarray(openable(inputs), bool),
        metrics=metrics,
        rows=tuple(
            _row(study, key, values[:, place, chosen], chosen, rate)
            for place, key in enumerate(study.rows)
        ),
        classes=None if names is None else tuple(map(str, names)),
        modality=study.modality,
        total=int(fine.sum()),
        failed=int((~fine).sum()),
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


def _row(
    study: Study, key: Sequence[str], values: npt.NDArray[np.float64], chosen: Whole, rate: Any
) -> ShownRow:
    method, place, ranking = key
    shares = bands = None
    if place not in DOMAINS:
        found = study.shares(method=method, place=place, ranking=ranking)
        shares = np.asarray(found, np.float32)[chosen]
        if rate is not None and study.modality == "audio":
            from wam_widgets.figures.sound import hertz

            # Bands depend on the level alone.
            known = Basis("haar", shares.shape[1] - 1).bands(float(rate))
            bands = tuple(hertz(*band) for band in known)
    return ShownRow(method, place, ranking, _single(values), shares, bands)


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
    # However many metrics and rows there are, most of the sample is drawn by lot.
    each = max(1, min(_EXTREMES, most // (4 * len(columns)))) if len(columns) else 0
    order = np.argsort(columns, axis=1, kind="stable")  # NaN last
    there = np.isfinite(columns).sum(axis=1)
    kept: set[int] = set()
    for ranked, count in zip(order, there, strict=True):
        kept |= {*ranked[: min(each, count)].tolist()}
        kept |= {*ranked[max(0, count - each) : count].tolist()}
    others = np.setdiff1d(np.arange(len(fine)), sorted(kept))
    drawn = np.random.default_rng(0).choice(others, max(0, most - len(kept)), replace=False)
    return fine[np.sort(np.concatenate([np.array(sorted(kept), np.int64), drawn]))]


def _classes(column: Any) -> Whole:
    found: Whole = column.to_numpy(np.int64, na_value=-1)
    return found


def _single(values: npt.NDArray[np.float64]) -> Numbers:
    """Return values as they are sent; what float32 cannot hold is none."""
    return wire.decode(wire.encode_gaps(values))


def _flags(values: npt.NDArray[np.bool_]) -> wire.WireArray:
    data = values.astype(np.uint8).tobytes()
    return {"dtype": "u8", "shape": [len(values)], "scale": 1.0, "offset": 0.0, "data": data}
