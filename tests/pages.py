"""What stands in a page, as its elements, its words and its data."""

from __future__ import annotations

import base64
import gzip
import json
import math
from html.parser import HTMLParser
from typing import Any

import numpy as np


class Page(HTMLParser):
    """Every element with its attributes, and the text of scripts and of the rest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif self._open != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """The words on the page, one space between them."""
        return " ".join("".join(self.words).split())

    @property
    def policy(self) -> str:
        """The content security policy."""
        (policy,) = (
            attributes["content"]
            for tag, attributes in self.elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy is not None
        return policy

    def having(self, attribute: str) -> list[str]:
        """The values of an attribute, in the order of the elements that have it."""
        return [found[attribute] or "" for _, found in self.elements if attribute in found]

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a class."""
        return [found for _, found in self.elements if name in (found.get("class") or "").split()]

    def data(self, name: str) -> Any:
        """The embedded data of a name."""
        names = [found.get("id") for tag, found in self.elements if tag == "script"]
        return unpack(self.scripts[names.index(name)])

    def content(self, number: int = 1) -> Any:
        """What an Explorer of the page is made of."""
        return self.data(f"wam-data-{number}")


def unpack(text: str) -> Any:
    """Read what :func:`wam_widgets.packing.pack` wrote; ``data`` are bytes again."""
    whole = gzip.decompress(base64.b64decode(text))
    start = 4 + int.from_bytes(whole[:4], "little")

    def restored(value: dict[str, Any]) -> dict[str, Any]:
        if not ({"dtype", "shape", "data"} <= value.keys() and isinstance(value["data"], int)):
            return value
        width = {"u8": 1, "i16": 2, "f16": 2, "f32": 4}[value["dtype"]]
        size = width * math.prod(value["shape"])
        planes = np.frombuffer(whole, np.uint8, size, start + value["data"])
        return {**value, "data": planes.reshape(width, -1).T.tobytes()}

    return json.loads(whole[4:start], object_hook=restored)
