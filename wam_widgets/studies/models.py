"""The model of a study: given as it is, or as a function that builds it; whether it is the same.

The manifest holds the digest of a module's weights and its mode. What else a model does, and all
that a function does, shows in what it answers: to an input that is known already, the same.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from wam_widgets.catalogue import CATALOGUE
from wam_widgets.checks import device_of
from wam_widgets.explainer import Explainer
from wam_widgets.provenance import Provenance, weights_digest
from wam_widgets.studies.inputs import Listed
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.plan import Plan, seed_of
from wam_widgets.studies.records import Sample

__all__ = ["Source", "as_source", "check_same_answer", "manifest_of", "mode_of", "same_weights"]

_NEAR = 0.01
"""Between two probabilities that are the same but for batch, device and machine."""

_NEAR_HALF = 0.05
"""The same in half precision."""

_TOLD = 3
"""Modules in training mode that are named."""


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
    bare = _unwrapped(model)
    known = Provenance.of(bare, plan.settings.get("front_end"))
    return Manifest.of(
        {
            **plan.parameters(),
            "shard_size": shard_size,
            "ids": None if inputs is None else inputs.ids_digest,
        },
        model=known.model,
        weights=weights_digest(bare) if isinstance(bare, nn.Module) else None,
        front_end=known.front_end,
        kind="stream" if inputs is None else "list",
        count=None if inputs is None else inputs.count,
        captum=any(CATALOGUE[m.name].extra == "compare" for m in plan.methods.values()),
        mode=mode_of(model),
        wrapped=None
        if bare is model or not isinstance(model, nn.Module)
        else (Provenance.of(model).model, weights_digest(model)),
    )


def mode_of(model: Callable[..., Any]) -> str | None:
    """Return in words what of a model is in training mode; None of a function.

    Empty if nothing is, ``"in training mode"`` if everything, else ``"with 3.drop in training
    mode"``.
    """
    bare = _unwrapped(model)
    if not isinstance(bare, nn.Module):
        return None
    modules = dict(bare.named_modules())
    training = [name or "its outermost part" for name, part in modules.items() if part.training]
    if not training or len(training) == len(modules):
        return "in training mode" if training else ""
    more = len(training) - _TOLD
    told = ", ".join(training[:_TOLD]) + (f" and {more} more" if more > 0 else "")
    return f"with {told} in training mode"


def same_weights(manifest: Manifest, model: Callable[..., Any]) -> bool:
    """Return whether a model has the weights of a study, in a wrapper such as DataParallel or not.

    A function has none; it is the same as any other one.
    """
    found = [one for one in (_unwrapped(model), model) if isinstance(one, nn.Module)]
    if not found:
        return manifest.weights is None
    return any(weights_digest(one) == manifest.weights for one in found)


def check_same_answer(
    model: Callable[..., Any], plan: Plan, sample: Sample, known: Mapping[str, Any]
) -> None:
    """Raise a ValueError if a model answers otherwise to an input than it did.

    Where that cannot be said nothing is raised: of a model in training mode, one that draws random
    numbers, one that fails, or gives no logits.

    Parameters
    ----------
    model : callable
    plan : Plan
    sample : Sample
        The input.
    known : mapping
        What was found of it: id, predicted, probability.
    """
    before, named = known["probability"], known["predicted"]
    if sample.x is None or before is None or named is None or not math.isfinite(before):
        return
    if mode_of(model):
        return
    half = plan.settings.get("autocast") is not None or sample.x.element_size() == 2
    near = _NEAR_HALF if half else _NEAR
    seed = seed_of(plan.seed, sample.id)
    now = _answer(model, plan, sample.x, seed)
    if now is None or _agrees(now, named, before, near):
        return
    again = _answer(model, plan, sample.x, seed ^ 1)
    if again is None or float((again - now).abs().max()) > near / 10:
        return  # It draws random numbers.
    best = int(now.argmax())
    raise ValueError(
        f"model is not that of the study: for input {known['id']!r} it gave class {named} a "
        f"probability of {before:.4f}, now class {best} gets {float(now[best]):.4f}. Give the "
        "model that was evaluated then, or another folder for a new study (a model whose answer "
        "depends on what shares a batch, as in training mode, cannot be compared: call eval() "
        "first)"
    )


def _answer(model: Callable[..., Any], plan: Plan, x: Tensor, seed: int) -> Tensor | None:
    """Return the probabilities of one input from one pass; None if there are none."""
    device = device_of(model)
    x = x[None] if device is None else x[None].to(device)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The run itself says it.
            settings = {**plan.settings, "seed": seed, "show_progress": False}
            logits = Explainer(model, x, **settings).logits
    except Exception:  # Of this input: the run records what fails.
        return None
    return None if logits is None else logits[0].detach().double().softmax(0).cpu()


def _agrees(now: Tensor, named: int, before: float, near: float) -> bool:
    """Return whether a class still has its probability, and still the largest one or nearly."""
    if not 0 <= named < len(now) or abs(float(now[named]) - before) > near:
        return False
    return float(now.max() - now[named]) <= 2 * near


def _unwrapped(model: Callable[..., Any]) -> Callable[..., Any]:
    """Return the model that a wrapper spreads over several devices."""
    while isinstance(model, (nn.DataParallel, DistributedDataParallel)):
        model = model.module
    return model
