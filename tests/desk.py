"""An Explorer of a known sound, by hand and by ear."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.hear import Ear, Samples, gains, place
from tests.sound import banded
from tests.view import View

BLOCK = 1600
Gutter, Margin, Ruler = 64, 8, 24


@dataclass(frozen=True)
class Known:
    """What can be heard, computed in Python, ``[T]``; parts ``[J + 1, T]``."""

    sounds: dict[str, Samples]
    parts: Samples
    others: Samples

    @property
    def whole(self) -> Samples:
        return self.sounds["original"]


@dataclass(frozen=True)
class Desk:
    """An Explorer of the known sound, by hand and by ear."""

    view: View
    ear: Ear

    @property
    def page(self) -> Page:
        return self.view.page

    def press(self, name: str) -> None:
        self.view.root.get_by_role("button", name=name, exact=True).click()

    def play(self, loop: bool = True) -> int:
        """Press play, round and round; returns where the recording is then."""
        if loop:
            self.press("Loop")
        self.press("Play")
        self.ear.begin()
        return self.ear.now()

    def listen_to(self, source: str) -> None:
        self.view.root.locator(".wam-segments label", has_text=source).click()

    def expect_playing(self, playing: bool) -> None:
        button = self.view.root.locator(".wam-play")
        expect(button).to_have_attribute("aria-label", "Pause" if playing else "Play")

    def point(self, share: float) -> tuple[float, float, float]:
        """A whole pixel of the waveform: where it is on the page, and the sample that it means."""
        canvas = self.view.root.locator("[data-time=waveform] .wam-main")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        width = box["width"] - Gutter - Margin
        x = round(box["x"] + Gutter + share * width)
        y = round(box["y"] + Ruler + (box["height"] - Ruler) / 2)
        return x, y, (x - box["x"] - Gutter) / width * len(banded()[0])

    def heard(self, parts: Samples) -> tuple[Samples, Samples, float]:
        """A recent piece of what plays, how loud each of the parts is in it, and what is left.

        The rest is in dB of the piece. One in which the loop begins again, where nothing fits, is
        left out.
        """
        for _ in range(3):
            block = self.ear.record(BLOCK)
            best = max((place(block, part) for part in [*parts, parts.sum(0)]), key=lambda p: p[1])
            factors, rest = gains(block, parts, best[0])
            if rest < -20:
                break
        return block, factors, rest
