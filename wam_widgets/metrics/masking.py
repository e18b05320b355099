"""Inputs of which a part is kept and the rest replaced: coefficients, places or features.

Let x be the input, x₀ the same with everything replaced, and d what their elements differ by: the
coefficients W(x) − W(x₀) in a basis, x − x₀ at the places of the signal or of the front end's
output. With a mask m and L the synthesis (or nothing, outside a basis)

    kept = x₀ + L(m ⊙ d)        removed = x − L(m ⊙ d)

so one synthesis gives both, on the device of the signal and for many masks at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution, check_ranking
from wam_widgets.classifier import Classifier, check_features
from wam_widgets.coefficients import Coefficients
from wam_widgets.explanation import Explanation
from wam_widgets.maps import SignalMap

__all__ = [
    "BASELINES",
    "Masking",
    "check_baseline",
    "domain_of",
    "masking",
    "matched_noise",
    "score",
]

BASELINES = ("zero", "blur", "noise")
"""What replaces what is removed."""


@dataclass(frozen=True)
class Masking:
    """The elements of a batch of inputs, each of which is kept or replaced.

    Attributes
    ----------
    domain : {"basis", "signal", "features"}
        Elements are wavelet coefficients of all channels, places of the signal (all channels of a
        place together), or values of the front end's output.
    full : Tensor
        What the model, or the front end, is asked with everything kept: ``[N, C, *space]``, or
        ``[N, *F]``.
    start : Tensor
        The same shape, everything replaced.
    difference : Tensor
        What elements differ by: ``[N, K]`` coefficients in a basis, else shaped like `full`.
    coefficients : Coefficients or None
        Of the difference, which say how the K elements lie in the basis.
    """

    domain: str
    full: Tensor
    start: Tensor
    difference: Tensor
    coefficients: Coefficients | None = None

    def __len__(self) -> int:
        return len(self.full)

    @property
    def places(self) -> tuple[int, ...]:
        """How the elements of a sample lie: ``(K,)``, ``space`` or ``F``."""
        shape = tuple(self.difference.shape)
        return shape[2:] if self.domain == "signal" else shape[1:]

    @property
    def count(self) -> int:
        """Number of elements K of a sample."""
        return int(
            self.difference[0, 0].numel() if self.domain == "signal" else self.difference[0].numel()
        )

    def part(self, masks: Tensor) -> Tensor:
        """Return L(m ⊙ d), ``[M·N, …]``, samples counting fastest.

        Parameters
        ----------
        masks : Tensor
            ``[M, N, K]``, truth values or weights from 0 to 1.
        """
        many, n = masks.shape[:2]
        if self.coefficients is not None:
            chosen = (self.difference * masks).flatten(0, 1)
            made = self.coefficients.basis.synthesise(self.coefficients.unflatten(chosen))
            return made.to(self.full.dtype)
        channels = (1,) if self.domain == "signal" else ()
        weights = masks.view(many, n, *channels, *self.places)
        return (self.difference * weights).flatten(0, 1)

    def kept(self, masks: Tensor) -> Tensor:
        """Return inputs of which only what `masks` says is kept, ``[M·N, …]``."""
        return self.both(masks)[0]

    def removed(self, masks: Tensor) -> Tensor:
        """Return inputs of which what `masks` says is replaced, ``[M·N, …]``."""
        return self.both(masks)[1]

    def both(self, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Return :meth:`kept` and :meth:`removed` of one synthesis, in the layout of `full`."""
        part = self.part(masks)
        if self.full.ndim == 4 and self.full.is_contiguous(memory_format=torch.channels_last):
            part = part.contiguous(memory_format=torch.channels_last)
        rows = part.view(len(masks), *self.full.shape)
        removed = (self.full - rows).flatten(0, 1)
        return (self.start + rows).flatten(0, 1), removed


def domain_of(attribution: Attribution | SignalMap) -> str:
    """Return what the attribution ranks: ``"basis"``, ``"signal"`` or ``"features"``.

    Raises
    ------
    TypeError
        If it is neither an Attribution nor a SignalMap.
    """
    if isinstance(attribution, SignalMap):
        return attribution.domain
    if not isinstance(attribution, Attribution):
        raise TypeError(
            f"attribution is a {type(attribution).__name__}: it must be an Attribution, such as "
            "explanation.at('db2', 4), or a SignalMap, such as explanation.signal_map()"
        )
    return "basis"


def score(attribution: Attribution | SignalMap, ranking: str | None = None) -> Tensor:
    """Return what elements are ranked by, ``[N, K]``, in the order of :class:`Masking`.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        Channels of a map of the signal are summed.
    ranking : {"signed", "magnitude"}, optional
        By value, or by absolute value. Default: that of the modality.
    """
    domain_of(attribution)
    if isinstance(attribution, Attribution):
        return attribution.score(ranking)
    places = attribution.places().flatten(1)
    signed = check_ranking(attribution.explanation, ranking) == "signed"
    return places if signed else places.abs()


def check_baseline(baseline: object) -> None:
    """Raise a ValueError if nothing is known to be replaced so."""
    if baseline not in BASELINES:
        raise ValueError(f"baseline is {baseline!r}: it must be one of {', '.join(BASELINES)}")


def masking(
    attribution: Attribution | SignalMap,
    classifier: Classifier,
    baseline: str = "zero",
    seed: int = 0,
) -> Masking:
    """Return the elements that an attribution ranks, and what replaces them.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    classifier : Classifier
        Its front end is asked for the features, the model is not run.
    baseline : {"zero", "blur", "noise"}
        Zero: coefficients and places are zero. Blur: those of the signal blurred as by
        ``baselines="blur"`` of :func:`wam_widgets.explain`. Noise: coefficients drawn anew with
        the mean and the standard deviation of their subband, for each sample and channel; at
        places of the signal, noise with such coefficients in the default basis. Features are those
        that the front end gives for a signal replaced in this way: silence, not the number zero.
    seed : int
        Of the noise; sample i of a batch has its own.

    Raises
    ------
    ValueError
        If the baseline is unknown, there is no sample, or the attribution does not fit the signal.
    """
    check_baseline(baseline)
    explanation = attribution.explanation
    if not len(attribution):
        raise ValueError("attribution has no samples: it must have at least one")
    signal = explanation.signal
    if isinstance(attribution, Attribution):
        return _of_coefficients(attribution, baseline, seed)
    start = _replaced(explanation, baseline, seed)
    if attribution.domain == "signal":
        _fits(attribution, tuple(signal.shape[2:]), "the signal")
        return Masking("signal", signal, start, signal - start)
    with torch.no_grad():
        both = [classifier.features(points.clone()) for points in (signal, start)]
    check_features(both[1], f"the baseline {baseline!r}")
    _fits(attribution, tuple(both[0].shape[1:]), "what the front end gives")
    return Masking("features", both[0], both[1], both[0] - both[1])


def _of_coefficients(attribution: Attribution, baseline: str, seed: int) -> Masking:
    signal, basis = attribution.explanation.signal, attribution.basis
    z = attribution.coefficients
    if baseline == "noise":
        drawn = matched_noise(z, seed)
        start = basis.synthesise(drawn).to(signal.dtype)
        z = z.zip(torch.sub, drawn)
    elif baseline == "blur":
        start = _replaced(attribution.explanation, baseline, seed)
        z = basis.analyse(signal - start)
    else:
        start = torch.zeros_like(signal)
    return Masking("basis", signal, start, z.flatten(), z)


def _replaced(explanation: Explanation, baseline: str, seed: int) -> Tensor:
    """Return the signal with all of its places replaced."""
    signal = explanation.signal
    if baseline == "noise":
        basis = explanation.default_basis
        return basis.synthesise(matched_noise(basis.analyse(signal), seed)).to(signal.dtype)
    blurred = checks.as_baseline("blur" if baseline == "blur" else None, signal)
    return torch.zeros_like(signal) if blurred is None else blurred


def matched_noise(coefficients: Coefficients, seed: int = 0) -> Coefficients:
    """Return normal noise with the mean and the standard deviation of each subband.

    They are matched exactly, for each sample and channel. A subband of one coefficient stays as it
    is: it has nothing but its mean.
    """
    generators = [
        torch.Generator(coefficients.approximation.device).manual_seed(seed * 1_000_003 + sample)
        for sample in range(len(coefficients))
    ]

    def draw(values: Tensor) -> Tensor:
        noise = torch.stack(
            [
                torch.randn(
                    values.shape[1:], generator=generator, device=values.device, dtype=values.dtype
                )
                for generator in generators
            ]
        ).flatten(2)
        noise = noise - noise.mean(dim=2, keepdim=True)
        spread = noise.std(dim=2, keepdim=True, correction=0)
        given = values.flatten(2)
        wanted = given.std(dim=2, keepdim=True, correction=0)
        scale = wanted / torch.where(spread > 0, spread, torch.ones_like(spread))
        return (given.mean(dim=2, keepdim=True) + scale * noise).view(values.shape)

    return coefficients.map(draw)


def _fits(attribution: SignalMap, wanted: tuple[int, ...], what: str) -> None:
    found = tuple(attribution.places().shape[1:])
    if found != wanted:
        raise ValueError(
            f"attribution has a value for each place of {found}: it must have one for each place "
            f"of {what}, {wanted}"
        )
