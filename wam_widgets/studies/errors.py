"""Why a study cannot be read or written."""

from __future__ import annotations

from pathlib import Path

__all__ = ["BusyError", "NewerStoreError", "StoreError", "damaged"]


class StoreError(ValueError):
    """A folder is no study, or part of it is damaged."""


class NewerStoreError(StoreError):
    """The study was written by a later version of this package, in a layout unknown to this one."""


class BusyError(RuntimeError):
    """Another run is writing into the same folder."""


def damaged(folder: Path, reason: str) -> StoreError:
    """Return the error that the folder of a shard does not hold what was written."""
    return StoreError(
        f"{folder} is damaged: {reason}. Remove this folder, and the same call of "
        "wam_widgets.evaluate computes it again"
    )
