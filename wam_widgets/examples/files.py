"""The files that lie beside the examples."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def read_bytes(path: str) -> bytes:
    """The content of an embedded file."""
    return resources.files("wam_widgets.examples").joinpath(path).read_bytes()


def read_facts(raw: bytes) -> dict[str, Any]:
    """The facts that a training script put into the header of a safetensors file."""
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    facts: dict[str, Any] = json.loads(header["__metadata__"]["facts"])
    return facts
