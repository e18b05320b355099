"""Sounds in and out of files: nothing changes that was not asked to."""

from __future__ import annotations

import importlib
import math
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import random
from wam_widgets import audio
from wam_widgets.audio import Sound

RATE = 44100


def _tone(rate: float, hertz: float = 440.0, seconds: float = 0.5, level: float = 0.5) -> Tensor:
    t = torch.arange(round(rate * seconds), dtype=torch.float64) / rate
    return (level * torch.sin(2 * math.pi * hertz * t)).float()


def _stereo(rate: float = RATE) -> Sound:
    return Sound(torch.stack([_tone(rate, 440), _tone(rate, 660, level=0.2)]), rate, "two tones")


# Files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
def test_float_wav_comes_back_exactly(tmp_path: Path, rate: int, channels: int) -> None:
    signal = 3 * random(channels, 1001).float()  # far beyond full scale
    sound = audio.load(Sound(signal, rate).save(tmp_path / "a.wav"))
    assert torch.equal(sound.signal, signal)
    assert (sound.sample_rate, sound.name, sound.channels) == (rate, "a.wav", channels)
    assert sound.duration == 1001 / rate


@pytest.mark.parametrize(
    ("suffix", "subtype", "bits"),
    [
        (".wav", "PCM_U8", 8),
        (".wav", "PCM_16", 16),
        (".wav", "PCM_24", 24),
        (".flac", "PCM_16", 16),
        (".flac", None, 24),
        (".wav", "pcm_16", 16),
    ],
)
def test_integers_come_back_to_half_a_step(
    tmp_path: Path, suffix: str, subtype: str | None, bits: int
) -> None:
    step = 2.0 ** (1 - bits)
    signal = torch.cat([_tone(RATE, level=1 - step), torch.tensor([-1.0, 0.0, 1.0 - step])])
    path = Sound(signal, RATE).save(tmp_path / f"a{suffix}", subtype)
    assert soundfile.info(path).subtype == (subtype or "PCM_24").upper()
    found = audio.load(path)
    assert float((found.signal[0] - signal).abs().max()) <= step / 2 * (1 + 1e-6)
    # What is on the grid stays there, however often.
    again = audio.load(found.save(tmp_path / f"b{suffix}", subtype))
    assert torch.equal(again.signal, found.signal)


def test_integer_files_are_what_from_pcm_says(tmp_path: Path) -> None:
    steps = np.array([-32768, -1, 0, 1, 12345, 32767], dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", steps, RATE, subtype="PCM_16")
    assert torch.equal(audio.load(tmp_path / "a.wav").signal[0], audio.from_pcm(steps))


def test_vorbis_is_close_and_its_parts_are_exact(tmp_path: Path) -> None:
    sound = _stereo()
    path = sound.save(tmp_path / "a.ogg")
    whole = audio.load(path)
    assert whole.signal.shape == sound.signal.shape
    assert wam.separation.sdr(sound.signal, whole.signal).min() > 20
    part = audio.load(path, start=0.2, duration=0.1)
    assert torch.equal(part.signal, whole.signal[:, round(0.2 * RATE) : round(0.3 * RATE)])


def test_minutes_can_be_written_as_vorbis(tmp_path: Path) -> None:
    # Given to libsndfile in one piece, this ends the process.
    code = (
        "import sys, torch, wam_widgets as wam; "
        "wam.audio.Sound(torch.zeros(2, 200 * 44100), 44100).save(sys.argv[1])"
    )
    path = tmp_path / "long.ogg"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert soundfile.info(path).frames == 200 * 44100


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_parts_follow_each_other_without_gap_or_overlap(tmp_path: Path, suffix: str) -> None:
    path = Sound(0.3 * random(2, 12345).clamp(-3, 3), 11025).save(tmp_path / f"a{suffix}")
    parts = [audio.load(path, start=0.1 * k, duration=0.1).signal for k in range(12)]
    assert torch.equal(torch.cat(parts, dim=1), audio.load(path).signal)


def test_only_the_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _stereo().save(tmp_path / "a.wav")
    read: list[int] = []
    plain = soundfile.SoundFile.read

    def counting(file: Any, frames: int = -1, *args: Any, **options: Any) -> Any:
        read.append(frames)
        return plain(file, frames, *args, **options)

    monkeypatch.setattr(soundfile.SoundFile, "read", counting)
    assert audio.load(path, start=0.1, duration=0.01).signal.shape == (2, 441)
    assert read == [441]
    # A part that reaches beyond the end is what there is.
    assert audio.load(path, start=0.45, duration=9).duration == pytest.approx(0.05)


def test_load_resamples_and_mixes_as_the_sound_does(tmp_path: Path) -> None:
    sound = _stereo()
    path = sound.save(tmp_path / "a.wav")
    found = audio.load(path, sample_rate=16000, mono=True)
    assert torch.equal(found.signal, sound.mono().resample(16000).signal)
    assert found.sample_rate == 16000
    assert torch.equal(sound.mono().signal[0], sound.signal.mean(0))


def test_a_large_file_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _stereo().save(tmp_path / "a.wav")
    monkeypatch.setattr(audio, "LARGE_BYTES", 100_000)
    with pytest.warns(UserWarning, match="a.wav takes .* of memory .*read it in parts"):
        audio.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audio.load(path, duration=0.1)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.wav': there is no such file"):
        audio.load(tmp_path / "nowhere.wav")
    for name, content, words in [
        ("empty.wav", b"", "the file is empty"),
        ("text.wav", b"not a sound" * 50, "it must be a sound file such as wav, flac or ogg"),
        ("text.raw", b"not a sound" * 50, "it must be a sound file"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"path is .*{name}.*{words}"):
            audio.load(tmp_path / name)
    with pytest.raises(ValueError, match="it must be a sound file"):
        audio.load(tmp_path)
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1)), RATE)
    with pytest.raises(ValueError, match=r"none.wav': it has no samples"):
        audio.load(tmp_path / "none.wav")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan, np.inf]), RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"signal of nan.wav has 2 samples that are NaN"):
        audio.load(tmp_path / "nan.wav")


def test_a_file_cut_short_is_read_as_far_as_it_goes_or_refused(tmp_path: Path) -> None:
    path = _stereo().save(tmp_path / "a.flac")
    whole = audio.load(path).signal
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"a\.flac': it (ends early|must be a sound file)"):
        audio.load(path)
    assert torch.equal(audio.load(path, duration=0.05).signal, whole[:, : round(0.05 * RATE)])


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"start": 0.5}, ValueError, r"start is 0.5 s: a.wav has 22050 samples, 0.5 s"),
        ({"start": -1}, ValueError, "start is -1: it must be at least 0"),
        ({"start": "1"}, TypeError, "start is '1'"),
        ({"duration": 0}, ValueError, "duration is 0: it must be above 0"),
        ({"duration": 1e-9}, ValueError, "duration is 1e-09 s: it must be at least a sample"),
        ({"duration": float("nan")}, ValueError, "duration is nan"),
        ({"sample_rate": 0}, ValueError, "sample_rate is 0"),
    ],
)
def test_parts_that_are_not_there(
    tmp_path: Path, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    path = _stereo().save(tmp_path / "a.wav")
    with pytest.raises(error, match=words):
        audio.load(path, **given)


def test_clipping_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    loud = Sound(1.237 * torch.ones(1, 10), RATE)
    assert loud.clipped == 10
    for name, subtype in [("a.wav", "PCM_16"), ("a.flac", None), ("a.ogg", None)]:
        with pytest.raises(ValueError, match=r"10 samples beyond full scale.*signal / 1.24"):
            loud.save(tmp_path / name, subtype)
        assert not (tmp_path / name).exists()
    softer = Sound(loud.signal / 1.24, RATE)
    assert softer.clipped == 0
    softer.save(tmp_path / "a.wav", "PCM_16")
    # Full scale itself is the last step of integers, not clipping.
    one = audio.load(Sound(torch.ones(1, 10), RATE).save(tmp_path / "b.wav", "PCM_16"))
    assert torch.equal(one.signal, torch.full((1, 10), 32767 / 32768))


def test_formats_that_cannot_be_written(tmp_path: Path) -> None:
    sound = _stereo()
    for name, subtype in [("a.xyz", None), ("a.flac", "FLOAT"), ("a.wav", "MP4")]:
        with pytest.raises(ValueError, match=f"path is .*{name}.*no such file can be written"):
            sound.save(tmp_path / name, subtype)
        assert not (tmp_path / name).exists()
    with pytest.raises(ValueError, match=r"path is .*nine.flac.*no such file can be written"):
        Sound(torch.zeros(9, 9), RATE).save(tmp_path / "nine.flac")
    assert not (tmp_path / "nine.flac").exists()
    with pytest.raises(ValueError, match="sample_rate is 384000: Vorbis takes at most 200000 Hz"):
        Sound(torch.zeros(1, 9), 384000).save(tmp_path / "a.ogg")
    Sound(torch.zeros(1, 9), 384000).save(tmp_path / "a.flac")
    with pytest.raises(ValueError, match=r"sample_rate is 22050.5: in a file it must be a whole"):
        Sound(torch.zeros(1, 9), 22050.5).save(tmp_path / "a.wav")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name in ("soundfile", "soxr"):
            raise ImportError(f"No module named {name!r}")
        return plain(name, package)

    monkeypatch.setattr("wam_widgets.samples.import_module", without)
    for call in (
        lambda: audio.load(tmp_path / "a.wav"),
        lambda: _stereo().save(tmp_path / "a.wav"),
        lambda: _stereo().resample(16000),
    ):
        with pytest.raises(ImportError, match=r"pip install 'wam-widgets\[audio\]'"):
            call()
    assert _stereo().resample(RATE).duration == 0.5


# Levels -----------------------------------------------------------------------------------------


def test_levels_are_measured_and_not_changed() -> None:
    sound = Sound(torch.stack([_tone(RATE, level=1.0), _tone(RATE, level=0.5)]), RATE)
    assert sound.peak == pytest.approx(1.0, abs=1e-3)
    assert sound.rms == pytest.approx(math.sqrt((0.5 + 0.125) / 2), rel=1e-3)
    assert sound.clipped == 0
    assert Sound(torch.tensor([1.0, -1.0, 1.0001, -2.0]), RATE).clipped == 2
    assert "silent" in repr(Sound(torch.zeros(5), RATE))
    assert repr(sound) == "Sound('', 2 channels, 0.500 s at 44100 Hz, peak -0.0 dB)"


def test_a_sound_takes_arrays_and_one_channel() -> None:
    for signal in (np.zeros(5), torch.zeros(5, dtype=torch.float16), np.zeros((1, 5), np.float32)):
        sound = Sound(signal, 8000)
        assert sound.signal.shape == (1, 5)
        assert sound.signal.dtype == torch.float32


@pytest.mark.parametrize(
    ("signal", "rate", "error", "words"),
    [
        (torch.zeros(0), RATE, ValueError, r"signal has shape \(0,\): it must be \[C, T\]"),
        (torch.zeros(1, 2, 3), RATE, ValueError, r"signal has shape \(1, 2, 3\)"),
        (torch.zeros(5, dtype=torch.int16), RATE, TypeError, "from_pcm"),
        (torch.tensor([0.0, float("inf")]), RATE, ValueError, "signal has 1 samples that are NaN"),
        ([0.0], RATE, TypeError, "signal is a list"),
        (torch.zeros(5), 0, ValueError, "sample_rate is 0"),
        (torch.zeros(5), -8000, ValueError, "sample_rate is -8000"),
        (torch.zeros(5), float("inf"), ValueError, "sample_rate is inf"),
        (torch.zeros(5), True, TypeError, "sample_rate is True"),
        (torch.zeros(5), "44.1k", TypeError, "sample_rate is '44.1k'"),
    ],
)
def test_bad_sounds(signal: Any, rate: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Sound(signal, rate)


# Resampling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [8000, 44100, 192000])
@pytest.mark.parametrize("after", [8000, 16000, 48000, 192000])
def test_a_tone_stays_the_tone(before: int, after: int) -> None:
    found = audio.resample(_tone(before, 1000.0), before, after)
    expected = _tone(after, 1000.0)
    assert found.shape == expected.shape
    edge = round(0.05 * after)
    assert float((found - expected)[edge:-edge].abs().max()) < 1e-4


def test_what_the_new_rate_cannot_hold_is_gone() -> None:
    high = audio.resample(_tone(44100, 9000.0), 44100, 16000)
    assert float(high[800:-800].abs().max()) < 1e-4


def test_resampling_keeps_layout_and_type() -> None:
    x = random(2, 3, 441)
    found = audio.resample(x, 44100, 16000)
    assert (found.shape, found.dtype) == ((2, 3, 160), torch.float64)
    assert torch.equal(found[1, 2], audio.resample(x[1, 2], 44100, 16000))
    assert audio.resample(x.half(), 44100, 16000).dtype == torch.float16
    assert audio.resample(x, 44100, 44100) is x
    for samples, to in [(1, 192000), (1001, 22050), (1001, 11025.5)]:
        length = audio.resample(random(samples), 44100, to).shape[-1]
        assert abs(length - samples * to / 44100) <= 0.5 + 1e-9
    with pytest.raises(ValueError, match="x has 1 samples: too few"):
        audio.resample(random(1), 44100, 8000)
    with pytest.raises(ValueError, match="to is 0"):
        audio.resample(x, 44100, 0)


def test_overshoot_is_reported_and_left() -> None:
    square = Sound(torch.sign(_tone(44100, 441.0)), 44100)
    assert (square.peak, square.clipped) == (1.0, 0)
    found = square.resample(48000)
    assert found.peak > 1.05
    assert found.clipped > 0
    assert f"{found.clipped} samples beyond full scale" in repr(found)
