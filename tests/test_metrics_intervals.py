"""Bootstrap intervals: against closed forms, and the same for any scale and order of columns."""

from __future__ import annotations

import math

import pytest
import torch

from tests.models import random
from wam_widgets.metrics import intervals
from wam_widgets.metrics.intervals import Interval, bootstrap, bootstrap_difference


def test_the_interval_is_that_of_the_mean() -> None:
    # Of 400 normal numbers: mean ± 1.96 standard errors, up to the noise of the draws.
    values = 3 + 2 * random(400)
    (found,) = bootstrap(values, n_resamples=4000)
    error = float(values.std(correction=0)) / 20
    assert found.mean == pytest.approx(float(values.mean()))
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.1 * error)
    assert 3.0 in found and 4.0 not in found


def test_two_values_have_three_means() -> None:
    # Means of two draws from (0, 1) are 0, ½, 1 with probabilities ¼, ½, ¼.
    (wide,) = bootstrap(torch.tensor([0.0, 1.0]), confidence=0.9)
    (narrow,) = bootstrap(torch.tensor([0.0, 1.0]), confidence=0.4)
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_columns_do_not_see_each_other_and_scale_through() -> None:
    table = random(9, 3)
    found = bootstrap(table)
    alone = [bootstrap(table[:, i])[0] for i in range(3)]
    assert [i.low for i in found] == pytest.approx([i.low for i in alone])
    scaled = bootstrap(5 * table - 1)
    assert [i.high for i in scaled] == pytest.approx([5 * i.high - 1 for i in found])


def test_equal_and_single_values() -> None:
    (same,) = bootstrap(torch.full((5,), 0.25))
    assert (same.mean, same.low, same.high, same.count) == (0.25, 0.25, 0.25, 5)
    (one,) = bootstrap(torch.tensor([-0.25]))
    assert (one.low, one.high) == (-0.25, -0.25) and str(one) == "−0.25"
    assert str(Interval(0.5, -0.001, 0.75, 4)) == "0.50 (0.00 to 0.75)"


def test_the_draws_are_seeded_and_the_global_generator_is_left() -> None:
    values = random(20)
    state = torch.random.get_rng_state()
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1) != bootstrap(values, seed=2)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_many_inputs_have_the_normal_interval_which_the_draws_come_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Skewed on purpose; half the length of the interval is known up to the noise of its ends.
    values = random(10_001).square()
    (normal,) = bootstrap(values, confidence=0.9)
    error = float(values.std(correction=0)) / math.sqrt(10_001)
    assert normal.low == pytest.approx(normal.mean - 1.6448536269514722 * error, rel=1e-12)
    assert normal.high - normal.mean == pytest.approx(normal.mean - normal.low, rel=1e-9)
    monkeypatch.setattr(intervals, "LARGE", 20_000)
    (drawn,) = bootstrap(values, confidence=0.9, n_resamples=1000)
    assert (drawn.mean, drawn.count) == (normal.mean, normal.count)
    assert drawn.low == pytest.approx(normal.low, abs=0.15 * error) and drawn.low != normal.low
    assert drawn.high == pytest.approx(normal.high, abs=0.15 * error)


def test_draws_in_parts_are_the_draws_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values = random(7, 2)
    whole = bootstrap(values, n_resamples=50)
    monkeypatch.setattr(intervals, "_TOGETHER", 7 * 8)
    assert bootstrap(values, n_resamples=50) == whole
    monkeypatch.setattr(intervals, "_COLUMNS", 1)
    assert bootstrap(values, n_resamples=50) == whole


def test_a_difference_of_groups_has_the_variance_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = 1 + random(300, seed=1), 2 * random(100, seed=2)
    (drawn,) = bootstrap_difference(first, second)
    error = math.sqrt(float(first.var(correction=0)) / 300 + float(second.var(correction=0)) / 100)
    assert drawn.mean == pytest.approx(float(first.mean() - second.mean())) and drawn.count == 100
    assert drawn.low == pytest.approx(drawn.mean - 1.96 * error, abs=0.12 * error)
    monkeypatch.setattr(intervals, "LARGE", 200)
    (normal,) = bootstrap_difference(first, second)
    assert normal.high == pytest.approx(drawn.mean + 1.959963984540054 * error, rel=1e-9)
    # Of a group and itself: not paired, so the difference is not zero in every draw.
    (same,) = bootstrap_difference(second, second)
    assert same.mean == 0 and same.low < 0 < same.high
    with pytest.raises(ValueError, match="first has 1 columns and second 2"):
        bootstrap_difference(first, random(3, 2))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (torch.zeros(0), {}, "N at least 1"),
        (torch.tensor([1.0, math.nan]), {}, "finite"),
        (torch.ones(2), {"confidence": 1.0}, "confidence is 1.0"),
        (torch.ones(2), {"n_resamples": 0}, "n_resamples is 0"),
    ],
)
def test_bad_input(values: torch.Tensor, options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap(values, **options)
