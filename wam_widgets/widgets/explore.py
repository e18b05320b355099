"""explore: from a model and an input, or a finished explanation, to the widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wam_widgets.catalogue import CATALOGUE
from wam_widgets.choosing import no_gradient
from wam_widgets.explainer import Explainer
from wam_widgets.explaining import check_settings, explain_all, method_names, with_gradient
from wam_widgets.explanation import Explanation
from wam_widgets.objectives import Target, target_name
from wam_widgets.widgets.controls import CONTROLS
from wam_widgets.widgets.explorer import Explorer, front_end
from wam_widgets.widgets.sizes import check_size
from wam_widgets.widgets.start import check_controls

__all__ = ["explore"]


def explore(
    model_or_explanation: Explanation | Callable[..., Any],
    x: Any = None,
    target: Target = None,
    method: str | Sequence[str] | None = None,
    *,
    model: Callable[..., Any] | None = None,
    background: bool = False,
    panels: Sequence[str] | None = None,
    title: str | None = None,
    **options: Any,
) -> Explorer:
    """Explore a model's decision, or a finished explanation, in linked panels.

    Parameters
    ----------
    model_or_explanation : callable or Explanation
        A model, which is explained now and asked again for other methods and targets; or an
        explanation, which then is all there is, unless `model` is given.
    x : Tensor or array
        The input, with a model; see :func:`wam_widgets.explain`.
    target, method
        What to begin with; see :func:`wam_widgets.explain`. With an explanation: what of it to
        show first, by default the selected entry.
    model : callable, optional
        With an explanation: the model to ask for what it does not hold. One that was explained
        with a `front_end` needs it again.
    background : bool
        Return at once and compute behind the widget, which shows the signal and the explanation
        as it grows. By default the first computation happens here: it shows a progress bar, can
        be interrupted, and raises its errors.
    panels : sequence of str, optional
        Some of ``"overlay"``, ``"pyramid"``, ``"spectrum"``, ``"reconstruction"``,
        ``"comparison"`` for images, of ``"player"``, ``"pyramid"``, ``"spectrogram"``,
        ``"spectrum"``, ``"reconstruction"``, ``"comparison"`` for sounds, of ``"volume"``,
        ``"slices"``, ``"spectrum"``, ``"pyramid"``, ``"reconstruction"``, ``"comparison"`` for
        volumes; all by default. The comparison is there with several methods, or with a model that
        can be asked for more.
    title : str, optional
        What it is about.
    **options
        Controls to begin with (``family="db4", level=3``, …; see :class:`Explorer`), and settings
        of :func:`wam_widgets.explain` (``class_names``, ``n_samples``, …) where there is a model.

    Returns
    -------
    Explorer

    Raises
    ------
    TypeError, ValueError, TraitError
        With the argument's name, what it was and what it must be. Also for a sound or a batch of
        volumes that is too large for a browser, see :data:`wam_widgets.widgets.sizes.LARGEST`.
    """
    controls = {name: options.pop(name) for name in CONTROLS if name in options}
    if panels is not None:
        controls["panels"] = list(panels)
    if isinstance(model_or_explanation, Explanation):
        if x is not None:
            raise TypeError("x is given with an explanation: the explanation has its own input")
        if target is not None:
            controls["target"] = target if isinstance(target, str) else target_name(target)
        if method is not None:
            controls["method"] = method_names(method)[0]
        return _explore_explanation(model_or_explanation, model, title, controls, options)
    if model is not None:
        raise TypeError("model is given twice: the first argument is a model already")
    if not callable(model_or_explanation):
        raise TypeError(
            f"model is a {type(model_or_explanation).__name__}: the first argument must be a model "
            "or an explanation"
        )
    if x is None:
        raise TypeError("x is missing: explore(model, x) needs the input to explain")
    names = with_gradient(method_names(method))
    check_settings(options, also=CONTROLS)
    # What is wrong must not be found after minutes of computing.
    front_end("widget.js")
    explainer = Explainer(model_or_explanation, x, **options)
    check_size(explainer.empty(), more=len(names))
    check_controls(explainer.empty(), controls)
    if background:
        first = next(name for name in names if CATALOGUE[name].kind == "gradient")
        wanted = {"method": first, "target": target}
        explorer = Explorer(explainer.empty(), explainer, title=title, **{**wanted, **controls})
        explorer.start()
        return explorer
    explanation = explain_all(explainer, names, [target])
    return Explorer(explanation, explainer, title=title, **controls)


def _explore_explanation(
    explanation: Explanation,
    model: Callable[..., Any] | None,
    title: str | None,
    controls: dict[str, Any],
    settings: dict[str, Any],
) -> Explorer:
    if model is None:
        if settings:
            raise TypeError(
                f"{', '.join(settings)}: settings are for a model; an explanation is finished, "
                "pass model= to compute more"
            )
        if explanation.maps and not explanation.entries:
            raise ValueError(no_gradient(explanation))
        return Explorer(explanation, title=title, **controls)
    if explanation.features is not None and settings.get("front_end") is None:
        raise TypeError(
            "front_end is missing: the explanation was made with one, so model= takes what it "
            "gives; pass it again: explore(explanation, model=model, front_end=front_end)"
        )
    about: dict[str, Any] = {
        "modality": explanation.modality,
        "class_names": explanation.class_names,
        "mean": explanation.mean,
        "std": explanation.std,
        "sample_rate": explanation.sample_rate,
        "spacing": explanation.spacing,
        "orientation": explanation.orientation,
    }
    explainer = Explainer(model, explanation.inputs, **{**about, **settings})
    return Explorer(explanation, explainer, title=title, **controls)
