"""A gallery on a page: what a reader does with it, and what a test sees of it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Cards:
    """One view of a gallery."""

    page: Page
    root: Locator

    @classmethod
    def on(cls, page: Page) -> Cards:
        """The gallery of a page, once its cards are there."""
        cards = cls(page, page.locator(".wam-root.wam-gallery"))
        expect(cards.root.locator("button.wam-input").first).to_be_visible()
        return cards

    @property
    def ids(self) -> list[str]:
        """The inputs that are shown, in their order."""
        return self.root.locator("button.wam-input small").all_inner_texts()

    @property
    def count(self) -> str:
        text = self.root.locator("strong[role=status]").inner_text()
        return text.replace("\u202f", " ").replace("\u00a0", " ")

    def expect(self, ids: list[str]) -> None:
        """Wait until these are shown."""
        expect(self.root.locator("button.wam-input small")).to_have_text(ids)
        assert self.count.startswith(f"{len(ids)} of ")

    def card(self, id: str) -> Locator:
        return self.root.locator("button.wam-input").filter(
            has=self.page.locator(f"small:text-is('{id}')")
        )

    def control(self, label: str) -> Locator:
        return self.root.locator(f'[aria-label="{label}"]')

    def choose(self, label: str, option: str) -> None:
        self.control(label).select_option(label=option)

    def predictions(self, which: str) -> None:
        self.root.locator(".wam-segments label", has_text=which).click()

    def range(self) -> list[float]:
        """The two ends of the chosen range of the metric."""
        handles = self.root.locator(".wam-handle").all()
        return [float(handle.get_attribute("aria-valuenow") or "nan") for handle in handles]

    def brush(self, start: float, stop: float) -> None:
        """Drag over a part of the histogram, from 0 at the left handle to 1 at the right one."""
        self.root.locator(".wam-handle").first.scroll_into_view_if_needed()
        boxes = [handle.bounding_box() for handle in self.root.locator(".wam-handle").all()]
        (left, right) = (box["x"] + box["width"] / 2 for box in boxes if box)
        # In the upper half, where no handle is.
        y = next(box["y"] - 10 for box in boxes if box)
        places = [left + share * (right - left) for share in (start, stop)]
        self.page.mouse.move(places[0], y)
        self.page.mouse.down()
        self.page.mouse.move(places[1], y, steps=4)
        self.page.mouse.up()
        self.drawn()

    def drawn(self) -> None:
        """Wait until the page has drawn what was done."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
