"""Comparison of bases by what the model says: the right one wins, one batch for each basis."""

from __future__ import annotations

import pytest
import torch

import wam_widgets as wam
from tests.models import Linear, Recorder, convolutional, explain, random

FAMILIES = ["haar", "db2", "db4"]


def planted(space: tuple[int, ...], basis: wam.Basis) -> tuple[wam.Explanation, Recorder]:
    """Return the explanation of what one coefficient draws, to a model that looks for just this.

    In every basis the elements add squares, so the one in which they are fewest wins.
    """
    z = basis.analyse(torch.zeros(1, 1, *space, dtype=torch.float64))
    centre = tuple(n // 2 for n in z.approximation.shape[2:])
    z.approximation[(0, 0, *centre)] = 1
    x = basis.synthesise(z)
    model = Recorder(Linear(torch.cat([x, -x])))
    e = explain(model, x, target=0, method="saliency", objective="logit")
    model.seen.clear()
    return e, model


@pytest.mark.parametrize("space", [(400,), (40, 44), (14, 13, 13)])
@pytest.mark.parametrize("criterion", ["faithfulness", "insertion", "deletion"])
def test_the_basis_of_the_model_is_the_most_faithful(
    space: tuple[int, ...], criterion: str
) -> None:
    wanted = wam.Basis("db2", 2)
    e, model = planted(space, wanted)
    progress: list[tuple[int, int]] = []
    sweep = e.best_basis(
        criterion, FAMILIES, [1, 2, 3], model=model, ranking="signed", output="logit",
        progress=lambda done, total: progress.append((done, total)),
    )  # fmt: skip
    assert sweep.best == wanted
    assert sweep.criterion == criterion
    bases = len(sweep.table)
    assert progress == [(i + 1, bases) for i in range(bases)]
    # 16 inputs for each basis: 8 shares, kept and removed, of which both ends are one.
    assert sum(map(len, model.seen)) == 16 * bases


def test_scores_are_those_of_the_metrics() -> None:
    model, x = convolutional(2), random(3, 2, 20, 24)
    e = explain(model, x, method="saliency")
    options = {"baseline": "noise", "steps": 6, "seed": 2}
    for criterion, sign in (("faithfulness", 1), ("insertion", 1), ("deletion", -1)):
        sweep = e.best_basis(criterion, ["haar"], [1, 2], model=model, **options)
        metric = getattr(wam.metrics, criterion)
        for basis, found in sweep.table:
            wanted = sign * float(metric(e.at(basis), model, **options).mean())
            assert found == pytest.approx(wanted, abs=1e-12)
        values = [found for _, found in sweep.table]
        assert values == sorted(values, reverse=True)
    assert sweep.plot().axes


@pytest.mark.parametrize("space", [(61,), (33, 40), (17, 13, 20)])
def test_levels_that_go_on_where_the_last_ended_are_whole_transforms(
    space: tuple[int, ...],
) -> None:
    e = explain(convolutional(len(space)), random(2, 2, *space), method="integrated_gradients")
    seen: dict[wam.Basis, torch.Tensor] = {}

    def keep(attribution: wam.Attribution) -> torch.Tensor:
        seen[attribution.basis] = attribution.values.flatten()
        return seen[attribution.basis].sum(1)

    sweep = e.best_basis(keep, FAMILIES, [3, 1, 2, 1], "reflect")
    assert set(seen) == {basis for basis, _ in sweep.table}
    assert len(seen) == len(sweep.table) >= 5
    for basis, values in seen.items():
        assert torch.allclose(values, e.at(basis).values.flatten(), rtol=0, atol=1e-13)


def test_what_a_criterion_needs_is_said() -> None:
    model, x = convolutional(1), random(1, 2, 60)
    e = explain(model, x, method="saliency")
    with pytest.raises(ValueError, match="criterion is 'insertion', which asks the model: pass"):
        e.best_basis("insertion")
    with pytest.raises(TypeError, match="baseline, steps: only criteria that ask the model"):
        e.best_basis("sparseness", steps=3, baseline="noise")
    with pytest.raises(ValueError, match="baseline is 'grey'"):
        e.best_basis("faithfulness", ["haar"], model=model, baseline="grey")
    by_function = e.best_basis(lambda a: a.values.flatten().abs().amax(1), ["haar"], [1, 2])
    assert len(by_function.table) == 2
