"""The controls of a gallery as synced traits, and which inputs they leave: ``filters.ts``."""

from __future__ import annotations

import math
from typing import Any

import anywidget
import numpy as np
import numpy.typing as npt
import traitlets

from wam_widgets.widgets.gallery_payload import Shown
from wam_widgets.widgets.limits import one_of

__all__ = [
    *("CORRECTNESS", "GALLERY_CONTROLS", "NOT_KEPT", "ORDERS", "GalleryControls"),
    "first_gallery_controls",
]

CORRECTNESS = ("all", "correct", "wrong")
ORDERS = ("worst", "best", "given")

NOT_KEPT = (
    "the explanations were not kept: pass model= and data= to explore(), or evaluate with "
    "explanations=True"
)


class GalleryControls(anywidget.AnyWidget):
    """Every control of a gallery, settable from Python and from the browser alike.

    All of them can be observed and linked. Values that make no sense raise ``TraitError``, with
    what they must be.
    """

    row = traitlets.Int(0).tag(sync=True)
    """Which method, place and ranking are shown: the index of a row, see :attr:`rows`."""

    metric = traitlets.Unicode("").tag(sync=True)
    """Which metric is drawn, filtered and sorted by; the first one of the study by default."""

    label_filter = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(
        sync=True
    )
    """Classes that are shown, as indices: of the label, of the explained class where an input has
    none. None is all of them."""

    correctness = traitlets.Unicode(CORRECTNESS[0]).tag(sync=True)
    """``"all"``, ``"correct"`` (the prediction is the label) or ``"wrong"``. Inputs without a label
    are neither."""

    range = traitlets.List(traitlets.Float(), default_value=None, allow_none=True).tag(sync=True)
    """Lowest and highest value of the metric that are shown, ``[low, high]``; None is all."""

    search = traitlets.Unicode("").tag(sync=True)
    """Shows the inputs whose id holds this text, whether upper or lower case."""

    order = traitlets.Unicode(ORDERS[0]).tag(sync=True)
    """``"worst"`` or ``"best"`` by the metric first, or ``"given"``: as in the data."""

    opened = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    """The id of the input whose Explorer is open; setting it opens another, None closes it."""

    _live = traitlets.Bool(False).tag(sync=True)

    def __init__(self, shown: Shown, **traits: Any) -> None:
        # The limits must be known before the first value is looked at.
        self._take(shown)
        super().__init__(**{"metric": _first_metric(shown), **traits})

    def _take(self, shown: Shown) -> None:
        self._shown = shown
        self._place = {name: position for position, name in enumerate(shown.ids)}

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Method, place and ranking of each row."""
        return tuple((row.method, row.place, row.ranking) for row in self._shown.rows)

    def controls(self) -> dict[str, Any]:
        """Return the controls as they are now, by name."""
        return {name: getattr(self, name) for name in GALLERY_CONTROLS}

    @property
    def selected(self) -> list[str]:
        """The ids of the inputs that pass all filters, in the order in which they are shown."""
        return [self._shown.ids[position] for position in self._selected()]

    def _selected(self) -> npt.NDArray[np.int64]:
        shown = self._shown
        values = self._values().astype(np.float64)
        passes = np.ones(len(shown), bool)
        if self.label_filter is not None:
            group = np.where(shown.label < 0, shown.explained, shown.label)
            passes &= np.isin(group, self.label_filter)
        if self.correctness != "all":
            known = (shown.label >= 0) & (shown.predicted >= 0)
            same = shown.label == shown.predicted
            passes &= known & (same if self.correctness == "correct" else ~same)
        if self.range is not None:
            passes &= (values >= self.range[0]) & (values <= self.range[1])
        if self.search:
            wanted = self.search.lower()
            passes &= np.array([wanted in name.lower() for name in shown.ids], bool)
        found = np.flatnonzero(passes)
        if self.order == "given":
            return found
        ascending = (self.order == "worst") == (shown.metrics.get(self.metric) != "smaller")
        ranked = values[found] if ascending else -values[found]
        return found[np.argsort(ranked, kind="stable")]  # NaN last

    def _values(self) -> npt.NDArray[np.float32]:
        """Return the metric of every input, ``[N]``; NaN where there is none."""
        names = list(self._shown.metrics)
        if not self._shown.rows or self.metric not in names:
            return np.full(len(self._shown), np.nan, np.float32)
        found: npt.NDArray[np.float32] = self._shown.rows[self.row].values[names.index(self.metric)]
        return found

    @traitlets.validate("row")
    def _check_row(self, proposal: Any) -> Any:
        count = len(self._shown.rows)
        if not 0 <= proposal["value"] < max(1, count):
            raise traitlets.TraitError(
                f"row is {proposal['value']}: it must be from 0 to {count - 1}, see rows"
            )
        return proposal["value"]

    @traitlets.validate("metric", "correctness", "order")
    def _check_choice(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        choices = {
            "metric": tuple(self._shown.metrics) or ("",),
            "correctness": CORRECTNESS,
            "order": ORDERS,
        }
        return one_of(name, proposal["value"], choices[name])

    @traitlets.validate("label_filter")
    def _check_label_filter(self, proposal: Any) -> Any:
        value = proposal["value"]
        for index in value or ():
            if index < 0:
                raise traitlets.TraitError(
                    f"label_filter has {index}: every entry must be a class, from 0"
                )
        return None if value is None else sorted(set(value))

    @traitlets.validate("range")
    def _check_range(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        if len(value) != 2 or not all(map(math.isfinite, value)) or value[0] > value[1]:
            raise traitlets.TraitError(
                f"range is {value!r}: it must be [low, high], both finite, low at most high"
            )
        return value

    @traitlets.validate("opened")
    def _check_opened(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        if value not in self._place:
            shown = self._shown
            sampled = f", which shows {len(shown):,} of {shown.total:,}"
            more = sampled if len(shown) < shown.total else ""
            raise traitlets.TraitError(
                f"opened is {value!r}: no input of this gallery has that id{more}"
            )
        if not self._shown.openable[self._place[value]]:
            raise traitlets.TraitError(f"opened is {value!r}: {NOT_KEPT}")
        return value


GALLERY_CONTROLS = (
    *("row", "metric", "label_filter", "correctness", "range", "search", "order", "opened"),
)
"""Names of the controls."""


def first_gallery_controls(shown: Shown) -> dict[str, Any]:
    """Return the controls of a gallery in a page, as they are at first."""
    traits = GalleryControls.class_traits()
    defaults = {name: traits[name].default() for name in GALLERY_CONTROLS}
    return {**defaults, "metric": _first_metric(shown)}


def _first_metric(shown: Shown) -> str:
    return next(iter(shown.metrics), "")
