"""A study as one offline file: what was computed, its means, a gallery with some Explorers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_widgets.checks import positive_int
from wam_widgets.explaining import check_settings
from wam_widgets.explanation import Explanation
from wam_widgets.files import file_to_write, replace_file
from wam_widgets.forecast import PAGE, forecast
from wam_widgets.packing import packed_size
from wam_widgets.page import write_page
from wam_widgets.page_parts import Block, Cards, Part, Row
from wam_widgets.reports import Section, checked_section, panels_of, warn_if_large
from wam_widgets.studies import page_blocks
from wam_widgets.widgets.bank import bank
from wam_widgets.widgets.gallery_controls import first_gallery_controls
from wam_widgets.widgets.gallery_payload import Shown, gallery_payload, gather
from wam_widgets.widgets.module import front_end
from wam_widgets.widgets.sizes import check_size
from wam_widgets.widgets.study_explorer import OF_DATA, first_view

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study

__all__ = ["MOST_PICTURES", "write_study"]

MOST_PICTURES = 8_000_000
"""Bytes of small pictures in one file; of more inputs, the worst and the best have one."""

# What a byte of the gallery becomes in the file: packed numbers; pictures, which cannot shrink, in
# base64 twice.
_NUMBER, _PICTURE = 1.2, 1.4

SCRIPT = "study.js"


def write_study(
    study: Study,
    path: str | Path,
    n: int = 24,
    title: str | None = None,
    notes: str | None = None,
    model: Callable[..., Any] | None = None,
    data: Any = None,
    **options: Any,
) -> Path:
    """Write a study as one HTML file that stays interactive without kernel or network.

    Means with their intervals; the gallery of all inputs (at most
    :data:`wam_widgets.widgets.gallery_payload.MOST`), of which `n` open as Explorers: the worst,
    the best and the middle by the first metric in the first row; what failed and why; and what was
    computed, with everything that is needed to repeat it.

    Parameters
    ----------
    study : Study
        May still run: what is finished now is written.
    path : str or Path
        Where to; a file that exists is replaced, and only once the new one is complete.
    n : int
        Inputs whose Explorers are in the file, at most.
    title : str, optional
    notes : str, optional
        Markdown at the top, see :func:`wam_widgets.report`.
    model, data : optional
        Those of the study: then inputs are explained again whose explanations were not kept.
        Otherwise only those with kept explanations can be among the `n`.
    **options
        See :meth:`Study.explanation`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError, ValueError
        If no input is finished or failed yet, or an argument is not what it must be.
    FileNotFoundError
        If the folder does not exist, or the front end was not built.

    Warns
    -----
    UserWarning
        If the file will be larger than :data:`wam_widgets.reports.LARGE`.
    """
    target = file_to_write(path)
    n = positive_int(n, "n", least=0)
    for name, text in (("title", title), ("notes", notes)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{name} is a {type(text).__name__}: it must be a string, or None")
    check_settings(options, also=("title", "notes", *OF_DATA))
    if (model is None) != (data is None):
        there, missing = ("data", "model") if model is None else ("model", "data")
        raise TypeError(
            f"{missing} is missing: {there}= alone computes nothing; give both, or neither to show "
            "the explanations that were kept"
        )
    script = front_end(SCRIPT)
    heading = f"Study of {study.manifest.model}" if title is None else title
    everything = model is not None and data is not None
    shown = gather(study, all_open=everything)
    choice = _Choice.of(shown, n)
    explained = {
        position: explanation
        for position in choice.positions
        for explanation in [study.explanation(shown.ids[position], model, data, **options)]
        if _fits(explanation)
    }
    shown = replace(shown, openable=np.isin(np.arange(len(shown)), list(explained)))
    pictures = _pictures(study, shown, choice)
    gallery = gallery_payload(shown, pictures)
    size = len(script.encode()) + PAGE + sum(map(forecast, explained.values()))
    size += round(_NUMBER * packed_size(gallery) + _PICTURE * sum(map(len, pictures.values())))
    warn_if_large("file", size, "write fewer Explorers, such as n=6")
    said = _said(shown, choice, len(explained), len(pictures))
    rows = {
        position: _row(study, shown, position, explanation)
        for position, explanation in explained.items()
    }
    parts: list[Part] = [
        Block("Means", page_blocks.means(study)),
        Cards("Gallery", gallery, first_gallery_controls(shown), rows, said),
    ]
    if shown.failed:
        parts.append(Block("What failed", page_blocks.failures(shown)))
    parts.append(Block("What was computed", page_blocks.computed(study)))
    parts.append(Block("How to repeat it", page_blocks.repeated(study)))
    text = write_page(parts, title=heading, notes=notes or "", bank=bank(), script=script)
    replace_file(target, text.encode())
    return target


@dataclass(frozen=True)
class _Choice:
    """The inputs that open as Explorers, of those that can.

    Attributes
    ----------
    worst, middle, best : tuple of int
        Positions.
    ranked : tuple of int
        All positions, the worst first; those without a score last.
    can : int
        How many could open.
    """

    worst: tuple[int, ...]
    middle: tuple[int, ...]
    best: tuple[int, ...]
    ranked: tuple[int, ...]
    can: int

    @property
    def positions(self) -> tuple[int, ...]:
        return *self.worst, *self.middle, *self.best

    @classmethod
    def of(cls, shown: Shown, n: int) -> _Choice:
        values = np.full(len(shown), np.nan)
        if shown.rows and shown.metrics:
            values = shown.rows[0].values[0].astype(np.float64)
            if next(iter(shown.metrics.values())) == "smaller":
                values = -values
        ranked = np.argsort(values, kind="stable").tolist()
        can = [position for position in ranked if shown.openable[position]]
        if len(can) <= n:
            return cls((), tuple(can), (), tuple(ranked), len(can))
        worst, best = (n + 2) // 3, (n + 1) // 3
        first = (len(can) - (n - worst - best)) // 2
        return cls(
            tuple(can[:worst]),
            tuple(can[first : first + n - worst - best]),
            tuple(can[len(can) - best :]),
            tuple(ranked),
            len(can),
        )


def _fits(explanation: Explanation) -> bool:
    """Return whether an Explorer can show an explanation."""
    try:
        check_size(explanation)
    except ValueError:
        return False
    return bool(explanation.entries)


def _said(shown: Shown, choice: _Choice, opened: int, pictures: int) -> str:
    """Return, as Markdown, which inputs open as Explorers and which have pictures."""
    if not len(shown):
        return ""
    sentences = []
    if len(shown) < shown.total:
        sentences.append(
            f"The gallery shows {len(shown):,} of {shown.total:,} inputs: the worst and best of "
            "every metric, and others drawn by lot."
        )
    if not choice.can:
        sentences.append(
            "No input opens as an Explorer: explanations were not kept (evaluate with "
            "explanations=True, or pass model= and data= to to_html())."
        )
    elif choice.worst:
        metric = next(iter(shown.metrics), "the first metric")
        sentences.append(
            f"{len(choice.positions)} of the {choice.can:,} inputs with an explanation open as "
            f"Explorers: the {len(choice.worst)} worst, {len(choice.middle)} from the middle and "
            f"the {len(choice.best)} best by {metric} in the first row."
        )
    else:
        verbs = (
            ("has", "opens as an Explorer") if choice.can == 1 else ("have", "open as Explorers")
        )
        sentences.append(
            f"{page_blocks.inputs(choice.can)} {verbs[0]} an explanation, and {verbs[1]}."
        )
    if opened < len(choice.positions):
        sentences.append(
            f"{len(choice.positions) - opened} of them cannot be shown: their explanations hold "
            "no gradient, or are too large for a browser."
        )
    if 0 < pictures < len(shown):
        sentences.append(f"The worst and the best {pictures:,} inputs have pictures.")
    return page_blocks.as_markdown(" ".join(sentences))


def _pictures(study: Study, shown: Shown, choice: _Choice) -> dict[int, bytes]:
    """Return small pictures by position, as many as a file may hold."""
    found = study.thumbnails(shown.ids)
    kept: dict[int, bytes] = {}
    room = MOST_PICTURES
    for position in dict.fromkeys((*choice.positions, *_from_both_ends(choice.ranked))):
        picture = found.get(shown.ids[position])
        if picture is None:
            continue
        room -= len(picture)
        if room < 0:
            break
        kept[position] = picture
    return dict(sorted(kept.items()))


def _from_both_ends(ranked: Sequence[int]) -> Iterator[int]:
    """Go through positions: the worst, the best, the second worst, …"""
    for k in range((len(ranked) + 1) // 2):
        yield ranked[k]
        yield ranked[-1 - k]


def _row(study: Study, shown: Shown, position: int, explanation: Explanation) -> Row:
    title = shown.about(position)
    controls: Mapping[str, Any] = first_view(study, explanation)
    section = checked_section(Section(explanation, title, controls=controls))
    return Row([panels_of(section, title)])
