"""What a change of level does to what was chosen scale by scale.

Index i of level J is scale J + 1 - i, and stays what it is; index 0 is the approximation.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["move_gains", "move_scales"]


def move_scales(scales: Sequence[int] | None, before: int, after: int) -> list[int] | None:
    """Return the chosen scales after a change of level; None if they are all, or none is left.

    What comes new out of the approximation goes on being shown with it, unless a single scale is
    chosen.
    """
    if scales is None or before == after:
        return None if scales is None else list(scales)
    shift = after - before
    moved = {i + shift if i else 0 for i in scales if i == 0 or i + shift > 0}
    if len(scales) > 1 and 0 in scales:
        moved |= set(range(1, shift + 1))
    everything = len(moved) == after + 1
    nothing_left = bool(scales) and not moved
    return None if everything or nothing_left else sorted(moved)


def move_gains(gains: list[float] | None, before: int, after: int) -> list[float] | None:
    """Return the faders after a change of level: what is heard stays.

    Scales that come new out of the approximation take its fader; None if all are at 0 dB.
    """
    if gains is None:
        return None
    shift = after - before
    moved = [gains[i - shift if i > max(shift, 0) else 0] for i in range(after + 1)]
    return moved if any(moved) else None
