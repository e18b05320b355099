"""The front end as a notebook gets it: its text once, however many widgets there are."""

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
_shared: dict[str, Module] = {}


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


def module_text(name: str = "widget.js") -> str:
    """Return a module of the notebook; Explorers get the filters of all families with theirs.

    They are its export ``bank``.
    """
    text = front_end(name)
    return f'{text}export const bank = "{_packed_bank()}";\n' if name == "widget.js" else text


def digest(text: str) -> str:
    """Return what tells one version of the module from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Module(ipywidgets.Widget):  # type: ignore[misc]
    """A module, as a widget that has nothing to show: each Explorer or gallery refers to its own.

    So the text is in the state of one widget, not in that of every one, wherever that state
    goes: over the connection, into a saved notebook, into another output of Colab. It is text
    because some hosts lose bytes when they save.
    """

    code = traitlets.Unicode().tag(sync=True)
    digest = traitlets.Unicode().tag(sync=True)


def shared_module(name: str = "widget.js") -> Module:
    """Return the widget that all widgets of one kind in this kernel refer to.

    Parameters
    ----------
    name : str
        ``"widget.js"`` for Explorers, ``"gallery.js"`` for galleries.
    """
    with _lock:
        text = module_text(name)
        found = _shared.get(name)
        # Closed with all other widgets, or of a front end that was built again since.
        if found is None or found.comm is None or found.code != text:
            found = _shared[name] = Module(code=text, digest=digest(text))
        return found


@cache
def _packed_bank() -> str:
    return pack(bank())
