"""200 strings that try to run, to load or to break out: none does, and all are to be read.

They go through every text of a report (titles, notes, class, method, model and file names,
provenance) and of the widget, in a real browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from torch import nn

import wam_widgets as wam
from tests.hostile import COUNT, mark, strings
from tests.lab import JupyterLab
from tests.live import Live
from tests.models import random
from tests.observe import Observed
from tests.view import View
from wam_widgets.__main__ import main
from wam_widgets.markup import plain
from wam_widgets.provenance import Provenance
from wam_widgets.text import sendable

HOSTILE = strings()

# Before anything of the page: what hostile code calls, and what the policy had to stop.
WATCH = """
window.ran = [];
window.owned = (...given) => window.ran.push(`owned ${given}`);
for (const name of ["alert", "confirm", "prompt", "open", "print"])
  window[name] = (...given) => window.ran.push(`${name} ${given}`);
document.addEventListener("securitypolicyviolation", (event) =>
  window.ran.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""
# All that came of strings as elements or attributes, also within shadow roots.
GROWN = """
() => {
  const found = [];
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot);
      const names = element.getAttributeNames();
      const grown = names.some((name) => /^(data-owned|on|srcdoc|ping)/.test(name));
      const address = element.getAttribute("href") ?? element.getAttribute("src") ?? "#";
      const strange = !/^(#|https?:|mailto:|data:image|blob:)/i.test(address);
      if (grown || strange) found.push(element.outerHTML.slice(0, 200));
    }
  };
  look(document.body);
  return found;
}
"""


@dataclass(frozen=True)
class Watched:
    """A page that notes what ran."""

    observed: Observed

    @classmethod
    @contextmanager
    def open(cls, browser: Browser, path: Path) -> Iterator[Watched]:
        with Observed.open(browser, offline=True) as observed:
            View.prepare(observed.page)
            observed.page.add_init_script(WATCH)
            observed.page.goto(path.as_uri())
            watched = cls(observed)
            yield watched
            watched.check()

    @property
    def page(self) -> Page:
        return self.observed.page

    def check(self) -> None:
        """Nothing ran, grew, was loaded or had to be stopped."""
        assert self.page.evaluate("() => window.ran") == []
        assert self.page.evaluate(GROWN) == []
        assert self.observed.requests == []
        assert self.observed.errors == []

    def texts(self, selector: str) -> list[str]:
        """The text of every element, as it stands."""
        found: list[str] = self.page.eval_on_selector_all(
            selector, "(elements) => elements.map((element) => element.textContent)"
        )
        return found


class Named(nn.Module):
    """As many classes as there are strings."""

    def __init__(self, size: int = 64) -> None:
        super().__init__()
        self.weight = nn.Parameter(random(COUNT, size).float(), requires_grad=False)
        self.error = ""
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.weight.T


@pytest.fixture(scope="module")
def explanation() -> wam.Explanation:
    """Of a small picture, every class and method of it with a hostile name."""
    explainer = wam.Explainer(
        Named(), random(1, 1, 8, 8).float(), class_names=HOSTILE, show_progress=False
    )
    made = explainer.empty()
    for target in range(COUNT):
        made = made.with_entry(explainer.explain("saliency", target).entry)
    entry = made.select("saliency", 0).entry
    for name in HOSTILE:
        made = made.with_entry(replace(entry, method=name))
    return made.select("saliency", 0)


def single(explanation: wam.Explanation, number: int) -> wam.Explanation:
    """One entry, whose class, origin and settings are hostile."""
    name = HOSTILE[number]
    entry = explanation.select("saliency", number).entry
    return replace(
        explanation,
        entries={(entry.method, entry.target): replace(entry, settings={name: 1, "kind": name})},
        method=entry.method,
        target=entry.target,
        provenance=Provenance(name, name, name, {name: name}),
    )


def written(text: str) -> str:
    """What an HTML file can hold of a text, and what a browser makes of its ends of lines."""
    return plain(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.fixture(scope="module")
def report(explanation: wam.Explanation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    items: list[Any] = []
    for number, name in enumerate(HOSTILE):
        items += [name, wam.Section(single(explanation, number), title=name, notes=name)]
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    return wam.report(items, path, title="\n".join(HOSTILE), notes="\n\n".join(HOSTILE))


@pytest.mark.parametrize("policy", ["with its policy", "without"])
def test_a_report(browser: Browser, report: Path, tmp_path: Path, policy: str) -> None:
    """Nothing of it depends on the policy, which would stop what got through."""
    path = report
    if policy == "without":
        (meta,) = re.findall(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>', report.read_text("utf-8")
        )
        text = report.read_text("utf-8").replace(meta, "")
        path = tmp_path / "report.html"
        path.write_text(text, "utf-8")
    with Watched.open(browser, path) as watched:
        page = watched.page
        wanted = list(map(written, HOSTILE))
        whole = written("\n".join(HOSTILE))
        assert watched.texts("h1") == [whole]
        assert page.evaluate("() => document.querySelector('title').textContent") == whole
        assert watched.texts(".wam-section > h2") == wanted
        assert watched.texts(".wam-contents a:not(.wam-part)") == wanted
        labels = "(elements) => elements.map((element) => element.getAttribute('aria-label'))"
        assert page.eval_on_selector_all(".wam-section", labels) == wanted
        (top,) = watched.texts("header .wam-notes")
        facts = watched.texts(".wam-facts")
        origins = watched.texts(".wam-provenance dl")
        tables = watched.texts(".wam-provenance table")
        between = watched.texts("main > .wam-notes")
        above = watched.texts(".wam-section .wam-notes")
        for number, name in enumerate(wanted):
            assert name in facts[number]
            assert origins[number].count(name) == 5
            assert tables[number].count(name.replace("_", " ")) >= 2
            # Of Markdown its words: what only marks up is not text.
            assert mark(number) in top
            assert mark(number) in between[number]
            assert mark(number) in above[number]
        for number in (0, 99, COUNT - 1):
            section = page.locator(f"#section-{number + 1}")
            section.scroll_into_view_if_needed()
            root = section.locator(".wam-root")
            expect(root).to_have_attribute("data-state", "ready", timeout=30_000)
            assert HOSTILE[number] in (root.text_content() or "")


def same(text: str) -> str:
    """A text without halves of pairs, which the driver of the browser cannot pass on."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def test_names_in_a_widget(browser: Browser, explanation: wam.Explanation, tmp_path: Path) -> None:
    path = explanation.to_html(tmp_path / "names.html")
    with Watched.open(browser, path) as watched:
        view = View.nth(watched.page)
        options = view.control("Target").locator("option")
        for option, name in zip(options.all_text_contents(), HOSTILE, strict=True):
            assert same(name) in same(option)
        for number in range(0, COUNT, 4):
            view.control("Target").select_option(index=number)
            what = view.root.locator(".wam-what")
            expect(what).to_contain_text(mark(number), timeout=30_000)
            assert same(HOSTILE[number]) in same(what.text_content() or "")
        methods = view.control("Method").locator("option").all_text_contents()
        assert len(methods) == COUNT + 1
        for option, number in zip(methods[1:], range(COUNT), strict=True):
            assert mark(number) in option.lower()


def test_names_of_files(browser: Browser, tmp_path: Path) -> None:
    """What a file system takes, as it is shown for pictures of that name."""
    (tmp_path / "model.py").write_text(
        "import torch\n"
        "def build():\n"
        "    return torch.nn.Sequential(\n"
        "        torch.nn.Flatten(), torch.nn.Linear(64, 3)).eval()\n"
    )
    picture = Image.new("L", (8, 8))
    picture.putdata(range(64))
    names = []
    for text in map(same, HOSTILE):
        name = text.replace("/", "\u2215").replace("\x00", "") + ".png"
        if len(name.encode()) < 256:
            picture.save(tmp_path / "picture", "png")
            (tmp_path / "picture").rename(tmp_path / name)
            names.append(name)
    assert len(names) > 0.9 * COUNT
    path = tmp_path / "files.html"
    given = [str(tmp_path / name) for name in names]
    build = f"{tmp_path / 'model.py'}:build"
    assert main(["report", build, "--method", "saliency", "--output", str(path), "--", *given]) == 0
    with Watched.open(browser, path) as watched:
        assert watched.texts(".wam-section > h2") == list(map(written, names))


EXPLORE = """
import torch, wam_widgets as wam
names = strings()
class Model(torch.nn.Module):
    error = ""
    def forward(self, x):
        if self.error and x.requires_grad:
            raise RuntimeError(self.error)
        return x.flatten(1)[:, :COUNT]
model = Model().eval()
# The ten most probable classes, which the widget offers, are others for each sample.
x = torch.eye(COUNT // 10).repeat_interleave(10, dim=1)
x = torch.nn.functional.pad(x, (0, 256 - COUNT)).reshape(-1, 1, 16, 16)
explorer = wam.explore(
    model, x, None, "saliency", class_names=names, title="\\n".join(names), show_progress=False)
explorer
""".strip()


def test_a_live_widget(browser: Browser, jupyterlab: JupyterLab) -> None:
    """In JupyterLab, whose own pages have no policy that would stop anything."""
    with Live.open(
        jupyterlab,
        browser,
        "hostile.ipynb",
        [EXPLORE],
        module="hostile",
        prepare=lambda page: page.add_init_script(WATCH),
    ) as live:
        view = live.show(EXPLORE)
        seen = ""
        for sample in view.root.locator(".wam-strip button").all():
            sample.click()
            seen += same("".join(view.control("Target").locator("option").all_text_contents()))
        assert all(same(name) in seen for name in HOSTILE)
        view.choose("Target", str(COUNT - 8))()
        expect(view.root.locator(".wam-what")).to_contain_text(mark(COUNT - 8))
        for number, method in ((4, "smoothgrad"), (85, "integrated_gradients")):
            live.python(f"model.error = names[{number}]")
            view.control("Method").select_option(method)
            view.wait("failed")
            assert same(HOSTILE[number]) in same(view.root.text_content() or "")
        assert live.page.evaluate("() => window.ran") == []
        assert live.page.locator("[data-owned]").count() == 0
        assert not live.observed.errors


def test_they_are_as_many_as_they_say() -> None:
    assert len(set(HOSTILE)) == COUNT
    assert all(mark(number) in text for number, text in enumerate(HOSTILE))


def test_halves_of_pairs_are_replaced_and_pairs_are_joined() -> None:
    assert sendable("a\ud800b\udfff") == "a\ufffdb\ufffd"
    assert sendable("\ud83d\ude00 \ufeff\x00") == "\U0001f600 \ufeff\x00"
    x = random(1, 1, 8, 8).float()
    names = ["\ud800"] * COUNT
    e = wam.explain(Named(), x, 0, "saliency", class_names=names, show_progress=False)
    assert set(e.class_names or ()) == {"\ufffd"}
