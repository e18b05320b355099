"""Texts on their way to a page, a file or a figure."""

from __future__ import annotations


def sendable(text: str) -> str:
    """Return a text as UTF-8 can hold it: halves of pairs become U+FFFD.

    Python keeps such halves, for instance in names of files that are not text; a kernel cannot
    send them, nor a figure draw them, and the cell would end in an error about a codec.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
