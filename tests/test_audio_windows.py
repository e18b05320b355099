"""Integers as sounds, and windows over long ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import random
from wam_widgets import audio
from wam_widgets.audio import Sound

RATE = 44100


@pytest.mark.parametrize(
    ("values", "dtype", "bits", "expected"),
    [
        ([0, 128, 255], np.uint8, None, [-1, 0, 127 / 128]),
        ([-128, 0, 127], np.int8, None, [-1, 0, 127 / 128]),
        ([-32768, 0, 32767], np.int16, None, [-1, 0, 32767 / 32768]),
        ([-(2**31), 0, 2**30], np.int32, None, [-1, 0, 0.5]),
        ([-(2**23), 0, 2**23 - 1], np.int32, 24, [-1, 0, 1 - 2**-23]),
        ([-2048, 2047], np.int16, 12, [-1, 2047 / 2048]),
    ],
)
def test_integers_become_floats(
    values: list[int], dtype: Any, bits: int | None, expected: list[float]
) -> None:
    array = np.array(values, dtype=dtype)
    for x in (array, torch.from_numpy(array), np.stack([array, array])):
        found = audio.from_pcm(x, bits)
        assert found.dtype == torch.float32
        assert torch.equal(found, torch.tensor(expected).expand(found.shape))


def test_integers_that_are_none() -> None:
    with pytest.raises(TypeError, match=r"x has dtype torch.float32: it must be uint8, int8"):
        audio.from_pcm(torch.zeros(3))
    with pytest.raises(TypeError, match=r"x has dtype torch.int64"):
        audio.from_pcm(np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="bits is 24: it must be at most 16"):
        audio.from_pcm(np.zeros(3, np.int16), 24)
    with pytest.raises(ValueError, match="x has values from 0 to 8388608: they must fit"):
        audio.from_pcm(np.array([0, 2**23], np.int32), 24)


@pytest.mark.parametrize(("samples", "seconds", "hop"), [(1000, 0.1, None), (1001, 0.1, 0.03)])
def test_windows_leave_nothing_out(samples: int, seconds: float, hop: float | None) -> None:
    x = random(2, samples).float()
    rate, size = 1000, round(1000 * seconds)
    step = size if hop is None else round(1000 * hop)
    pieces = audio.windows(x, rate, seconds, hop)
    assert pieces.shape[1:] == (2, size)
    assert len(pieces) == 1 + math.ceil((samples - size) / step)
    for k, piece in enumerate(pieces):
        part = x[:, k * step : k * step + size]
        assert torch.equal(piece[:, : part.shape[1]], part)
        assert not piece[:, part.shape[1] :].any()
    assert (len(pieces) - 1) * step + size >= samples
    assert torch.equal(Sound(x, rate).windows(seconds, hop), pieces)


def test_windows_of_an_hour_take_no_memory_of_their_own() -> None:
    hour = torch.zeros(3600 * 8000)
    pieces = audio.windows(hour, 8000, 10.0, 5.0)
    assert pieces.shape == (719, 1, 80000)
    assert pieces.untyped_storage().data_ptr() == hour.untyped_storage().data_ptr()


def test_a_sound_shorter_than_a_window_is_one() -> None:
    pieces = audio.windows(np.ones(3, np.float32), 1000, 0.005)
    assert torch.equal(pieces, torch.tensor([[[1.0, 1, 1, 0, 0]]]))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"seconds": 0}, ValueError, "seconds is 0: it must be above 0"),
        ({"seconds": 1, "hop": 2}, ValueError, "hop is 2 s: it must be at most seconds, 1"),
        ({"seconds": 1, "hop": 0}, ValueError, "hop is 0"),
        ({"seconds": 1, "x": torch.zeros(0)}, ValueError, r"x has shape \(0,\)"),
        ({"seconds": 1, "x": torch.zeros(1, 2, 3)}, ValueError, r"x has shape \(1, 2, 3\)"),
        ({"seconds": 1, "x": torch.zeros(5, dtype=torch.int16)}, TypeError, "from_pcm"),
        ({"seconds": 1, "sample_rate": -1}, ValueError, "sample_rate is -1"),
    ],
)
def test_bad_windows(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        audio.windows(**{"x": torch.zeros(100), "sample_rate": 1000, **given})
