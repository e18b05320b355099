"""Make a page on which the gallery of a study can be looked at, with a study that is made up.

``python js/dev/gallery.py`` writes ``js/dev/build/gallery.html``. The query string chooses:
``?audio`` or ``?volume``, ``?n=20000`` (inputs), ``?level=8``, ``?many`` (400 classes),
``?unlabelled``, ``?nameless``, ``?part`` (of a larger study), ``?failed``, ``?running``,
``?n=0&empty``, ``?bare`` (no pictures), ``?exported`` (no kernel), ``?gone``, ``?slow``,
``?refused``, ``?lab`` (the colours of JupyterLab), ``?views`` (two of one model), ``?wide``, and
any control, such as ``?row=3&range=[0.2,0.4]``.
"""

from __future__ import annotations

import base64
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    out = HERE / "build"
    out.mkdir(exist_ok=True)
    script = (HERE.parents[1] / "wam_widgets" / "static" / "gallery.js").read_bytes()
    page = (HERE / "gallery.html").read_text()
    text = base64.b64encode(script).decode("ascii")
    (out / "gallery.html").write_text(page.replace("__SCRIPT__", text))
    print(out / "gallery.html")


if __name__ == "__main__":
    main()
