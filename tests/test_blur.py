"""The blurred baseline is SciPy's Gaussian filter, in every dimension and of any length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.models import random
from wam_widgets.checks import as_baseline


@pytest.mark.parametrize("space", [(1001,), (33, 40), (2, 3), (9, 12, 15)])
def test_it_is_that_of_scipy(space: tuple[int, ...]) -> None:
    x = random(2, 3, *space)
    blurred = as_baseline("blur", x)
    assert blurred is not None
    sigma = min(space) / 16
    radius = max(1, round(3 * sigma))
    for found, given in zip(blurred.flatten(0, 1), x.flatten(0, 1), strict=True):
        expected = gaussian_filter(given.numpy(), sigma, mode="nearest", radius=radius)
        assert np.allclose(found.numpy(), expected, atol=1e-12)
