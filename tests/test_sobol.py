"""Total Sobol indices: functions whose indices are known, and WCAM on models that are."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import Linear, Recorder, convolutional, explain, random
from wam_widgets import sobol
from wam_widgets.gradients import Cancelled
from wam_widgets.regions import SAMPLINGS, regions

N = 4096


def ishigami(u: Tensor) -> Tensor:
    x = (2 * u - 1) * math.pi
    return x[:, 0].sin() + 7 * x[:, 1].sin() ** 2 + 0.1 * x[:, 2] ** 4 * x[:, 0].sin()


def ishigami_indices() -> Tensor:
    """Ishigami and Homma 1990, in closed form: a = 7, b = 0.1."""
    a, b = 7.0, 0.1
    first = (1 + b * math.pi**4 / 5) ** 2 / 2
    second = a**2 / 8
    both = b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    return torch.tensor([first + both, second, both], dtype=torch.float64) / (first + second + both)


WEIGHTS = torch.tensor([0.0, 1.0, 4.5, 9.0, 99.0], dtype=torch.float64)


def sobol_g(u: Tensor) -> Tensor:
    return ((4 * u - 2).abs() + WEIGHTS).div(1 + WEIGHTS).prod(dim=1)


def sobol_g_indices() -> Tensor:
    """Saltelli and Sobol 1995: each factor has mean 1 and variance v; the index in closed form."""
    v = 1 / (3 * (1 + WEIGHTS) ** 2)
    total = (1 + v).prod() - 1
    return v * (1 + v).prod() / (1 + v) / total


SLOPES = torch.tensor([3.0, -2.0, 1.0, 0.0], dtype=torch.float64)


def additive(u: Tensor) -> Tensor:
    return u @ SLOPES


FUNCTIONS: list[tuple[Callable[[Tensor], Tensor], Tensor]] = [
    (ishigami, ishigami_indices()),
    (sobol_g, sobol_g_indices()),
    (additive, SLOPES**2 / (SLOPES**2).sum()),
]


@pytest.mark.parametrize("estimator", sobol.ESTIMATORS)
@pytest.mark.parametrize(("function", "known"), FUNCTIONS)
def test_known_indices(function: Callable[[Tensor], Tensor], known: Tensor, estimator: str) -> None:
    found = sobol.indices(function, len(known), N, estimator)
    torch.testing.assert_close(found, known, atol=0.02, rtol=0)


@pytest.mark.parametrize("estimator", sobol.ESTIMATORS)
def test_indices_do_not_depend_on_scale_and_offset(estimator: str) -> None:
    plain = sobol.indices(ishigami, 3, 256, estimator)
    moved = sobol.indices(lambda u: -50 * ishigami(u) + 1000, 3, 256, estimator)
    torch.testing.assert_close(moved, plain, atol=1e-8, rtol=0)


@pytest.mark.parametrize("estimator", sobol.ESTIMATORS)
def test_a_constant_has_no_indices(estimator: str) -> None:
    found = sobol.indices(lambda u: torch.full((len(u),), 0.1), 3, 16, estimator)
    assert torch.equal(found, torch.zeros(3, dtype=torch.float64))


def test_the_design_is_seeded_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (sobol.Design.of(5, 8, seed) for seed in (1, 1, 2))
    assert torch.equal(one.a, same.a)
    assert torch.equal(one.b, same.b)
    assert not torch.equal(one.a, other.a)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(("n", "d"), [(12, 3), (1, 3), (8, 20_000)])
def test_bad_designs(n: int, d: int) -> None:
    with pytest.raises(ValueError, match=r"n_samples is|dimension is"):
        sobol.Design.of(d, n)


SHAPES = {1: (1, 2, 37), 2: (1, 2, 21, 18), 3: (1, 1, 9, 8, 10)}


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_regions_cover_every_coefficient_once(ndim: int, sampling: str) -> None:
    for family, level in (("haar", 2), ("db2", 1)):
        coefficients = wam.Basis(family, level).analyse(random(*SHAPES[ndim]))
        labels, count = regions(coefficients, sampling, 2)
        assert labels.shape == (coefficients.flatten().shape[1],)
        assert labels.unique().tolist() == list(range(count))
        for band in coefficients.unflatten(labels[None]).subbands():
            assert (band.values == band.values[:, :1]).all()


def test_the_grid_is_that_of_the_mosaic() -> None:
    coefficients = wam.Basis("haar", 2).analyse(random(1, 1, 16, 16))
    labels, count = regions(coefficients, "grid", 4)
    found = coefficients.unflatten(labels[None]).mosaic()[0, 0]
    rows = torch.arange(16) // 4
    assert count == 16
    assert torch.equal(found, 4 * rows[:, None] + rows)


def test_the_diagonal_is_finer_at_finer_scales_and_the_same_for_all_orientations() -> None:
    coefficients = wam.Basis("haar", 3).analyse(random(1, 1, 32, 32))
    labels, count = regions(coefficients, "diagonal", 2)
    assert count == 4 + 4 + 16 + 64
    bands = coefficients.unflatten(labels[None])
    for level in bands.details:
        first = level["horizontal"]
        assert all(torch.equal(first, values) for values in level.values())


def region_sums(attribution: wam.Attribution, values: Tensor, sampling: str, grid: int) -> Tensor:
    labels, count = regions(attribution.coefficients, sampling, grid)
    return values.new_zeros(len(values), count).index_add(1, labels, values)


MODELS = {1: (2, 2, 32), 2: (2, 2, 16, 16), 3: (2, 1, 8, 8, 8)}


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_linear_model_in_closed_form(ndim: int, sampling: str) -> None:
    """The output is Σ m_r c_r with c_r what a region adds to it: the index is c_r² / Σ c²."""
    x = random(*MODELS[ndim])
    model = Linear(random(3, *x.shape[1:], seed=5))
    options = {"objective": "logit", "baselines": 0.3}
    found = attribute(model, x, target=[2, 0], sampling=sampling, n_samples=256, **options)
    exact = explain(model, x, target=[2, 0], method="integrated_gradients", n_steps=1, **options)
    exact_values = exact.at(found.basis).values.flatten()
    parts = region_sums(found, exact_values, sampling, 2).square()
    index = region_sums(found, found.values.flatten(), sampling, 2)
    torch.testing.assert_close(index, parts / parts.sum(1, keepdim=True), atol=0.03, rtol=0)
    assert float((index.argmax(dim=1) == parts.argmax(dim=1)).float().mean()) == 1


def attribute(
    model: object, x: Tensor, method: str = "sobol", grid: int | None = 2, **options: object
) -> wam.Attribution:
    """Attribute without a progress bar; the modality follows from the number of axes."""
    modality = {3: "audio", 4: "image", 5: "volume"}[x.ndim]
    if modality == "audio":
        options = {"sample_rate": 8000, **options}
    options = {"basis": "haar", "level": 2, **options, "show_progress": False}
    return wam.attribute(model, x, method=method, modality=modality, grid=grid, **options)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_model_sees_the_masked_signals_and_nothing_else(batch: int) -> None:
    """In the order of the design, each of them synthesised from its own mask."""
    x, model = random(1, 2, 8, 8), Recorder(convolutional(2))
    found = attribute(model, x, n_samples=4, internal_batch_size=batch, baselines=0.5)
    seen = torch.cat(model.seen)
    coefficients = found.basis.analyse(x - 0.5)
    labels, count = regions(coefficients, "grid", 2)
    design = sobol.Design.of(count, 4)
    rows = [design.a, design.b]
    for column in range(count):
        rows.append(design.a.clone())
        rows[-1][:, column] = design.b[:, column]
    masks = torch.cat(rows)[:, labels]
    wanted = found.basis.synthesise(coefficients.unflatten(coefficients.flatten() * masks)) + 0.5
    assert max(len(points) for points in model.seen) <= max(batch, 1)
    # The first pass of all is x itself.
    assert len(seen) == 1 + len(wanted)
    distances = torch.cdist(wanted.flatten(1), seen[1:].flatten(1))
    assert float(distances.amin(dim=1).max()) < 1e-12
    assert len(distances.argmin(dim=1).unique()) == len(wanted)


def test_batches_and_neighbours_do_not_matter() -> None:
    x, model = random(3, 2, 16, 16), convolutional(2)
    together = attribute(model, x, n_samples=8, target=1)
    alone = attribute(model, x[1:2], n_samples=8, target=1, internal_batch_size=5)
    torch.testing.assert_close(together[1].values.flatten(), alone.values.flatten())


def test_a_black_box_without_a_gradient() -> None:
    inner = convolutional(2)

    def model(x: Tensor) -> dict[str, Tensor]:
        assert not torch.is_grad_enabled() or not x.requires_grad
        return {"logits": torch.from_numpy(inner(x).detach().numpy().round(3))}

    found = attribute(model, random(1, 2, 16, 16), n_samples=8)
    assert float(found.values.flatten().sum()) > 0


def test_a_model_that_sees_one_scale_only() -> None:
    """All of the index lies in the scale that the model reads."""
    basis = wam.Basis("haar", 2)

    class OneScale(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            energy = basis.analyse(x).details[0]["diagonal"].square().flatten(1).sum(1)
            return torch.stack([energy, -energy], dim=1)

    model = OneScale().eval()
    x = random(1, 1, 16, 16)
    found = attribute(model, x, sampling="subbands", n_samples=16)
    shares = found.values.flatten()
    diagonal = found.values.details[0]["diagonal"]
    torch.testing.assert_close(found.spectrum(), torch.tensor([[0.0, 1.0, 0.0]]).double())
    torch.testing.assert_close(diagonal.sum(), shares.sum())
    assert float(shares.abs().sum() - diagonal.abs().sum()) < 1e-12


def test_progress_and_cancelling() -> None:
    x, model = random(2, 2, 8, 8), Recorder(convolutional(2))
    seen: list[tuple[int, int]] = []
    attribute(model, x, n_samples=2, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2 * 2 * (4 + 2), 2 * 2 * (4 + 2))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    before = len(model.seen)
    with pytest.raises(Cancelled):
        attribute(model, x, n_samples=2, should_stop=lambda: len(model.seen) > before + 2)
    assert len(model.seen) == before + 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "best"}, "estimator is 'best'"),
        ({"sampling": "rows"}, "sampling is 'rows'"),
        ({"grid": 0}, "grid is 0"),
        ({"n_samples": 10}, "n_samples is 10: it must be a power of two, such as 8"),
        ({"method": "sobel"}, "method is 'sobel'"),
        ({"method": "saliency"}, "method is 'saliency'"),
    ],
)
def test_bad_settings(options: dict[str, object], message: str) -> None:
    model = Recorder(convolutional(2))
    with pytest.raises(ValueError, match=message):
        attribute(model, random(1, 2, 8, 8), **options)
    assert len(model.seen) <= 1


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(TypeError, match="'n_design' is no argument"):
        attribute(convolutional(2), random(1, 2, 8, 8), n_design=3)
