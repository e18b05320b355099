"""Gradients that are changed where they pass a rectifier: guided backpropagation, deconvolution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

__all__ = ["RULES", "rectify"]

RULES = ("guided", "deconvolution")
"""Guided backpropagation (Springenberg et al. 2015, figure 1 b: what ReLU lets through, if it is
positive), and the backward pass of a deconvolutional network (Zeiler and Fergus 2014, section 2.1:
the gradient above, if it is positive, whether ReLU was active or not)."""

_RECTIFIERS = frozenset(
    f"{name}Backward{version}"
    for name in ("Relu", "LeakyRelu", "Hardtanh", "Elu", "Gelu", "Silu", "Softplus", "Mish")
    for version in (0, 1)
)


def rectify(value: Tensor, rule: str, end: Node | None = None) -> None:
    """Let the gradients of `value` follow a rule wherever they pass a rectifier.

    It acts on the graph of this one forward pass, not on the model: functions count as much as
    modules, in place or not, and nothing has to be taken away afterwards. The papers know ReLU
    only; its smooth relatives (GELU, SiLU, ELU, …) are treated alike.

    Parameters
    ----------
    value : Tensor
        What is differentiated.
    rule : str
        One of :data:`RULES`.
    end : Node, optional
        Where the model begins: what lies behind it, a front end, is left as it is.

    Raises
    ------
    ValueError
        If the graph has no rectifier.
    """

    def hook(below: tuple[Tensor, ...], above: tuple[Tensor, ...]) -> Any:
        gradient = below[0] if rule == "guided" else above[0]
        return gradient.clamp(min=0), *below[1:]

    found = [node for node in _nodes(value, end) if node.name() in _RECTIFIERS]
    if not found:
        raise ValueError(
            f"model has no ReLU, nor one of its relatives: the rule of {rule!r} has nothing to act "
            "on, and the result would be the gradient; use method='saliency'"
        )
    for node in found:
        node.register_hook(hook)


def _nodes(value: Tensor, end: Node | None) -> Iterator[Node]:
    """Go through the graph of a tensor, each node once."""
    waiting = [value.grad_fn]
    seen = {end}
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting.extend(before for before, _ in node.next_functions)
