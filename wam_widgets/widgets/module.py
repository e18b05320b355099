"""The front end as a notebook gets it: its text once, however many Explorers there are."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path

import ipywidgets
import traitlets

from wam_widgets.packing import pack
from wam_widgets.widgets.bank import bank

__all__ = ["Module", "digest", "front_end", "module_text", "shared_module"]

STATIC = Path(__file__).parent.parent / "static"

_lock = threading.Lock()
_shared: Module | None = None


def front_end(name: str) -> str:
    """Return the text of a built front-end file.

    Raises
    ------
    FileNotFoundError
        If the front end was not built, with how to build it.
    """
    path = STATIC / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} does not exist: the front end is not built; run 'make build' in the source "
            "tree, or install the package with pip, which builds it"
        ) from None


def module_text() -> str:
    """Return the notebook's module, with the filters of all families as its export ``bank``."""
    return f'{front_end("widget.js")}export const bank = "{_packed_bank()}";\n'


def digest(text: str) -> str:
    """Return what tells one version of the module from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Module(ipywidgets.Widget):  # type: ignore[misc]
    """The module, as a widget that has nothing to show: each Explorer refers to it.

    So the text is in the state of one widget, not in that of every Explorer, wherever that state
    goes: over the connection, into a saved notebook, into another output of Colab. It is text
    because some hosts lose bytes when they save.
    """

    code = traitlets.Unicode().tag(sync=True)
    digest = traitlets.Unicode().tag(sync=True)


def shared_module() -> Module:
    """Return the widget that all Explorers of this kernel refer to."""
    global _shared
    with _lock:
        text = module_text()
        # Closed with all other widgets, or of a front end that was built again since.
        if _shared is None or _shared.comm is None or _shared.code != text:
            _shared = Module(code=text, digest=digest(text))
        return _shared


@cache
def _packed_bank() -> str:
    return pack(bank())
