"""Markdown to harmless HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from wam_widgets.text import sendable

__all__ = ["Heading", "plain", "render"]

_EMBEDDED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,", re.IGNORECASE)
_FOLLOWED = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_DEEPEST = 6


@dataclass(frozen=True)
class Heading:
    """A first-level heading of some Markdown: what it says, and the name to jump to it."""

    text: str
    anchor: str


def render(text: str, top: int = 2, anchor: str = "") -> tuple[str, list[Heading]]:
    """Turn Markdown (CommonMark, tables and struck-out text) into HTML that does nothing.

    HTML in the text stays text. Pictures are shown if they are in the text themselves (``data:``
    addresses of PNG, JPEG, GIF and WebP); others would have to be loaded, their description stands
    for them. Links go to web pages, mail addresses and places of the same page; nothing is asked
    for before a reader follows one.

    Parameters
    ----------
    text : str
        Markdown.
    top : int
        Which level of HTML heading a first-level heading becomes, 1 to 6.
    anchor : str
        Names of first-level headings begin with it; empty: they get none.

    Returns
    -------
    str
        HTML.
    list of Heading
        The first-level headings.
    """
    tokens = _parser().parse(plain(text))
    headings: list[Heading] = []
    for place, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            first = token.tag == "h1"
            token.tag = f"h{min(_DEEPEST, int(token.tag[1]) + top - 1)}"
            if first and anchor and token.type == "heading_open":
                name = f"{anchor}-{len(headings) + 1}"
                token.attrSet("id", name)
                headings.append(Heading(_words(tokens[place + 1]), name))
        elif token.type == "inline":
            token.children = _without_loading(token.children or [])
    html = _parser().renderer.render(tokens, _parser().options, {})
    # The parser lets no HTML of the text through; what it makes itself is checked all the same.
    return _cleaner().clean(html), headings


def plain(text: object) -> str:
    """Return what a file can hold of a text: without control characters and halves of pairs."""
    return _UNWRITABLE.sub("\ufffd", sendable(str(text)))


_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@cache
def _cleaner() -> nh3.Cleaner:
    headings = {f"h{level}" for level in range(1, _DEEPEST + 1)}
    text = "p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td a img"
    return nh3.Cleaner(
        tags={*text.split(), *headings},
        attributes={
            "a": {"href", "title", "target"},
            "img": {"src", "alt", "title"},
            "ol": {"start"},
            "th": {"style"},
            "td": {"style"},
            **{heading: {"id"} for heading in headings},
        },
        attribute_filter=_attribute,
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    allowed = {"href": _FOLLOWED, "src": _EMBEDDED}.get(name)
    return value if allowed is None or allowed.match(value) else None


def _without_loading(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a line with pictures from elsewhere replaced by what they are called."""
    kept: list[Token] = []
    for token in tokens:
        if token.type == "image" and not _EMBEDDED.match(str(token.attrGet("src") or "")):
            kept += _without_loading(token.children or [])
            continue
        if token.type == "link_open" and str(token.attrGet("href") or "").startswith("http"):
            token.attrSet("target", "_blank")  # the report stays as the reader has set it
        kept.append(token)
    return kept


def _words(line: Token) -> str:
    """Return a line without its markup."""
    words = {"softbreak": " ", "hardbreak": " "}
    return "".join(words.get(part.type, part.content) for part in line.children or [])
