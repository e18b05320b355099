"""One item of a data set: which part of it is the input, and which the label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Items", "as_columns", "told"]

_INPUTS = ("pixel_values", "input_values", "image", "audio", "input", "x")
_LABELS = ("label", "labels", "target", "y")

_LONGEST = 1000
"""Characters of an error that are kept."""

_LARGEST = 2**63 - 1
"""The largest label that a file of a study holds."""

Columns = tuple[str, str | None, str | None]
"""Keys of the input, the label and the id."""


@dataclass(frozen=True)
class Items:
    """How the items of a data set are understood.

    Parameters
    ----------
    transform : callable or None
        From an item to an input, a tuple (input, label) or a mapping.
    columns : tuple of str or None
        Keys of the input, the label and the id in items that are mappings.
    collate : callable or None
        The ``collate_fn`` of a DataLoader; it gets one item at a time.
    labelled : bool
        Every input must have a label, because that is what is explained.
    """

    transform: Callable[[Any], Any] | None = None
    columns: Columns | None = None
    collate: Callable[[list[Any]], Any] | None = None
    labelled: bool = False

    @property
    def id_column(self) -> str | None:
        """Key of the id."""
        return None if self.columns is None else self.columns[2]

    def made(self, item: Any) -> Any:
        """Return an item after the user's functions, which may fail as they like."""
        if self.collate is not None:
            batch = self.collate([item])
            # A collate_fn may hand the list on as it is.
            alone = isinstance(batch, (list, tuple)) and len(batch) == 1 and batch[0] is item
            item = item if alone else _first(batch)
        return item if self.transform is None else self.transform(item)

    def understood(self, item: Any) -> tuple[Tensor, int | None]:
        """Return the input and its label.

        Raises
        ------
        TypeError, ValueError
            If it is none that can be explained; in words that name the argument.
        """
        label = None
        if isinstance(item, Mapping):
            item, label = self._taken(item)
        elif isinstance(item, (tuple, list)) and item and not isinstance(item[0], (int, float)):
            item, label = item[0], item[1] if len(item) > 1 else None
        return _as_input(item), _as_label(label)

    def checked(self, item: Any) -> None:
        """Raise a TypeError or ValueError if this is no input, or has no label but needs one."""
        _, label = self.understood(item)
        if self.labelled and label is None:
            raise ValueError(
                "target is 'label', but data gives inputs without labels: it must give tuples "
                "(input, label), or mappings of which columns= names the label"
            )

    def _taken(self, item: Mapping[str, Any]) -> tuple[Any, Any]:
        if self.columns is not None:
            key, label, _ = self.columns
            for wanted in (key, label):
                if wanted is not None and wanted not in item:
                    raise ValueError(f"columns names {wanted!r}: data has {_keys(item)}")
            return item[key], None if label is None else item[label]
        known = next((key for key in _INPUTS if key in item), None)
        if known is None:
            raise ValueError(
                f"data gives mappings with {_keys(item)}: pass columns=(input, label or None) to "
                "say which of them are meant"
            )
        return item[known], next((item[key] for key in _LABELS if key in item), None)


def as_columns(columns: Any) -> Columns | None:
    """Return the keys of input, label and id, or raise an error that says what is missing."""
    if columns is None:
        return None
    wanted = "it must be (input, label or None), or (input, label or None, id), names of columns"
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        raise TypeError(f"columns is {columns!r}: {wanted}")
    if len(columns) not in (2, 3) or not isinstance(columns[0], str):
        raise ValueError(f"columns is {columns!r}: {wanted}")
    if not all(name is None or isinstance(name, str) for name in columns):
        raise TypeError(f"columns is {columns!r}: {wanted}")
    return columns[0], columns[1], columns[2] if len(columns) == 3 else None


def _as_input(x: Any) -> Tensor:
    remedy = "pass transform=, a function from an item to an input, or to (input, label)"
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "biufc":
            raise TypeError(f"data gives arrays of dtype {x.dtype}: they must be numbers; {remedy}")
        # A copy in the order of bytes of this machine, which torch may keep.
        x = torch.from_numpy(np.array(x, dtype=x.dtype.newbyteorder("="), order="C"))
    if not isinstance(x, Tensor):
        raise TypeError(
            f"data gives inputs of class {_class(x)}: they must be tensors or arrays, prepared as "
            f"the model takes them (for a picture: floats, normalised, [C, H, W]); {remedy}"
        )
    if not x.is_floating_point():
        raise TypeError(
            f"data gives inputs of dtype {x.dtype}: they must be floating point (x.float() / 255 "
            f"for 8-bit pictures), normalised as the model takes them; {remedy}"
        )
    if x.layout != torch.strided or x.is_nested or x.is_meta:
        kind = "that are nested" if x.is_nested else f"of layout {x.layout}"
        kind = "without values (device meta)" if x.is_meta else kind
        raise TypeError(
            f"data gives tensors {kind}: they must be dense, each value in its place "
            f"(x.to_dense() of a sparse one); {remedy}"
        )
    if x.element_size() < 2:
        raise TypeError(
            f"data gives inputs of dtype {x.dtype}: they must be floating point of at least 16 "
            f"bits (x.float()); {remedy}"
        )
    if not x.numel() or not x.ndim:
        raise ValueError(f"data gives inputs of shape {tuple(x.shape)}: they must not be empty")
    return x.detach()


def _as_label(label: Any) -> int | None:
    if isinstance(label, (Tensor, np.ndarray, np.generic)):
        if np.prod(label.shape) != 1:
            raise ValueError(
                f"data gives labels of shape {tuple(label.shape)}: a label must be one class, an "
                "integer; pass transform= or columns="
            )
        label = label.item()
    if label is None:
        return None
    # A data set that turns all its numbers into floats does so with labels, too.
    if not isinstance(label, int) and not (isinstance(label, float) and label.is_integer()):
        raise TypeError(
            f"data gives labels such as {label!r}: a label must be one class, an integer, or None; "
            "pass transform= or columns="
        )
    if label > _LARGEST:
        raise ValueError(
            f"data gives labels such as {label}: a label must be one class, an integer that fits "
            "into 64 bits"
        )
    # Data sets mark inputs without a label by −1.
    return int(label) if label >= 0 else None


def told(error: BaseException) -> str:
    """Return the class and the text of an error, whatever its ``__str__`` does."""
    try:
        text = str(error)
    except Exception as other:
        text = f"(its text cannot be had: __str__ raised {type(other).__name__})"
    return f"{type(error).__name__}: {text}"[:_LONGEST]


def _first(batch: Any) -> Any:
    """Return the only item of a batch, which may consist of parts: inputs, labels …"""
    if isinstance(batch, (list, tuple)):
        return tuple(_only(part) for part in batch)
    return _only(batch)


def _only(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {key: _only(value) for key, value in part.items()}
    if isinstance(part, (list, tuple)) or (isinstance(part, (Tensor, np.ndarray)) and part.ndim):
        return part[0]
    return part


def _class(value: Any) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _keys(item: Mapping[str, Any]) -> str:
    return f"the keys {', '.join(map(str, item)) or '(none)'}"
