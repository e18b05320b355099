"""Make a page on which the widget can be looked at, with a kernel that is only played.

``python js/dev/page.py`` writes ``js/dev/build/page.html``. The query string chooses a state:
``?first`` (nothing computed yet), ``?fail``, ``?gone``, ``?slow``, ``?batch``, ``?tiny``,
``?constant``, ``?zero``, ``?audio``, ``?views`` (two views of one model), ``?lab`` and ``?vscode`` (the colours
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


def sound(seconds: float = 5.0, rate: int = 44100) -> dict[str, Any]:
    """The payload of a made-up sound: a hum, a rising tone and clicks in noise."""
    time = torch.arange(int(seconds * rate)) / rate
    rising = torch.sin(2 * np.pi * (400 + 300 * time) * time) * torch.exp(
        -(((time - 2.5) / 0.8) ** 2)
    )
    clicks = torch.zeros_like(time)
    clicks[rate // 5 :: rate // 2] = 1.0
    noise = 0.02 * torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    x = 0.1 * torch.sin(2 * np.pi * 100 * time) + 0.3 * rising + clicks + noise
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv1d(1, 16, 64, stride=16),
        torch.nn.GELU(),
        torch.nn.Conv1d(16, 16, 16, stride=4),
        torch.nn.GELU(),
        torch.nn.AdaptiveAvgPool1d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 3),
    ).eval()
    options = {"show_progress": False, "n_samples": 4, "n_steps": 4}
    found = wam.explain(
        net,
        x[None, None],
        method=METHODS,
        sample_rate=rate,
        class_names=("hum", "chirp", "clicks"),
        **options,
    )
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
        "audio": sound(),
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
