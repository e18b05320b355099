"""Arrays on the wire: what comes back, how exact it is, and what is refused."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import pywt

from wam_widgets.widgets import wire
from wam_widgets.widgets.bank import bank as make_bank

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", ["u8", "i16", "f16", "f32"])
@pytest.mark.parametrize("size", [1.0, 1e-30, 1e20])
@pytest.mark.parametrize("shape", [(7,), (2, 3, 5, 4), (1, 1, 3, 2, 5), (), (0, 3)])
def test_error_is_within_what_is_documented(
    dtype: wire.DType, size: float, shape: tuple[int, ...]
) -> None:
    values = RNG.normal(size=shape) * np.exp(RNG.normal(size=shape) * 3) * size
    back = wire.decode(wire.encode(values, dtype)).astype(np.float64)
    assert back.shape == shape
    if not values.size:
        return
    largest = np.abs(values).max()
    rounding = np.abs(values) * 2.0**-23
    bound = {
        "f32": rounding,
        "f16": np.maximum(np.abs(values) / 2048, largest / 2**24) + rounding,
        "i16": largest / 65534 * 1.0001 + rounding,
        "u8": np.ptp(values) / 510 * 1.0001 + rounding,
    }[dtype]
    assert np.all(np.abs(back - values) <= bound)


@pytest.mark.parametrize("dtype", ["i16", "f16", "f32"])
def test_zero_stays_zero_and_signs_stay(dtype: wire.DType) -> None:
    values = np.array([0.0, 1.0, -1.0, 0.25, -0.25, 1e-3, -1e-3]) * 3e-12
    back = wire.decode(wire.encode(values, dtype))
    assert np.array_equal(np.sign(back), np.sign(values))
    assert np.array_equal(wire.decode(wire.encode(np.zeros((2, 3)), dtype)), np.zeros((2, 3)))


def test_packing_twice_changes_nothing() -> None:
    once = wire.encode(RNG.normal(size=1000) * 1e-5, "f16")
    twice = wire.encode(wire.decode(once), "f16")
    assert once["data"] == twice["data"]
    assert once["scale"] == twice["scale"]


def test_data_are_little_endian_in_c_order() -> None:
    packed = wire.encode(np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]).astype(">f8"), "f32")
    assert packed["data"] == np.array([1, 2, 3, 4], "<f4").tobytes()
    assert packed["shape"] == [2, 2]


@pytest.mark.parametrize(("mean", "std"), [(None, None), ([0.45] * 3, [0.225] * 3)])
def test_an_eight_bit_image_is_exact(mean: list[float] | None, std: list[float] | None) -> None:
    levels = RNG.integers(0, 256, size=(2, 3, 20, 21))
    centre, width = (mean[0], std[0]) if mean and std else (0.0, 1.0)
    signal = ((levels.astype(np.float32) / 255) - np.float32(centre)) / np.float32(width)
    packed = wire.encode_signal(signal, mean, std)
    assert packed["dtype"] == "u8"
    assert np.array_equal(np.frombuffer(packed["data"], np.uint8), levels.ravel())
    assert np.allclose(wire.decode(packed), signal, rtol=0, atol=2e-6)


def test_an_image_of_integers_is_exact() -> None:
    levels = RNG.integers(0, 256, size=(1, 1, 9, 9)).astype(np.float32)
    packed = wire.encode_signal(levels)
    assert packed["dtype"] == "u8"
    assert np.array_equal(wire.decode(packed), levels)


def test_other_images_show_the_same_eight_bits() -> None:
    """Per-channel statistics cannot be exact with one scale, but no shown pixel may change."""
    levels = RNG.integers(0, 256, size=(1, 3, 30, 30))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    channel = (slice(None), None, None)
    signal = (levels / 255 - mean[channel]) / std[channel]
    packed = wire.encode_signal(signal, list(mean), list(std))
    assert packed["dtype"] == "i16"
    shown = wire.decode(packed).astype(np.float64) * std[channel] + mean[channel]
    assert np.array_equal(np.rint(shown * 255), levels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("pack", [wire.encode, wire.encode_signal])
def test_values_that_are_not_finite_are_named(bad: float, pack: object) -> None:
    values = np.zeros((1, 2, 3))
    values[0, 1, 2] = bad
    with pytest.raises(ValueError, match=r"gradient has 1 values .* \(0, 1, 2\)"):
        pack(values, name="gradient")  # type: ignore[operator]


def test_other_bad_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        wire.encode(np.zeros(2, complex))
    with pytest.raises(ValueError, match="dtype is 'f64'"):
        wire.encode(np.zeros(2), "f64")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="too large for float32"):
        wire.encode(np.array([1e39]), "f32")
    packed = wire.encode(np.zeros(4))
    with pytest.raises(ValueError, match="needs 5"):
        wire.decode({**packed, "shape": [5]})


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([], "i16"), ([-32768, -1, 0, 32767], "i16"), ([32768], "f32"), ([2**24, -(2**24)], "f32")],
)
def test_whole_numbers_are_exact(values: list[int], dtype: str) -> None:
    packed = wire.encode_whole(np.array(values, np.int64))
    assert packed["dtype"] == dtype
    assert wire.decode(packed).tolist() == values


def test_gaps_are_kept() -> None:
    values = np.array([[0.1, np.nan, -1e-40], [np.inf, 1e39, 3e38]])
    wanted = np.array([[0.1, np.nan, -1e-40], [np.nan, np.nan, 3e38]], np.float32)
    assert np.array_equal(wire.decode(wire.encode_gaps(values)), wanted, equal_nan=True)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 25])
def test_chunks_cover_the_data(length: int) -> None:
    data = bytes(range(length))
    pieces = wire.chunks(data, 10)
    assert b"".join(pieces) == data
    assert len(pieces) == max(1, math.ceil(length / 10))
    assert all(len(piece) <= 10 for piece in pieces)


def test_bank_rebuilds_every_filter() -> None:
    bank = make_bank()
    taps = wire.decode(bank["taps"])
    known = [name for name in pywt.wavelist(kind="discrete")]
    assert [family["name"] for family in bank["families"]] == known
    start = 0
    for family in bank["families"]:
        length, wavelet = family["length"], pywt.Wavelet(family["name"])
        dec_lo, rec_lo = taps[start : start + length], taps[start + length : start + 2 * length]
        start += 2 * length
        signs = (-1.0) ** np.arange(length)
        built = (dec_lo, -signs * rec_lo, rec_lo, signs * dec_lo)
        for ours, theirs in zip(built, wavelet.filter_bank, strict=True):
            assert np.allclose(ours, theirs, rtol=0, atol=1e-7), family["name"]
    assert start == taps.size


def test_torch_is_not_imported() -> None:
    """The module alone, without the package around it, must not pull torch in."""
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('wire', {wire.__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
