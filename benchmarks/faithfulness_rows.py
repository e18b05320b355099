"""What the faithfulness table compares, the most important first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

import wam_widgets as wam
from benchmarks.faithfulness_sets import FEW_SHARES
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.curves import area

Place = tuple[str, int] | str | None


@dataclass(frozen=True)
class Line:
    """One method with its settings, at some places, in some orders.

    Attributes
    ----------
    label : str
    settings : mapping
        Of :func:`wam_widgets.explain`, and ``method``.
    places : sequence
        Levels are lowered to what a signal allows.
    rankings : mapping
    metrics : mapping or None
        Instead of those of the data set.
    """

    label: str
    settings: Mapping[str, Any]
    places: Sequence[Place] = (None,)
    rankings: Mapping[str, Any] = field(default_factory=lambda: {"default": None})
    metrics: Mapping[str, Any] | None = None

    def key(self, place: Place, ranking: str) -> str:
        """Return the name of a row in the store."""
        spoken = place if isinstance(place, str) else f"{place[0]}, {place[1]}" if place else "own"
        return f"{self.label} | {spoken} | {ranking}"


def pulled_back(a: wam.Attribution) -> Tensor:
    """|Pg|: what the published code ranks by."""
    return a.pullback.flatten().abs()


def pulled_back_evenly(a: wam.Attribution) -> Tensor:
    """|Pg| divided by the largest of its subband, as the published code does before averaging."""

    def even(values: Tensor) -> Tensor:
        most = values.abs().flatten(1).amax(dim=1).clamp_min(1e-30)
        return values.abs() / most.view(-1, *[1] * (values.ndim - 1))

    return a.pullback.map(even).flatten()


def energy(a: wam.Attribution | SignalMap) -> Tensor:
    """What is large in the signal, whatever the model says."""
    if isinstance(a, wam.Attribution):
        return a.coefficients.flatten().abs()
    return a.explanation.signal.abs().sum(dim=1).flatten(1)


def chance(a: wam.Attribution) -> Tensor:
    """Nothing at all."""
    values = a.values.flatten()
    generator = torch.Generator().manual_seed(0)
    return torch.rand(values.shape, generator=generator)


def weighted(power: float) -> Callable[[wam.Attribution], Tensor]:
    """Return the importance times 2^(power · scale): more than 0 prefers coarse scales."""

    def ranking(a: wam.Attribution) -> Tensor:
        values = a.values
        scale = values.map(torch.ones_like)
        factors = [band.values * 2.0 ** (power * band.scale) for band in scale.subbands()]
        flat = torch.cat([f.flatten(1) for f in factors], dim=1) * values.flatten()
        return flat.abs() if a.explanation.default_ranking == "magnitude" else flat

    return ranking


def together(bases: Sequence[tuple[str, int]], spins: int = 1) -> Callable[..., Tensor]:
    """Return faithfulness of the mean of reconstructions, in several bases or on several grids."""

    def measure(a: wam.Attribution, explainer: wam.Explainer) -> Tensor:
        e = a.explanation
        parts = [e.at(family, _legal(family, level, e)) for family, level in bases] or [a]
        classes = e.entry.classes[:, :1]
        sides: list[list[Tensor]] = [[], []]
        for share in FEW_SHARES:
            kept = torch.stack([p.reconstruct(share, cycle_spins=spins) for p in parts]).mean(0)
            for side, points in zip(sides, (kept, e.signal - kept), strict=True):
                side.append(explainer.classifier.predict(points).gather(1, classes)[:, 0])
        insertion, deletion = (torch.stack(side, dim=1) for side in sides)
        return area(torch.tensor(FEW_SHARES, dtype=torch.float64), insertion - deletion)

    return measure


def _legal(family: str, level: int, explanation: wam.Explanation) -> int:
    from wam_widgets.wavelets import max_level

    return max(1, min(level, max_level(family, explanation.space)))


NAME = "smooth integrated gradients"
SIG = {"method": "smooth_integrated_gradients"}
BOTH = {"signed": "signed", "magnitude": "magnitude"}
# fmt: off
SWEEP: dict[str, list[Place]] = {
    "image": [("haar", 3), ("haar", 6), ("db2", 3), ("db4", 4), ("sym8", 3), ("bior2.2", 4)],
    "audio": [
        ("haar", 5),
        ("haar", 9),
        ("haar", 13),
        ("db2", 9),
        ("db4", 5),
        ("db4", 12),
        ("sym8", 9),
        ("bior2.2", 9),
    ],
    "volume": [("haar", 2), ("haar", 3), ("haar", 5), ("db2", 3), ("db4", 1), ("bior2.2", 2)],
}
# fmt: on
TOGETHER = {
    "image": [("db2", 5), ("haar", 6), ("bior2.2", 4)],
    "audio": [("db4", 9), ("haar", 9), ("sym8", 9)],
    "volume": [("db4", 2), ("haar", 3), ("db2", 3)],
}
NOISE = {"image": (0.02, 0.05, 0.2), "audio": (0.01, 0.02, 0.1), "volume": (0.02, 0.05, 0.2)}
MAPS = ("grad_cam", "layer_cam", "guided_grad_cam", "lrp", "occlusion")


def _of(modality: str) -> list[Line]:
    spots: list[Place] = [None, "signal"]
    lines = [
        Line(NAME, SIG, spots, BOTH),
        Line(
            "SmoothGrad of the logit",
            {"method": "smoothgrad", "objective": "logit"},
            [("haar", 3), None],
            {"|Pg|": pulled_back, "|Pg| per subband": pulled_back_evenly, **BOTH},
        ),
        Line("no model", {"method": "saliency"}, [None], {"energy": energy, "chance": chance}),
        Line("SmoothGrad", {"method": "smoothgrad"}, spots, BOTH),
        Line("integrated gradients", {"method": "integrated_gradients"}, spots, BOTH),
        Line("saliency × input", {"method": "saliency"}, spots),
        Line("GradientSHAP", {"method": "gradient_shap"}, spots),
        Line("guided backpropagation", {"method": "guided_backprop"}, spots),
        *(Line(name, {"method": name}, ["signal"]) for name in MAPS),
        Line(f"{NAME}, bases", SIG, SWEEP[modality]),
        Line(f"{NAME} of the logit", {**SIG, "objective": "logit"}),
        Line(f"{NAME} of the probability", {**SIG, "objective": "probability"}),
        *(
            Line(f"{NAME}, noise {level}", {**SIG, "noise_level": level})
            for level in NOISE[modality]
        ),
        Line(f"{NAME} from a blur", {**SIG, "baselines": "blur"}),
        Line(
            f"{NAME}, weighted",
            SIG,
            [None],
            {"2^(−scale/2)": weighted(-0.5), "2^(scale/2)": weighted(0.5), "2^scale": weighted(1)},
        ),
        Line("WCAM", {"method": "sobol", "n_samples": 4}),
        Line("CartoonX", {"method": "cartoonx", "n_steps": 40, "n_samples": 1}),
        Line("one basis, 6 shares", SIG, metrics={"faithfulness": together([])}),
        Line("4 cycle spins, 6 shares", SIG, metrics={"faithfulness": together([], 4)}),
        Line("three bases, 6 shares", SIG, metrics={"faithfulness": together(TOGETHER[modality])}),
    ]
    if modality == "volume":
        quiet: list[Place] = [("haar", 5), ("db2", 3), "signal"]
        lines.append(Line(f"{NAME}, noise 0.02, other bases", {**SIG, "noise_level": 0.02}, quiet))
        plain = {"method": "integrated_gradients"}
        lines.append(Line("integrated gradients, other bases", plain, quiet, BOTH))
    if modality == "audio":
        lines.insert(5, Line(f"{NAME}, mel", SIG, ["features"], BOTH))
    return lines


ROWS = {modality: _of(modality) for modality in ("image", "audio", "volume")}
