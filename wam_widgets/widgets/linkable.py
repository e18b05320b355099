"""What an Explorer keeps for the links that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import anywidget
import traitlets

__all__ = ["Linkable"]


class Linkable(anywidget.AnyWidget):
    """A widget that can be linked with others, see :func:`wam_widgets.link`."""

    _links = traitlets.List(traitlets.Dict()).tag(sync=True)
    # How often each linked control was moved in the browser, negative if the last time another
    # Explorer was followed. Such values come with the others' knowledge: they have them already.
    _told = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._joined: list[Any] = []
        self._known: dict[str, Literal["told", "followed"]] = {}
        self._unsent: frozenset[str] = frozenset()
        super().__init__(**traits)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take values from the browser, and what the linked Explorers know of them."""
        now = sync_data.get("_told")
        for name, count in now.items() if isinstance(now, dict) else ():
            if isinstance(count, int) and self._told.get(name) != count:
                self._known[name] = "told" if count > 0 else "followed"
        try:
            super().set_state(sync_data)
        finally:
            self._known = {}

    @contextmanager
    def _unsaid(self, *names: str) -> Iterator[None]:
        """Set controls that the browser is told elsewhere."""
        before, self._unsent = self._unsent, frozenset(names)
        try:
            yield
        finally:
            self._unsent = before

    def _should_send_property(self, key: str, value: Any) -> bool:
        return key not in self._unsent and bool(super()._should_send_property(key, value))
