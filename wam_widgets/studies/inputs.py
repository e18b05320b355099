"""Data sets as users have them, read input by input."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    default_collate,
    default_convert,
)

from wam_widgets.studies.ids import Ids, digest_of, listed_ids
from wam_widgets.studies.items import Items, as_columns, told
from wam_widgets.studies.records import Sample

__all__ = ["Inputs", "Listed", "Streamed", "as_inputs", "compact"]

_WANTED = (
    "it must be a tensor or array [N, ...], a list, a torch Dataset or DataLoader, a Hugging Face "
    "dataset, or an iterable of inputs, each of which may be a tuple (input, label)"
)
_LOOK = 4
"""Inputs at most that are looked at before anything is computed."""


@dataclass(frozen=True)
class Listed:
    """Inputs that can be read in any order, wherever this object is sent to.

    Attributes
    ----------
    data : object
        ``data[index]`` is an item.
    items : Items
        How an item is understood.
    ids : sequence or mapping of str, or None
        By position; None: the positions themselves.
    count : int
    kind : str
        The class of what was given.
    held : bool
        The items are in memory: they travel with the tasks that need them, see :meth:`part`.
    ids_digest : str or None
        SHA-256 of the ids, where they were given.
    """

    data: Any
    items: Items
    ids: Sequence[str] | Mapping[int, str] | None
    count: int
    kind: str
    held: bool
    ids_digest: str | None = None

    def read(self, indices: Iterable[int]) -> list[Sample]:
        """Read some inputs; one that cannot be read has an error."""
        return [self._sample(index) for index in indices]

    def part(self, indices: Iterable[int]) -> Listed:
        """Return the data set with some of its items only, if they are held in memory."""
        if not self.held:
            return self
        items = {index: compact(self.data[index]) for index in indices}
        ids = None if self.ids is None else {index: self.ids[index] for index in items}
        return replace(self, data=items, ids=ids)

    def check(self) -> None:
        """Raise a TypeError or ValueError if the first input that can be read is none."""
        for index in range(min(self.count, _LOOK)):
            try:
                item = self.items.made(self.data[index])
            except Exception:  # of one input: it is recorded when its turn comes
                continue
            self.items.checked(item)
            return

    def _sample(self, index: int) -> Sample:
        id = str(index) if self.ids is None else self.ids[index]
        return _sample(self.items, index, id, lambda: self.data[index])


@dataclass(frozen=True)
class Streamed:
    """Inputs that come one after the other and are read once, here.

    Attributes
    ----------
    data : iterable
    items : Items
    ids : iterable or None
        In the order of the inputs; None: the positions.
    kind : str
        The class of what was given.
    """

    data: Iterable[Any]
    items: Items
    ids: Iterable[Any] | None
    kind: str

    def __iter__(self) -> Iterator[Sample]:
        """Go through the inputs; one that cannot be read has an error.

        Raises
        ------
        TypeError, ValueError
            If the first inputs are none, an id comes twice, or there are more inputs than ids or
            more ids than inputs.
        RuntimeError
            If the iterable itself fails: nothing is known of what follows.
        """
        known = Ids(self.ids, self.items.id_column)
        source, looked = iter(self.data), False
        for index in itertools.count():
            try:
                item = next(source)
            except StopIteration:
                known.end(index)
                return
            except Exception as error:
                raise RuntimeError(
                    f"data failed after {index} inputs with {told(error)}; what is finished is "
                    "kept, and the same call goes on from there"
                ) from error
            id = known.next(index, item)
            if not looked and index < _LOOK:
                looked = self._look(item)
            yield _sample(self.items, index, id, partial(_same, item))

    def _look(self, item: Any) -> bool:
        """Raise an error if this is no input; return False if it could not be read."""
        try:
            item = self.items.made(item)
        except Exception:
            return False
        self.items.checked(item)
        return True


Inputs = Listed | Streamed


def as_inputs(
    data: Any,
    *,
    transform: Callable[[Any], Any] | None = None,
    columns: Any = None,
    ids: Any = None,
    target: Any = None,
) -> Inputs:
    """Return a data set that can be read input by input.

    Parameters
    ----------
    data, transform, columns, ids, target
        As :func:`wam_widgets.evaluate` takes them.

    Raises
    ------
    TypeError, ValueError
        With the name of the argument, what it was and what it must be. The first item that can be
        read is looked at; later ones that are no inputs are failures of these inputs.
    """
    if transform is not None and not callable(transform):
        raise TypeError(f"transform is {transform!r}: it must be a function of an item")
    kind = type(data).__name__
    data, collate = _unloaded(data)
    items = Items(transform, as_columns(columns), collate, target == "label")
    _refuse(data)
    # One that is iterable has a __getitem__ that only raises, and may have a length.
    indexed = hasattr(data, "__getitem__") and not isinstance(data, IterableDataset)
    if not (hasattr(data, "__len__") and indexed):
        if not hasattr(data, "__iter__"):
            if indexed:
                raise TypeError(f"data is {_named(data)}, which has no length: give it __len__")
            raise TypeError(f"data is {_named(data)}, which has no length and no items: {_WANTED}")
        return Streamed(data, items, ids, kind)
    try:
        count = len(data)
    except TypeError as error:  # a Dataset whose length is that of something without one
        raise TypeError(f"data is {_named(data)} without a length ({error}): {_WANTED}") from error
    if not count:
        raise ValueError("data is empty: it must have at least one input")
    known = listed_ids(data, items.id_column, ids, count)
    held = isinstance(data, (Tensor, np.ndarray, list, tuple))
    listed = Listed(data, items, known, count, kind, held, digest_of(known))
    listed.check()
    return listed


def compact(item: Any) -> Any:
    """Return an item without the memory that its tensors are only a part of.

    A slice of a tensor would be sent with all of it.
    """
    if isinstance(item, Tensor):
        part = item.untyped_storage().nbytes() > item.nbytes
        return item.clone() if part else item
    if type(item) in (tuple, list):
        return type(item)(compact(part) for part in item)
    if type(item) is dict:
        return {key: compact(part) for key, part in item.items()}
    return item


def _sample(items: Items, index: int, id: str, fetch: Callable[[], Any]) -> Sample:
    try:
        x, label = items.understood(items.made(fetch()))
    except Exception as error:  # whatever the user's data or function raise
        return Sample(index, id, None, error=told(error))
    return Sample(index, id, x, label)


def _same(item: Any) -> Any:
    return item


def _unloaded(data: Any) -> tuple[Any, Callable[[list[Any]], Any] | None]:
    """Return the data set of a DataLoader, and what makes a batch of one item of it."""
    if not isinstance(data, DataLoader):
        return data, None
    if not isinstance(data.dataset, IterableDataset):
        sampler, dataset = data.sampler, data.dataset
        # In whatever order: all of them, each once.
        whole = isinstance(sampler, SequentialSampler) or (
            isinstance(sampler, RandomSampler)
            and not sampler.replacement
            and sampler.num_samples == len(dataset)  # type: ignore[arg-type]
        )
        usual = data.batch_sampler is None or type(data.batch_sampler) is BatchSampler
        if not (whole and usual):
            chooser = sampler if usual else data.batch_sampler
            raise ValueError(
                f"data is a DataLoader with a {type(chooser).__name__}, which may leave inputs out "
                "or repeat them: pass its dataset, or torch.utils.data.Subset(dataset, indices)"
            )
    own = data.collate_fn not in (default_collate, default_convert)
    return data.dataset, data.collate_fn if own else None


def _refuse(data: Any) -> None:
    """Raise an error for what looks like data, but is something else."""
    if isinstance(data, (str, bytes, Mapping)) or callable(getattr(data, "__fspath__", None)):
        split = next(iter(data), None) if isinstance(data, Mapping) else None
        hint = "" if split is None else f"; if it holds parts of a data set, pass data[{split!r}]"
        raise TypeError(f"data is {_named(data)}: {_WANTED}{hint}")
    if hasattr(data, "iloc") and getattr(data, "ndim", 1) == 2:  # data[0] would be a column
        raise TypeError(
            f"data is {_named(data)}: {_WANTED}; if each row is an input, pass "
            "data.to_dict('records')"
        )
    if isinstance(data, (Tensor, np.ndarray)) and not data.ndim:
        raise ValueError(f"data has shape (): {_WANTED}")
    if isinstance(data, tuple) and len(data) == 2 and _pair(*data):
        raise TypeError(
            f"data is a tuple of {len(data[0])} inputs and as many labels: pass "
            "torch.utils.data.TensorDataset(inputs, labels), or list(zip(inputs, labels))"
        )


def _pair(inputs: Any, labels: Any) -> bool:
    """Return whether these are all inputs and all labels, rather than two inputs."""
    arrays = (Tensor, np.ndarray)
    if not isinstance(inputs, (*arrays, list)) or not isinstance(labels, (*arrays, list)):
        return False
    flat = isinstance(labels, list) or (labels.ndim == 1 and not _floating(labels))
    return flat and len(inputs) == len(labels)


def _floating(values: Tensor | np.ndarray) -> bool:
    return values.is_floating_point() if isinstance(values, Tensor) else values.dtype.kind == "f"


def _named(data: Any) -> str:
    return f"a {type(data).__name__}"
