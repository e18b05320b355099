"""A connection without a browser behind it, and what goes over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comm.base_comm import BaseComm

import wam_widgets as wam
from wam_widgets.widgets import wire

PATIENCE = 60  # seconds until a test that hangs fails

Explore = Callable[..., wam.Explorer]


class FakeComm(BaseComm):
    """Keeps what would go to the browser."""

    def __init__(self, **options: Any) -> None:
        self.messages: list[tuple[dict[str, Any], list[Any]]] = []
        super().__init__(**options)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        self.messages.append((data or {}, list(buffers or [])))

    def custom(self, kind: str) -> list[tuple[dict[str, Any], list[Any]]]:
        return [
            (data["content"], buffers)
            for data, buffers in self.messages
            if data.get("method") == "custom" and data["content"]["kind"] == kind
        ]

    def updates(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for data, _ in self.messages:
            if data.get("method") == "update":
                merged.update(data["state"])
        return merged


def from_browser(explorer: wam.Explorer, **content: Any) -> None:
    """A message as a view sends it."""
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    explorer.comm.handle_msg(message)


def unpacked(content: dict[str, Any], buffers: list[Any], key: str = "gradient") -> Any:
    """An array of an entry that was sent."""
    packed: Any = {**content["entry"][key]}
    packed["data"] = bytes(buffers[packed["buffer"]])
    return wire.decode(packed)
