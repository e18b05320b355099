"""Memory that passes of a model ask for again and again."""

from __future__ import annotations

import torch

_LARGEST = 31 * 2**20
"""Bytes, just below the 32 MiB at which glibc stops to learn (``mallopt(3)``, M_MMAP_THRESHOLD)."""


def keep_freed() -> None:
    """Let the C library keep what is freed, up to about 64 MB, for what is allocated next.

    glibc gives freed memory back to the system from a limit on that it takes from the largest block
    of its own that was ever freed, by default from 128 kB: activations and masks are then given
    back after every pass, and each page is mapped and filled with zeros again, which took 7 % of
    the time of a ResNet-18 on two cores. A block that is allocated and freed once, and never
    written to, raises the limit to what any program has that once freed a tensor of this size.
    Other C libraries, and memory of other devices, are as before. It takes microseconds.
    """
    torch.empty(_LARGEST, dtype=torch.uint8)
