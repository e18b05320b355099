"""explain: from a model and an input to what every basis is looked at from."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from wam_widgets.catalogue import CATALOGUE, check_method, methods
from wam_widgets.explainer import Explainer
from wam_widgets.explanation import Explanation
from wam_widgets.objectives import Target
from wam_widgets.options import options


def check_settings(settings: Iterable[str], also: Iterable[str] = ()) -> None:
    """Raise a TypeError for a name that is neither a setting of an explanation nor in `also`."""
    known = [*list(inspect.signature(Explainer).parameters)[2:], *also]
    for name in settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{name!r} is no argument: it must be one of {', '.join(known)}{hint}")


def method_names(method: str | Sequence[str] | None) -> list[str]:
    """Return the names of one or several methods, or that of the options."""
    if method is None:
        return [options.method]
    names = [method] if isinstance(method, str) else list(method)
    if not names:
        raise ValueError("method is empty: it must name at least one method")
    return [check_method(name) for name in names]


def explain(
    model: Callable[..., Any],
    x: Any,
    target: Target = None,
    method: str | Sequence[str] | None = None,
    **settings: Any,
) -> Explanation:
    """Explain why a classifier decided as it did about an input, once for every wavelet basis.

    The model is run here and only here. ``explanation.at("db4", level=3)`` and everything that
    follows are transforms of the result. For the mathematics see Kasmi et al., "One Wave To
    Explain Them All", ICML 2025 (section 3), and the README.

    Parameters
    ----------
    model : Module or callable
        Takes ``[B, C, *space]``, or what `front_end` gives; returns logits ``[B, K]`` as a tensor,
        as the first of a tuple, as ``logits`` of a mapping or of an object. It is left exactly as
        it was.
    x : Tensor or array
        Image ``[C, H, W]`` or ``[N, C, H, W]``; audio ``[N, C, T]``, or ``[N, T]`` or ``[T]``
        (one sound) with a model that takes ``[B, T]``; volume ``[N, C, D, H, W]``, or
        ``[C, D, H, W]`` with `spacing`. Floats, prepared as the model takes them.
    target : int, sequence of int, tuple of two, or None
        A class; one for each sample; a pair to contrast (f_a − f_b); None: the predicted class.
    method : str or sequence of str, optional
        One or several of ``wam_widgets.methods("gradient")`` and ``wam_widgets.methods("signal")``,
        see :func:`wam_widgets.methods`. The first that gives a gradient is selected in the result;
        maps of the signal are kept beside, see :meth:`Explanation.signal_map`. Default: that of
        :data:`wam_widgets.options`.
    baselines : None, float, "blur" or Tensor
        Where the path of integrated gradients begins, and what occlusion puts in place of the
        signal; zero by default.
    n_steps : int
        Points of integrated gradients (Gauss–Legendre; with a front end denser towards the
        baseline, where loudness changes fastest). Default 32.
    n_samples : int
        Points of SmoothGrad, smooth integrated gradients and GradientSHAP. Default 25.
    noise_level : float, optional
        Standard deviation of the noise, as a fraction of each sample's value range. Default 0.1
        for images, 0.05 for audio, 0.02 for volumes (measured: benchmarks/faithfulness.md).
    multiply_by_inputs : bool
        Attribution = coefficients × gradient (default), else the gradient alone. Signs are kept.
    objective : {"log_probability", "logit", "probability"} or callable
        What is explained. A callable takes the model's output and returns ``[B]``.
    layer : str or Module, optional
        Whose maps Grad-CAM and its relatives use, or its name in the model. Default: the last
        convolution, with what follows it on the same grid.
    sliding_window_shapes, strides : int or sequence of int, optional
        Window of occlusion and its steps, along each axis, or with the channels first. Default:
        1/64 of a sound, 1/8 of each side of an image, 1/4 of that of a volume, all channels
        together, and half of that.
    front_end : callable, optional
        Differentiable map from the signal to what the model takes, such as
        :class:`wam_widgets.front_ends.LogMel`; says that x is audio. The gradient at its output
        comes from the same passes, see :meth:`Explanation.feature_attribution`.
    sample_rate : float, optional
        In Hz; says that x is audio, which needs it. Default: that of the front end.
    spacing : sequence of float, optional
        Voxel size in mm along depth, height, width; says that x is a volume.
    orientation : str, optional
        Of a volume: the direction in which the index of each axis grows, such as ``"RAS"`` (to
        the right, to the front, to the head); says that x is a volume.
    modality : {"image", "audio", "volume"}, optional
        Where the shape does not tell.
    class_names : sequence of str, optional
        One for each class.
    mean, std : float or sequence of float, optional
        Normalisation of the input, for display: shown = x · std + mean.
    internal_batch_size : int, optional
        Points in one pass of the model. Chosen by default, halved when memory runs out.
    autocast : torch.dtype, optional
        Run the model under ``torch.autocast``; gradients are accumulated in float32.
    seed : int or sequence of int
        Of the noise, the same for all inputs; or one for each input, which gives what each would
        get by itself. The global generators are not touched.
    show_progress : bool
        Show a progress bar.

    Returns
    -------
    Explanation
        Immutable; does not hold the model.

    Raises
    ------
    TypeError, ValueError
        With the argument's name, what it was and what it must be.
    ImportError
        If a method needs Captum, and it is not installed (extra ``compare``).
    MemoryError
        If a single input does not fit into memory.

    Notes
    -----
    Memory: about four arrays of the size of x, besides what the model needs for the points of one
    pass; a reconstruction in a basis takes up to 35. For an hour of mono sound at 44.1 kHz in
    float32 (0.6 GiB) that is 2.4 and 21 GiB. A warning says so from ten minutes on: explain long
    sounds in parts, with :func:`wam_widgets.audio.windows`.

    A volume of 128³ voxels and one channel, with three 3-D convolutions (16, 32 and 64 channels,
    pooling between them) and 25 points: 0.8 GiB at the peak, the whole process and a reconstruction
    included; one pass of the model alone peaks at 0.65 GiB. With twice the channels: 1.1 and 1.0
    (4 points). 256³ voxels, 8, 16 and 32 channels: 3.0 and 2.8 GiB (2 points, no reconstruction).
    No GPU is needed.
    """
    names = method_names(method)
    check_settings(settings)
    explainer = Explainer(model, x, **settings)
    _check_use(names, settings, explainer)
    return explain_all(explainer, names, [target])


def explain_all(
    explainer: Explainer, names: Sequence[str], targets: Sequence[Target]
) -> Explanation:
    """Return one explanation with several methods, each for several targets.

    The first that gives a gradient is selected.
    """
    result = explainer.empty()
    for name in names:
        for target in targets:
            result = result | explainer.explain(name, target)
    return result


def with_gradient(names: Sequence[str]) -> list[str]:
    """Return names of methods with at least one that gives a gradient: else that of the options.

    A widget and a report show maps beside what can be looked at in every basis.
    """
    if any(CATALOGUE[name].kind == "gradient" for name in names):
        return list(names)
    return [options.method, *names]


def _check_use(names: Sequence[str], settings: Mapping[str, Any], explainer: Explainer) -> None:
    """Raise a ValueError for a setting that none of the methods uses."""
    given = {name for name in ("layer", "sliding_window_shapes", "strides") if settings.get(name)}
    if explainer.baseline is not None:
        given.add("baselines")
    for name in sorted(given):
        if not any(name in CATALOGUE[method].settings for method in names):
            users = [method for method in methods() if name in CATALOGUE[method].settings]
            raise ValueError(
                f"{name} is given, but {', '.join(names)} makes no use of it: use "
                f"{', '.join(users)}, or leave it out"
            )


def _signature() -> inspect.Signature:
    """Spell the settings out for help and completion; their one list is that of Explainer."""
    own = list(inspect.signature(explain, eval_str=True).parameters.values())[:-1]
    settings = list(inspect.signature(Explainer, eval_str=True).parameters.values())[2:]
    return inspect.Signature([*own, *settings], return_annotation=Explanation)


explain.__signature__ = _signature()  # type: ignore[attr-defined]
