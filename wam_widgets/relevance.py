"""Layer-wise relevance propagation by Captum, on a copy of the model."""

from __future__ import annotations

import copy
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from wam_widgets import checks
from wam_widgets.objectives import first_tensor

if TYPE_CHECKING:
    from wam_widgets.explainer import Explainer
    from wam_widgets.passes import Passes

__all__ = ["lrp"]

_LINEAR = (
    *(nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d),
    *(nn.ConvTranspose3d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.AvgPool1d),
    *(nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d),
    *(nn.AdaptiveAvgPool3d, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d),
    *(nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d, nn.Flatten, nn.Unflatten, nn.Identity),
    *(nn.Upsample, nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d),
)
"""Layers whose output is a sum over their inputs: relevance goes back in these proportions."""

_ELEMENTWISE = (
    *(nn.GELU, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.ReLU6, nn.PReLU, nn.Sigmoid),
    *(nn.Softplus, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Dropout1d),
    *(nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
)
"""Layers of one value each, through which relevance passes as it is, as Captum does for ReLU."""

_CAPTUMS = (nn.ReLU, nn.Dropout, nn.Tanh)


class _Output(nn.Module):
    """A model that returns a tensor ``[B, K]``."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        found = first_tensor(self.model(x))
        assert found is not None  # the first pass has looked
        return found if found.ndim == 2 else found.unsqueeze(1)


def lrp(attr: ModuleType, explainer: Explainer, classes: Tensor, passes: Passes) -> Tensor:
    """Return what each value contributes to the logit of a class, or to the contrast of two.

    Parameters
    ----------
    attr : module
        ``captum.attr``.
    explainer : Explainer
        Model and input. With a front end, relevance is that of its output.
    classes : Tensor
        ``[N, 1]``, or ``[N, 2]`` for a contrast.
    passes : Passes
        One for each sample and class.

    Returns
    -------
    Tensor
        ``[N, C, *space]``, or ``[N, *F]``. Its sum is the logit, less what biases took up.

    Raises
    ------
    TypeError
        If a layer has no rule. One can be set as its attribute ``rule``.
    ValueError
        If a layer is used twice.
    """
    original = explainer.classifier.model
    assert isinstance(original, nn.Module)
    taken = explainer.classifier.features(explainer.signal).detach()
    found = []
    for part in explainer.classifier.parts(len(classes)):
        parts = []
        for column in classes[part].T:
            passes.begin()
            parts.append(_of_class(attr, original, taken[part].clone(), column))
            passes.end(len(column))
        found.append(parts[0] if len(parts) == 1 else parts[0] - parts[1])
    values = torch.cat(found)
    if explainer.features is None and not explainer.channel_axis:
        values = values.unsqueeze(1)
    return values


def _of_class(attr: ModuleType, original: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    # Captum sets attributes, changes weights and takes rules away again, those of the user too: it
    # gets a copy of its own each time.
    model = _Output(copy.deepcopy(original))
    _set_rules(model)
    with torch.no_grad():
        logits = model(x.clone())
    single = logits.shape[1] == 1
    wanted = torch.zeros_like(classes) if single else classes
    try:
        values: Tensor = attr.LRP(model).attribute(x, target=wanted)
    except RuntimeError as error:
        if "more than once" not in str(error):
            raise
        raise ValueError(
            "model uses one of its modules twice, which 'lrp' cannot follow: give each use a "
            "module of its own"
        ) from error
    chosen = logits.gather(1, wanted[:, None])[:, 0]
    missing = (values.flatten(1).sum(1) - chosen).abs()
    if (missing > chosen.abs()).all():
        checks.warn(
            "the relevance of 'lrp' does not add up to the logit: functions where it needs modules "
            "(F.relu, a sum of two branches), or large biases; read it with care"
        )
    # One output counts half for class 1 and half against class 0, see objectives.logits_of.
    side = (classes.to(values.dtype) - 0.5).view(-1, *[1] * (values.ndim - 1))
    return values * side if single else values


def _set_rules(model: nn.Module) -> None:
    rules = import_module("captum.attr._utils.lrp_rules")
    for name, layer in model.named_modules():
        if hasattr(layer, "inplace"):
            layer.inplace = False
        if any(True for _ in layer.children()) or hasattr(layer, "rule"):
            continue
        if type(layer) in _LINEAR:
            layer.rule = rules.EpsilonRule()
        elif type(layer) in _ELEMENTWISE:
            layer.rule = rules.IdentityRule()
        elif type(layer) not in _CAPTUMS:
            where = name.removeprefix("model").removeprefix(".") or "model"
            raise TypeError(
                f"'lrp' has no rule for {where!r}, a {type(layer).__name__}: set one as its "
                "attribute rule, of captum.attr._utils.lrp_rules, or use another method"
            )
