"""The page of a report: its skeleton, its policy, its style.

The file asks for nothing: no script, style, font or picture comes from elsewhere, and its content
security policy keeps it so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import wam_widgets
from wam_widgets.markup import plain, render
from wam_widgets.packing import pack, script_text
from wam_widgets.provenance import PACKAGES, version_of

__all__ = ["Note", "Panels", "Row", "listed", "write_page"]


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


def write_page(
    parts: Iterable[Row | Note],
    *,
    title: str,
    notes: str,
    bank: Mapping[str, Any],
    script: str,
) -> str:
    """Return the text of the file.

    Parameters
    ----------
    parts : iterable of Row or Note
        In their order.
    title, notes : str
        Of the page; the notes are Markdown and may be empty.
    bank : mapping
        The filters of all families, once for all.
    script : str
        The front end.
    """
    body: list[str] = []
    data: list[str] = [_data("wam-bank", bank)]
    contents: list[tuple[str, str, bool]] = []
    rows = 0
    parts = list(parts)
    alone = sum(isinstance(part, Row) for part in parts) == 1
    for place, part in enumerate(parts):
        if isinstance(part, Note):
            html, headings = render(part.text, anchor=f"part-{place}")
            body.append(_notes(html))
            contents += [(heading.anchor, heading.text, True) for heading in headings]
            continue
        rows += 1
        contents.append((f"section-{rows}", part.title, False))
        body.append(_section(part, rows, len(data), repeat=not (alone and part.title == title)))
        for panels in part.panels:
            content = {"payload": panels.payload, "state": panels.controls}
            data.append(_data(f"wam-data-{len(data)}", content))
    return _PAGE.format(
        policy=escape(_policy(script)),
        version=escape(wam_widgets.__version__),
        title=_text(title),
        notes=_notes(render(notes)[0]),
        contents=_contents(contents) if len(contents) > 1 else "",
        body="\n".join(body),
        versions=escape(_versions()),
        style=files("wam_widgets").joinpath("page.css").read_text(encoding="utf-8"),
        data="\n".join(data),
        script=script_text(script),
    )


def _section(row: Row, number: int, first: int, repeat: bool) -> str:
    several = len(row.panels) > 1
    columns = (_column(panels, first + place, several) for place, panels in enumerate(row.panels))
    heading = f"<h2>{_text(row.title)}</h2>\n" if repeat else ""
    linked = " data-linked" if several else ""
    return (
        f'<section class="wam-section" id="section-{number}" aria-label="{_text(row.title)}">\n'
        f'{heading}<div class="wam-row"{linked}>\n{"".join(columns)}</div>\n</section>'
    )


def _column(panels: Panels, number: int, named: bool) -> str:
    facts = " · ".join(f"<bdi>{_text(fact)}</bdi>" for fact in panels.facts)
    return (
        '<div class="wam-column">\n<div class="wam-said">\n'
        + (f"<h3>{_text(panels.title)}</h3>\n" if named else "")
        + f'<p class="wam-facts">{facts}</p>\n'
        + _notes(render(panels.notes, top=4 if named else 3)[0])
        + f'</div>\n<div class="wam-explorer" data-source="wam-data-{number}" '
        f'data-modality="{_text(panels.modality)}"></div>\n{_provenance(panels)}</div>\n'
    )


def _provenance(panels: Panels) -> str:
    pairs = "".join(
        f"<dt>{_text(what)}</dt>\n<dd>{_text(which)}</dd>\n" for what, which in panels.origin
    )
    head = "\n".join(f'<th scope="col">{name}</th>' for name in ("Method", "Explained", "With"))
    lines = "".join(
        "<tr>" + "\n".join(f"<td>{_text(cell)}</td>" for cell in entry) + "</tr>\n"
        for entry in panels.entries
    )
    return (
        '<details class="wam-provenance">\n<summary>How this was made</summary>\n'
        f"<dl>\n{pairs}</dl>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n"
        "</table>\n</details>\n"
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


def _text(value: str) -> str:
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
