"""An explanation in one wavelet basis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wam_widgets.checks import fraction
from wam_widgets.coefficients import ORIENTATIONS, Coefficients
from wam_widgets.geometry import scale_maps

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.figures import NotebookFigure
    from wam_widgets.wavelets import Basis

RANKINGS = ("signed", "magnitude")
"""Orders of importance: by value (what speaks for the target first), or by absolute value."""

MASKS = ("hard", "soft")
"""Kept coefficients as they are, or shrunk towards the threshold as in ``pywt.threshold``."""


@dataclass(frozen=True)
class Attribution:
    """What each wavelet coefficient of the signal contributes to the explained output.

    Made by :meth:`Explanation.at`; costs two transforms and no model pass.

    Attributes
    ----------
    explanation : Explanation
        Where it comes from.
    basis : Basis
        Family, level and boundary mode.
    """

    explanation: Explanation
    basis: Basis

    @cached_property
    def coefficients(self) -> Coefficients:
        """Coefficients z = W(x) of the signal."""
        return self.basis.analyse(self.explanation.signal)

    @cached_property
    def pullback(self) -> Coefficients:
        """Gradient with respect to the coefficients, P g (Kasmi et al. 2025, equation 4)."""
        return self.basis.pullback(self.explanation.gradient)

    @cached_property
    def values(self) -> Coefficients:
        """Attribution of each coefficient, signed.

        z ⊙ P g; (W x − W x₀) ⊙ P g for the methods along a path, where the sum over all
        coefficients is f(x) − f(x₀) in every basis; P g without ``multiply_by_inputs``.
        """
        entry = self.explanation.entry
        if not entry.multiply:
            return self.pullback
        if not entry.path or entry.baseline is None:
            return self.coefficients * self.pullback
        difference = self.explanation.signal - entry.baseline
        return self.basis.analyse(difference) * self.pullback

    def __len__(self) -> int:
        return len(self.explanation)

    def __getitem__(self, sample: int | slice) -> Attribution:
        return self.explanation[sample].at(self.basis)

    def __repr__(self) -> str:
        return f"Attribution({self.explanation!r}, {self.basis})"

    def scale_maps(self) -> Tensor:
        """Return where each scale matters, ``[N, J + 1, *space]``, on the signal's grid.

        Index 0 is the approximation, 1 the coarsest scale, J the finest. Channels and
        orientations are summed, and each map sums to the attribution of its scale.
        """
        return scale_maps(self.values)

    def mosaic(self) -> Tensor:
        """Return the attribution in the Mallat layout, see :meth:`Coefficients.mosaic`."""
        return self.values.mosaic()

    def spectrum(self) -> Tensor:
        """Return the share of absolute attribution per scale, ``[N, J + 1]``.

        Index 0 is the approximation, 1 the coarsest scale, J the finest. Rows sum to 1, or are
        zero where nothing is attributed at all.
        """
        flat = [self.values.approximation.abs().flatten(1).sum(1)]
        for level in self.values.details:
            flat.append(torch.stack([v.abs().flatten(1).sum(1) for v in level.values()]).sum(0))
        shares = torch.stack(flat, dim=1)
        total = shares.sum(dim=1, keepdim=True)
        return shares / torch.where(total > 0, total, torch.ones_like(total))

    def weights(
        self,
        keep: float = 0.1,
        scales: Sequence[int] | None = None,
        ranking: str | None = None,
        mask: str = "hard",
        orientations: Sequence[str] | None = None,
    ) -> Coefficients:
        """Return the mask that :meth:`reconstruct` applies, values from 0 to 1."""
        keep = fraction(keep, "keep")
        ranking = self._check_ranking(ranking)
        if mask not in MASKS:
            raise ValueError(f"mask is {mask!r}: it must be one of {', '.join(MASKS)}")
        score = self.score(ranking)
        count = score.shape[1]
        kept = math.floor(keep * count + 0.5)
        order = torch.sort(score, dim=1, descending=True, stable=True).indices
        weight = torch.zeros_like(score)
        if kept:
            value = torch.ones_like(score[:, :kept])
            if mask == "soft" and kept < count:
                threshold = score.gather(1, order[:, kept : kept + 1]).clamp(min=0)
                top = score.gather(1, order[:, :kept])
                shrunk = 1 - threshold / torch.where(top > 0, top, torch.ones_like(top))
                value = torch.where(threshold > 0, shrunk.clamp(min=0), value)
            weight.scatter_(1, order[:, :kept], value)
        chosen = self.values.unflatten(weight)
        return self._select(chosen, scales, orientations)

    def score(self, ranking: str | None = None) -> Tensor:
        """Return the importance by which coefficients are ranked, ``[N, K]``."""
        flat = self.values.flatten()
        return flat if self._check_ranking(ranking) == "signed" else flat.abs()

    def reconstruct(
        self,
        keep: float = 0.1,
        scales: Sequence[int] | None = None,
        ranking: str | None = None,
        mask: str = "hard",
        orientations: Sequence[str] | None = None,
    ) -> Tensor:
        """Return the signal made of the most important coefficients only.

        Parameters
        ----------
        keep : float
            Share of all coefficients of a sample, all channels together, from 0 to 1.
        scales : sequence of int, optional
            Indices into the last axis of :meth:`spectrum` (0 = approximation); all by default.
            Ranking comes first, so a scale alone shows its part of the whole reconstruction.
        ranking : {"signed", "magnitude"}, optional
            Default: measured best for the modality, signed for images and volumes, magnitude
            for audio.
        mask : {"hard", "soft"}
            Kept coefficients as they are, or weighted by 1 − threshold / importance.
        orientations : sequence of str, optional
            For images ``"horizontal"``, ``"vertical"``, ``"diagonal"``; all by default.

        Returns
        -------
        Tensor
            Shape of the signal. ``signal − reconstruct(…)`` is the residual.
        """
        weights = self.weights(keep, scales, ranking, mask, orientations)
        return self.basis.synthesise(weights * self.coefficients)

    def plot(self, sample: int = 0, **options: Any) -> NotebookFigure:
        """Return a matplotlib figure of one sample, see :func:`wam_widgets.figures.plot`."""
        from wam_widgets.figures import plot

        return plot(self, sample, **options)

    def _check_ranking(self, ranking: str | None) -> str:
        if ranking is None:
            return self.explanation.default_ranking
        if ranking not in RANKINGS:
            raise ValueError(f"ranking is {ranking!r}: it must be one of {', '.join(RANKINGS)}")
        return ranking

    def _select(
        self,
        weights: Coefficients,
        scales: Sequence[int] | None,
        orientations: Sequence[str] | None,
    ) -> Coefficients:
        if scales is None and orientations is None:
            return weights
        level = self.basis.level
        chosen = range(level + 1) if scales is None else list(scales)
        for index in chosen:
            if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= level:
                raise ValueError(
                    f"scales has {index!r}: every entry must be an index into the spectrum, "
                    f"0 (approximation) to {level} (finest)"
                )
        names = ORIENTATIONS[len(weights.space)]
        allowed = tuple(names) if orientations is None else tuple(orientations)
        for name in allowed:
            if name not in names:
                raise ValueError(
                    f"orientations has {name!r}: every entry must be one of {', '.join(names)}"
                )

        def gate(values: Tensor, on: bool) -> Tensor:
            return values if on else torch.zeros_like(values)

        details = tuple(
            {name: gate(v, index in chosen and name in allowed) for name, v in level.items()}
            for index, level in enumerate(weights.details, start=1)
        )
        return Coefficients(
            weights.basis, weights.space, gate(weights.approximation, 0 in chosen), details
        )
