"""What a saved notebook shows when ``wam.options.embed`` is ``"html"``: the panels themselves.

The output of an Explorer is then a picture and its data, as HTML. A script beside them asks the
front end, by its digest, to take the output over: on the kernel's Explorer where there is one (in
JupyterLab and Notebook, whose pages hold the widgets whether they are shown or not), else on the
data. The front end is in the notebook once, in the output of the cell that sets the option
(:func:`carry`). Where no script may run, the picture is what is seen.
"""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Mapping
from typing import Any

from PIL import Image

from wam_widgets.packing import pack, script_text
from wam_widgets.widgets.module import digest, front_end, module_text

__all__ = ["carry", "output", "shown_by_widgets"]

# What `commons` of js/src/core/commons.ts finds, whichever runs first.
_WAIT = (
    '(globalThis[Symbol.for("wam_widgets.1")]??={waiting:[]})'
    ".waiting.push(document.currentScript.parentElement)"
)

_carried: str | None = None


def carry() -> None:
    """Put the front end into the output of the running cell, for all Explorers of the notebook.

    Nothing happens where no cell runs (outside a notebook, while its kernel starts), and in Colab,
    where outputs cannot reach each other: there every output carries the front end itself.
    """
    global _carried
    if not _in_cell() or _in_colab():
        return
    from IPython.display import display

    text = module_text()
    note = "Explorers stay interactive in the saved notebook: this output holds their code."
    bundle = {
        "text/html": f'<div><small style="opacity:.7">{note}</small>{_carrier(text)}</div>',
        "text/plain": note,
    }
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    _carried = digest(text)


def output(
    key: str, picture: str, title: str, payload: Mapping[str, Any], state: Mapping[str, Any]
) -> str:
    """Return the HTML of an Explorer's output.

    Parameters
    ----------
    key : str
        Of the Explorer, by which its views find each other on a page.
    picture : str
        PNG, base64.
    title : str
        What it is about.
    payload, state : mapping
        What the front end takes, without the bank; the controls.
    """
    text = module_text()
    version = digest(text)
    # Without one that is known to be there the output looks after itself.
    own = "" if version == _carried and not _in_colab() else f"<div>{_carrier(text)}</div>"
    return (
        f'{own}<div class="wam-embed" data-front="{version}" data-key="{html.escape(key)}">'
        f'<img alt="{html.escape(title)}" style="max-width:100%" src="{_light(picture)}">'
        f'<script type="application/json">{pack({"payload": payload, "state": state})}</script>'
        f"<script>{_WAIT}</script></div>"
    )


def shown_by_widgets() -> bool:
    """Whether a widget must be shown as one to be live here.

    Colab and VS Code make a widget only where it is shown. VS Code shows the next best when its
    kernel is gone, JupyterLab an error: there the output must not be a widget to outlive it.
    """
    return _in_colab() or _in_vs_code()


def _light(picture: str) -> str:
    """Return the address of a picture where it is only looked at: small rather than exact."""
    png = base64.b64decode(picture)
    file = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").save(file, "JPEG", quality=85, optimize=True)
    jpeg = file.getvalue()
    kind, content = ("jpeg", jpeg) if len(jpeg) < len(png) else ("png", png)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _carrier(text: str) -> str:
    code = script_text(text)
    return (
        f'<script type="text/plain" data-wam="{digest(text)}">{code}</script>'
        f"<script>{script_text(front_end('carrier.js'))}</script>"
    )


def _shell() -> Any:
    # The shell exists only if IPython was imported; to ask must not import it.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _in_cell() -> bool:
    kernel = getattr(_shell(), "kernel", None)
    # What is shown belongs to the request that is answered; at the start there is none.
    return kernel is not None and bool(kernel.get_parent())


def _in_colab() -> bool:
    return "google.colab" in sys.modules


def _in_vs_code() -> bool:
    # Its Jupyter extension tells the kernel so where the notebook lies.
    return "__vsc_ipynb_file__" in getattr(_shell(), "user_ns", {})
