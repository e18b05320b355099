"""What an explanation holds: mean gradients, maps of other methods, measured curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from wam_widgets.wavelets import Basis


@dataclass(frozen=True)
class Entry:
    """The mean gradient of one method and target.

    Attributes
    ----------
    method, target : str
        Names by which it is selected.
    classes : Tensor
        Explained class of each sample, ``[N, 1]``, or ``[N, 2]`` for a contrast.
    gradient : Tensor
        ``[N, C, *space]``.
    baseline : Tensor or None
        x₀ of the path, broadcastable to the signal; None for zero.
    path : bool
        The gradient was taken along a path: attributions are (Wx − Wx₀) ⊙ Pg.
    multiply : bool
        Attributions are multiplied by the coefficients.
    output : Tensor
        The objective at the input, ``[N]``.
    start : Tensor or None
        The objective at the baseline, ``[N]``, for integrated gradients.
    feature_gradient : Tensor or None
        ``[N, *F]``: the mean gradient with respect to the front end's output, over the same
        points; None without a front end.
    feature_baseline : Tensor or None
        What the front end gives at x₀, broadcastable to that, for methods along a path.
    settings : mapping of str to str, int or float
        How it was computed: the parameters of :func:`wam_widgets.explain` that this method used.
    """

    method: str
    target: str
    classes: Tensor
    gradient: Tensor
    baseline: Tensor | None
    path: bool
    multiply: bool
    output: Tensor
    start: Tensor | None = None
    feature_gradient: Tensor | None = None
    feature_baseline: Tensor | None = None
    settings: Mapping[str, str | int | float] = field(default_factory=dict)

    def __getitem__(self, part: slice | list[int]) -> Entry:
        def cut(values: Tensor | None) -> Tensor | None:
            # One row for all samples stays.
            return values[part] if values is not None and len(values) == n else values

        n = len(self.gradient)
        return replace(
            self,
            classes=self.classes[part],
            gradient=self.gradient[part],
            baseline=cut(self.baseline),
            output=self.output[part],
            start=None if self.start is None else self.start[part],
            feature_gradient=cut(self.feature_gradient),
            feature_baseline=cut(self.feature_baseline),
        )


@dataclass(frozen=True)
class MapEntry:
    """What a method gives that is no gradient, so that it belongs to one domain or basis.

    Attributes
    ----------
    method, target : str
        Names by which it is selected.
    classes : Tensor
        Explained class of each sample, ``[N, 1]``, or ``[N, 2]`` for a contrast.
    values : Tensor
        Signed importance. In the signal's domain ``[N, C or 1, *space]``, in that of the front
        end's output ``[N, *F]``, in a basis ``[N, K]`` in the order of
        :meth:`Coefficients.flatten`.
    output : Tensor
        The objective at the input, ``[N]``.
    domain : {"signal", "features", "basis"}
    basis : Basis or None
        Of the values, where the domain is a basis.
    settings : mapping of str to str, int or float
        How it was computed.
    """

    method: str
    target: str
    classes: Tensor
    values: Tensor
    output: Tensor
    domain: str = "signal"
    basis: Basis | None = None
    settings: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, Basis | None]:
        """What tells it apart from the other maps of an explanation."""
        return self.method, self.target, self.basis

    def __getitem__(self, part: slice | list[int]) -> MapEntry:
        return replace(
            self, classes=self.classes[part], values=self.values[part], output=self.output[part]
        )


@dataclass(frozen=True)
class Curve:
    """What the model says against the share of coefficients, or of places, kept or removed.

    Attributes
    ----------
    method, target : str
        The explanation it belongs to.
    basis : Basis or None
        Where coefficients were ranked; None outside a basis.
    ranking : str
        ``"signed"`` or ``"magnitude"``.
    share : Tensor
        ``[S]``, ascending from 0 to 1.
    insertion, deletion : Tensor
        ``[N, S]``: only the most important share kept; the most important share removed.
    domain : {"basis", "signal", "features"}
        What was kept and removed: coefficients, places of the signal, or values of what the front
        end gives.
    baseline : {"zero", "blur", "noise"}
        What stands where something was removed.
    output : {"probability", "logit", "log_probability"}
        What the curves are of.
    """

    method: str
    target: str
    basis: Basis | None
    ranking: str
    share: Tensor
    insertion: Tensor
    deletion: Tensor
    domain: str = "basis"
    baseline: str = "zero"
    output: str = "probability"

    @property
    def key(self) -> tuple[str, str, Basis | None, str, str, str, str]:
        """What tells it apart from the other curves of an explanation."""
        kind = (self.ranking, self.domain, self.baseline, self.output)
        return self.method, self.target, self.basis, *kind

    @property
    def plain(self) -> bool:
        """Of coefficients that were set to zero, and of probabilities: as reconstructions show."""
        return (self.domain, self.baseline, self.output) == ("basis", "zero", "probability")

    def __getitem__(self, part: slice | list[int]) -> Curve:
        return replace(self, insertion=self.insertion[part], deletion=self.deletion[part])
