"""A browser page together with everything it asked for and complained about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

LOCAL = ("file:", "data:", "blob:", "about:")


@dataclass
class Observed:
    """``requests``: what would go over the network; ``errors``: console errors and exceptions."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, browser: Browser, *, offline: bool) -> Iterator[Observed]:
        # Requests of a service worker would bypass the page's record.
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, offline=offline, service_workers="block"
        )
        observed = cls(context.new_page())
        context.on("request", observed._on_request)
        observed.page.on("console", observed._on_console)
        observed.page.on("pageerror", observed._on_exception)
        yield observed
        context.close()

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(LOCAL):
            self.requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.errors.append(f"{message.text} ({where})")

    def _on_exception(self, error: Error) -> None:
        self.errors.append(f"{error.name}: {error.message}\n{error.stack}")
