"""What of an explanation is looked at: entry, basis, attribution, samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wam_widgets.attribution import Attribution
from wam_widgets.entries import MapEntry
from wam_widgets.objectives import Target, target_name
from wam_widgets.options import options
from wam_widgets.wavelets import Basis, max_level

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["DEFAULT_BASIS", "attribution", "default_basis", "no_gradient", "samples", "select"]

DEFAULT_BASIS = {"image": ("db2", 5), "audio": ("db4", 9), "volume": ("db4", 3)}
"""Most faithful family and level per modality, see benchmarks/faithfulness.md; short and deep."""


def default_basis(modality: str, space: tuple[int, ...]) -> Basis:
    """Return the basis of the options, as deep as the signal allows."""
    best, level = DEFAULT_BASIS[modality]
    wanted = options.family or best, best, "haar"
    family = next((name for name in wanted if max_level(name, space) > 0), "haar")
    deepest = max_level(family, space)
    return Basis(family, max(1, min(options.level or level, deepest)), options.mode)


def no_gradient(explanation: Explanation) -> str:
    """Return what is wrong with an explanation without any entry, and what helps."""
    if not explanation.maps:
        return "the explanation is empty: nothing has been computed yet"
    held = ", ".join(dict.fromkeys(found.method for found in explanation.maps))
    return (
        f"the explanation holds only {held}, which no basis can be chosen for: explain with one of "
        "wam_widgets.methods('gradient') as well, such as method=['saliency', …], or use "
        "signal_map, feature_map and at(method=…)"
    )


def select(explanation: Explanation, method: str | None, target: Target | str) -> Explanation:
    """Return the explanation with another entry selected, see :meth:`Explanation.select`."""
    wanted = explanation.method if method is None else method
    name = explanation.target_of(target)
    if (wanted, name) not in explanation.entries:
        there = ", ".join(f"{m} for {t}" for m, t in explanation.entries) or "nothing"
        remedy = ""
        if any(found.method == wanted for found in explanation.maps):
            there = f"{there}; of {wanted!r} a map, which is no gradient"
            remedy = ", see signal_map, feature_map and at"
        raise ValueError(
            f"method {wanted!r} for target {name!r} was not computed; there is: {there}{remedy}"
        )
    return replace(explanation, method=wanted, target=name)


def attribution(
    explanation: Explanation,
    basis: str | Basis | None,
    level: int | None,
    mode: str | None,
    method: str | None,
    target: Target | str,
) -> Attribution:
    """Return an attribution in a basis, see :meth:`Explanation.at`."""
    if method is not None or target != "":
        bound = [found for found in explanation.maps if found.basis and found.method == method]
        if bound:
            return _bound(explanation, bound, target, basis, level, mode)
        return select(explanation, method, target).at(basis, level, mode)
    if isinstance(basis, Basis):
        chosen = basis if level is None else replace(basis, level=level)
    else:
        default = explanation.default_basis
        family = default.family if basis is None else basis
        if level is None:
            level = options.level or DEFAULT_BASIS[explanation.modality][1]
            level = max(1, min(level, max_level(family, explanation.space)))
        chosen = Basis(family, level, default.mode if mode is None else mode)
    chosen.sizes(explanation.space)
    return Attribution(explanation, chosen)


def _bound(
    explanation: Explanation,
    bound: Sequence[MapEntry],
    target: Target | str,
    basis: str | Basis | None,
    level: int | None,
    mode: str | None,
) -> Attribution:
    """Return the attribution of a method that belongs to a basis, in the one that is asked for."""

    def fits(found: MapEntry) -> bool:
        assert found.basis is not None
        if isinstance(basis, Basis):
            return found.basis == basis
        asked = (basis, level, mode)
        there = (found.basis.family, found.basis.level, found.basis.mode)
        return all(a is None or a == b for a, b in zip(asked, there, strict=True))

    if target == "":
        wanted = bound[0].target
    else:
        wanted = target if isinstance(target, str) else target_name(target)
    chosen = [found for found in bound if found.target == wanted and fits(found)]
    if not chosen:
        there = "; ".join(f"{found.basis} for {found.target}" for found in bound)
        raise ValueError(
            f"method {bound[0].method!r} was not computed for target {wanted!r} in this basis; "
            f"there is: {there}"
        )
    assert chosen[0].basis is not None
    return Attribution(explanation, chosen[0].basis, chosen[0])


def samples(sample: int | slice, count: int) -> slice:
    """Return which of `count` samples an index or a slice means."""
    if isinstance(sample, int):
        if not -count <= sample < count:
            raise IndexError(f"sample is {sample}: there are {count}")
        return slice(sample, sample + 1 or None)
    if not isinstance(sample, slice):
        raise TypeError(f"sample is {sample!r}: it must be an integer or a slice")
    if sample.step is not None and sample.step < 1:
        raise ValueError(f"sample is {sample}: the step of a slice must be at least 1")
    return sample
