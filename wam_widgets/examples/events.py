"""Acoustic events made by formulas, so that it is known when they sound and at which scale.

Every kind of event has its own pattern in time and its own band of frequencies. Some bands are
shared, so that energy in a band alone does not tell the class: a chirp and a bird both sweep, a
hiss and clicks are both high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wam_widgets.examples.example import Event

SAMPLE_RATE = 16_000
"""In Hz."""

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """How one class of events is made.

    Attributes:
        make: maps a random generator and a number of samples to the sound, of any level.
        low, high: the band in Hz that holds it.
        shortest, longest: durations in seconds.
    """

    make: Callable[[np.random.Generator, int], Sound]
    low: float
    high: float
    shortest: float
    longest: float


def fade(n: int, seconds: float) -> Sound:
    """A window of `n` samples that rises and falls within `seconds`: no click at the ends."""
    edge = min(n // 2, max(1, round(seconds * SAMPLE_RATE)))
    window = np.ones(n)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    window[:edge] = rise
    window[n - edge :] = rise[::-1]
    return window


def band_noise(rng: np.random.Generator, n: int, low: float, high: float) -> Sound:
    """Gaussian noise between two frequencies in Hz, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    noise = np.fft.irfft(spectrum, n)
    return noise / max(float(noise.std()), 1e-12)


def coloured_noise(rng: np.random.Generator, n: int, slope: float) -> Sound:
    """Noise whose power falls as 1 / f^slope above 50 Hz, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum * np.maximum(hertz, 50.0) ** (-slope / 2), n)
    return noise / max(float(noise.std()), 1e-12)


def tone(hertz: Sound) -> Sound:
    """A sine whose frequency at each sample is given."""
    return np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)


def hum(rng: np.random.Generator, n: int) -> Sound:
    """A steady low tone with harmonics, as of a transformer."""
    base = rng.uniform(100, 118)
    time = np.arange(n) / SAMPLE_RATE
    sound = np.zeros(n)
    for harmonic in range(1, 5):
        level = rng.uniform(0.4, 1.0) / harmonic**0.5
        sound += level * np.sin(2 * np.pi * harmonic * base * time + rng.uniform(0, 2 * np.pi))
    return sound * fade(n, 0.05)


def siren(rng: np.random.Generator, n: int) -> Sound:
    """A tone that goes up and down over most of an octave."""
    time = np.arange(n) / SAMPLE_RATE
    swing = np.sin(2 * np.pi * (rng.uniform(1.8, 2.8) * time + rng.uniform()))
    return tone(707 * 2 ** (rng.uniform(0.33, 0.42) * swing)) * fade(n, 0.03)


def chirp(rng: np.random.Generator, n: int) -> Sound:
    """One rising sweep over most of two octaves."""
    position = np.arange(n) / n
    first, last = rng.uniform(1080, 1250), rng.uniform(3200, 3750)
    return tone(first * (last / first) ** position) * fade(n, 0.02)


def bird(rng: np.random.Generator, n: int) -> Sound:
    """A trill of short falling notes."""
    sound = np.zeros(n)
    length = round(rng.uniform(0.045, 0.06) * SAMPLE_RATE)
    gap = round(rng.uniform(0.03, 0.05) * SAMPLE_RATE)
    first, last = rng.uniform(3500, 3750), rng.uniform(2150, 2400)
    hertz = first + (last - first) * np.arange(length) / length
    note = tone(hertz) * np.hanning(length)
    for begin in range(0, n - length + 1, length + gap):
        sound[begin : begin + length] = note * rng.uniform(0.8, 1.0)
    return sound


def clicks(rng: np.random.Generator, n: int) -> Sound:
    """A regular train of short, quickly damped clicks."""
    period = round(SAMPLE_RATE / rng.uniform(9, 14))
    time = np.arange(160) / SAMPLE_RATE
    # A gammatone: unlike a sudden onset, it stays in its band.
    damped = time**2 * np.exp(-time / 0.0005) * np.sin(2 * np.pi * rng.uniform(3700, 5000) * time)
    damped /= np.abs(damped).max()
    sound = np.zeros(n)
    for begin in range(0, n - len(time) + 1, period):
        sound[begin : begin + len(time)] = damped * rng.uniform(0.8, 1.0)
    return sound


def hiss(rng: np.random.Generator, n: int) -> Sound:
    """High noise, as of escaping air."""
    return band_noise(rng, n, rng.uniform(4200, 4600), rng.uniform(7200, 7800)) * fade(n, 0.05)


KINDS: dict[str, Kind] = {
    "hum": Kind(hum, 90, 480, 0.8, 1.6),
    "siren": Kind(siren, 520, 960, 0.8, 1.5),
    "chirp": Kind(chirp, 1050, 3800, 0.3, 0.6),
    "bird": Kind(bird, 2050, 3900, 0.5, 1.0),
    "clicks": Kind(clicks, 2050, 7000, 0.6, 1.2),
    "hiss": Kind(hiss, 4150, 7850, 0.5, 1.2),
}
CLASS_NAMES = tuple(KINDS)


def event(rng: np.random.Generator, name: str, seconds: float) -> Sound:
    """An event of a class, of about `seconds`; its root mean square while it sounds is 1."""
    sound = KINDS[name].make(rng, round(seconds * SAMPLE_RATE))
    return sound / loudness(sound)


def loudness(sound: Sound) -> float:
    """The root mean square over the samples that are not silent (above 1 % of the peak)."""
    power = sound**2
    heard = power > 1e-4 * power.max()
    return float(np.sqrt(power[heard].mean()))


def place(clip: Sound, name: str, sound: Sound, start: float, level: float) -> Event:
    """Add a sound to a clip in place, at `start` seconds, and say where it is."""
    begin = round(start * SAMPLE_RATE)
    clip[begin : begin + len(sound)] += level * sound
    kind = KINDS[name]
    return Event(
        name=name,
        label=CLASS_NAMES.index(name),
        start=begin / SAMPLE_RATE,
        stop=(begin + len(sound)) / SAMPLE_RATE,
        low=kind.low,
        high=kind.high,
    )
