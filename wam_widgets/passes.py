"""Passes of a model that are counted, shown and can be stopped between."""

from __future__ import annotations

from collections.abc import Callable

from tqdm.auto import tqdm

from wam_widgets.gradients import Cancelled

__all__ = ["Passes"]


class Passes:
    """Counts the passes of a method, shows them, and is a place where it can be stopped."""

    def __init__(
        self,
        label: str,
        show: bool,
        progress: Callable[[int, int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self._label = label
        self._bar = tqdm(desc=label, unit="pass", disable=not show, leave=False)
        self._total = self._done = 0
        self._progress, self._should_stop = progress, should_stop

    def __enter__(self) -> Passes:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def expect(self, total: int) -> None:
        """Say how many passes there will be."""
        self._total = self._bar.total = total

    def begin(self) -> None:
        """Raise :class:`Cancelled` if that was asked for."""
        if self._should_stop is not None and self._should_stop():
            raise Cancelled(f"{self._label} was cancelled")

    def end(self, count: int) -> None:
        """Note `count` passes more."""
        self._done += count
        self._bar.update(count)
        if self._progress is not None:
            self._progress(self._done, self._total)
