"""Why a study cannot be read or written."""

from __future__ import annotations

__all__ = ["BusyError", "NewerStoreError", "StoreError"]


class StoreError(ValueError):
    """A folder is no study, or part of it is damaged."""


class NewerStoreError(StoreError):
    """The study was written by a later version of this package, in a layout unknown to this one."""


class BusyError(RuntimeError):
    """Another run is writing into the same folder."""
