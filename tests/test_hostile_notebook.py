"""The 200 hostile strings in a notebook: on the line of %wam, and in outputs that stay alive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from IPython.core.error import UsageError
from playwright.sync_api import Browser, expect
from torch import nn

import wam_widgets as wam
from tests.hostile import COUNT, mark, strings
from tests.pages import Page
from tests.test_hostile import Watched, same
from tests.view import View
from wam_widgets.magic_flags import ALL
from wam_widgets.magic_line import parse
from wam_widgets.text import sendable

HOSTILE = strings()


def never(argument: str, expression: str) -> Any:
    raise AssertionError(f"{argument} was evaluated: {expression}")


def test_quoted_it_is_a_text_and_a_name() -> None:
    for number, text in enumerate(HOSTILE):
        line = parse(f"net x --title {text!r} --target {text!r} --channels {text!r}")
        read = line.values(never, HOSTILE)
        assert read == {"title": text, "target": number, "channels": text}


def test_where_there_are_words_it_is_refused_and_never_evaluated() -> None:
    flags = [name for name, flag in ALL.items() if flag.kind in ("word", "words")]
    for number, text in enumerate(HOSTILE):
        name = flags[number % len(flags)]
        for written in (repr(text), "".join(text.split())):
            with pytest.raises(UsageError):
                parse(f"net --{name}={written}").values(never)
        if not text.isidentifier():
            with pytest.raises(UsageError, match="name of a variable"):
                parse(f"net --name {text!r}")


def test_outputs_that_stay_interactive(
    browser: Browser,
    tmp_path: Path,
) -> None:
    """In a page without a policy, as notebooks are, each with its share of the strings."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, COUNT)).eval()
    explainer = wam.Explainer(
        model, torch.rand(1, 1, 8, 8), class_names=HOSTILE, show_progress=False
    )
    share = COUNT // 8
    outputs = []
    with wam.options(embed="html"):
        for first in range(0, COUNT, share):
            explanation = explainer.empty()
            for target in range(first, first + share):
                explanation = explanation.with_entry(explainer.explain("saliency", target).entry)
            explanation = explanation.select("saliency", first)
            explorer = wam.explore(explanation, title="\n".join(HOSTILE[first : first + share]))
            bundle = explorer._repr_mimebundle_()
            assert bundle is not None
            outputs.append(bundle[0]["text/html"])
    path = tmp_path / "outputs.html"
    page = f'<!doctype html><meta charset="utf-8">{"".join(outputs)}'
    path.write_text(page, "utf-8")
    pictures = [found for tag, found in Page(page).elements if tag == "img"]
    titles = "\n".join(picture["alt"] or "" for picture in pictures)
    assert all(sendable(text) in titles for text in HOSTILE)
    with Watched.open(browser, path) as watched:
        for number in range(len(outputs)):
            view = View.nth(watched.page, number)
            view.wait("ready")
            options = view.control("Target").locator("option").all_text_contents()
            names = HOSTILE[number * share : (number + 1) * share]
            assert len(options) == share
            for option, name in zip(options, names, strict=True):
                assert same(name) in same(option)
            view.control("Target").select_option(index=share - 1)
            what = view.root.locator(".wam-what")
            expect(what).to_contain_text(mark((number + 1) * share - 1), timeout=30_000)
