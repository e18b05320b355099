"""A study to explore: its gallery, and under it the Explorer of the input that was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from wam_widgets.attribution import RANKINGS
from wam_widgets.checks import device_of
from wam_widgets.explaining import check_settings
from wam_widgets.joining import moved
from wam_widgets.markup import plain
from wam_widgets.studies.models import as_source
from wam_widgets.wavelets import max_level
from wam_widgets.widgets.explore import explore
from wam_widgets.widgets.explorer import Explorer
from wam_widgets.widgets.gallery import Gallery
from wam_widgets.widgets.gallery_controls import GALLERY_CONTROLS
from wam_widgets.widgets.gallery_payload import Shown, gather
from wam_widgets.widgets.sizes import shown_space

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.studies.study import Study

__all__ = ["OF_DATA", "StudyExplorer", "explore_study", "first_view"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDE = {"width": "100%", "min_width": "0"}
_BASIS = re.compile(r"(?P<family>\S+), level (?P<level>\d+)(?:, (?P<mode>\w+))?")

# Settings of wam_widgets.explain that say how much is computed: more is computed as before.
_AMOUNTS = ("n_steps", "n_samples", "noise_level", "multiply_by_inputs", "internal_batch_size")


OF_DATA = ("transform", "columns", "methods", "bases")
"""What :meth:`Study.explanation` takes beside settings of an explanation."""


class StudyExplorer(ipywidgets.VBox):  # type: ignore[misc]
    """The gallery of a study, and under it the Explorer of the input that is open.

    Made by :func:`explore_study`.

    Parameters
    ----------
    study : Study
    model : callable, optional
        Explains inputs whose explanations were not kept, and computes what an Explorer is asked
        for.
    data : optional
        The data of the study, to explain inputs again.
    title : str, optional
    settings : mapping, optional
        Of :meth:`Study.explanation`: what the study does not keep itself, such as `front_end`.
    **controls
        Of the gallery, to begin with.
    """

    def __init__(
        self,
        study: Study,
        model: Callable[..., Any] | None = None,
        data: Any = None,
        *,
        title: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **controls: Any,
    ) -> None:
        self._source = None if model is None else as_source(model)
        self._model: Callable[..., Any] | None = None  # built when it is needed
        self._study, self._data_set = study, data
        self._settings = dict(settings or {})
        self._explorer: Explorer | None = None
        self._below: list[Any] = []
        self._title = title
        opened = controls.pop("opened", None)
        self._gallery = Gallery(
            self._gather(), study.thumbnails, self._explained, self._replace, **controls
        )
        super().__init__([self._gallery], layout=_WIDE)
        try:
            self._gallery.opened = opened
        except traitlets.TraitError:
            self.close()
            raise

    @property
    def study(self) -> Study:
        """What is explored."""
        return self._study

    @property
    def gallery(self) -> Gallery:
        """The cards and their filters: the controls are its traits."""
        return self._gallery

    @property
    def explorer(self) -> Explorer | None:
        """The Explorer that is open."""
        return self._explorer

    @property
    def selected(self) -> list[str]:
        """The ids of the inputs that pass all filters, in the order in which they are shown."""
        return self._gallery.selected

    def refresh(self) -> None:
        """Show what has been finished since, where the study still runs."""
        self._gallery.show(self._gather())

    def _gather(self) -> Shown:
        again = self._source is not None and self._data_set is not None
        return gather(self._study, all_open=again, title=self._title)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background has nothing left to do; False if the time ran out."""
        return self._gallery.wait(timeout)

    def close(self) -> None:
        """Stop what is being computed, and take the gallery and the Explorer away."""
        gallery = getattr(self, "_gallery", None)  # absent when the constructor failed
        if gallery is not None:
            for widget in (gallery, *self._below):
                widget.close()
            self._explorer = None
        super().close()

    def _explained(self, position: int) -> Callable[[], None]:
        """Get the explanation of an input; what is returned puts its Explorer on show."""
        shown, row = self._gallery._shown, self._gallery.row
        name = shown.ids[position]
        if self._model is None and self._source is not None:
            self._model = self._source.build()
        model = self._model
        explanation = self._study.explanation(name, model, self._data_set, **self._settings)
        live: dict[str, Any] = {}
        if model is not None:
            device = device_of(model)
            explanation = explanation if device is None else moved(explanation, device)
            live = {"model": model, **self._live(name)}
        first = first_view(self._study, explanation, row)

        def put() -> None:
            explorer = explore(explanation, title=shown.about(position), **live, **first)
            self._replace(explorer)

        return put

    def _replace(self, explorer: Explorer | None = None) -> None:
        """Put an Explorer under the gallery, and what it is about; away with the one before."""
        before, self._below, self._explorer = self._below, [], explorer
        if explorer is not None:
            text = f'<h3 style="margin:16px 6px 0">{escape(plain(explorer.title))}</h3>'
            heading = ipywidgets.HTML(text)
            box = ipywidgets.VBox([heading, explorer], layout=_WIDE)
            self._below = [box, heading, explorer]
        self.children = [self._gallery, *self._below[:1]]
        for widget in before:
            widget.close()

    def _live(self, name: str) -> dict[str, Any]:
        """Return the settings by which an Explorer computes more, as the study did."""
        kept = self._study.parameters.get("settings", {})
        amounts = {key: kept[key] for key in _AMOUNTS if key in kept}
        content = self._study.content()
        seed = int(content.whole("seed")[content.positions[name]])
        own = {key: value for key, value in self._settings.items() if key not in OF_DATA}
        return {"seed": seed, **amounts, **own}

    # That of ipywidgets 7, which Colab has, would be preferred to the bundle and shows less.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        bundle: dict[str, Any] = {"text/plain": repr(self), _VIEW: view}
        png = self._gallery.picture()
        # A saved notebook shows it where no widget can run.
        return bundle if png is None else {**bundle, "image/png": png}

    def __repr__(self) -> str:
        shown = self._gallery._shown
        return f"StudyExplorer({len(shown):,} of {shown.total:,} inputs)"


def explore_study(
    study: Study,
    model: Callable[..., Any] | None = None,
    data: Any = None,
    *,
    title: str | None = None,
    **options: Any,
) -> StudyExplorer:
    """Explore a study: a gallery of its inputs with filters, and the Explorer of any of them.

    Parameters
    ----------
    study : Study
        May still run: what is finished now is shown.
    model : callable, optional
        The model of the study. With it Explorers are live: they compute other methods and targets.
    data : optional
        The data of the study. With model and data, inputs can be opened whose explanations were
        not kept; they are explained again in the background.
    title : str, optional
        What it is about.
    **options
        Controls of the gallery to begin with (``metric="faithfulness"``, ``correctness="wrong"``,
        …; see :class:`wam_widgets.widgets.gallery_controls.GalleryControls`); others are what
        :meth:`Study.explanation` takes, because a folder cannot hold it, such as `front_end`.

    Returns
    -------
    StudyExplorer

    Raises
    ------
    ValueError, TypeError, TraitError
        If no input is finished or failed yet, or a control is not allowed.
    """
    controls = {name: options.pop(name) for name in GALLERY_CONTROLS if name in options}
    check_settings(options, also=("title", *OF_DATA, *GALLERY_CONTROLS))
    if options and model is None:
        raise TypeError(
            f"{', '.join(options)}: settings are for a model; pass model= to compute more"
        )
    name = study.manifest.front_end
    if model is not None and name is not None and options.get("front_end") is None:
        raise TypeError(
            f"front_end is missing: the study was made with one ({name}), so model= takes what it "
            "gives; pass it again: study.explore(model, data, front_end=front_end)"
        )
    return StudyExplorer(study, model, data, title=title, settings=options, **controls)


def first_view(study: Study, explanation: Explanation, row: int = 0) -> dict[str, Any]:
    """Return the controls by which an Explorer begins with what a row of a study measured.

    Parameters
    ----------
    study : Study
    explanation : Explanation
        Of one of its inputs.
    row : int
        Of :attr:`Study.rows`.
    """
    label, place, ranking = study.rows[row] if study.rows else ("", "", "")
    found: dict[str, Any] = {}
    name = study.parameters.get("methods", {}).get(label, {}).get("method", label)
    if name in explanation.methods:
        found["method"] = name
        targets = [target for method, target in explanation.entries if method == name]
        found["target"] = targets[0]
    if basis := _BASIS.fullmatch(place):
        # What is averaged down for display may be too small for the level.
        deepest = max_level(basis["family"], shown_space(explanation))
        level = max(1, min(int(basis["level"]), deepest))
        mode = basis["mode"] or "symmetric"
        found |= {"family": basis["family"], "level": level, "mode": mode}
    if ranking in RANKINGS:
        found["ranking"] = ranking
    return found
