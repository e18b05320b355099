"""Planted truth: the model reads what it is said to read, and the scores are closed forms."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import Linear, explain, random
from wam_widgets.entries import MapEntry
from wam_widgets.metrics.planted import STRENGTH, Planted, SubbandReader, plant
from wam_widgets.metrics.truth import average_precision, precision, recall, recovery, relevant

SMALL = {
    "image": {"space": (32, 32), "basis": wam.Basis("haar", 2)},
    "audio": {"space": (256,), "basis": wam.Basis("haar", 4)},
    "volume": {"space": (16, 16, 16), "basis": wam.Basis("haar", 2)},
}


@pytest.fixture(params=list(SMALL))
def planted(request: pytest.FixtureRequest) -> Planted:
    return plant(request.param, 4, dtype=torch.float64, **SMALL[request.param])


def explained(planted: Planted, method: str, **options: object) -> wam.Explanation:
    return wam.explain(
        planted.model, planted.signal, planted.classes.tolist(), method,
        show_progress=False, **planted.settings, **options,
    )  # fmt: skip


def attribution(values: Tensor, x: Tensor | None = None) -> wam.Attribution:
    """Return an attribution of a picture with these values, ``[N, K]``, in Haar, level 1."""
    x = random(len(values), 1, 4, 4) if x is None else x
    e = explain(Linear(random(2, 1, 4, 4)), x, method="saliency")
    basis = wam.Basis("haar", 1)
    found = MapEntry("given", "predicted", e.entry.classes, values, e.entry.output, "basis", basis)
    return e.with_maps([found]).at(basis, method="given")


def evidence_at(places: list[int], energy: list[float]) -> Tensor:
    """Return one picture whose coefficients in Haar, level 1, are zero but for these."""
    basis = wam.Basis("haar", 1)
    template = basis.analyse(torch.zeros(1, 1, 4, 4, dtype=torch.float64))
    flat = template.flatten()
    flat[0, places] = torch.tensor(energy, dtype=torch.float64).sqrt()
    return basis.synthesise(template.unflatten(flat))


def test_the_model_reads_the_planted_subband_only(planted: Planted) -> None:
    alone = planted.model(planted.evidence)
    expected = torch.zeros_like(alone).scatter_(1, planted.classes.unsqueeze(1), STRENGTH)
    assert torch.allclose(alone, expected, atol=1e-2)
    assert torch.equal(planted.model(planted.signal).argmax(1), planted.classes)
    assert len(set(zip(planted.scales, planted.orientations, strict=True))) > 1
    rest = planted.basis.analyse(planted.evidence).flatten()[~planted.truth()]
    assert float(rest.abs().max()) < 1e-12


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients"])
def test_a_method_that_is_right_finds_everything(planted: Planted, method: str) -> None:
    e = explained(planted, method, objective="logit", n_steps=8)
    a = e.at(planted.basis)
    # z² / ‖z‖ for each coefficient of the subband that is read, nothing elsewhere.
    flat = a.coefficients.flatten()
    assert isinstance(planted.model, SubbandReader)
    for i, label in enumerate(planted.classes.tolist()):
        scale, name = planted.model.reads[label]
        mine = a.coefficients.details[a.basis.level - scale][name][i].flatten()
        found = a.values.details[a.basis.level - scale][name][i].flatten()
        assert torch.allclose(found, mine.square() / mine.norm(), atol=1e-3)
        total = a.values.flatten()[i].sum()
        assert torch.allclose(total, mine.norm(), atol=1e-2) and total < flat[i].square().sum()
    assert torch.equal(
        average_precision(a, planted.evidence, "signed", 1.0), torch.ones(4).double()
    )
    assert torch.equal(precision(a, planted.evidence, None, "signed", 1.0), torch.ones(4).double())
    assert bool((recovery(a, planted.evidence, "signed") > 0.95).all())
    assert torch.equal(relevant(a, planted.evidence, 1 - 1e-9), planted.truth())


def test_a_wrong_method_finds_little(planted: Planted) -> None:
    e = explained(planted, "saliency", objective="logit")
    a = e.at(planted.basis)
    chance = relevant(a, planted.evidence).double().mean(1)
    wrong = replace(e.entry, gradient=-e.entry.gradient)
    worst = replace(e, entries={(e.method, e.target): wrong}).at(planted.basis)
    assert bool((average_precision(worst, planted.evidence, "signed") <= chance).all())
    # The other patch is stronger: what is loud, or bright, is not what is read.
    largest = replace(e.entry, gradient=e.signal)
    blind = replace(e, entries={(e.method, e.target): largest}).at(planted.basis)
    assert bool((average_precision(blind, planted.evidence, "signed") < 0.6).all())
    assert bool((recovery(blind, planted.evidence, "signed") < 0.75).all())


def test_relevant_is_the_smallest_set_that_holds_the_share() -> None:
    a = attribution(random(1, 16))
    evidence = evidence_at([2, 7, 11], [0.6, 0.25, 0.15])
    for share, wanted in ((0.5, [2]), (0.6, [2]), (0.7, [2, 7]), (0.9, [2, 7, 11])):
        assert torch.nonzero(relevant(a, evidence, share)[0]).flatten().tolist() == wanted


def test_precision_and_recall_by_hand() -> None:
    values = torch.zeros(1, 16, dtype=torch.float64)
    values[0, [3, 2, 5, 7]] = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    evidence = evidence_at([2, 7], [0.5, 0.5])
    a = attribution(values)
    # The order is 3, 2, 5, 7: precision 1/2 where the first relevant one comes, then 2/4.
    assert average_precision(a, evidence, "signed").item() == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert precision(a, evidence, None, "signed").item() == 0.5
    assert recall(a, evidence, None, "signed").item() == 0.5
    assert precision(a, evidence, 4 / 16, "signed").item() == 0.5
    assert recall(a, evidence, 4 / 16, "signed").item() == 1.0
    assert recall(a, evidence, 0.0, "signed").item() == precision(a, evidence, 0.0).item() == 0.0
    # All signs turned: by value the relevant ones come last, by magnitude as before.
    turned = attribution(-values)
    assert average_precision(turned, evidence, "magnitude").item() == pytest.approx(0.5)
    last = average_precision(turned, evidence, "signed").item()
    assert last == pytest.approx((1 / 13 + 2 / 15) / 2)


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0])
def test_a_constant_attribution_is_chance(value: float) -> None:
    a = attribution(torch.full((1, 16), value, dtype=torch.float64))
    evidence = evidence_at([0, 1, 8, 12], [1, 1, 1, 1])
    assert average_precision(a, evidence, "signed").item() == pytest.approx(4 / 16)
    for keep in (None, 0.5, 1.0):
        assert precision(a, evidence, keep, "signed").item() == pytest.approx(4 / 16)
    assert recall(a, evidence, 0.5, "signed").item() == pytest.approx(0.5)
    assert bool(torch.isfinite(recovery(a, evidence)).all())


def test_scores_do_not_change_with_a_positive_factor(planted: Planted) -> None:
    e = explained(planted, "saliency")
    twice = replace(e.entry, gradient=3 * e.entry.gradient)
    other = replace(e, entries={(e.method, e.target): twice})
    for score in (average_precision, precision, recovery):
        assert torch.allclose(
            score(e.at(planted.basis), planted.evidence),
            score(other.at(planted.basis), planted.evidence),
        )


def test_a_map_of_the_signal_is_scored_by_its_places() -> None:
    x = torch.zeros(1, 2, 4, 4, dtype=torch.float64)
    x[0, :, 1, 2] = 3.0
    x[0, :, 3, 3] = 1.0
    evidence = torch.zeros_like(x)
    evidence[0, :, 1, 2] = 3.0
    right = explain(Linear(torch.stack([x[0], -x[0]])), x, method="saliency").signal_map()
    assert average_precision(right, evidence).item() == 1.0
    assert recovery(right, evidence).item() == pytest.approx(1.0)
    wrong = explain(Linear(torch.stack([-x[0], x[0]])), x, target=0, method="saliency").signal_map()
    assert average_precision(wrong, evidence, "signed").item() == pytest.approx(1 / 16)
    assert average_precision(wrong, evidence, "magnitude").item() == 1.0


def test_bad_input() -> None:
    a = attribution(random(1, 16))
    with pytest.raises(ValueError, match="evidence is zero"):
        relevant(a, torch.zeros(1, 1, 4, 4))
    with pytest.raises(ValueError, match="evidence has shape"):
        average_precision(a, torch.zeros(1, 1, 4, 5))
    with pytest.raises(ValueError, match="share is 0"):
        relevant(a, torch.ones(1, 1, 4, 4), 0.0)
    with pytest.raises(ValueError, match="modality is 'text'"):
        plant("text")
    with pytest.raises(ValueError, match="space is"):
        plant("volume", space=(16, 16))
    with pytest.raises(ValueError, match="less than 4 coefficients"):
        plant("audio", space=(32,), basis=wam.Basis("haar", 4))
    loud = explain(
        Linear(random(2, 1, 16)),
        random(1, 1, 16),
        front_end=torch.nn.Identity(),
        sample_rate=8000.0,
    )
    with pytest.raises(ValueError, match="front end"):
        average_precision(loud.feature_map(), torch.ones(1, 1, 16))
