"""What is known of an input, and the model that can tell more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wam_widgets import metrics
from wam_widgets.catalogue import check_method
from wam_widgets.explainer import EntryProgress, Explainer
from wam_widgets.explanation import Curve, Entry, Explanation, MapEntry
from wam_widgets.objectives import Target, parse_target
from wam_widgets.wavelets import Basis

__all__ = ["Live"]


class Live:
    """An explanation that grows. Safe to use from several threads: the model runs in one only.

    Parameters
    ----------
    explanation : Explanation
        What is known to begin with; may be empty.
    explainer : Explainer, optional
        Computes the rest. Without it only what is known can be had.
    """

    def __init__(self, explanation: Explanation, explainer: Explainer | None) -> None:
        self.explainer = explainer
        self._explanation = explanation
        self._model = threading.Lock()
        self._state = threading.Lock()

    @property
    def explanation(self) -> Explanation:
        """Everything known so far."""
        with self._state:
            return self._explanation

    def entry(
        self,
        method: str,
        target: str,
        progress: EntryProgress | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Entry:
        """Return the entry of a method and a target, by their names; computed once.

        Parameters
        ----------
        method, target : str
            As in :attr:`Explanation.entries`.
        progress : callable, optional
            Streams the entry; a progress bar is shown only without it.
        should_stop : callable, optional
            Asked between passes.

        Raises
        ------
        ValueError
            If it is not known and there is no model, or a name is wrong.
        Cancelled
            When `should_stop` returned True.
        """
        key = (method, target)
        with self._model:
            known = self.explanation.entries
            if key in known:
                return known[key]
            check_method(method, "gradient")
            found = self._computed(method, target, progress, should_stop)
            with self._state:
                grown = self._explanation.with_entry(found.entry)
                if self._explanation.entries:
                    before = self._explanation
                    grown = grown.select(before.method, before.target)
                self._explanation = grown
            return found.entry

    def map(
        self,
        method: str,
        target: str,
        progress: EntryProgress | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> MapEntry:
        """Return the map of a method that gives no gradient; computed once. As :meth:`entry`."""
        with self._model:
            for known in self.explanation.maps:
                if (known.method, known.target, known.basis) == (method, target, None):
                    return known
            check_method(method, "signal")
            (found,) = self._computed(method, target, progress, should_stop).maps
            with self._state:
                self._explanation = self._explanation.with_maps([found])
            return found

    def curve(
        self,
        method: str,
        target: str,
        basis: Basis,
        ranking: str,
        progress: Callable[[int, int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Curve:
        """Return the insertion and deletion curves of an entry in a basis; measured once."""
        key = (method, target, basis, ranking)
        with self._model:
            known = self.explanation
            for found in known.curves:
                same = (found.method, found.target, found.basis, found.ranking) == key
                if same and found.plain:
                    return found
            measured = metrics.curve(
                known.select(method, target).at(basis),
                self._require(f"the curve of {method!r} in {basis}"),
                ranking=ranking,
                progress=progress,
                should_stop=should_stop,
            )
            with self._state:
                self._explanation = self._explanation.with_curves([measured])
            return measured

    def _computed(
        self,
        method: str,
        target: str,
        progress: EntryProgress | None,
        should_stop: Callable[[], bool] | None,
    ) -> Explanation:
        explainer = self._require(f"method {method!r} for target {target!r}")
        asked = self._target(target)
        bar = explainer.show_progress
        explainer.show_progress = bar and progress is None
        try:
            return explainer.explain(method, asked, progress=progress, should_stop=should_stop)
        finally:
            explainer.show_progress = bar

    def _target(self, name: str) -> Target:
        """Return what :meth:`Explainer.explain` takes for the name of a target."""
        if name == "custom":
            return None
        if name != "per_sample":
            return parse_target(name)
        entries = self.explanation.entries.values()
        entry = next((entry for entry in entries if entry.target == name), None)
        if entry is None:
            raise ValueError("target is 'per_sample': explain it first with a list of classes")
        return entry.classes[:, 0]

    def _require(self, what: str) -> Explainer:
        if self.explainer is None:
            raise ValueError(
                f"{what} is not known, and there is no model to ask: use explore(model, x), or "
                "explore(explanation, model=model)"
            )
        return self.explainer
