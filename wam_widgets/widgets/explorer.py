"""The Explorer: one widget with linked panels on an explanation, live where there is a model."""

from __future__ import annotations

import base64
import io
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import methods
from wam_widgets.explainer import Explainer
from wam_widgets.explanation import Entry, Explanation
from wam_widgets.options import options
from wam_widgets.wavelets import Basis, families, max_level
from wam_widgets.widgets.channel import Channel, Job
from wam_widgets.widgets.components import component_count
from wam_widgets.widgets.controls import Controls
from wam_widgets.widgets.embed import output, shown_by_widgets
from wam_widgets.widgets.forgiving import Forgiving
from wam_widgets.widgets.live import Live
from wam_widgets.widgets.maps import map_payload
from wam_widgets.widgets.module import Module, front_end, shared_module
from wam_widgets.widgets.payload import (
    curve_payload,
    default_controls,
    entry_payload,
    payload,
)
from wam_widgets.widgets.sizes import check_size

__all__ = ["Explorer", "front_end"]

_LOG = logging.getLogger("wam_widgets")
_PNG_DPI = 110
_VIEW = "application/vnd.jupyter.widget-view+json"


class Explorer(Forgiving, Controls):
    """An explanation to explore: linked panels, all controls live, the model asked when needed.

    Made by :func:`explore`. The controls are traits (see :class:`Controls` for all of them):
    setting one moves the panels, moving a control sets the trait.

    Parameters
    ----------
    explanation : Explanation
        What to show; may hold no entry yet if there is an explainer.
    explainer : Explainer, optional
        Computes what the explanation does not hold, when a reader asks for it.
    title : str, optional
        What it is about.
    **controls
        Controls to begin with; the default basis of the modality otherwise.
    """

    # anywidget needs a module for each Explorer; this one finds the one that they have in common.
    _esm = traitlets.Unicode().tag(sync=True)
    _module = traitlets.Instance(Module).tag(sync=True, **ipywidgets.widget_serialization)
    _key = traitlets.Unicode().tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        explanation: Explanation,
        explainer: Explainer | None = None,
        *,
        title: str | None = None,
        **controls: Any,
    ) -> None:
        check_size(explanation)
        self._live_state = Live(explanation, explainer)
        self._title = title
        self._quiet = False
        self._png: tuple[object, str] | None = None
        self._data_lock = threading.RLock()
        handlers = {
            "explain": self._answer_explain,
            "curve": self._answer_curve,
            "compare": self._answer_compare,
        }
        self._channel = Channel(self.send, handlers)
        data = payload(explanation, title)
        del data["bank"]  # the module has it
        space = data["signal"]["shape"][2:]
        known = explanation.probabilities
        defaults = default_controls(explanation)
        # A family alone must not fail for a default level that is too deep for it.
        if controls.get("family") in families():
            defaults["level"] = max(1, min(defaults["level"], max_level(controls["family"], space)))
        super().__init__(
            (*explanation.signal.shape[:2], *space),
            modality=explanation.modality,
            classes=None if known is None else known.shape[1],
            held={"methods": explanation.methods, "targets": explanation.targets},
            parts=component_count(explanation),
            _esm=front_end("stub.js"),
            _module=shared_module(),
            _key=uuid.uuid4().hex,
            _data=data,
            _live=explainer is not None,
            _methods=list(methods("gradient") if explainer is not None else explanation.methods),
            _others=list(methods("signal") if explainer is not None else ()),
            # In an HBox each takes its share: by themselves the panels would take no width at all.
            layout={"width": "100%", "min_width": "0"},
            **{**defaults, **controls},
        )
        self.on_msg(self._receive)

    @property
    def explanation(self) -> Explanation:
        """Everything computed so far; the method and target shown are selected, if they are."""
        known = self._live_state.explanation
        if (self.method, self.target) in known.entries:
            return known.select(self.method, self.target)
        return known

    def attribution(self) -> Attribution:
        """Return the attribution of the method, target and basis that the controls show.

        Of the whole batch. Runs the model if this method and target were not computed yet.

        Raises
        ------
        ValueError
            If they were not, and there is no model.
        """
        if (self.method, self.target) not in self._live_state.explanation.entries:
            entry = self._live_state.entry(self.method, self.target)
            self._channel.announce({"kind": "entry", "entry": self._keep(entry)})
        return self.explanation.at(Basis(self.family, self.level, self.mode))

    @property
    def title(self) -> str | None:
        """What it is about, as it was given."""
        return self._title

    def to_html(self, path: str | Path, title: str | None = None, notes: str | None = None) -> Path:
        """Write everything computed so far as one offline file that opens as it is shown here."""
        from wam_widgets.reports import to_html

        return to_html(self, path, title or self._title, notes)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background has nothing left to compute; False if the time ran out."""
        return self._channel.wait(timeout)

    def close(self) -> None:
        """Stop what is being computed and take the widget away."""
        channel = getattr(self, "_channel", None)  # absent when the constructor failed
        if channel is not None:
            channel.close()
        super().close()

    def start(self) -> None:
        """Compute what the controls show in the background, if it was not computed yet."""
        self._channel.receive({"kind": "explain", "method": self.method, "target": self.target})

    def _receive(self, _: object, content: object, buffers: Sequence[Any]) -> None:
        self._channel.receive(content, buffers)

    # That of ipywidgets 7, which Colab has, would be preferred to the bundle and shows less.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        png = self._picture()
        if not png:
            return bundle
        # A saved notebook shows these where no widget can run.
        data = {**data, "image/png": png}
        if options.embed == "html":
            shown = self._data
            data["text/html"] = output(self._key, png, shown["title"], shown, self.controls())
            if not shown_by_widgets():
                del data[_VIEW]
        return data, metadata

    def _picture(self) -> str | None:
        """Return a PNG, base64, of what the controls show; None if nothing is computed yet."""
        known = self.explanation
        basis = Basis(self.family, self.level, self.mode)
        look = self._look()
        key = (self.method, self.target, basis, self.sample, look)
        if (self.method, self.target) not in known.entries:
            return None
        if self._png is None or self._png[0] != key:
            try:
                figure = known.at(basis).plot(self.sample, **look)
                file = io.BytesIO()
                figure.savefig(file, format="png", dpi=_PNG_DPI, metadata={"Software": None})
            except Exception:  # the widget must be shown whatever happens to its substitute
                _LOG.warning("the static picture could not be drawn", exc_info=True)
                return None
            self._png = (key, base64.b64encode(file.getvalue()).decode("ascii"))
        return self._png[1]

    def _look(self) -> dict[str, Any]:
        """Return what a figure must know to show what the panels show."""
        names = ("keep", "ranking", "mask", "scales", "colour_map")
        look = {name: getattr(self, name) for name in names}
        if self._modality != "volume":
            return look
        camera = (self.camera["azimuth"], self.camera["elevation"])
        return {**look, "place": self._voxel(), "camera": camera}

    def _voxel(self) -> tuple[int, ...] | None:
        """Return the voxel of the volume, in full, that the chosen crosshair stands for."""
        if self.crosshair is None or self._modality != "volume":
            return None
        factor = self._data["reduced"]
        space = self._live_state.explanation.space
        middle = (
            (k * factor, min((k + 1) * factor, n))
            for k, n in zip(self.crosshair, space, strict=True)
        )
        return tuple((start + stop - 1) // 2 for start, stop in middle)

    def _answer_explain(self, job: Job) -> dict[str, Any]:
        def progress(done: int, total: int, partial: Callable[[], Entry] | None) -> None:
            assert partial is not None
            known = self._live_state.explanation
            job.progress(done, total, lambda: entry_payload(known, partial()))

        method, target = (str(job.request.get(name)) for name in ("method", "target"))
        if (method, target) not in self._live_state.explanation.entries:
            check_size(self._live_state.explanation, more=1)
        entry = self._live_state.entry(method, target, progress, job.should_stop)
        return {"kind": "entry", "entry": self._keep(entry)}

    def _answer_compare(self, job: Job) -> dict[str, Any]:
        """Compute a method that is not to be put on display: its entry, or its map."""
        method, target = (str(job.request.get(name)) for name in ("method", "target"))
        live = self._live_state
        check_size(live.explanation, more=1)

        def progress(done: int, total: int, _: object) -> None:
            job.progress(done, total)

        if method in methods("gradient"):
            entry = live.entry(method, target, progress, job.should_stop)
            return {"kind": "entry", "entry": self._keep(entry)}
        found = live.map(method, target, progress, job.should_stop)
        made = map_payload(live.explanation, found)
        with self._data_lock:
            known = [map_payload(live.explanation, other) for other in live.explanation.maps]
            self._replace_quietly({**self._data, "maps": known})
        return {"kind": "map", "entry": made}

    def _answer_curve(self, job: Job) -> dict[str, Any]:
        wanted = job.request
        method, target, family, mode, ranking = (
            str(wanted[name]) for name in ("method", "target", "family", "mode", "ranking")
        )
        basis = Basis(family, int(wanted["level"]), mode)
        curve = self._live_state.curve(
            method, target, basis, ranking, job.progress, job.should_stop
        )
        known = [curve_payload(curve) for curve in self._live_state.explanation.curves]
        with self._data_lock:
            self._replace_quietly({**self._data, "curves": known})
        return {"kind": "curve", "curve": curve_payload(curve)}

    def _keep(self, entry: Entry) -> dict[str, Any]:
        """Return the payload of an entry, and keep it for views that open later."""
        with self._data_lock:
            for known in self._data["entries"]:
                if (known["method"], known["target"]) == (entry.method, entry.target):
                    return dict(known)
            made = entry_payload(self._live_state.explanation, entry)
            self._replace_quietly({**self._data, "entries": [*self._data["entries"], made]})
        self._hold()
        return made

    def _hold(self) -> None:
        known = self._live_state.explanation
        self._held = {"methods": known.methods, "targets": known.targets}

    def _replace_quietly(self, data: dict[str, Any]) -> None:
        """Change the state that a new view starts from; open views learn of it by messages."""
        self._quiet = True
        try:
            self._data = data
        finally:
            self._quiet = False

    def _should_send_property(self, key: str, value: Any) -> bool:
        quiet = key == "_data" and self._quiet
        return not quiet and bool(super()._should_send_property(key, value))
