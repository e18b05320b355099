"""Make a page on which the widget can be looked at, with a kernel that is only played.

``python js/dev/page.py`` writes ``js/dev/build/page.html``. The query string chooses a state:
``?first`` (nothing computed yet), ``?fail``, ``?gone``, ``?slow``, ``?batch``, ``?tiny``,
``?constant``, ``?zero``, ``?views`` (two views of one model), ``?lab`` and ``?vscode`` (the colours
of these hosts).
"""

from __future__ import annotations

import base64
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import torch

import wam_widgets as wam
from wam_widgets.widgets.payload import payload

HERE = Path(__file__).resolve().parent
METHODS = ["saliency", "smoothgrad", "integrated_gradients", "smooth_integrated_gradients"]


def model() -> torch.nn.Module:
    """A small untrained network: its gradients look like those of a trained one from afar."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 7, stride=2, padding=3),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 5, stride=2, padding=2),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(32, 4),
    ).eval()


def explained(x: np.ndarray, methods: list[str]) -> dict[str, Any]:
    """The payload of some pictures `[N, H, W, 3]`, 0 to 255."""
    signal = torch.tensor(x, dtype=torch.float32).permute(0, 3, 1, 2) / 255
    names = ("cat", "space", "coffee", "launch")
    options = {"show_progress": False, "n_samples": 8, "n_steps": 8, "class_names": names}
    found = wam.explain(model(), signal, method=methods, **options)
    return payload(found)


def pack(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(type(value).__name__)


def main() -> None:
    warnings.simplefilter("ignore")
    cat = skimage.data.chelsea()[30:254, 100:324]
    others = [skimage.data.astronaut()[0:224, 110:334], skimage.data.coffee()[80:304, 180:404]]
    zero = explained(cat[None], METHODS[:1])
    zero["entries"][0]["gradient"]["data"] = bytes(len(zero["entries"][0]["gradient"]["data"]))
    cases = {
        "one": explained(cat[None], METHODS),
        "batch": explained(np.stack([cat, *others]), METHODS[:1]),
        "tiny": explained(cat[None, 60:64, 60:64], METHODS[:2]),
        "constant": explained(np.full((1, 96, 128, 3), 128), METHODS[:2]),
        "zero": zero,
    }
    out = HERE / "build"
    out.mkdir(exist_ok=True)
    page = (HERE / "page.html").read_text()
    data = json.dumps(cases, default=pack)
    script = (HERE.parents[1] / "wam_widgets" / "static" / "widget.js").read_text()
    script = base64.b64encode(script.encode()).decode("ascii")
    (out / "page.html").write_text(page.replace("__DATA__", data).replace("__SCRIPT__", script))
    print(out / "page.html")


if __name__ == "__main__":
    main()
