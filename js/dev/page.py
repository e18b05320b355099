"""Make a page on which the widget can be looked at, with a kernel that is only played.

``python js/dev/page.py`` writes ``js/dev/build/page.html``. The query string chooses a state:
``?first`` (nothing computed yet), ``?fail``, ``?gone``, ``?slow``, ``?batch``, ``?tiny``,
``?constant``, ``?zero``; the sounds ``?audio``, ``?mel`` (behind a front end), ``?stereo``,
``?short``, ``?silent`` and ``?sounds`` (a batch); the volumes ``?volume``, ``?cube`` (64³),
``?cube2`` (two channels), ``?volumes`` (a batch), ``?even`` (constant) and ``?unspaced``;
``?exported`` (a file: no kernel), ``?views`` (two views of one model), ``?lab`` and ``?vscode``
(the colours of these hosts).
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
import torch.nn.functional as F
from torch import nn

import wam_widgets as wam
from wam_widgets.widgets.payload import default_controls, payload

HERE = Path(__file__).resolve().parent
METHODS = ["saliency", "smoothgrad", "integrated_gradients", "smooth_integrated_gradients"]


def network(ndim: int, channels: int, classes: int = 3) -> nn.Module:
    """A small untrained network: its gradients look like those of a trained one from afar."""
    torch.manual_seed(0)
    convolution, pool, width, stride = {
        1: (nn.Conv1d, nn.AdaptiveAvgPool1d, 64, 16),
        2: (nn.Conv2d, nn.AdaptiveAvgPool2d, 7, 2),
        3: (nn.Conv3d, nn.AdaptiveMaxPool3d, 5, 2),
    }[ndim]
    return nn.Sequential(
        convolution(channels, 16, width, stride=stride, padding=width // 2),
        nn.GELU(),
        convolution(16, 16, 5, stride=2, padding=2),
        nn.GELU(),
        pool(2),
        nn.Flatten(),
        nn.Linear(16 * 2**ndim, classes),
    ).eval()


def with_maps(found: wam.Explanation) -> wam.Explanation:
    """Add two made-up maps, smooth as Grad-CAM and blocked as occlusion."""
    entry = found.entry
    values = (found.signal * entry.gradient).sum(1, keepdim=True)
    space = values.shape[2:]
    pool = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[len(space)]
    size = max(1, min(space) // 12)
    coarse = pool(values, size)
    made = {
        "grad_cam": F.interpolate(
            pool(values.abs(), size),
            size=space,
            mode={1: "linear", 2: "bilinear", 3: "trilinear"}[len(space)],
        ),
        "occlusion": F.interpolate(coarse, size=space, mode="nearest"),
    }
    maps = [
        wam.entries.MapEntry(name, entry.target, entry.classes, map_, entry.output)
        for name, map_ in made.items()
    ]
    if found.features is not None and found.features.ndim >= 3:
        smooth = F.avg_pool2d(found.feature_attribution().flatten(1, -3).abs(), 9, 1, 4)
        maps[0] = wam.entries.MapEntry(
            "grad_cam", entry.target, entry.classes, smooth, entry.output, "features"
        )
    return found.with_maps(maps)


def explained(x: np.ndarray, methods: list[str]) -> dict[str, Any]:
    """The payload of some pictures `[N, H, W, 3]`, 0 to 255."""
    signal = torch.tensor(x, dtype=torch.float32).permute(0, 3, 1, 2) / 255
    names = ("cat", "space", "coffee", "launch")
    options = {"show_progress": False, "n_samples": 8, "n_steps": 8, "class_names": names}
    found = wam.explain(network(2, 3, 4), signal, method=methods, **options)
    return payload(with_maps(found) if len(methods) > 1 and min(x.shape[1:3]) > 16 else found)


def scene(seconds: float, rate: int) -> torch.Tensor:
    """A made-up sound: a hum, a rising tone and clicks in noise."""
    time = torch.arange(int(seconds * rate)) / rate
    middle = seconds / 2
    rising = torch.sin(2 * np.pi * (400 + 300 * time) * time)
    rising = rising * torch.exp(-(((time - middle) / (0.16 * seconds)) ** 2))
    clicks = torch.zeros_like(time)
    clicks[rate // 5 :: rate // 2] = 0.9
    noise = 0.02 * torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    return 0.1 * torch.sin(2 * np.pi * 100 * time) + 0.3 * rising + clicks + noise


def sound(x: torch.Tensor, rate: int, methods: list[str], mel: bool = False) -> dict[str, Any]:
    """The payload of some sounds `[N, C, T]`, and the controls that they start with."""
    found = wam.explain(
        network(2 if mel else 1, x.shape[1]),
        x,
        method=methods,
        sample_rate=rate,
        front_end=wam.front_ends.LogMel(rate, n_fft=1024, n_mels=64) if mel else None,
        class_names=("hum", "chirp", "clicks"),
        show_progress=False,
        n_samples=4,
        n_steps=4,
    )
    if x.shape[-1] > 1000:
        found = with_maps(found)
    return {**payload(found), "controls": default_controls(found)}


def sounds() -> dict[str, dict[str, Any]]:
    """Sounds of several kinds by the query that shows them."""
    long, short = scene(5.0, 44100), scene(2.0, 16000)
    other = short.flip(0) * 0.5
    return {
        "audio": sound(long[None, None], 44100, METHODS),
        "mel": sound(long[None, None], 44100, METHODS[1:3], mel=True),
        "stereo": sound(torch.stack([short, other])[None], 16000, METHODS[:2], mel=True),
        "short": sound(short[None, None, 3190:3230], 16000, METHODS[:2]),
        "silent": sound(torch.zeros(1, 1, 16000), 16000, METHODS[:2]),
        "sounds": sound(torch.stack([short, other, 0.1 * short])[:, None], 16000, METHODS[:2]),
    }


SPACING = (1.5, 1.0, 0.8)


def solids(size: tuple[int, int, int], spacing: tuple[float, float, float]) -> torch.Tensor:
    """A sphere, a torus and a rod in a volume `[D, H, W]` of about 50 mm, from 0 to 1.

    Each is somewhere else, so that a mirrored or turned picture shows.
    """
    axes = [(torch.arange(n) + 0.5) / n for n in size]
    # Fractions of each axis; distances in mm.
    d, h, w = torch.meshgrid(*axes, indexing="ij")
    long = [n * mm for n, mm in zip(size, spacing, strict=True)]

    def away(*centre: float) -> list[torch.Tensor]:
        places = zip((d, h, w), centre, long, strict=True)
        return [(place - middle) * mm for place, middle, mm in places]

    def soft(distance: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(-distance / 0.6)

    z, y, x = away(0.3, 0.3, 0.28)
    sphere = soft(torch.sqrt(z**2 + y**2 + x**2) - 7)
    z, y, x = away(0.55, 0.66, 0.62)
    torus = soft(torch.hypot(torch.hypot(y, x) - 9, z) - 3)
    z, y, x = away(0.5, 0.16, 0.75)
    rod = soft(torch.maximum(torch.hypot(y, x) - 2.5, abs(z) - 0.4 * long[0]))
    noise = 0.03 * torch.randn(size, generator=torch.Generator().manual_seed(0))
    return (sphere + 0.75 * torus + 0.5 * rod + noise).clamp(0, 1)


def volume(
    x: torch.Tensor,
    spacing: tuple[float, float, float] | None,
    orientation: str | None = None,
    methods: int = 2,
) -> dict[str, Any]:
    """The payload of some volumes `[N, C, D, H, W]`, and the controls that they start with."""
    found = wam.explain(
        network(3, x.shape[1]),
        x,
        method=METHODS[-methods:],
        spacing=spacing,
        class_names=("sphere", "torus", "rod"),
        show_progress=False,
        n_samples=4,
        n_steps=4,
    )
    found = with_maps(found)
    known = {"spacing": spacing, "orientation": orientation}
    return {**payload(found), **known, "controls": default_controls(found)}


def volumes() -> dict[str, dict[str, Any]]:
    """Volumes of several kinds by the query that shows them."""
    thick = solids((32, 48, 60), SPACING)
    cube = solids((64, 64, 64), (0.8, 0.8, 0.8))
    return {
        "volume": volume(thick[None, None], SPACING, "SPL"),
        "cube": volume(cube[None, None], (0.8, 0.8, 0.8), "RAS"),
        "cube2": volume(torch.stack([cube, cube.flip(0)])[None], (0.8, 0.8, 0.8)),
        "volumes": volume(torch.stack([thick, thick.flip(1), 1 - thick])[:, None], SPACING),
        "even": volume(torch.full((1, 1, 24, 32, 40), 0.4), (1.0, 1.0, 1.0)),
        "unspaced": volume(thick[None, None], None),
    }


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
        **sounds(),
        **volumes(),
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
