"""Bootstrap intervals: against closed forms, and the same for any scale and order of columns."""

from __future__ import annotations

import math

import pytest
import torch

from tests.models import random
from wam_widgets.metrics.intervals import Interval, bootstrap


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
