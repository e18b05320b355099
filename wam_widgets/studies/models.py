"""The model of a study: given as it is, or as a function that builds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from wam_widgets.catalogue import CATALOGUE
from wam_widgets.provenance import Provenance, weights_digest
from wam_widgets.studies.inputs import Listed
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.plan import Plan

__all__ = ["Source", "as_source", "manifest_of"]


@dataclass(frozen=True)
class Source:
    """Where the model comes from.

    Attributes
    ----------
    given : callable
        The model, or what builds it.
    builds : bool
        It has to be called, without an argument, to get the model.
    """

    given: Callable[..., Any]
    builds: bool

    def build(self) -> Callable[..., Any]:
        """Return the model; raise a TypeError if it cannot be called."""
        if not self.builds:
            return self.given
        model: Callable[..., Any] = self.given()
        if not callable(model):
            name = getattr(self.given, "__qualname__", type(self.given).__qualname__)
            raise TypeError(
                f"model is {name}, which can be called without an argument, and gave a "
                f"{type(model).__name__}: it must build a model, or take an input"
            )
        return model


def as_source(model: Any) -> Source:
    """Return where the model comes from.

    Raises
    ------
    TypeError
        If it is neither a model nor builds one, or could be either.
    """
    if isinstance(model, nn.Module):
        return Source(model, builds=False)
    if not callable(model):
        raise TypeError(
            f"model is a {type(model).__name__}: it must be a torch.nn.Module, a function of the "
            "input, or a function or class that takes no argument and builds one"
        )
    if isinstance(model, type):
        return Source(model, builds=True)
    try:
        signature = inspect.signature(model)
    except (TypeError, ValueError):  # a compiled function that does not tell
        return Source(model, builds=False)
    builds, takes = _takes(signature, 0), _takes(signature, 1)
    if builds and takes:
        raise TypeError(
            f"model is a function that can be called with an input and without: pass lambda: "
            f"{getattr(model, '__name__', 'build')}() if it builds the model, or lambda x: "
            f"{getattr(model, '__name__', 'model')}(x) if it is the model"
        )
    return Source(model, builds=builds)


def _takes(signature: inspect.Signature, arguments: int) -> bool:
    try:
        signature.bind(*[None] * arguments)
    except TypeError:
        return False
    return True


def manifest_of(
    model: Callable[..., Any], plan: Plan, inputs: Listed | None, shard_size: int
) -> Manifest:
    """Return what a study with this model is, here; without `inputs` they are a stream."""
    known = Provenance.of(model, plan.settings.get("front_end"))
    return Manifest.of(
        {
            **plan.parameters(),
            "shard_size": shard_size,
            "ids": None if inputs is None else inputs.ids_digest,
        },
        model=known.model,
        weights=weights_digest(model) if isinstance(model, nn.Module) else None,
        front_end=known.front_end,
        kind="stream" if inputs is None else "list",
        count=None if inputs is None else inputs.count,
        captum=any(CATALOGUE[m.name].extra == "compare" for m in plan.methods.values()),
    )
