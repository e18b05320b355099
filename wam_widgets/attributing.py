"""attribute: methods that belong to one wavelet basis."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import check_method
from wam_widgets.entries import MapEntry
from wam_widgets.explainer import Explainer
from wam_widgets.explaining import check_settings
from wam_widgets.explanation import Explanation
from wam_widgets.mask_optimisation import mask_optimisation
from wam_widgets.objectives import Target
from wam_widgets.options import options
from wam_widgets.wavelets import Basis, max_level
from wam_widgets.wcam import LEVEL, sobol

__all__ = ["BOUND", "Bound", "attribute"]

_RESERVED = ("explainer", "basis", "target")


@dataclass(frozen=True)
class Bound:
    """A method that belongs to one basis.

    Attributes
    ----------
    function : callable
        Takes an Explainer, a basis, a target and its own settings; returns a MapEntry.
    presets : mapping
        Its settings under this name, where they differ from the function's defaults.
    settings : mapping
        Settings of the Explainer under this name, where they differ from its defaults.
    level : mapping of str to int, optional
        Default level per modality, where it differs from that of :meth:`Explanation.at`.
    """

    function: Callable[..., MapEntry]
    presets: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    level: Mapping[str, int] | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the settings that are its own."""
        names = inspect.signature(self.function).parameters
        return tuple(name for name in names if name not in _RESERVED)


_PROBABILITY = {"objective": "probability"}
"""What the papers on masks compare; a log-probability has no bound."""

BOUND: Mapping[str, Bound] = {
    "sobol": Bound(sobol, level=LEVEL),
    "mask_optimisation": Bound(mask_optimisation, settings=_PROBABILITY),
    "cartoonx": Bound(mask_optimisation, {"spatial": 0.0}, _PROBABILITY),
    "waveletx": Bound(mask_optimisation, {"spatial": 2.0}, _PROBABILITY),
}
"""The methods that belong to one basis, by name."""


@torch.inference_mode(False)
def attribute(
    model: Callable[..., Any] | Explainer,
    x: Any = None,
    target: Target = None,
    method: str = "sobol",
    basis: str | Basis | None = None,
    level: int | None = None,
    mode: str | None = None,
    **settings: Any,
) -> Attribution:
    """Explain a classifier's decision in one wavelet basis.

    For methods that run the model once for each mask of coefficients, so that there is no gradient
    that would serve every basis. Everything else is :func:`wam_widgets.explain`.

    Parameters
    ----------
    model : callable or Explainer
        As in :func:`wam_widgets.explain`; left exactly as it was. ``"sobol"`` takes black boxes
        without a gradient. An Explainer brings its input and its settings.
    x : Tensor or array
        As in :func:`wam_widgets.explain`. Left out with an Explainer.
    target : int, sequence of int, tuple of two, or None
        As in :func:`wam_widgets.explain`.
    method : str
        ``"sobol"``: total Sobol indices of regions of the coefficients (WCAM), see
        :func:`wam_widgets.wcam.sobol`. ``"mask_optimisation"``: the fewest coefficients from which
        the model answers as it does, see
        :func:`wam_widgets.mask_optimisation.mask_optimisation`; ``"cartoonx"`` and ``"waveletx"``
        are that with the penalties of these papers. These explain the probability unless
        ``objective`` says otherwise.
    basis : str or Basis, optional
        Wavelet name, or a whole :class:`Basis`; default: that of :meth:`Explanation.at`.
    level : int, optional
        Number of scales. Default for ``"sobol"``: 3 for images, 6 for sounds, 2 for volumes, or
        fewer where the signal is small; else that of :meth:`Explanation.at`.
    mode : str, optional
        Boundary mode.
    **settings
        Those of the method, with ``progress`` and ``should_stop``; all others are settings of
        :func:`wam_widgets.explain`, such as ``objective``, ``sample_rate`` or ``front_end``.

    Returns
    -------
    Attribution
        In that basis. It holds no gradient: what needs one (``pullback``, ``cycle_spins``,
        :meth:`Explanation.at` in another basis) raises an error. ``e | a.explanation`` puts it
        beside the gradients of the same input.

    Raises
    ------
    wam_widgets.gradients.Cancelled
        If `should_stop` returned True between two passes.
    """
    bound = BOUND[check_method(method, "basis")]
    own = {name: settings.pop(name) for name in bound.own if name in settings}
    if isinstance(model, Explainer):
        if x is not None or settings:
            given = ", ".join(["x"] * (x is not None) + list(settings))
            raise ValueError(f"model is an Explainer, and {given} is given: it brings its own")
        explainer = model
    else:
        check_settings(settings, also=bound.own)
        explainer = Explainer(model, x, **{**bound.settings, **settings})
    if not isinstance(explainer.seed, int):
        raise ValueError(
            f"seed is a sequence: {method} draws its masks for all inputs together, give one number"
        )
    empty = explainer.empty()
    chosen = _basis(empty, bound, basis, level, mode)
    found = bound.function(explainer, chosen, target, **{**bound.presets, **own})
    found = replace(found, method=method)
    return empty.with_maps([found]).at(chosen, method=method, target=found.target)


def _basis(
    empty: Explanation,
    bound: Bound,
    basis: str | Basis | None,
    level: int | None,
    mode: str | None,
) -> Basis:
    """Return the basis as :meth:`Explanation.at` would, but for the method's own default level."""
    if level is None and bound.level is not None and not isinstance(basis, Basis):
        family = empty.default_basis.family if basis is None else basis
        wanted = options.level or bound.level[empty.modality]
        level = max(1, min(wanted, max_level(family, empty.space)))
    return empty.at(basis, level, mode).basis
