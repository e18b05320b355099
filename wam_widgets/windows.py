"""The window that occlusion moves over a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wam_widgets.checks import positive_int

__all__ = ["Sides", "places", "windows"]

Sides = int | Sequence[int] | None
"""One number for all axes of space, one for each, or one for each with the channels first."""

_PARTS = {1: 64, 2: 8, 3: 4}
"""Windows that lie side by side along an axis: with half a window from one to the next 127 places
of a sound, 15 × 15 of an image and 7 × 7 × 7 of a volume, whatever the size."""


def windows(
    shape: Sequence[int], window: Sides = None, stride: Sides = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return size and steps of the window over ``[C, *space]``, channels first, as Captum's.

    Parameters
    ----------
    shape : sequence of int
        ``[C, *space]``.
    window : int or sequence of int, optional
        Along each axis of space, or with the channels first. By default 1/64 of a sound, 1/8 of
        each side of an image and 1/4 of that of a volume, all channels together.
    stride : int or sequence of int, optional
        The same for the steps; by default half a window.

    Raises
    ------
    TypeError, ValueError
        If there is not one for each axis, or the window is larger than the signal, or the steps
        are larger than the window, so that places are left out.
    """
    channels, *space = shape
    if window is None:
        parts = _PARTS[len(space)]
        sizes = (channels, *(-(-side // parts) for side in space))
    else:
        sizes = _sides(window, "sliding_window_shapes", shape, channels)
    if stride is None:
        steps = (sizes[0], *(max(1, size // 2) for size in sizes[1:]))
    else:
        steps = _sides(stride, "strides", shape, sizes[0])
    for size, step, side in zip(sizes, steps, shape, strict=True):
        if size > side:
            raise ValueError(
                f"sliding_window_shapes is {window!r}: it must fit into x, {tuple(shape)}"
            )
        if step > size:
            raise ValueError(
                f"strides is {stride!r}: steps must not be larger than the window, {sizes}"
            )
    return sizes, steps


def places(shape: Sequence[int], window: Sequence[int], stride: Sequence[int]) -> int:
    """Return how many places the window takes; the last may reach over the end."""
    sides = zip(shape, window, stride, strict=True)
    return math.prod(1 + math.ceil((side - size) / step) for side, size, step in sides)


def _sides(given: Sides, name: str, shape: Sequence[int], channels: int) -> tuple[int, ...]:
    ndim = len(shape) - 1
    wanted = f"it must be one number, {ndim} (one for each axis of space), or {ndim + 1} with the "
    wanted += "channels first"
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) not in (ndim, ndim + 1):
            raise ValueError(f"{name} is {given!r}: {wanted}")
        numbers = tuple(positive_int(side, name) for side in given)
    else:
        numbers = (positive_int(given, name),) * ndim
    return numbers if len(numbers) == len(shape) else (channels, *numbers)
