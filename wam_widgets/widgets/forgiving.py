"""A widget that outlives what a browser should not have sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import ipywidgets
import traitlets

__all__ = ["Forgiving"]

_LOG = logging.getLogger("wam_widgets")


class Forgiving(ipywidgets.Widget):  # type: ignore[misc]
    """Puts a value back in the browser where that set one that is not allowed; comes first."""

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take values from the browser; ones that are not allowed are put back there."""
        try:
            super().set_state(sync_data)
        except traitlets.TraitError as error:
            _LOG.warning("the browser sent a value that is not allowed: %s", error)
            self.send_state([name for name in sync_data if name in self.keys])
