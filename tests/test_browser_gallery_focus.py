"""Where the keyboard is in a gallery after something that was pressed has gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import wam_widgets as wam
from tests import outcomes, textures
from tests.cards import Cards
from tests.observe import Observed
from tests.view import View


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("focus")
    return textures.study(folder / "study").to_html(folder / "study.html", n=2)


@pytest.fixture
def cards(path: Path, browser: Browser) -> Iterator[Cards]:
    with Observed.open(browser, offline=True) as observed:
        View.prepare(observed.page)
        observed.page.goto(path.as_uri())
        yield Cards.on(observed.page)
        assert not observed.errors


def press(button: Locator, key: str = "Enter") -> None:
    button.focus()
    button.page.keyboard.press(key)


def regions(page: Page) -> Locator:
    return page.locator("[data-gallery]:not([hidden])")


def test_it_stays_with_the_filters_that_are_left(cards: Cards) -> None:
    chips = cards.root.locator(".wam-chosen")
    cards.predictions("Correct")
    cards.control("Search in ids").fill("crop")
    expect(chips).to_have_count(2)
    # Cut on a narrow page, it is read here.
    expect(chips.nth(1)).to_have_attribute("title", "“crop” in the id\nRemove this filter")
    press(chips.first)
    expect(chips).to_have_count(1)
    expect(chips.first).to_be_focused()
    cards.page.keyboard.press("Enter")
    # The last one is gone: what is left to say is how many pass now.
    count = cards.root.locator("strong[role=status]")
    expect(count).to_be_focused()
    expect(count).to_contain_text(f"{textures.COUNT} of {textures.COUNT}")
    cards.choose("Class", "grass")
    press(cards.root.locator(".wam-status").get_by_role("button", name="Clear filters"))
    expect(count).to_be_focused()


def test_it_stays_in_the_list(cards: Cards) -> None:
    cards.root.locator("button.wam-input:not([aria-disabled])").first.click()
    expect(regions(cards.page)).to_have_count(1)
    cards.control("Search in ids").fill("nothing")
    expect(cards.root.locator("button.wam-input")).to_have_count(0)
    # No card is there to go back to, only what brings them back.
    press(cards.root.get_by_role("button", name="Close"))
    clear = cards.root.locator(".wam-none").get_by_role("button", name="Clear filters")
    expect(clear).to_be_focused()
    cards.page.keyboard.press("Enter")
    expect(cards.root.locator("button.wam-input:focus")).to_have_count(1)
    expect(cards.root.locator("button.wam-input")).to_have_count(textures.COUNT)


def test_the_escape_key_leads_back_to_the_card(cards: Cards) -> None:
    page = cards.page
    card = cards.root.locator("button.wam-input:not([aria-disabled])").nth(1)
    name = card.locator("small").inner_text()
    press(card)
    region = page.get_by_role("region", name=f"{name}, opened")
    expect(region).to_be_focused()
    assert name in (cards.root.locator(".wam-doing span").get_attribute("title") or "")
    # What is open in the Explorer is closed first.
    press(View.nth(page, 1).root.get_by_role("button", name="Help"), "?")
    page.keyboard.press("Escape")
    expect(regions(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(regions(page)).to_have_count(0)
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    expect(card).not_to_have_attribute("aria-current", "true")


TAIL = """
small => {
  const text = small.querySelector("bdi").firstChild;
  const range = document.createRange();
  range.setStart(text, text.length - 4);
  range.setEnd(text, text.length);
  const [own, outer] = [range.getBoundingClientRect(), small.getBoundingClientRect()];
  return { cut: small.scrollWidth > small.clientWidth, left: own.left - outer.left,
           right: outer.right - own.right };
}
"""


def test_an_id_too_long_for_its_card_is_told_apart(offline_page: Observed, tmp_path: Path) -> None:
    ids = [f"val/ILSVRC2012_val_{i:08d}.JPEG" for i in range(12)]
    found = [replace(outcomes.outcome(i, 0, 0), id=id) for i, id in enumerate(ids)]
    scores = [
        replace(score, id=ids[i])
        for i in range(len(ids))
        for score in outcomes.scores(i, {"faithfulness": i / 12, "deletion": 0.5})
    ]
    # What turns the direction of text turns nothing but its own.
    turned = replace(outcomes.failed(12, "ValueError: bad"), id="\u202egpj.1")
    store = outcomes.store(tmp_path / "study", [*found, turned], scores, class_names=["a", "b"])
    page = offline_page.page
    page.goto(wam.study(store.path).to_html(tmp_path / "study.html").as_uri())
    cards = Cards.on(page)
    for card, id in zip(cards.root.locator("button.wam-input").all(), ids, strict=True):
        place = card.locator("small").evaluate(TAIL)
        assert place["cut"] and place["left"] > 0 and abs(place["right"]) < 1
        assert (card.get_attribute("title") or "").startswith(id)
        assert (card.get_attribute("aria-label") or "").startswith(id)
    cards.root.get_by_role("button", name="1 input failed").click()
    left = "item => [...item.querySelectorAll('bdi')].map(e => e.getBoundingClientRect().left)"
    id_at, error_at = cards.root.locator(".wam-failures li").evaluate(left)
    assert id_at < error_at
    assert not offline_page.errors
