"""One offline HTML file: the front end, its data and nothing else.

The file asks for nothing: no script, style, font or picture comes from elsewhere, and its content
security policy keeps it so. The same explanation gives the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import os
import re
import secrets
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import wam_widgets
from wam_widgets.explanation import Explanation
from wam_widgets.gradients import methods
from wam_widgets.widgets.controls import CONTROLS
from wam_widgets.widgets.explorer import front_end
from wam_widgets.widgets.payload import default_controls, payload
from wam_widgets.widgets.sizes import check_size

__all__ = ["page", "to_html"]


def to_html(
    explanation: Explanation,
    path: str | Path,
    title: str | None = None,
    controls: Mapping[str, Any] | None = None,
) -> Path:
    """Write an explanation as one HTML file that stays interactive without kernel or network.

    Parameters
    ----------
    explanation : Explanation
        All its methods, targets and curves go into the file.
    path : str or Path
        Where to; a file that exists is replaced, and only once the new one is complete.
    title : str, optional
        Title of the page.
    controls : mapping, optional
        What the controls are at first, by the names of the traits of
        :class:`wam_widgets.Explorer`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the explanation is empty or a control does not exist.
    FileNotFoundError
        If the folder does not exist, or the front end was not built.
    """
    target = Path(path).expanduser()
    if target.is_dir():
        raise IsADirectoryError(f"path is {str(path)!r}: a folder; it must be a file name")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"path is {str(path)!r}: the folder {target.parent} does not exist")
    _write(target, page(explanation, title, controls).encode())
    return target


def page(
    explanation: Explanation,
    title: str | None = None,
    controls: Mapping[str, Any] | None = None,
) -> str:
    """Return the text of the file that :func:`to_html` writes; the same parameters."""
    check_size(explanation)
    if not explanation.entries:
        raise ValueError("explanation is empty: there is nothing to show yet")
    chosen = {**default_controls(explanation), **(controls or {})}
    unknown = [name for name in chosen if name not in CONTROLS]
    if unknown:
        raise ValueError(f"controls has {unknown[0]!r}: the names are {', '.join(CONTROLS)}")
    data = payload(explanation, title)
    script = _inline(front_end("report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return _PAGE.format(
        policy=html.escape(_POLICY.format(digest=digest)),
        version=html.escape(wam_widgets.__version__),
        title=html.escape(data["title"]),
        facts=" · ".join(map(html.escape, _facts(explanation, chosen, data["reduced"]))),
        versions=html.escape(_versions()),
        style=_STYLE,
        data=_pack({"payload": data, "state": chosen}),
        script=script,
    )


def _facts(explanation: Explanation, controls: Mapping[str, Any], reduced: int) -> list[str]:
    """Return what the file shows at first and what it holds, in words."""
    count = len(explanation)
    facts = _what(explanation)
    if reduced > 1:
        facts.append(f"shown {reduced} × smaller")
    order = {name: place for place, name in enumerate(methods())}
    names = sorted(explanation.methods, key=lambda name: order.get(name, len(order)))
    facts.append(", ".join(name.replace("_", " ") for name in names))
    labels = []
    for method, target in explanation.entries:
        label = explanation.select(method, target).label(0)
        if count > 1 and target in ("predicted", "per_sample"):
            label = "the predicted class" if target == "predicted" else "a class for each"
        if label not in labels:
            labels.append(label)
    facts.append("explained: " + ", ".join(labels))
    facts.append(f"opens in {controls['family']}, level {controls['level']}")
    return facts


def _what(explanation: Explanation) -> list[str]:
    """Return what is explained, and its size: length, rate, channels of a sound; voxel size."""
    kind = {"image": "image", "audio": "sound", "volume": "volume"}[explanation.modality]
    count = len(explanation)
    noun = kind.capitalize() if count == 1 else f"{count} {kind}s"
    rate = explanation.sample_rate
    if explanation.modality != "audio" or rate is None:
        facts = [f"{noun} {' × '.join(map(str, explanation.space))}"]
        if explanation.spacing is not None and explanation.modality == "volume":
            facts.append(f"voxels {' × '.join(f'{v:.4g}' for v in explanation.spacing)} mm")
        return [*facts, explanation.orientation] if explanation.orientation else facts
    seconds = explanation.space[0] / rate
    length = f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
    hertz = f"{rate / 1000:.6g} kHz" if rate >= 1000 else f"{rate:.6g} Hz"
    channels = explanation.signal.shape[1]
    known = {1: "mono", 2: "stereo"}
    each = "" if count == 1 else " each"
    return [f"{noun} of {length}{each}", hertz, known.get(channels, f"{channels} channels")]


def _versions() -> str:
    packages = {"torch": "PyTorch", "ptwt": "ptwt", "PyWavelets": "PyWavelets", "numpy": "NumPy"}
    numbers = [f"{name} {version(package)}" for package, name in packages.items()]
    return ", ".join([f"wam_widgets {wam_widgets.__version__}", *numbers])


def _pack(content: Mapping[str, Any]) -> str:
    """Return base64 of gzip of JSON, in which bytes are base64 themselves."""
    text = json.dumps(content, default=_as_base64, separators=(",", ":"), allow_nan=False)
    # No time stamp: the same data must give the same file.
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")


def _as_base64(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a {type(value).__name__} cannot be written into the file")


def _inline(script: str) -> str:
    """Return a script that cannot end the element it stands in, and hashes as a browser reads it.

    Both rewritten sequences can only stand in strings, where the escapes mean the same.
    """
    script = script.replace("\r\n", "\n").replace("\r", "\n").replace("<!--", r"\x3c!--")
    return re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE)


def _write(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader sees the old one or the new one, never a part."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


# The script may run because of its digest, its worker because it is a blob; nothing may load.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{digest}' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --muted: #5f6670; --ground: #f4f5f7;
  --surface: #fff; --line: #dfe2e6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --muted: #9aa2ad;
  --ground: #131518; --surface: #1b1e22; --line: #2c3036; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 24px 16px; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 1080px; margin: 0 auto; }
h1 { margin: 0; font-size: 20px; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; }
header p { margin: 4px 0 16px; color: var(--muted); overflow-wrap: anywhere; }
main { padding: 16px; background: var(--surface); border: 1px solid var(--line);
  border-radius: 8px; }
footer { margin-top: 16px; color: var(--muted); font-size: 12px; }
@media print { body { padding: 0; background: none; } main { border: 0; padding: 0; } }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="wam_widgets {version}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{facts}</p>
</header>
<main>
<div class="wam-explorer" data-source="wam-data-0"></div>
<noscript>This page needs JavaScript. It runs without a network and sends nothing.</noscript>
</main>
<footer>Everything is in this file: it works offline and sends nothing. Made with {versions}.
</footer>
<script type="application/json" id="wam-data-0">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
