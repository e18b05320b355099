"""What a page plays, recorded at the loudspeaker, and what a test makes of it.

Every node that is connected to the destination of an audio context is also connected to a recorder.
"""

from __future__ import annotations

import base64
import io
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.sync_api import ConsoleMessage, Page

Samples = npt.NDArray[np.float64]

SETTLED = 4096
"""Samples after which what was just done is heard: nothing before is part of a recording of it."""

# A processor of the track and not a node: a script processor leaves out what is rendered while the
# page is inside its handler, and the pages under test forbid the script that a worklet would need.
# What waits for a busy page is kept, up to 50,000 pieces of 10 ms.
_INIT = """
(() => {
  const taps = (window.wamTaps = []);
  const { connect } = AudioNode.prototype;
  const record = async (tap, track) => {
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 50000 });
    const reader = readable.getReader();
    for (let piece; !(piece = await reader.read()).done; piece.value.close()) {
      const block = new Float32Array(piece.value.numberOfFrames);
      piece.value.copyTo(block, { planeIndex: 0, format: "f32-planar" });
      tap.blocks.push(block);
      tap.count += block.length;
    }
  };
  window.AudioContext = class extends AudioContext {
    constructor(options) {
      super(options);
      const recorder = new MediaStreamAudioDestinationNode(this);
      const tap = { context: this, recorder, blocks: [], count: 0 };
      record(tap, recorder.stream.getAudioTracks()[0]);
      taps.push(tap);
    }
  };
  AudioNode.prototype.connect = function (to, ...rest) {
    const tap = to instanceof AudioDestinationNode && taps.find((t) => t.context === to.context);
    if (tap) connect.call(this, tap.recorder);
    return connect.call(this, to, ...rest);
  };
})();
"""
_RENDERED = """
() => {
  const { context } = window.wamTaps.at(-1) ?? {};
  return context ? Math.round(context.currentTime * context.sampleRate) : 0;
}
"""
_RECORDED = "() => window.wamTaps.at(-1)?.count ?? 0"
_READ = """
(from) => {
  const { blocks, count } = window.wamTaps.at(-1);
  const all = new Float32Array(count);
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  const bytes = new Uint8Array(all.buffer, 4 * Math.min(from, count));
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
"""


@dataclass
class Ear:
    """Records a page from before it is opened."""

    page: Page
    warnings: list[str]

    @classmethod
    def on(cls, page: Page) -> Ear:
        """Before the page is opened: record what it will play, and what the browser warns of."""
        ear = cls(page, [])
        page.add_init_script(_INIT)
        page.on("console", ear._note)
        return ear

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "warning" and "AudioContext" in message.text:
            self.warnings.append(message.text)

    @property
    def states(self) -> list[str]:
        """Of all audio contexts that were ever made: running, suspended or closed."""
        states: list[str] = self.page.evaluate("() => wamTaps.map((tap) => tap.context.state)")
        return states

    @property
    def rate(self) -> float:
        rate: float = self.page.evaluate("() => wamTaps.at(-1).context.sampleRate")
        return rate

    def now(self) -> int:
        """How many samples the newest context has rendered; they may not all be recorded yet."""
        count: int = self.page.evaluate(_RENDERED)
        return count

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            self.page.wait_for_timeout(20)

    def begin(self) -> None:
        """Wait until something sounds."""
        start = self.now()
        self.until(lambda: np.abs(self.since(start)).max(initial=0) > 0)

    def record(self, count: int) -> Samples:
        """So many samples, none of them from before the call."""
        stop = self.now() + SETTLED + count
        self.until(lambda: self.page.evaluate(_RECORDED) >= stop)
        return self.since(stop - count)[:count]

    def since(self, start: int) -> Samples:
        """Everything that is recorded from a sample on."""
        raw = base64.b64decode(self.page.evaluate(_READ, start))
        return np.frombuffer(raw, "<f4").astype(np.float64)


def decibels(part: Samples, whole: Samples) -> float:
    """How much smaller one sound is than another, negative."""
    return float(10 * np.log10(max(np.square(part).mean(), 1e-30) / np.square(whole).mean()))


def place(block: Samples, reference: Samples) -> tuple[int, float]:
    """Where in a sound a piece of it is from, and how alike they are there, from -1 to 1."""
    size = len(reference) + len(block)
    spectrum = np.fft.rfft(reference, size) * np.conj(np.fft.rfft(block, size))
    products = np.fft.irfft(spectrum, size)[: len(reference) - len(block) + 1]
    power = np.cumsum(np.concatenate([[0.0], np.square(reference)]))
    energy = np.maximum(power[len(block) :] - power[: -len(block)], 1e-12)
    alike = products / np.sqrt(energy * max(float(np.square(block).sum()), 1e-12))
    best = int(np.argmax(alike))
    return best, float(alike[best])


def places(sound: Samples, references: dict[str, Samples], size: int) -> list[tuple[int, str, int]]:
    """For each block of a recording that is clearly from one of the sounds: where it stands in the
    recording, which sound it is, and where in it."""
    found = []
    for start in range(0, len(sound) - size + 1, size):
        block = sound[start : start + size]
        best = {name: place(block, reference) for name, reference in references.items()}
        name = max(best, key=lambda name: best[name][1])
        at, alike = best[name]
        if alike > 0.995:
            found.append((start, name, at))
    return found


def gains(block: Samples, parts: Samples, at: int) -> tuple[Samples, float]:
    """How loud each of the parts ``[K, T]`` is in a block that begins at a sample of them.

    Least squares. Returns factors ``[K]``, and how far what they add up to is from the block, in
    dB of the block.
    """
    here = parts[:, at : at + len(block)].T
    factors, *_ = np.linalg.lstsq(here, block, rcond=None)
    return factors.astype(np.float64), decibels(block - here @ factors, block)


def share(sound: Samples, rate: float, low: float, high: float) -> float:
    """Share of the power between two frequencies in Hz."""
    window = np.hanning(len(sound))
    power = np.square(np.abs(np.fft.rfft(sound * window)))
    hertz = np.fft.rfftfreq(len(sound), 1 / rate)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


def read_wav(path: Path) -> tuple[int, Samples]:
    """A WAV file of 32-bit floats, ``[T, C]``."""
    file = io.BytesIO(path.read_bytes())
    assert file.read(4) == b"RIFF"
    file.seek(12)
    chunks: dict[bytes, bytes] = {}
    while head := file.read(8):
        name, size = struct.unpack("<4sI", head)
        chunks[name] = file.read(size)
    kind, channels, rate = struct.unpack("<HHI", chunks[b"fmt "][:8])
    assert kind == 3
    return rate, np.frombuffer(chunks[b"data"], "<f4").astype(np.float64).reshape(-1, channels)
