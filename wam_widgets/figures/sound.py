"""Panels and figures of sounds: over one time axis, scales and rows by their frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from wam_widgets.figures.colours import LINE, scale_colours
from wam_widgets.figures.image import NARROW, curve_below
from wam_widgets.figures.layout import FILL, Block, Length
from wam_widgets.figures.panels import (
    Array,
    Look,
    array,
    bar,
    draw_spectrum,
    number,
    open_frame,
    percent,
    scale_name,
    signed_image,
    title,
)
from wam_widgets.figures.shown import shown

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.explanation import Explanation

_COLUMNS = 1000
"""Moments that are told apart: more would fall between the dots of a printer."""

_DECIBELS = 80.0
"""Range of a spectrogram below its loudest value."""

_INK = "0.25"


def draw_sound(axes: Axes, one: Attribution, look: Look) -> None:
    e = one.explanation
    _draw_wave(axes, e, e.signal[0], look)
    title(axes, "Sound")


def draw_important(axes: Axes, one: Attribution, look: Look) -> None:
    _draw_wave(axes, one.explanation, _rebuilt(one, look), look)
    title(axes, f"Most important {percent(look.keep)}")


def draw_residual(axes: Axes, one: Attribution, look: Look) -> None:
    e = one.explanation
    _draw_wave(axes, e, e.signal[0] - _rebuilt(one, look), look)
    title(axes, "Residual")


def draw_scaleogram(axes: Axes, one: Attribution, look: Look) -> None:
    """One row for each scale, finest on top, with its range of frequencies."""
    e = one.explanation
    maps = array(one.scale_maps()[0])
    start, stop = samples_shown(e, look)
    starts = block_starts(stop - start)
    columns = np.add.reduceat(maps[:, start:stop], starts, axis=1)
    extent = (seconds(e, start), seconds(e, stop), -0.5, len(maps) - 0.5)
    image = signed_image(axes, columns, look, aspect="auto", origin="lower", extent=extent)
    axes.set_yticks(range(len(maps)), _names(one))
    bar(axes, image)
    time_axis(axes, e, look)
    title(axes, "Scaleogram of the attribution")


def draw_features(axes: Axes, one: Attribution, look: Look) -> None:
    """What the front end gives."""
    e = one.explanation
    values = _feature_rows(e)
    assert e.features is not None
    unit = "" if e.axes is None or e.axes.unit is None else e.axes.unit
    top = float(values.max())
    low = max(float(values.min()), top - _DECIBELS) if unit == "dB" else float(values.min())
    image = axes.imshow(
        values,
        cmap="magma",
        vmin=low,
        vmax=top if top > low else low + 1,
        aspect="auto",
        origin="lower",
        extent=feature_extent(e, len(values), e.features.shape[-1]),
    )
    high = float(image.get_clim()[1] or 0)
    bar(axes, image, [(v, f"{number(v)} {unit}".strip()) for v in (low, high)])
    label_rows(axes, e)
    time_axis(axes, e, look)
    title(axes, _feature_name(e))


def draw_feature_attribution(axes: Axes, one: Attribution, look: Look) -> None:
    """What each value of the front end's output contributes."""
    e = one.explanation
    given = array(e.feature_attribution()[0])
    _feature_rows(e)
    total = given.reshape(-1, *given.shape[-2:]).sum(axis=0)
    extent = feature_extent(e, *total.shape)
    bar(axes, signed_image(axes, total, look, aspect="auto", origin="lower", extent=extent))
    label_rows(axes, e)
    time_axis(axes, e, look)
    name = _feature_name(e)
    title(axes, f"Attribution of the {name[0].lower()}{name[1:]}")


def draw_shares(axes: Axes, one: Attribution, look: Look) -> None:
    draw_spectrum(axes, one, _names(one))


def plot_all(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Sound, important part, scaleogram with its shares, and the front end's picture."""
    e = one.explanation
    wave, important, scales, shares = (figure.add_subplot() for _ in range(4))
    draw_sound(wave, one, look)
    draw_important(important, one, look)
    draw_scaleogram(scales, one, look)
    draw_shares(shares, one, look)
    narrow = figure.get_figwidth() < NARROW
    beside = [] if narrow else [None]
    rows: list[list[Axes | None]] = [[wave, *beside], [important, *beside]]
    rows.append([scales] if narrow else [scales, shares])
    high = [0.5, 0.5, _rows_height(one)]
    if e.features is not None and e.features.ndim >= 3:
        for draw in (draw_features, draw_feature_attribution):
            axes = figure.add_subplot()
            draw(axes, one, look)
            rows.append([axes, *beside])
            high.append(1.1)
    if narrow:
        below = Block([[shares]], [FILL], [Length(inches=_rows_height(one))], aligned=True)
        return [stack(rows, high, [FILL]), below, *curve_below(figure, one, look, aligned=True)]
    # Beside the scaleogram, whose rows have their names already.
    shares.set_yticks([])
    shares.set_ylim(scales.get_ylim())
    if one.spectrum().any():
        title(shares, "Share")
    blocks = [stack(rows, high, [FILL, Length(inches=0.7)])]
    return blocks + curve_below(figure, one, look, aligned=True)


def plot_spectrogram(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """What the front end gives, and its attribution."""
    panels = [figure.add_subplot() for _ in range(2)]
    for draw, axes in zip((draw_features, draw_feature_attribution), panels, strict=True):
        draw(axes, one, look)
    return [stack([[axes] for axes in panels], [1.3, 1.3], [FILL])]


def plot_scales(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """What each scale adds to the sound, pale, and to its important part, in its colour."""
    e = one.explanation
    level = one.basis.level
    whole = one.parts()[0]
    kept = one.parts(look.keep, look.ranking, look.mask)[0]
    chosen = range(level, -1, -1) if look.scales is None else sorted(look.scales)[::-1]
    names, colours = _names(one), scale_colours(level + 1)[::-1]
    rows: list[list[Axes | None]] = []
    for index in chosen:
        axes = figure.add_subplot()
        r, g, b = colours[index].tolist()
        _draw_wave(axes, e, whole[index], look, colour=LINE)
        _draw_envelope(axes, e, kept[index], look, (r, g, b))
        low, high = axes.get_ylim()
        axes.set_yticks([0], [names[index]])
        axes.set_ylim(low, high)
        axes.annotate(
            f"±{number(high / 1.05)}", (1, 0.5), (3, 0), xycoords="axes fraction", va="center",
            textcoords="offset points", fontsize="small",
        )  # fmt: skip
        last = index == chosen[-1]
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(last)
        axes.tick_params(axis="x", length=2 if last else 0)
        rows.append([axes])
    first = rows[0][0]
    assert first is not None
    title(first, f"Most important {percent(look.keep)} in colour")
    return [stack(rows, [0.3] * len(rows), [FILL])]


def plot_reconstruction(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Sound, its important part and what is left, with the curve where it was measured."""
    panels = [figure.add_subplot() for _ in range(3)]
    for draw, axes in zip((draw_sound, draw_important, draw_residual), panels, strict=True):
        draw(axes, one, look)
    block = stack([[axes] for axes in panels], [0.6] * 3, [FILL])
    return [block, *curve_below(figure, one, look, aligned=True)]


def hertz(low: float, high: float) -> str:
    """Return a band in words: "62–125 Hz", "2.8–5.5 kHz"."""
    if high < 1000:
        return f"{low:.0f}–{high:.0f} Hz"
    return f"{low / 1000:.2g}–{high / 1000:.2g} kHz"


def _rows_height(one: Attribution) -> float:
    return 0.15 * (one.basis.level + 1) + 0.1


def stack(rows: list[list[Axes | None]], high: list[float], wide: list[Length]) -> Block:
    """Put panels under each other: time is written once, under the last one."""
    for row in rows[:-1]:
        assert row[0] is not None
        row[0].tick_params(labelbottom=False)
        row[0].set_xlabel("")
    return Block(rows, wide, [Length(inches=h) for h in high], aligned=True)


def _names(one: Attribution) -> list[str]:
    rate, level = one.explanation.sample_rate, one.basis.level
    if rate is None:
        return [scale_name(index, level) for index in range(level + 1)]
    return [hertz(*band) for band in one.basis.bands(rate)]


def seconds(e: Explanation, samples: float) -> float:
    """Return samples in seconds; in samples without a sample rate."""
    return float(samples) if e.sample_rate is None else samples / e.sample_rate


def samples_shown(e: Explanation, look: Look) -> tuple[int, int]:
    """Return first and last sample, exclusive, of the span that is shown."""
    total, rate = e.space[0], e.sample_rate or 1.0
    if look.span is None:
        return 0, total
    start, stop = round(look.span[0] * rate), round(look.span[1] * rate)
    if not 0 <= start < stop <= total:
        raise ValueError(
            f"span is {look.span}: it must ascend within 0 to {seconds(e, total):g} "
            f"{'s' if e.sample_rate else 'samples'}"
        )
    return start, stop


def time_axis(axes: Axes, e: Explanation, look: Look) -> None:
    start, stop = samples_shown(e, look)
    axes.set_xlim(seconds(e, start), seconds(e, stop))
    # Moments a few milliseconds apart have long names.
    short = seconds(e, stop - start) < 0.2
    axes.xaxis.set_major_locator(MaxNLocator(4 if short else "auto", steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel("Sample" if e.sample_rate is None else "Time (s)")
    open_frame(axes)


def block_starts(count: int) -> npt.NDArray[np.int64]:
    """Return where each of at most `_COLUMNS` blocks of samples begins."""
    return np.unique(np.arange(_COLUMNS) * count // _COLUMNS)


def _rebuilt(one: Attribution, look: Look) -> Tensor:
    return one.reconstruct(look.keep, look.scales, look.ranking, look.mask)[0]


def _draw_wave(
    axes: Axes, e: Explanation, signal: Tensor, look: Look, colour: str | None = None
) -> None:
    """Draw a sound within the range of the whole one, or in a colour within its own."""
    start, stop = samples_shown(e, look)
    reference = shown(e, e.signal[0] if colour is None else signal)[:, start:stop]
    peak = float(np.abs(reference).max()) or 1.0
    _draw_envelope(axes, e, signal, look, colour or _INK)
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_yticks([-peak, 0, peak], [number(-peak), "0", number(peak)])
    time_axis(axes, e, look)


def _draw_envelope(
    axes: Axes, e: Explanation, signal: Tensor, look: Look, colour: str | tuple[float, float, float]
) -> None:
    """Draw the least and the largest sample of each column, over all channels."""
    start, stop = samples_shown(e, look)
    values = shown(e, signal).astype(np.float64)[:, start:stop]
    starts = block_starts(stop - start)
    low = np.minimum.reduceat(values.min(axis=0), starts)
    high = np.maximum.reduceat(values.max(axis=0), starts)
    middle = (starts + np.append(starts[1:], stop - start) - 1) / 2
    fill = to_rgba(colour)
    # The edge is all there is of a sound with fewer samples than columns: a line through them.
    axes.fill_between(
        (start + middle) * seconds(e, 1), low, high, color=fill, lw=0.4, edgecolor=fill
    )


def _feature_name(e: Explanation) -> str:
    return "Features" if e.axes is None else e.axes.name


def _feature_rows(e: Explanation) -> Array:
    """Return the features as rows and frames, the mean over what else there is."""
    if e.features is None or e.features.ndim < 3:
        raise ValueError(
            "the explanation has no front end that gives a picture: pass front_end= to "
            "wam_widgets.explain, such as wam_widgets.front_ends.LogMel(sample_rate)"
        )
    values = array(e.features[0])
    mean: Array = values.reshape(-1, *values.shape[-2:]).mean(axis=0)
    return mean


def feature_extent(e: Explanation, rows: int, count: int) -> tuple[float, float, float, float]:
    start, step = (0.0, e.space[0] / count) if e.axes is None else (e.axes.start, e.axes.step)
    ends = (seconds(e, start - step / 2), seconds(e, start + (count - 0.5) * step))
    return (*ends, -0.5, rows - 0.5)


def label_rows(axes: Axes, e: Explanation) -> None:
    """Name round frequencies at the rows, fractions of a row included, that have them."""
    if e.axes is None or e.axes.frequencies is None:
        axes.set_ylabel("Row")
        return
    centres = np.array(e.axes.frequencies)
    round_ones = [m * 10**k for k in (1, 2, 3, 4) for m in (1, 2, 5)]
    inside = [f for f in round_ones if centres[0] <= f <= centres[-1]]
    places = np.interp(inside, centres, np.arange(len(centres)))
    ticks: list[tuple[float, int]] = []
    for place, frequency in sorted(zip(places.tolist(), inside, strict=True), reverse=True):
        # From the top, so that labels that would touch are left out where rows are narrow.
        if not ticks or ticks[-1][0] - place > len(centres) / 7:
            ticks.append((place, frequency))
    names = [f"{f / 1000:g} kHz" if f >= 1000 else f"{f} Hz" for _, f in ticks]
    axes.set_yticks([place for place, _ in ticks], names)
