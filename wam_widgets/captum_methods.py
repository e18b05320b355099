"""Maps of the signal by Captum, to compare with: Grad-CAM and its relatives, occlusion, LRP.

Everything else of these methods is Captum's; here it gets the model as this package calls it, the
objective, the place of the map on the signal, progress and a way to stop.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from wam_widgets import relevance
from wam_widgets.catalogue import CATALOGUE, words
from wam_widgets.entries import MapEntry
from wam_widgets.layers import find_layer
from wam_widgets.passes import Passes
from wam_widgets.windows import places, windows

if TYPE_CHECKING:
    from wam_widgets.explainer import Explainer
    from wam_widgets.objectives import Target

__all__ = ["captum_map"]

_UPSAMPLING = {1: "linear", 2: "bilinear", 3: "trilinear"}


def captum_map(
    explainer: Explainer,
    method: str,
    target: Target = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MapEntry:
    """Return the map of one of ``wam_widgets.methods("signal")`` for a target.

    Parameters
    ----------
    explainer : Explainer
        Model, input and settings.
    method : str
        ``"grad_cam"`` (Selvaraju et al. 2017, equations 1 and 2), ``"layer_cam"`` (Jiang et al.
        2021, equations 5 and 6): of the objective, from the maps of `layer`, interpolated.
        ``"guided_grad_cam"``: Grad-CAM times the gradient of guided backpropagation.
        ``"occlusion"`` (Zeiler and Fergus 2014): fall of the objective when a window is replaced
        by the baseline, mean over the windows that hold a place. ``"lrp"`` (Bach et al. 2015, the
        rule with ε, equation 58): the parts of the class's logit.
    target : optional
        As in :func:`wam_widgets.explain`.
    progress : callable, optional
        Called with passes done and passes in all.
    should_stop : callable, optional
        Asked before each pass.

    Returns
    -------
    MapEntry
        On the signal; Grad-CAM, its relatives and LRP on the front end's output, if there is one.

    Raises
    ------
    ImportError
        Without Captum.
    TypeError, ValueError
        If the model or one of its layers does not fit to the method.
    Cancelled
        When `should_stop` returned True.
    """
    attr = _captum(method)
    model = explainer.classifier.model
    if CATALOGUE[method].needs_module and not isinstance(model, nn.Module):
        raise TypeError(
            f"model is a {type(model).__name__}: {method!r} looks into the layers, so it must be a "
            "torch.nn.Module"
        )
    classes = explainer.classes(target)
    settings = explainer.settings(baselines=method == "occlusion")
    domain = "signal" if explainer.features is None or method == "occlusion" else "features"
    output = explainer.output(classes)
    n = len(explainer.signal)
    with (
        explainer.classifier.untouched(explainer.signal.device, explainer.first_seed),
        Passes(words(method), explainer.show_progress, progress, should_stop) as passes,
        _quiet(),
    ):
        if method == "occlusion":
            shape = explainer.signal.shape[1:]
            window, stride = windows(shape, explainer.sliding_window_shapes, explainer.strides)
            settings |= {"sliding_window_shapes": _sides(window), "strides": _sides(stride)}
            # Captum runs the signal itself as well.
            passes.expect(n * (1 + places(shape, window, stride)))
            values = _occlusion(attr, explainer, classes, window, stride, passes)
        elif method == "lrp":
            if explainer.objective.function is not None:
                raise ValueError(
                    "objective is a function: 'lrp' explains the logit of a class; leave it out"
                )
            settings["objective"] = "logit"
            settings.pop("autocast", None)  # its rules are for full precision
            output = _logit(explainer, classes)
            passes.expect(n * classes.shape[1])
            values = relevance.lrp(attr, explainer, classes, passes)
        else:
            name, layer = find_layer(explainer)
            settings["layer"] = name
            passes.expect(n)
            values = _cam(attr, explainer, method, name, layer, classes, passes)
            if method == "guided_grad_cam":
                values = values * _guided(explainer, target, domain, should_stop)
    if not torch.isfinite(values).all():
        raise ValueError(f"{method!r} gave values that are not finite: look for a division by zero")
    return MapEntry(
        method=method,
        target=explainer.name_of(target),
        classes=classes.cpu(),
        values=values.detach().to(explainer.signal.dtype),
        output=output,
        domain=domain,
        settings=settings,
    )


def _captum(method: str) -> ModuleType:
    try:
        return import_module("captum.attr")
    except ImportError as error:
        raise ImportError(
            f"method {method!r} needs Captum: pip install 'wam-widgets[compare]'"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Captum's remarks about its own hooks from the user."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Setting (forward, )?backward hooks")
        warnings.filterwarnings("ignore", module="captum")
        yield


def _occlusion(
    attr: ModuleType,
    explainer: Explainer,
    classes: Tensor,
    window: tuple[int, ...],
    stride: tuple[int, ...],
    passes: Passes,
) -> Tensor:
    classifier = explainer.classifier

    def score(points: Tensor, chosen: Tensor) -> Tensor:
        passes.begin()
        with torch.no_grad():
            found = explainer.objective(classifier(explainer.laid_out(points).clone()), chosen)
        passes.end(len(points))
        return found

    occlusion = attr.Occlusion(score)
    found = []
    for part in classifier.parts(len(classes)):
        x = explainer.signal[part]
        x0 = (
            0
            if explainer.baseline is None
            else explainer.baseline.expand_as(explainer.signal)[part]
        )
        values = occlusion.attribute(
            x,
            sliding_window_shapes=window,
            strides=stride,
            baselines=x0,
            additional_forward_args=(classes[part],),
            perturbations_per_eval=max(1, classifier.batch_size // len(x)),
        )
        # All channels are covered at once, so they all have the same value.
        found.append(values[:, :1] if window[0] == x.shape[1] else values)
    return torch.cat(found)


def _cam(
    attr: ModuleType,
    explainer: Explainer,
    method: str,
    name: str,
    layer: nn.Module,
    classes: Tensor,
    passes: Passes,
) -> Tensor:
    def score(points: Tensor, chosen: Tensor) -> Tensor:
        return explainer.objective(explainer.classifier(points), chosen)

    found = []
    for part in explainer.classifier.parts(len(classes)):
        passes.begin()
        # The weights may be frozen: a graph there must be.
        points = explainer.laid_out(explainer.signal[part]).clone().requires_grad_(True)
        given = {"inputs": points, "additional_forward_args": (classes[part],)}
        if method == "layer_cam":
            # Each place has a weight of its own, so that sums over places do not come first.
            maps = attr.LayerActivation(score, layer).attribute(**given)
            slopes = attr.LayerGradientXActivation(
                score, layer, multiply_by_inputs=False
            ).attribute(**given)
            made = (slopes.clamp(min=0) * maps).sum(dim=1, keepdim=True).clamp(min=0)
        else:
            made = attr.LayerGradCam(score, layer).attribute(**given, relu_attributions=True)
        found.append(_placed(made.detach().to(explainer.signal.dtype), explainer, name))
        passes.end(len(points))
    return torch.cat(found)


def _placed(maps: Tensor, explainer: Explainer, name: str) -> Tensor:
    """Return the maps of a layer, ``[B, 1, *places]``, on the signal or on the features."""
    taken = explainer.signal if explainer.features is None else explainer.features
    axes, there = maps.ndim - 2, taken.ndim - (2 if explainer.features is None else 1)
    fits = axes == there if explainer.features is None else 1 <= axes <= there
    if not fits:
        remedy = (
            "; pass what makes a picture of the sound as front_end="
            if explainer.modality == "audio" and explainer.features is None
            else "; name another with layer="
        )
        raise ValueError(
            f"layer {name!r} gives maps with {axes} axes: x has {there}, so they have no place on "
            f"it{remedy}"
        )
    size = tuple(taken.shape[-axes:])
    full = nn.functional.interpolate(maps, size=size, mode=_UPSAMPLING[axes], align_corners=False)
    if explainer.features is None:
        return full
    # Channels of the features, and rows that the layer has merged, share one value.
    inner = full.reshape(len(maps), *[1] * (taken.ndim - 1 - axes), *size)
    return inner.expand(len(maps), *taken.shape[1:])


def _guided(
    explainer: Explainer,
    target: Target,
    domain: str,
    should_stop: Callable[[], bool] | None,
) -> Tensor:
    entry = explainer.explain("guided_backprop", target, should_stop=should_stop).entry
    gradient = entry.gradient if domain == "signal" else entry.feature_gradient
    assert gradient is not None
    return gradient


def _logit(explainer: Explainer, classes: Tensor) -> Tensor:
    assert explainer.logits is not None
    chosen = explainer.logits.gather(1, classes)
    return chosen[:, 0] if chosen.shape[1] == 1 else chosen[:, 0] - chosen[:, 1]


def _sides(sides: tuple[int, ...]) -> str | int:
    """Return the sides of a window along the axes of space, one number where all are the same."""
    space = sides[1:]
    return space[0] if len(set(space)) == 1 else ", ".join(map(str, space))
