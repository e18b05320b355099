"""The part of a mixture that a classifier goes by: two applications of the paper, with figures.

Kasmi et al., "One Wave To Explain Them All" (ICML 2025, arXiv 2410.01482) let one hear that the
important coefficients of a sound in 0 dB white noise, and of an overlap x₁ + 0.2 · x₂, hold the
target. :func:`recover` does that, and with the clean target measures how well.

A classifier does not have to use all of a sound, so what it uses need not be all of the target.
The figures say how much of it is there, not how good the model is at separating: it was never
asked to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.explaining import explain
from wam_widgets.explanation import Explanation
from wam_widgets.mixtures import energy_of, overlap, refuse_silence, sdr, sir, sounds, with_noise
from wam_widgets.objectives import Target
from wam_widgets.reconstruction import shifted, shifts, unshifted
from wam_widgets.wavelets import Basis

__all__ = [
    "Recovery",
    "Score",
    "Sweep",
    "overlap",
    "recover",
    "recover_from",
    "sdr",
    "sir",
    "with_noise",
]

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares of coefficients kept in a sweep."""


@dataclass(frozen=True, eq=False)
class Score:
    """Ratios in decibels, see :func:`sdr` and :func:`sir`; ``[N]``, or ``[N, S]`` in a sweep.

    Attributes
    ----------
    sdr, si_sdr : Tensor
        Signal to distortion, and the same with the best factor: what is missing and what is left
        of the rest count alike.
    sir : Tensor
        Signal to interference: how much softer the rest is than the target.
    """

    sdr: Tensor
    si_sdr: Tensor
    sir: Tensor

    @classmethod
    def of(cls, reference: Tensor, interference: Tensor, estimate: Tensor) -> Score:
        """Measure an estimate."""
        return cls(
            sdr(reference, estimate).cpu(),
            sdr(reference, estimate, scale_invariant=True).cpu(),
            sir(reference, interference, estimate).cpu(),
        )

    @classmethod
    def stack(cls, scores: Sequence[Score]) -> Score:
        """Return the scores of several estimates, ``[N, S]``."""
        rows = zip(*((score.sdr, score.si_sdr, score.sir) for score in scores), strict=True)
        return cls(*(torch.stack(row, dim=1) for row in rows))


@dataclass(frozen=True, eq=False)
class Sweep:
    """Scores for every share of coefficients kept.

    Attributes
    ----------
    share : Tensor
        ``[S]``.
    model : Score
        ``[N, S]``: the most important coefficients for the model.
    energy : Score
        ``[N, S]``: as many coefficients, those with most energy (z ⊙ Px, which add up to |x|²).
        No model takes part, so this is what any gain is to be compared with.
    """

    share: Tensor
    model: Score
    energy: Score

    def best(self, scale_invariant: bool = False) -> tuple[Tensor, Tensor]:
        """Return the best ratio of the model's curve and its share, ``[N]`` each.

        An oracle: it knows the clean target. State it as such, beside the share chosen before.
        """
        curve = self.model.si_sdr if scale_invariant else self.model.sdr
        value, place = curve.max(dim=1)
        return value, self.share[place]


@dataclass(frozen=True, eq=False)
class Recovery:
    """What was rebuilt from the important coefficients of a mixture.

    Attributes
    ----------
    signal : Tensor
        Shape of the mixture.
    attribution : Attribution
        Of the mixture, to be plotted or explored.
    keep, ranking, mask, cycle_spins
        As they were chosen.
    before, after : Score or None
        Of the mixture and of `signal` against the reference.
    sweep : Sweep or None
        What other shares would have given, so that none is picked silently.
    """

    signal: Tensor
    attribution: Attribution
    keep: float
    ranking: str
    mask: str
    cycle_spins: int
    before: Score | None = None
    after: Score | None = None
    sweep: Sweep | None = None

    def __repr__(self) -> str:
        text = f"Recovery({self.keep:.2%} kept in {self.attribution.basis}"
        if self.before is None or self.after is None:
            return f"{text})"
        lines = [f"{text}; mean of {len(self.before.sdr)}):"]
        for label, name in (("SDR", "sdr"), ("SI-SDR", "si_sdr"), ("SIR", "sir")):
            first, last = (_shown(getattr(s, name).mean()) for s in (self.before, self.after))
            lines.append(f"  {label:6} {first} → {last}")
            if self.sweep is not None:
                curve, energy = getattr(self.sweep.model, name), getattr(self.sweep.energy, name)
                best, control = (_shown(c.amax(1).mean()) for c in (curve, energy))
                lines[-1] += f"; best share {best}, by energy alone at its best share {control}"
        return "\n".join(lines)


def recover(
    model: Callable[..., Any],
    mixture: Tensor,
    target: Target = None,
    *,
    reference: Tensor | None = None,
    keep: float = 0.1,
    basis: str | Basis | None = None,
    level: int | None = None,
    ranking: str | None = None,
    mask: str = "hard",
    cycle_spins: int = 1,
    shares: Sequence[float] = SHARES,
    method: str | None = None,
    **settings: Any,
) -> Recovery:
    """Explain a mixture and rebuild the part of it that the model goes by.

    Parameters
    ----------
    model : Module or callable
        As for :func:`wam_widgets.explain`.
    mixture : Tensor
        ``[T]``, ``[N, T]`` or ``[N, C, T]``, as the model takes it.
    target : int, sequence of int, pair, or None
        The class to listen for; None: the predicted one, which in a mixture may be the other.
    reference : Tensor, optional
        The clean target, shape of `mixture`. It is used to measure, never to choose.
    keep : float
        Share of the coefficients to rebuild from.
    basis, level
        As in :meth:`Explanation.at`.
    ranking : {"signed", "magnitude"}, optional
        Default: that of the modality, magnitude. What speaks against the class counts as important
        there, and in an overlap of two classes of the model that is the other sound: ``"signed"``
        leaves it out, and with it parts of the target that the model holds against it.
    mask, cycle_spins
        As in :meth:`Attribution.reconstruct`. The modulated mask and a few spins are less rough.
    shares : sequence of float
        Other values of `keep` to be measured for the sweep. Empty: no sweep.
    method : str, optional
    **settings
        Further arguments of :func:`wam_widgets.explain`, such as `front_end` and `sample_rate`.

    Returns
    -------
    Recovery

    Raises
    ------
    ValueError, TypeError
        As :func:`wam_widgets.explain`, and for a reference of another shape or a silent one.
    """
    mixture = sounds(mixture, "mixture")
    if reference is not None:
        reference = sounds(reference, "reference")
        if reference.shape != mixture.shape:
            raise ValueError(
                f"reference has shape {tuple(reference.shape)}: it must be that of mixture, "
                f"{tuple(mixture.shape)}"
            )
        refuse_silence(energy_of(reference), "reference")
    explanation = explain(model, mixture, target, method, **settings)
    found = recover_from(
        explanation,
        reference=None if reference is None else reference.reshape(explanation.signal.shape),
        keep=keep,
        basis=basis,
        level=level,
        ranking=ranking,
        mask=mask,
        cycle_spins=cycle_spins,
        shares=shares,
    )
    return replace(found, signal=found.signal.reshape(mixture.shape))


def recover_from(
    explanation: Explanation,
    *,
    reference: Tensor | None = None,
    keep: float = 0.1,
    basis: str | Basis | None = None,
    level: int | None = None,
    ranking: str | None = None,
    mask: str = "hard",
    cycle_spins: int = 1,
    shares: Sequence[float] = SHARES,
) -> Recovery:
    """Do the same with an explanation of the mixture that is there already; no model pass.

    The arguments are those of :func:`recover`; the signal and the reference are ``[N, C, T]``.
    """
    attribution = explanation.at(basis, level)
    ranking = explanation.default_ranking if ranking is None else ranking

    signal = attribution.reconstruct(keep, ranking=ranking, mask=mask, cycle_spins=cycle_spins)
    found = Recovery(signal, attribution, float(keep), ranking, mask, cycle_spins)
    if reference is None:
        return found
    reference = sounds(reference, "reference")
    if reference.shape != signal.shape:
        raise ValueError(
            f"reference has shape {tuple(reference.shape)}: it must be that of the signal, "
            f"{tuple(signal.shape)}"
        )
    rest = explanation.signal - reference
    sweep = None
    if len(shares):
        points = [checks.fraction(share, "shares") for share in shares]
        # The attribution of |x|²/2, whose gradient is x: the energy of each coefficient.
        entry = replace(
            explanation.entry, gradient=explanation.signal, baseline=None, path=False, multiply=True
        )
        key = explanation.method, explanation.target
        energy = replace(explanation, entries={key: entry}).at(attribution.basis)
        curves = []
        for source, order in ((attribution, ranking), (energy, "signed")):
            made = _rebuilt(source, points, order, mask, cycle_spins)
            curves.append(Score.stack([Score.of(reference, rest, each) for each in made]))
        sweep = Sweep(torch.tensor(points, dtype=torch.float64), *curves)
    return replace(
        found,
        before=Score.of(reference, rest, explanation.signal),
        after=Score.of(reference, rest, signal),
        sweep=sweep,
    )


def _rebuilt(
    attribution: Attribution, shares: Sequence[float], ranking: str, mask: str, cycle_spins: int
) -> list[Tensor]:
    """Reconstruct from several shares; each shift is transformed once, and not for every share."""
    explanation, basis = attribution.explanation, attribution.basis
    totals = [torch.zeros_like(explanation.signal) for _ in shares]
    for shift in shifts(basis.level, len(explanation.space), cycle_spins):
        spun = shifted(explanation, shift).at(basis) if any(shift) else attribution
        for total, share in zip(totals, shares, strict=True):
            weights = spun.weights(share, ranking=ranking, mask=mask)
            made = basis.synthesise(weights * spun.coefficients)
            total.add_(unshifted(made, shift), alpha=1 / cycle_spins)
    return totals


def _shown(ratio: Tensor) -> str:
    return f"{float(ratio) + 0.0:.1f} dB".replace("-0.0 ", "0.0 ")
