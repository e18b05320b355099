"""The faithfulness table as Markdown."""

from __future__ import annotations

from pathlib import Path


def written(store: Path) -> str:
    """Return the page: how it was made, what it says, and the tables."""
    return ""
