"""What a study computed, found and needs to be repeated, as blocks of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wam_widgets.catalogue import CATALOGUE, title
from wam_widgets.page import code, pairs, paragraph, table
from wam_widgets.studies.spoken import mean_lines

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study
    from wam_widgets.widgets.gallery_payload import Shown

__all__ = ["as_markdown", "computed", "failures", "inputs", "means", "repeated"]

_WIDE = 88
"""Characters of a line of code."""

_SAID = ("class_names", "front_end")
"""Settings with lines of their own."""


def computed(study: Study) -> str:
    """Return what was computed of what, as HTML."""
    known, asked = study.manifest, study.parameters
    found: list[tuple[object, object]] = [("Model", known.model)]
    if known.weights is not None:
        found.append(("Weights", f"SHA-256 {known.weights}"))
    if known.front_end is not None:
        found.append(("Front end", known.front_end))
    found.append(("Inputs", _amount(study)))
    found += [
        (name.capitalize(), "; ".join(map(str, values)))
        for name, values in {
            "methods": study.methods,
            "places": dict.fromkeys(place for _, place, _ in study.rows),
            "rankings": dict.fromkeys(ranking for *_, ranking in study.rows),
            "metrics": study.metrics,
        }.items()
        if values
    ]
    found.append(("Explained", _target(asked.get("target"))))
    settings = asked.get("settings") or {}
    if study.class_names:
        found.append(("Classes", f"{len(study.class_names):,}"))
    shown = {name: value for name, value in settings.items() if name not in _SAID}
    spoken = ", ".join(f"{name}={value!r}" for name, value in shown.items())
    if spoken:
        found.append(("Settings", spoken))
    found.append(("Seed", asked.get("seed")))
    found.append(("Begun", known.created))
    versions = ", ".join(f"{package} {number}" for package, number in known.versions.items())
    found.append(("With", versions))
    return pairs(found)


def means(study: Study) -> str:
    """Return the means of all metrics with their intervals, as HTML."""
    amount = paragraph(f"{study.manifest.model}, {_amount(study)}.")
    if not study.rows:
        return amount
    head, *rows = mean_lines(study, most=None)
    head = [name[:1].upper() + name[1:] for name in head]
    rows = [[title(row[0]) if row[0] in CATALOGUE else row[0], *row[1:]] for row in rows]
    smaller = [name for name in study.metrics if study.better(name) == "smaller"]
    which = "Larger is better" + (f", except for {', '.join(smaller)}." if smaller else ".")
    if len(smaller) == len(study.metrics):
        which = "Smaller is better."
    text = f"Means over inputs; in brackets their 95 % bootstrap intervals. {which}"
    return amount + paragraph(text) + table(head, rows)


def _amount(study: Study) -> str:
    """Return how many inputs are done: "36 inputs, 1 of them failed"."""
    done, count = study.finished, study.count
    failed = int(study.content().failed.sum())
    if count is None:
        text = f"{inputs(done)} of a stream that has not ended"
    else:
        text = inputs(done) if done == count else f"{done:,} of {inputs(count)} so far"
    return text + (f", {failed:,} of them failed" if failed else "")


def inputs(count: int) -> str:
    """Return a number of inputs in words: "1 input", "1,000 inputs"."""
    return f"{count:,} input{'s' * (count != 1)}"


def failures(shown: Shown) -> str:
    """Return which inputs failed, and why, as HTML."""
    found = table(("Input", "Error"), shown.failures)
    more = shown.failed - len(shown.failures)
    return found + (paragraph(f"and {more:,} more") if more > 0 else "")


def repeated(study: Study) -> str:
    """Return the call that computes the same again, as HTML."""
    known, asked = study.manifest, study.parameters
    weights = f", weights SHA-256 {known.weights}" if known.weights is not None else ""
    count = "a stream" if study.count is None else inputs(study.count)
    settings = asked.get("settings") or {}
    front_end = settings.get("front_end")
    others = {name: asked.get(name) for name in ("target", "explanations", "seed", "shard_size")}
    others |= {name: value for name, value in settings.items() if name != "front_end"}
    arguments = {
        "methods": _parts(_short(asked.get("methods") or {}, "method")),
        "bases": ("[", [_place(place) for place in asked.get("bases") or []], "]"),
        "rankings": _parts(_rankings(asked.get("rankings") or {})),
        "metrics": _parts(_short(asked.get("metrics") or {}, "metric")),
        **{name: _parts(value) for name, value in others.items()},
    }
    call = [
        "import wam_widgets as wam",
        "",
        "study = wam.evaluate(",
        f"    model,  # {known.model}{weights}",
        f"    data,  # {count}",
        '    store="a folder",',
        *(line for name, parts in arguments.items() for line in _argument(name, *parts)),
        *([f"    front_end=front_end,  # {front_end}"] if front_end is not None else []),
        ")",
    ]
    said = paragraph(
        "Functions, modules and arrays are named here, not held. The versions above give the same "
        "numbers; others may differ in the last digits."
    )
    return code("\n".join(call)) + said


def as_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, whatever names are in it."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~&])", r"\\\1", text)


def _argument(name: str, begin: str, parts: Sequence[str], end: str) -> list[str]:
    """Return an argument of a call: one line, or several where it has many parts."""
    whole = f"    {name}={begin}{', '.join(parts)}{end},"
    if len(whole) <= _WIDE or len(parts) < 2:
        return [whole]
    lines = [f"    {name}={begin}"]
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 1 > _WIDE:
            lines.append(line)
            line = ""
        line = f"{line or ' ' * 7} {part},"
    return [*lines, line, f"    {end},"]


def _parts(value: Any) -> tuple[str, list[str], str]:
    """Return a value as code: what it begins with, its parts, and what it ends with."""
    if isinstance(value, Mapping):
        return "{", [f"{name!r}: {part!r}" for name, part in value.items()], "}"
    if isinstance(value, list):
        return "[", [repr(part) for part in value], "]"
    return "", [repr(value)], ""


def _short(named: Mapping[str, Any], key: str) -> Any:
    """Return names alone where there is nothing else to say."""
    simple = all(spoken == {key: label} for label, spoken in named.items())
    return list(named) if simple else named


def _rankings(rankings: Mapping[str, Any]) -> Any:
    simple = all(ranking in (label, None) for label, ranking in rankings.items())
    return list(rankings.values()) if simple else rankings


def _place(place: Any) -> str:
    named = isinstance(place, str) and ", level " in place
    if not named:
        return repr(tuple(place) if isinstance(place, list) else place)
    family, level, *mode = place.split(", ")
    own = "".join(f", {name!r}" for name in mode if name != "symmetric")
    return f"wam.Basis({family!r}, {level.removeprefix('level ')}{own})"


def _target(target: Any) -> str:
    if target is None:
        return "the predicted class"
    if target == "label":
        return "the label"
    return "class " + " against ".join(map(str, target if isinstance(target, list) else [target]))
