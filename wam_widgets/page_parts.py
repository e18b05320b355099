"""What a page of Explorers is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Block", "Cards", "Note", "Panels", "Part", "Row", "listed"]


@dataclass(frozen=True)
class Panels:
    """One Explorer on the page.

    Attributes
    ----------
    title : str
    facts : sequence of str
        What it shows, in words.
    notes : str
        Markdown; may be empty.
    modality : str
    payload : mapping
        Of the explanation, without the filter bank.
    controls : mapping
        What they are at first.
    origin : sequence of (str, str)
        Where it comes from: what, and which.
    entries : sequence of (str, str, str)
        Method, explained class and parameters of everything that it holds.
    """

    title: str
    facts: Sequence[str]
    notes: str
    modality: str
    payload: Mapping[str, Any]
    controls: Mapping[str, Any]
    origin: Sequence[tuple[str, str]]
    entries: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Row:
    """Explorers side by side, linked where there is more than one."""

    panels: Sequence[Panels]

    @property
    def title(self) -> str:
        """The titles of all, with what is before a colon once if they have it in common."""
        titles = [panels.title for panels in self.panels]
        heads = {title.partition(": ")[0] for title in titles if ": " in title}
        common = f"{heads.pop()}: " if len(heads) == 1 else ""
        if not all(title.startswith(common) for title in titles):
            common = ""
        return common + listed(dict.fromkeys(title.removeprefix(common) for title in titles))


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence has them: a, b and c."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True)
class Note:
    """Markdown between rows."""

    text: str


@dataclass(frozen=True)
class Block:
    """A section of words and tables; its HTML is made in :mod:`wam_widgets.page`."""

    title: str
    html: str


@dataclass(frozen=True)
class Cards:
    """A gallery, and the Explorers of some of its inputs, of which it shows one at a time.

    Attributes
    ----------
    title : str
    payload : mapping
        Of the gallery.
    controls : mapping
        What they are at first.
    rows : mapping of int to Row
        By the position of the input.
    notes : str
        Markdown; may be empty.
    """

    title: str
    payload: Mapping[str, Any]
    controls: Mapping[str, Any]
    rows: Mapping[int, Row]
    notes: str


Part = Row | Note | Block | Cards
