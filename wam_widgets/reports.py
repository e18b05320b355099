"""Reports: explanations in one offline HTML file that stays interactive.

The same input gives the same bytes. What a file loses of the numbers is said by
:func:`wam_widgets.facts.rounding` and stands in it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wam_widgets import facts
from wam_widgets.catalogue import words
from wam_widgets.choosing import no_gradient
from wam_widgets.explanation import Explanation
from wam_widgets.files import file_to_write, replace_file
from wam_widgets.forecast import PAGE, forecast
from wam_widgets.page import write_page
from wam_widgets.page_parts import Note, Panels, Row, listed
from wam_widgets.widgets.bank import bank
from wam_widgets.widgets.explorer import Explorer, front_end
from wam_widgets.widgets.payload import payload
from wam_widgets.widgets.sizes import check_size
from wam_widgets.widgets.start import first_controls

__all__ = [
    *("LARGE", "Section", "checked_section", "page", "panels_of", "report", "report_size"),
    *("to_html", "warn_if_large"),
]

LARGE = 20_000_000
"""Bytes of a report above which :func:`report` warns: few mail servers take more."""


@dataclass(frozen=True)
class Section:
    """An explanation in a report, with what is said about it.

    Parameters
    ----------
    explanation : Explanation
        All its methods, targets and curves go into the file.
    title : str, optional
        Default: what is explained, such as "Sound: siren".
    notes : str, optional
        Markdown, shown above the panels.
    controls : mapping, optional
        What the controls are at first, by the names of the traits of
        :class:`wam_widgets.Explorer`.
    """

    explanation: Explanation
    title: str | None = None
    notes: str | None = None
    controls: Mapping[str, Any] | None = None


Single = Explanation | Explorer | Section
Item = Single | str | Sequence[Single]
Part = str | list[Section]


def report(
    items: Iterable[Item] | Item,
    path: str | Path,
    *,
    title: str | None = None,
    notes: str | None = None,
) -> Path:
    """Write explanations as one HTML file that stays interactive without kernel or network.

    Images, sounds and volumes in any mixture. Everything of the live widget that needs no kernel
    works in the file, for every wavelet family and level; methods and targets are those of each
    explanation. The file holds the front end once, loads nothing, and asks nobody.

    Parameters
    ----------
    items : sequence
        From top to bottom, each of

        - an :class:`Explanation`,
        - a :class:`Section`: an explanation with title, notes and controls to begin with,
        - an :class:`Explorer`, with its title and its controls as they are now,
        - a list or tuple of these: side by side, with linked controls; two models on one input,
          two inputs of one model,
        - a string: Markdown between them.

        Markdown is CommonMark with tables. HTML in it stays text, pictures must be ``data:``
        addresses. First-level headings between sections are in the list of contents.
    path : str or Path
        Where to; a file that exists is replaced, and only once the new one is complete.
    title : str, optional
        Title of the page.
    notes : str, optional
        Markdown at the top.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError, ValueError
        If an item is something else, an explanation is empty or too large for a browser, or a
        control does not exist.
    FileNotFoundError
        If the folder does not exist, or the front end was not built.

    Warns
    -----
    UserWarning
        If the file will be larger than :data:`LARGE`, see :func:`report_size`.

    Notes
    -----
    Numbers are rounded on the way into the file. Attributions, in every basis, move by at most
    1/1000 of the largest; signals of 8-bit pictures and of 16-bit sounds by nothing, others by at
    most 1/65000 of their largest value. What it was for this explanation is under "How this was
    made" in the file.
    """
    target = file_to_write(path)
    found = _parts(items, title, notes)
    front_end("report.js")  # a missing front end must not be found after a minute of packing
    warn_if_large(
        "report", _size(found), "write some of the methods, targets or samples only, or several "
        "reports",
    )  # fmt: skip
    replace_file(target, _page(found, title, notes).encode())
    return target


def warn_if_large(what: str, size: int, remedy: str) -> None:
    """Warn the caller of the caller of a file that will be larger than :data:`LARGE`."""
    if size > LARGE:
        warnings.warn(
            f"the {what} will be about {size / 1e6:.0f} MB: that is much for a browser, and more "
            f"than {LARGE / 1e6:.0f} MB few mail servers take; {remedy}",
            UserWarning,
            stacklevel=3,
        )


def report_size(items: Iterable[Item] | Item) -> int:
    """Forecast how many bytes :func:`report` will write, without packing anything.

    From shapes and the front end's size. Files of images, sounds and volumes were measured to be
    within 10 % of it; signals with large constant parts become smaller.

    Parameters
    ----------
    items : sequence
        As for :func:`report`.
    """
    return _size(_parts(items))


def to_html(
    explanation: Single,
    path: str | Path,
    title: str | None = None,
    notes: str | None = None,
    controls: Mapping[str, Any] | None = None,
) -> Path:
    """Write one explanation as one offline file: a :func:`report` of one section.

    Parameters
    ----------
    explanation : Explanation, Explorer or Section
        All its methods, targets and curves go into the file.
    path, title, notes
        As for :func:`report`.
    controls : mapping, optional
        What the controls are at first, by the names of the traits of
        :class:`wam_widgets.Explorer`.

    Returns
    -------
    Path
        The file.
    """
    section = checked_section(explanation)
    controls = {**(section.controls or {}), **(controls or {})}
    return report([replace(section, controls=controls)], path, title=title, notes=notes)


def page(items: Iterable[Item] | Item, title: str | None = None, notes: str | None = None) -> str:
    """Return the text of the file that :func:`report` writes; the same parameters."""
    return _page(_parts(items, title, notes), title, notes)


def _page(parts: list[Part], title: str | None, notes: str | None) -> str:
    sections = [section for part in parts if not isinstance(part, str) for section in part]
    if title is None:
        title = _title(sections)
    names = _names if len(sections) > 1 else lambda part: [part[0].title or title]
    return write_page(
        [Note(part) if isinstance(part, str) else _row(part, names(part)) for part in parts],
        title=title,
        notes=notes or "",
        bank=bank(),
        script=front_end("report.js"),
    )


def _title(sections: Sequence[Section]) -> str:
    """Return what to call a report: as its only section, else by what it is about."""
    if len(sections) == 1:
        kind = _ONE[sections[0].explanation.modality]
        return sections[0].title or f"Wavelet explanation of {kind}"
    counts = Counter(section.explanation.modality for section in sections)
    kinds = [
        (_ONE[kind], f"{count} {facts.NOUN[kind]}s")[count > 1] for kind, count in counts.items()
    ]
    return f"Wavelet explanations of {listed(kinds)}"


_ONE = {"image": "an image", "audio": "a sound", "volume": "a volume"}


def _parts(
    items: Iterable[Item] | Item, title: str | None = None, notes: str | None = None
) -> list[Part]:
    """Return notes, and rows of sections, in their order; whatever is wrong is found here."""
    _check_text(title, "title")
    _check_text(notes, "notes")
    given = [items] if isinstance(items, (Explanation, Explorer, Section, str)) else items
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"items is a {type(items).__name__}: it must be a list of what is reported")
    parts: list[Part] = []
    for item in given:
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, (list, tuple)):
            if not item:
                raise ValueError("items holds an empty row: there is nothing to show side by side")
            if any(isinstance(one, (str, list, tuple)) for one in item):
                raise TypeError(
                    "items holds a row with a string or a row in it: put it between rows"
                )
            parts.append([checked_section(one) for one in item])
        else:
            parts.append([checked_section(item)])
    if all(isinstance(part, str) for part in parts):
        raise ValueError("items holds no explanation: there is nothing to show")
    return parts


def checked_section(item: object) -> Section:
    """Return any item as a checked section, with all of its controls."""
    if isinstance(item, Explorer):
        section = Section(item.explanation, item.title, controls=_shown(item))
    elif isinstance(item, Explanation):
        section = Section(item)
    elif isinstance(item, Section):
        section = item
    else:
        raise TypeError(
            f"items holds a {type(item).__name__}: each must be an Explanation, an Explorer, a "
            "Section, a string, or a list of the first three"
        )
    explanation = section.explanation
    if not isinstance(explanation, Explanation):
        raise TypeError(
            f"explanation is a {type(explanation).__name__}: a Section needs an Explanation"
        )
    for name, text in (("title", section.title), ("notes", section.notes)):
        _check_text(text, name)
    if not isinstance(section.controls, Mapping | None):
        raise TypeError(
            f"controls is a {type(section.controls).__name__}: it must be a mapping from names to "
            "values"
        )
    check_size(explanation)
    if not explanation.entries:
        raise ValueError(no_gradient(explanation))
    return replace(section, controls=first_controls(explanation, section.controls or {}))


def _check_text(text: object, name: str) -> None:
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{name} is a {type(text).__name__}: it must be a string, or None")


def _names(row: Sequence[Section]) -> list[str]:
    """Return the titles of a row; those that nobody gave say what is different, if they can."""
    names = [section.title or facts.name(section.explanation) for section in row]
    for different in (facts.model, facts.method_names):
        more = [different(section.explanation) for section in row]
        if len(set(names)) < len(names) and len(set(more)) > 1:
            names = [
                name if section.title else f"{name}, {word}"
                for name, section, word in zip(names, row, more, strict=True)
            ]
    return names


def _shown(explorer: Explorer) -> dict[str, Any]:
    """Return the controls of an Explorer, without what it has yet to compute."""
    controls = explorer.controls()
    if (controls["method"], controls["target"]) not in explorer.explanation.entries:
        del controls["method"], controls["target"]
    return controls


def _row(sections: Sequence[Section], names: Sequence[str]) -> Row:
    """Return Explorers side by side; the first leads, the others open in its basis."""
    both = zip(sections, names, strict=True)
    return Row([panels_of(one, name, leads=k == 0) for k, (one, name) in enumerate(both)])


def panels_of(section: Section, title: str, leads: bool = True) -> Panels:
    """Return a checked section as a page takes it; only what leads says in what it opens."""
    explanation, controls = section.explanation, section.controls or {}
    data = payload(explanation, title)
    del data["bank"]  # stands in the page once
    return Panels(
        title=title,
        facts=facts.facts(explanation, controls if leads else None),
        notes=section.notes or "",
        modality=explanation.modality,
        payload=data,
        controls=controls,
        origin=facts.origin(explanation, data),
        entries=[
            (words(entry.method), facts.explained(explanation, entry), parameters)
            for entry in facts.everything(explanation)
            for parameters in [facts.parameters(entry)]
        ],
    )


def _size(parts: list[Part]) -> int:
    """Forecast the size of the file, before anything is packed."""
    size = len(front_end("report.js").encode()) + PAGE
    for part in parts:
        if isinstance(part, str):
            size += len(part.encode(errors="replace"))
        else:
            size += sum(forecast(section.explanation) for section in part)
    return size
