"""The gallery: thousands of inputs of a study, filtered and sorted, and the Explorer of any."""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import traitlets

from wam_widgets.widgets.channel import Channel, Job, describe
from wam_widgets.widgets.forgiving import Forgiving
from wam_widgets.widgets.gallery_controls import NOT_KEPT, GalleryControls
from wam_widgets.widgets.gallery_payload import Shown, base64_text, gallery_payload
from wam_widgets.widgets.module import Module, front_end, shared_module

__all__ = ["Gallery"]

_LOG = logging.getLogger("wam_widgets")
_PNG_DPI = 110
_MOST_THUMBNAILS = 500
"""Pictures in one answer: no page shows more at once."""

_MOST_THUMBNAILS = 500
"""Pictures in one answer: no page shows more at once."""

Pictures = Callable[[Sequence[str]], Mapping[str, bytes]]
Opener = Callable[[int], Callable[[], None]]


class Gallery(Forgiving, GalleryControls):
    """The inputs of a study as cards, with filters, a histogram, spectra and means per class.

    Made by :meth:`Study.explore`. The controls are traits (see :class:`GalleryControls`): setting
    one moves the gallery, moving a control sets the trait; :attr:`selected` are the ids that are
    left.

    Parameters
    ----------
    shown : Shown
        What it shows.
    pictures : callable
        From ids to the small pictures of those that have one.
    open_input : callable
        Gets the explanation of the input at a position, in the background. What it returns is
        called to put an Explorer of it on show, unless another one is wanted by then.
    close_input : callable
        Takes the Explorer away that is open.
    **controls
        To begin with.
    """

    # anywidget needs a module for each gallery; this one finds the one that they have in common.
    _esm = traitlets.Unicode().tag(sync=True)
    _module = traitlets.Instance(Module).tag(sync=True, **ipywidgets.widget_serialization)
    _key = traitlets.Unicode().tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        shown: Shown,
        pictures: Pictures,
        open_input: Opener,
        close_input: Callable[[], None],
        **controls: Any,
    ) -> None:
        self._pictures = pictures
        self._open_input, self._close_input = open_input, close_input
        self._open_id: str | None = None
        self._png: tuple[object, str | None] | None = None
        # One for each kind: a page of pictures must not stop what is being computed.
        self._channels = {
            "thumbnails": Channel(self.send, {"thumbnails": self._answer_thumbnails}),
            "open": Channel(self.send, {"open": self._answer_open}),
        }
        super().__init__(
            shown,
            _esm=front_end("stub.js"),
            _module=shared_module("gallery.js"),
            _key=uuid.uuid4().hex,
            _data=gallery_payload(shown),
            _live=True,
            layout={"width": "100%", "min_width": "0"},
            **controls,
        )
        self.on_msg(self._receive)
        self.observe(self._follow_opened, "opened")

    def show(self, shown: Shown) -> None:
        """Show other inputs, such as those of the same study later on; the controls stay."""
        self._take(shown)
        self._png = None
        self._data = gallery_payload(shown)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background has nothing left to do; False if the time ran out."""
        return all([channel.wait(timeout) for channel in self._channels.values()])

    def close(self) -> None:
        """Stop what is being computed and take the gallery away."""
        # Absent when the constructor failed.
        for channel in getattr(self, "_channels", {}).values():
            channel.close()
        super().close()

    def _receive(self, _: object, content: object, buffers: Sequence[Any]) -> None:
        # A message to cancel names its request by an id that only one of them knows.
        for channel in self._channels.values():
            channel.receive(content, buffers)

    def _answer_thumbnails(self, job: Job) -> dict[str, Any]:
        ids = self._shown.ids
        positions = _positions(job.request.get("positions"), len(ids))
        found = self._pictures([ids[position] for position in positions])
        images = {
            str(position): base64_text(found[ids[position]])
            for position in positions
            if ids[position] in found
        }
        return {"kind": "thumbnails", "images": images}

    def _answer_open(self, job: Job) -> dict[str, Any]:
        position = job.request.get("position")
        try:
            if position is None:
                self._show(None, self._close_input)
                return {"kind": "closed"}
            (place,) = _positions([position], len(self._shown.ids))
            name = self._shown.ids[place]
            if not self._shown.openable[place]:
                raise ValueError(NOT_KEPT)
            if name != self._open_id:
                put = self._open_input(place)
                if not job.should_stop():
                    self._show(name, put)
            return {"kind": "opened", "position": place, "opened": name}
        except Exception as error:  # whatever a model raises is said where it was asked for
            said = {"kind": "error", **_said(error)}
            if not job.should_stop():
                _LOG.warning("the input could not be opened: %s", said["message"])
                self.opened = self._open_id
                if not job.ids:  # Python asked, by the trait
                    self._channels["open"].announce(said)
            return said

    def _show(self, name: str | None, put: Callable[[], None]) -> None:
        put()
        self._open_id = name
        self.opened = name

    def _follow_opened(self, change: Any) -> None:
        """Open what the trait was set to, by whomever, unless it says what is open already."""
        if change["new"] == self._open_id:
            return
        position = None if change["new"] is None else self._place[change["new"]]
        self._channels["open"].receive({"kind": "open", "position": position})

    # That of ipywidgets 7, which Colab has, would be preferred to the bundle and shows less.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        png = None if bundle is None else self.picture()
        if bundle is None or png is None:
            return bundle
        # A saved notebook shows it where no widget can run.
        return {**bundle[0], "image/png": png}, bundle[1]

    def picture(self) -> str | None:
        """Return a PNG, base64, of distribution and spectrum as the controls filter them."""
        key = tuple(map(str, self.controls().values()))
        if self._png is None or self._png[0] != key:
            self._png = (key, self._drawn())
        return self._png[1]

    def _drawn(self) -> str | None:
        from wam_widgets.figures.gallery import plot_gallery

        try:
            metric = self.metric or None
            figure = plot_gallery(self._shown, self._selected(), self.row, metric)
            file = io.BytesIO()
            figure.savefig(file, format="png", dpi=_PNG_DPI, metadata={"Software": None})
        except Exception:  # the widget must be shown whatever happens to its substitute
            _LOG.warning("the static picture could not be drawn", exc_info=True)
            return None
        return base64_text(file.getvalue())


def _positions(value: object, count: int) -> list[int]:
    """Return positions as the browser sent them, or say what is wrong with them."""
    if not isinstance(value, list) or len(value) > _MOST_THUMBNAILS:
        raise ValueError(f"positions must be a list of at most {_MOST_THUMBNAILS} inputs")
    for position in value:
        whole = isinstance(position, int) and not isinstance(position, bool)
        if not whole or not 0 <= position < count:
            raise ValueError(f"position is {position!r}: it must be from 0 to {count - 1}")
    return value


def _said(error: Exception) -> dict[str, str]:
    """Return what went wrong, and what to do about it where the error does not say it."""
    said = describe(error)
    if isinstance(error, (ValueError, TypeError)):
        return {**said, "remedy": ""}
    return said
