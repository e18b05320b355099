"""How a figure is made: what is asked for is checked, drawn, and laid out."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wam_widgets.attribution import MASKS, check_ranking, check_scales
from wam_widgets.catalogue import title as title_of
from wam_widgets.checks import fraction
from wam_widgets.figures import panels
from wam_widgets.figures.colours import colour_map as check_colours
from wam_widgets.figures.layout import FILL, Block, Length, arrange
from wam_widgets.figures.panels import Look
from wam_widgets.figures.registry import Kind, kinds
from wam_widgets.figures.style import COLUMN, PAGE, NotebookFigure, inches
from wam_widgets.figures.style import style as styled
from wam_widgets.objectives import class_label
from wam_widgets.options import options

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution


def plot(
    attribution: Attribution,
    sample: int = 0,
    kind: str = "all",
    *,
    ax: Axes | None = None,
    width: float | str | None = None,
    title: str | None = None,
    keep: float | None = None,
    ranking: str | None = None,
    mask: str = "hard",
    scales: Sequence[int] | None = None,
    colour_map: str | None = None,
    span: tuple[float, float] | None = None,
    place: Sequence[int] | None = None,
    axis: int | str | None = None,
    camera: tuple[float, float] | None = None,
    style: Mapping[str, Any] | None = None,
) -> Figure:
    """Draw one sample of an attribution, in a style that fits a paper with two columns.

    SVG and PDF files hold lines and text, and pixels only where pictures are; the same figure
    gives the same file.

    Parameters
    ----------
    attribution : Attribution
        Of images, sounds or volumes.
    sample : int
        Which one of the batch.
    kind : str
        What is drawn. ``"all"`` is a summary; the others depend on the modality, see
        :func:`kinds`:

        ==================== ====== ====== ====== ==============================================
        kind                 image  sound  volume shows
        ==================== ====== ====== ====== ==============================================
        all                  several              what the Explorer shows, on one page
        input                one                  the image
        overlay              one                  the image, scales that matter in their colours
        importance           one                  the image, grey where nothing matters
        waveform                    one           the sound
        volume                             one    the volume in 3-D, scales in their colours
        slices                             several three slices through one voxel
        slice                              one    one of them, across `axis`
        pyramid              one           several every coefficient, in the Mallat layout
        scaleogram                  one           attribution by time and scale
        spectrogram                 several       what the front end gives, and its attribution
        features                    one           the former alone
        feature_attribution         one           the latter alone
        scales               several              what each scale says, or adds to the sound
        spectrum             one    one    one    share of each scale
        orientations         one           one    share of each orientation of each scale
        reconstruction       several              input, important part, residual and curve
        important, residual  one    one           each of them alone
        curve                one    one    one    probability as coefficients are kept or removed
        comparison           several              what each method says, in units of its largest
        ==================== ====== ====== ====== ==============================================

        Those with one panel can be drawn into `ax`. The curve is a part of ``"all"`` and
        ``"reconstruction"`` if it was measured, see :func:`wam_widgets.metrics.curve`.
    ax : matplotlib.axes.Axes, optional
        Draw into these, with your own style, and return their figure. Not with `width`.
    width : {"column", "page"} or float, optional
        Of the figure: 3.3 inches, 6.9 inches, or so many. By default a column for one panel, a
        page for several. The height follows.
    title : str, optional
        Heading, or title of `ax`. By default method, class and basis; "" for none.
    keep : float, optional
        Share of coefficients in the important part; that of ``wam_widgets.options`` by default.
    ranking, mask
        As in :meth:`Attribution.reconstruct`. With ``"signed"`` an overlay shows what speaks for
        the target, with ``"magnitude"`` also what speaks against it.
    scales : sequence of int, optional
        Only these, as indices into the spectrum (0 = approximation).
    colour_map : str, optional
        One of :data:`COLOUR_MAPS`; that of ``wam_widgets.options`` by default.
    span : tuple of float, optional
        Of a sound: first and last second that are shown; samples without a sample rate.
    place : sequence of int, optional
        Of a volume: the voxel ``(d, h, w)`` that the slices go through. By default, along each
        axis, where most is attributed.
    axis : {0, 1, 2, "D", "H", "W"}, optional
        Of a volume: at right angles to it lies the one slice of ``"slice"`` and ``"scales"``.
    camera : tuple of float, optional
        Of a volume: azimuth and elevation in degrees, as in the Explorer; (30, 20) by default.
    style : mapping, optional
        Other rcParams of matplotlib than in :data:`STYLE`, such as ``{"font.size": 9}``.

    Returns
    -------
    matplotlib.figure.Figure
        A :class:`NotebookFigure`, which a notebook shows; or the figure of `ax`.

    Raises
    ------
    ValueError, TypeError
        If there is no such kind for the modality, or an argument does not fit, with what does.
    """
    one = attribution[sample]
    modality = one.explanation.modality
    chosen = _kind(kind, modality)
    _check_modality(modality, span=span, place=place, axis=axis, camera=camera)
    look = Look(
        keep=fraction(options.keep if keep is None else keep, "keep"),
        ranking=check_ranking(one.explanation, ranking),
        mask=_mask(mask),
        colour_map=_colours(colour_map),
        scales=None if scales is None else check_scales(scales, one.basis.level),
        span=None if span is None else _pair(span, "span"),
        place=place,
        axis=_axis(axis),
        camera=(30.0, 20.0) if camera is None else _pair(camera, "camera"),
    )
    if ax is not None:
        return _draw_into(ax, one, look, chosen, kind, width, title)
    with styled(style):
        size = inches(width, PAGE if chosen.panel is None else COLUMN)
        figure = NotebookFigure(figsize=(size, size))
        figure.changes = dict(style or {})
        blocks = _blocks(figure, one, look, chosen)
        arrange(figure, blocks, _heading(one, chosen) if title is None else title)
    return figure


def _blocks(figure: Figure, one: Attribution, look: Look, kind: Kind) -> list[Block]:
    if kind.several is not None:
        return kind.several(figure, one, look)
    assert kind.panel is not None
    axes = figure.add_subplot()
    kind.panel(axes, one, look)
    if kind.row is not None:
        height = kind.row + kind.each * (one.basis.level + 1)
        return [Block([[axes]], [FILL], [Length(inches=height)])]
    return [Block([[axes]], [Length(units=1 / axes.get_data_ratio())], [Length(units=1)])]


def _draw_into(
    ax: Axes,
    one: Attribution,
    look: Look,
    chosen: Kind,
    kind: str,
    width: float | str | None,
    title: str | None,
) -> Figure:
    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {type(ax).__name__}: it must be axes of matplotlib")
    if width is not None:
        raise ValueError(f"width is {width!r}: with ax the figure is yours, and so is its size")
    if chosen.panel is None:
        known = kinds(one.explanation.modality)
        fit = ", ".join(name for name, other in known.items() if other.panel is not None)
        raise ValueError(f"kind is {kind!r}, which has several panels: into ax go {fit}")
    chosen.panel(ax, one, look)
    if title is not None:
        panels.title(ax, title)
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _heading(one: Attribution, kind: Kind) -> str:
    """Return what is shown: method, class, basis; of several methods the class alone."""
    e = one.explanation
    if kind.compares:
        return e.label()
    source = one.source
    label = class_label(source.classes[0], e.class_names, source.target)
    return f"{title_of(source.method)} · {label} · {one.basis}"


def _kind(kind: str, modality: str) -> Kind:
    known = kinds(modality)
    if kind in known:
        return known[kind]
    near = difflib.get_close_matches(str(kind), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    what = {"image": "an image", "audio": "a sound", "volume": "a volume"}[modality]
    raise ValueError(f"kind is {kind!r}: of {what} it must be one of {', '.join(known)}{hint}")


def _check_modality(modality: str, **given: object) -> None:
    for name, value in given.items():
        owner = "audio" if name == "span" else "volume"
        if value is not None and modality != owner:
            plural = {"audio": "sounds", "volume": "volumes"}[owner]
            raise ValueError(
                f"{name} is {value!r}: it is for {plural}, and this is of the modality {modality}"
            )


def _mask(mask: str) -> str:
    if mask not in MASKS:
        raise ValueError(f"mask is {mask!r}: it must be one of {', '.join(MASKS)}")
    return mask


def _colours(name: str | None) -> str:
    chosen = options.colour_map if name is None else name
    check_colours(chosen)  # says what is wrong with it
    return chosen


def _axis(axis: int | str | None) -> int:
    names = {None: 0, "D": 0, "H": 1, "W": 2, 0: 0, 1: 1, 2: 2}
    if isinstance(axis, bool) or axis not in names:
        raise ValueError(f"axis is {axis!r}: it must be 0, 1, 2, 'D', 'H' or 'W'")
    return names[axis]


def _pair(values: Sequence[float], name: str) -> tuple[float, float]:
    try:
        first, second = (float(v) for v in values)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {values!r}: it must be two numbers") from None
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ValueError(f"{name} is {values!r}: it must be two finite numbers")
    return first, second
