"""The page of a report or a study: its skeleton, its policy, its style.

The file asks for nothing: no script, style, font or picture comes from elsewhere, and its content
security policy keeps it so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import wam_widgets
from wam_widgets.markup import plain, render
from wam_widgets.packing import pack, script_text
from wam_widgets.page_parts import Block, Cards, Note, Panels, Part, Row
from wam_widgets.provenance import PACKAGES, version_of

__all__ = ["code", "pairs", "paragraph", "table", "write_page"]


def write_page(
    parts: Iterable[Part],
    *,
    title: str,
    notes: str,
    bank: Mapping[str, Any],
    script: str,
) -> str:
    """Return the text of the file.

    Parameters
    ----------
    parts : iterable of Row, Note, Block or Cards
        In their order, from top to bottom.
    title, notes : str
        Of the page; the notes are Markdown and may be empty.
    bank : mapping
        The filters of all families, once for all.
    script : str
        The front end.
    """
    parts = list(parts)
    alone = sum(isinstance(part, Row) for part in parts) == 1
    writer = _Writer(bank)
    for place, part in enumerate(parts):
        if isinstance(part, Note):
            writer.note(part, f"part-{place}")
        elif isinstance(part, Block):
            writer.block(f"part-{place}", part.title, part.html)
        elif isinstance(part, Cards):
            writer.cards(part, f"part-{place}")
        else:
            writer.row(part, repeat=not (alone and part.title == title))
    contents = writer.contents
    return _PAGE.format(
        policy=escape(_policy(script)),
        version=escape(wam_widgets.__version__),
        title=_text(title),
        notes=_notes(render(notes)[0]),
        contents=_contents(contents) if len(contents) > 1 else "",
        body="\n".join(writer.body),
        versions=escape(_versions()),
        style=files("wam_widgets").joinpath("page.css").read_text(encoding="utf-8"),
        data="\n".join(writer.data),
        script=script_text(script),
    )


class _Writer:
    """The sections of a page, their data, and its list of contents, as they grow."""

    def __init__(self, bank: Mapping[str, Any]) -> None:
        self.body: list[str] = []
        self.data = [_data("wam-bank", bank)]
        self.contents: list[tuple[str, str, bool]] = []
        self._rows = 0

    def note(self, note: Note, name: str) -> None:
        html, headings = render(note.text, anchor=name)
        self.body.append(_notes(html))
        self.contents += [(heading.anchor, heading.text, True) for heading in headings]

    def block(self, name: str, title: str, html: str) -> None:
        self.contents.append((name, title, False))
        self.body.append(
            f'<section class="wam-section wam-block" id="{name}" aria-label="{_text(title)}">\n'
            f"<h2>{_text(title)}</h2>\n{html}</section>"
        )

    def cards(self, cards: Cards, name: str) -> None:
        source = self._add(cards.payload, cards.controls)
        gallery = f'<div class="wam-gallery" data-source="{source}"></div>\n'
        self.block(name, cards.title, _notes(render(cards.notes, top=3)[0]) + gallery)
        for position, row in cards.rows.items():
            self.body.append(
                f'<div data-gallery="{source}" data-input="{position}" hidden>\n'
                f"{self._section(row)}\n</div>"
            )

    def row(self, row: Row, repeat: bool) -> None:
        self.contents.append((f"section-{self._rows + 1}", row.title, False))
        self.body.append(self._section(row, repeat))

    def _section(self, row: Row, repeat: bool = True) -> str:
        self._rows += 1
        sources = [self._add(panels.payload, panels.controls) for panels in row.panels]
        return _section(row, self._rows, sources, repeat)

    def _add(self, payload: Mapping[str, Any], state: Mapping[str, Any]) -> str:
        name = f"wam-data-{len(self.data)}"
        self.data.append(_data(name, {"payload": payload, "state": state}))
        return name


def paragraph(text: object) -> str:
    """Return a paragraph of a block as HTML; whatever it holds is text."""
    return f"<p>{_text(text)}</p>\n"


def code(text: object) -> str:
    """Return lines of code as HTML; whatever they hold is text."""
    return f"<pre><code>{_text(text)}</code></pre>\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as HTML; whatever its cells hold is text."""
    first = "\n".join(f'<th scope="col">{_text(name)}</th>' for name in head)
    lines = "".join(
        "<tr>" + "\n".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f"<table>\n<thead><tr>{first}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n"


def pairs(known: Iterable[tuple[object, object]]) -> str:
    """Return what and which as HTML; whatever they hold is text."""
    lines = "".join(f"<dt>{_text(what)}</dt>\n<dd>{_text(which)}</dd>\n" for what, which in known)
    return f"<dl>\n{lines}</dl>\n"


def _section(row: Row, number: int, sources: Sequence[str], repeat: bool) -> str:
    several = len(row.panels) > 1
    both = zip(row.panels, sources, strict=True)
    columns = (_column(panels, source, several) for panels, source in both)
    heading = f"<h2>{_text(row.title)}</h2>\n" if repeat else ""
    linked = " data-linked" if several else ""
    return (
        f'<section class="wam-section" id="section-{number}" aria-label="{_text(row.title)}">\n'
        f'{heading}<div class="wam-row"{linked}>\n{"".join(columns)}</div>\n</section>'
    )


def _column(panels: Panels, source: str, named: bool) -> str:
    facts = " · ".join(f"<bdi>{_text(fact)}</bdi>" for fact in panels.facts)
    return (
        '<div class="wam-column">\n<div class="wam-said">\n'
        + (f"<h3>{_text(panels.title)}</h3>\n" if named else "")
        + f'<p class="wam-facts">{facts}</p>\n'
        + _notes(render(panels.notes, top=4 if named else 3)[0])
        + f'</div>\n<div class="wam-explorer" data-source="{source}" '
        f'data-modality="{_text(panels.modality)}"></div>\n{_provenance(panels)}</div>\n'
    )


def _provenance(panels: Panels) -> str:
    entries = table(("Method", "Explained", "With"), panels.entries)
    return (
        '<details class="wam-provenance">\n<summary>How this was made</summary>\n'
        f"{pairs(panels.origin)}{entries}</details>\n"
    )


def _contents(entries: Sequence[tuple[str, str, bool]]) -> str:
    lines = "".join(
        f'<li><a {_PART if part else ""}href="#{_text(anchor)}">{_text(text)}</a></li>\n'
        for anchor, text, part in entries
    )
    return f'<nav class="wam-contents" aria-label="Contents">\n<ol>\n{lines}</ol>\n</nav>\n'


_PART = 'class="wam-part" '


def _notes(html: str) -> str:
    return f'<div class="wam-notes">\n{html}</div>\n' if html else ""


def _data(name: str, content: Mapping[str, Any]) -> str:
    return f'<script type="application/json" id="{name}">{pack(content)}</script>'


def _text(value: object) -> str:
    return escape(plain(value))


def _policy(script: str) -> str:
    digest = hashlib.sha256(script_text(script).encode()).digest()
    return _POLICY.format(digest=base64.b64encode(digest).decode("ascii"))


def _versions() -> str:
    return ", ".join(f"{name} {version_of(package)}" for package, name in PACKAGES.items())


# The script may run because of its digest, its worker because it is a blob, what the worker holds
# compiled because that is no text; nothing may load.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{digest}' blob: 'wasm-unsafe-eval'; "
    "worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta http-equiv="x-dns-prefetch-control" content="off">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="wam_widgets {version}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<div class="wam-head">
<h1>{title}</h1>
<button type="button" class="wam-print" hidden>Print</button>
</div>
{notes}</header>
{contents}<main>
{body}
<noscript>This page needs JavaScript. It runs without a network and sends nothing.</noscript>
</main>
<footer>Everything is in this file: it works offline and sends nothing. Written with {versions}.
</footer>
{data}
<script type="module">{script}</script>
</body>
</html>
"""
