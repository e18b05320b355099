"""The methods that there are: what each of them gives, who proposed it, what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CATALOGUE", "KINDS", "About", "check_method", "methods", "title", "words"]

KINDS = ("gradient", "signal", "basis")
"""What methods give: a mean gradient, which every basis can be looked at in; a map of the signal
or of the front end's output; the importance of the coefficients of one basis."""


@dataclass(frozen=True)
class About:
    """What is to be known of a method before it is chosen.

    Attributes
    ----------
    title : str
        Its name in words, as it begins a heading.
    kind : {"gradient", "signal", "basis"}
        One of :data:`KINDS`.
    paper : str
        Who proposed it.
    settings : tuple of str
        The settings of :func:`wam_widgets.explain` that only some methods use, and this one does.
    extra : str or None
        What has to be installed for it, as in ``pip install 'wam-widgets[compare]'``.
    needs_module : bool
        The model must be a ``torch.nn.Module``: its layers are looked into.
    needs_gradient : bool
        The model must be differentiable.
    """

    title: str
    kind: str
    paper: str
    settings: tuple[str, ...] = ()
    extra: str | None = None
    needs_module: bool = False
    needs_gradient: bool = True


_PATH, _NOISE = ("baselines",), ("n_samples", "noise_level")

CATALOGUE: Mapping[str, About] = {
    "saliency": About("Saliency", "gradient", "Simonyan et al., ICLR workshop 2014"),
    "smoothgrad": About("SmoothGrad", "gradient", "Smilkov et al., 2017", _NOISE),
    "integrated_gradients": About(
        "Integrated gradients", "gradient", "Sundararajan et al., ICML 2017", (*_PATH, "n_steps")
    ),
    "smooth_integrated_gradients": About(
        "Smooth integrated gradients",
        "gradient",
        "Sundararajan et al., ICML 2017, with the noise of Smilkov et al., 2017",
        (*_PATH, *_NOISE),
    ),
    "gradient_shap": About(
        "GradientSHAP", "gradient", "Lundberg and Lee, NeurIPS 2017", (*_PATH, "n_samples")
    ),
    "guided_backprop": About(
        "Guided backpropagation", "gradient", "Springenberg et al., ICLR workshop 2015"
    ),
    "deconvolution": About("Deconvolution", "gradient", "Zeiler and Fergus, ECCV 2014"),
    "grad_cam": About(
        "Grad-CAM", "signal", "Selvaraju et al., ICCV 2017", ("layer",), "compare", True
    ),
    "layer_cam": About(
        "LayerCAM", "signal", "Jiang et al., IEEE TIP 2021", ("layer",), "compare", True
    ),
    "guided_grad_cam": About(
        "Guided Grad-CAM", "signal", "Selvaraju et al., ICCV 2017", ("layer",), "compare", True
    ),
    "occlusion": About(
        "Occlusion",
        "signal",
        "Zeiler and Fergus, ECCV 2014",
        ("baselines", "sliding_window_shapes", "strides"),
        "compare",
        needs_gradient=False,
    ),
    "lrp": About(
        "Layer-wise relevance propagation",
        "signal",
        "Bach et al., PLoS ONE 2015",
        (),
        "compare",
        True,
    ),
    "sobol": About(
        "Sobol indices (WCAM)",
        "basis",
        "Kasmi et al., XAI in Action, NeurIPS 2023",
        needs_gradient=False,
    ),
    "mask_optimisation": About("Optimised mask", "basis", "Kolek et al., ECCV 2022"),
    "cartoonx": About("CartoonX", "basis", "Kolek et al., ECCV 2022"),
    "waveletx": About("WaveletX", "basis", "Kolek et al., CVPR 2023"),
}
"""Every method by its name."""


def methods(kind: str | None = None) -> tuple[str, ...]:
    """Return the names of the attribution methods.

    Parameters
    ----------
    kind : {"gradient", "signal", "basis"}, optional
        Only those that give this; all by default.

        ``"gradient"``: a mean gradient, looked at in any wavelet basis, at the front end's output
        or as a map of the signal. ``saliency`` (input × gradient with ``multiply_by_inputs``),
        ``smoothgrad`` (WAM_SG of Kasmi et al. 2025, section 3), ``integrated_gradients`` (WAM_IG),
        ``smooth_integrated_gradients``, which draws the place on the path and the noise together,
        ``gradient_shap``, ``guided_backprop`` and ``deconvolution``.

        ``"signal"``: a map of the signal, or of the front end's output, for comparison:
        ``grad_cam``, ``layer_cam``, ``guided_grad_cam``, ``occlusion``, ``lrp``. These need the
        extra ``compare``.

        ``"basis"``: the importance of the coefficients of one basis, by
        :func:`wam_widgets.attribute`.

    See Also
    --------
    wam_widgets.catalogue.CATALOGUE : paper, settings and needs of each.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind is {kind!r}: it must be one of {', '.join(KINDS)}, or None")
    return tuple(name for name, about in CATALOGUE.items() if kind in (None, about.kind))


def title(method: str) -> str:
    """Return the name of a method in words, also of one that is not in the catalogue."""
    known = CATALOGUE.get(method)
    return method.replace("_", " ").capitalize() if known is None else known.title


def words(method: str) -> str:
    """Return the same in running text: "integrated gradients", but "SmoothGrad"."""
    name = title(method)
    own = any(letter.isupper() for letter in name.split()[0][1:]) or name.isupper()
    return name if own else name[:1].lower() + name[1:]


def check_method(name: object, *kinds: str) -> str:
    """Return `name` if it is a method of one of some kinds, else raise a ValueError.

    Of :func:`wam_widgets.explain`, those of the kinds ``"gradient"`` and ``"signal"``, by default.
    """
    wanted = kinds or ("gradient", "signal")
    about = CATALOGUE.get(name) if isinstance(name, str) else None
    if about is not None and about.kind in wanted:
        return str(name)
    there = ", ".join(each for kind in wanted for each in methods(kind))
    remedy = ""
    if about is not None and about.kind == "basis":
        remedy = f"; {name} belongs to one basis: wam_widgets.attribute(model, x, method={name!r})"
    raise ValueError(f"method is {name!r}: it must be one of {there}{remedy}")
