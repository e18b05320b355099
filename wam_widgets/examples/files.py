"""The files that lie beside the examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from safetensors.torch import load, save
from torch import nn

T = TypeVar("T")
Network = TypeVar("Network", bound=nn.Module)


def chosen(options: Mapping[str, T], name: str, argument: str, kind: str) -> T:
    """The option of that name, or an error that lists the names there are."""
    if name not in options:
        known = ", ".join(repr(option) for option in options)
        raise ValueError(f"{argument}={name!r} is not {kind}; choose one of {known}.")
    return options[name]


def read_bytes(path: str) -> bytes:
    """The content of an embedded file."""
    return resources.files("wam_widgets.examples").joinpath(path).read_bytes()


def read_model(path: str, model: Network) -> tuple[Network, dict[str, Any]]:
    """Put embedded weights into a model; returns it, and the facts stored with them."""
    raw = read_bytes(path)
    model.load_state_dict(load(raw))
    model.eval()
    return model, read_facts(raw)


def read_facts(raw: bytes) -> dict[str, Any]:
    """The facts that a training script put into the header of a safetensors file."""
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    facts: dict[str, Any] = json.loads(header["__metadata__"]["facts"])
    return facts


def write_model(path: Path, model: nn.Module, facts: Mapping[str, Any]) -> None:
    """Write the weights of a model, with facts about it in the header, and say so."""
    tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
    raw = save(tensors, metadata={"facts": json.dumps(facts)})
    path.write_bytes(raw)
    print(f"{path.name}: {json.dumps(facts, indent=2)}, {len(raw)} bytes")
