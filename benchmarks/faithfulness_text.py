"""The faithfulness table as Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from benchmarks.faithfulness_rows import NAME as SIG
from benchmarks.faithfulness_rows import ROWS
from benchmarks.faithfulness_sets import FEW_SHARES, KNOWN, OF_MODALITY, PASSES, REAL, SHARES
from wam_widgets.metrics import Interval, bootstrap

SECTION = {
    "published: \\|Pg\\|, SmoothGrad of the logit, Haar, level 3": [
        "SmoothGrad of the logit | haar, 3 | |Pg|"
    ],
    "published, each subband divided by its largest": [
        "SmoothGrad of the logit | haar, 3 | |Pg| per subband"
    ],
    "pixels, samples, voxels: best of all methods": [
        f"{name} | signal | {order}"
        for name in (SIG, "SmoothGrad", "integrated gradients", "saliency × input",
                     "GradientSHAP", "guided backpropagation", "grad_cam", "layer_cam",
                     "guided_grad_cam", "lrp", "occlusion")
        for order in ("signed", "magnitude", "default")
    ],
    "z ⊙ Pg signed, SmoothGrad of the logit": ["SmoothGrad of the logit | own | signed"],
    "z ⊙ Pg signed, smooth integrated gradients": [f"{SIG} | own | signed"],
    "z ⊙ Pg by magnitude, smooth integrated gradients": [f"{SIG} | own | magnitude"],
    "by \\|z\\|: no model at all": ["no model | own | energy"],
    "by chance": ["no model | own | chance"],
}  # fmt: skip
"""Section 7 of the design: the best of these rows by faithfulness."""
PAIRS = (
    ("wavelets − pixels, signed", 0, f"{SIG} | own | signed", f"{SIG} | signal | signed"),
    (
        "wavelets − samples, by magnitude",
        1,
        f"{SIG} | own | magnitude",
        f"{SIG} | signal | magnitude",
    ),
    ("wavelets − voxels, signed", 2, f"{SIG} | own | signed", f"{SIG} | signal | signed"),
    ("signed − magnitude, photographs", 0, f"{SIG} | own | signed", f"{SIG} | own | magnitude"),
    ("signed − magnitude, sounds", 1, f"{SIG} | own | signed", f"{SIG} | own | magnitude"),
    ("signed − magnitude, volumes", 2, f"{SIG} | own | signed", f"{SIG} | own | magnitude"),
    ("magnitude − \\|z\\|, photographs", 0, f"{SIG} | own | magnitude", "no model | own | energy"),
    ("magnitude − \\|z\\|, sounds", 1, f"{SIG} | own | magnitude", "no model | own | energy"),
    (
        "log-probability − logit, photographs",
        0,
        f"{SIG} | own | signed",
        f"{SIG} of the logit | own | default",
    ),
    (
        "log-probability − logit, sounds",
        1,
        f"{SIG} | own | magnitude",
        f"{SIG} of the logit | own | default",
    ),
    (
        "log-probability − logit, volumes",
        2,
        f"{SIG} | own | signed",
        f"{SIG} of the logit | own | default",
    ),
    (
        "with the path − SmoothGrad, photographs",
        0,
        f"{SIG} | own | signed",
        "SmoothGrad | own | signed",
    ),
    (
        "with the path − SmoothGrad, volumes",
        2,
        f"{SIG} | own | signed",
        "SmoothGrad | own | signed",
    ),
    (
        "with noise − without, photographs",
        0,
        f"{SIG} | own | signed",
        "integrated gradients | own | signed",
    ),
    (
        "with noise − without, sounds",
        1,
        f"{SIG} | own | magnitude",
        "integrated gradients | own | magnitude",
    ),
    (
        "with noise − without, volumes",
        2,
        f"{SIG} | own | signed",
        "integrated gradients | own | signed",
    ),
    (
        "noise of 0.02 − 0.1, volumes",
        2,
        f"{SIG}, noise 0.02 | own | default",
        f"{SIG} | own | signed",
    ),
    (
        "Haar, level 5 − db4, level 2, volumes",
        2,
        f"{SIG}, bases | haar, 5 | default",
        f"{SIG} | own | signed",
    ),
    (
        "db2, level 3 − db4, level 2, volumes",
        2,
        f"{SIG}, bases | db2, 3 | default",
        f"{SIG} | own | signed",
    ),
    (
        "Haar, level 5, noise 0.02 − db4, level 2, 0.1, volumes",
        2,
        f"{SIG}, noise 0.02, other bases | haar, 5 | default",
        f"{SIG} | own | signed",
    ),
    (
        "db2, level 3, noise 0.02 − db4, level 2, 0.1, volumes",
        2,
        f"{SIG}, noise 0.02 | own | default",
        f"{SIG} | own | signed",
    ),
    (
        "Haar, level 5, noise 0.02 − \\|z\\|, volumes",
        2,
        f"{SIG}, noise 0.02, other bases | haar, 5 | default",
        "no model | own | energy",
    ),
)
"""Label, modality, and two rows: the difference of the first and the second."""
READING = Path(__file__).resolve().parent / "faithfulness_reading.md"
TITLES = {"image": "Photographs", "audio": "Sounds", "volume": "Volumes"}
DEFAULTS = {
    "image": ("smooth integrated gradients | own | signed",),
    "audio": ("smooth integrated gradients | own | magnitude",),
    "volume": ("smooth integrated gradients, noise 0.02 | own | default",),
}
HEAD = (
    "method", "place", "ranking", "insertion", "deletion", "**faithfulness**",
    "faithfulness, noise", "overshoot", "known: faithfulness", "known: precision",
    "known: recovery", "planted: precision", "planted: recovery",
)  # fmt: skip
MADE = f"""# Faithfulness and truth

Made by `python -m benchmarks.faithfulness --data FOLDER` on the CPU; what `FOLDER` holds stands in
[models/README.md](models/README.md). Each row is an attribution: a method, the place where it is
looked at (a wavelet basis, the pixels, samples or voxels themselves, or the mel spectrogram), and
the order in which coefficients or places are ranked.

- **insertion, deletion, faithfulness** (insertion − deletion): area under the probability of the
  class over the share of coefficients or places kept or removed, {len(SHARES)} shares, zero
  baseline, mean over {REAL} held-out inputs of real data, explained for the predicted class.
  Faithfulness has its 95 % bootstrap interval over the inputs.
- **faithfulness, noise**: the same with what is removed replaced by noise that has the mean and the
  standard deviation of its subband, {len(FEW_SHARES)} shares.
- **overshoot**: area by which the insertion curve lies above the probability at the whole input.
- **known**: {KNOWN} inputs for the embedded classifiers in which it is known what speaks for the
  class (faithfulness with {len(FEW_SHARES)} shares). *Precision* is the average precision (area
  under precision and recall) against the smallest set of coefficients, or places, that holds 90 %
  of the energy of that evidence; *recovery* the largest cosine between the evidence and what is
  kept of the signal, over shares.
- **planted**: the same for {KNOWN} inputs of `wam.metrics.plant` and a model that is a formula.

Passes of the model: {PASSES} for each method with noise or a path. WCAM has 64 regions and 4
samples (264 passes), CartoonX 40 steps of one sample: less than their authors took. An empty cell:
not measured, or not possible (see the end). The row in **bold** is the
default of this package, see "Defaults".
"""


def written(folder: Path) -> str:
    """Return the page: how it was made, what it says, and the tables."""
    parts = [MADE, READING.read_text(encoding="utf-8") if READING.exists() else ""]
    stores = {name: _store(folder, name) for names in OF_MODALITY.values() for name in names}
    parts += [_summary(stores), _pairs(stores)]
    missing: list[str] = []
    for modality, names in OF_MODALITY.items():
        chosen = [stores[name] for name in names]
        parts.append(f"## {TITLES[modality]}: every row\n\n" + _table(modality, chosen))
        for name in names:
            for key, row in stores[name].items():
                if "error" in row:
                    reason = str(row["error"]).splitlines()[0][:200]
                    missing.append(f"- {name}, {key.split(' | ')[0]}: {reason}")
    if missing:
        parts.append("## Not possible\n\n" + "\n".join(dict.fromkeys(missing)) + "\n")
    return "\n".join(part.strip() + "\n" for part in parts if part)


def _summary(stores: dict[str, dict[str, Any]]) -> str:
    """Return section 7 of the design, measured anew: zero baseline, then noise in brackets."""
    real = [names[0] for names in OF_MODALITY.values()]
    lines = ["## Section 7 of the design, anew", ""]
    lines += ["Faithfulness with the zero baseline, and with matched noise in brackets.", ""]
    lines += ["| | " + " | ".join(TITLES.values()) + " |", "|" + "---|" * 4]
    for label, keys in SECTION.items():
        cells = []
        for name in real:
            found = [
                (zero.mean, noise.mean)
                for key in keys
                if (zero := _interval(stores[name], key, "faithfulness")) is not None
                and (noise := _interval(stores[name], key, "noise")) is not None
            ]
            cells.append("{:.2f} ({:.2f})".format(*max(found)).replace("-", "−") if found else "")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _pairs(stores: dict[str, dict[str, Any]]) -> str:
    """Return paired differences on the same inputs."""
    lines = ["## Differences on the same inputs", ""]
    lines += [
        "Of faithfulness, with 95 % intervals; real data, then inputs with a known truth.",
        "",
    ]
    lines += [
        "| | zero baseline | matched noise | known truth, zero baseline |",
        "|---|---|---|---|",
    ]
    for label, which, first, second in PAIRS:
        real, known, _ = list(OF_MODALITY.values())[which]
        wanted = ((real, "faithfulness"), (real, "noise"), (known, "faithfulness"))
        cells = [_difference(stores[name], first, second, metric) for name, metric in wanted]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _difference(store: dict[str, Any], first: str, second: str, metric: str) -> str:
    pair = [store.get(key, {}).get("scores", {}).get(metric) for key in (first, second)]
    if None in pair:
        return ""
    a, b = (torch.tensor(values, dtype=torch.float64) for values in pair)
    return str(bootstrap(a - b)[0])


def _store(folder: Path, name: str) -> dict[str, Any]:
    file = folder / f"{name.replace(' ', '_')}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def _table(modality: str, stores: list[dict[str, Any]]) -> str:
    keys = [
        line.key(place, order)
        for line in ROWS[modality]
        for place in line.places
        for order in line.rankings
        if any("scores" in store.get(line.key(place, order), {}) for store in stores)
    ]

    def first(key: str) -> float:
        found = _interval(stores[0], key, "faithfulness")
        return -2.0 if found is None else found.mean

    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += [_line(modality, key, stores) for key in sorted(keys, key=first, reverse=True)]
    return "\n".join(lines)


def _line(modality: str, key: str, stores: list[dict[str, Any]]) -> str:
    real, known, planted = stores
    row = next(s[key] for s in stores if "scores" in s.get(key, {}))
    ranking = row["ranking"]
    wanted = [
        (real, "insertion", False), (real, "deletion", False), (real, "faithfulness", True),
        (real, "noise", True), (real, "overshoot", False), (known, "faithfulness", False),
        (known, "precision", False), (known, "recovery", False), (planted, "precision", False),
        (planted, "recovery", False),
    ]  # fmt: skip
    cells = [key.split(" | ")[0], row["place"], ranking.replace("|", "\\|")]
    for store, metric, whole in wanted:
        found = _interval(store, key, metric)
        text = "" if found is None else str(found) if whole else f"{found.mean:.2f}"
        cells.append(text.replace("-", "−") if found is not None else "")
    if key in DEFAULTS[modality]:
        cells = [f"**{cell}**" if cell else "" for cell in cells]
    return "| " + " | ".join(cells) + " |"


def _interval(store: dict[str, Any], key: str, metric: str) -> Interval | None:
    scores = store.get(key, {}).get("scores", {})
    if metric not in scores:
        return None
    return bootstrap(torch.tensor(scores[metric], dtype=torch.float64))[0]
