"""The layer whose maps Grad-CAM and its relatives use."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from wam_widgets.explainer import Explainer

__all__ = ["find_layer"]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def find_layer(explainer: Explainer) -> tuple[str, nn.Module]:
    """Return the layer that was asked for, or the last convolution, and its name in the model.

    The last convolution is that whose pass comes last, of those whose maps have several places
    along every axis, and which is not itself the classifier (with as many maps as there are
    classes). What follows it on the same grid (normalisation, activation, the sum of a residual
    block) belongs to it, as in the paper.

    Raises
    ------
    ValueError
        If there is no such layer, or no convolution.
    """
    model = explainer.classifier.model
    assert isinstance(model, nn.Module)
    there = {name: module for name, module in model.named_modules() if name}
    layer = explainer.layer
    if isinstance(layer, str):
        if layer not in there:
            near = difflib.get_close_matches(layer, there, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"layer is {layer!r}: the model has no module of this name{hint}")
        return layer, there[layer]
    if layer is not None:
        name = next((name for name, module in there.items() if module is layer), None)
        if name is None:
            raise ValueError(
                f"layer is a {type(layer).__name__} that is not in the model: it must be one of "
                "its modules, or the name of one"
            )
        return name, layer
    name = _last(explainer, there)
    return name, there[name]


def _last(explainer: Explainer, there: dict[str, nn.Module]) -> str:
    """Return the name of the default layer; the model is run on one sample."""
    names = {module: name for name, module in there.items()}
    ran: list[tuple[str, torch.Size]] = []

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim > 2:
            ran.append((names[module], output.shape))

    hooks = [module.register_forward_hook(note) for module in there.values()]
    try:
        with torch.no_grad():
            explainer.classifier(explainer.laid_out(explainer.signal[:1]).clone())
    finally:
        for hook in hooks:
            hook.remove()
    found = [place for place, (name, _) in enumerate(ran) if isinstance(there[name], _CONVOLUTIONS)]
    if not found:
        raise ValueError(
            "model has no convolution that it uses: name the layer whose maps are to be taken, "
            "with layer="
        )
    classes = None if explainer.logits is None else explainer.logits.shape[1]
    wide = [place for place in found if min(ran[place][1][2:]) > 1] or found
    inner = [place for place in wide if ran[place][1][1] != classes] or wide
    grid = ran[inner[-1]][1]
    return next(name for name, shape in reversed(ran) if shape == grid)
