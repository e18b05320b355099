"""Explanation: mean gradients with their input, independent of any basis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from wam_widgets import choosing
from wam_widgets.attribution import Attribution
from wam_widgets.entries import Curve, Entry, MapEntry
from wam_widgets.joining import cut, joined, with_maps
from wam_widgets.maps import SignalMap, completeness, feature_attribution, signal_map
from wam_widgets.objectives import Target, class_label, target_name
from wam_widgets.wavelets import Basis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wam_widgets.best_basis import BasisSweep
    from wam_widgets.component_set import Components
    from wam_widgets.front_ends import Axes
    from wam_widgets.provenance import Provenance

__all__ = ["Curve", "Entry", "Explanation", "MapEntry"]


@dataclass(frozen=True)
class Explanation:
    """Why a model decided as it did about a batch of inputs, before any basis is chosen.

    Made by :func:`wam_widgets.explain`; immutable; does not hold the model. Slicing gives the
    explanation of some samples, ``a | b`` joins explanations of the same input.

    Attributes
    ----------
    signal : Tensor
        ``[N, C, *space]``, as the model took it.
    modality : {"image", "audio", "volume"}
    entries : mapping of (method, target) to Entry
        Everything that was computed.
    method, target : str
        The selected entry, see :meth:`select`.
    class_names : tuple of str or None
    probabilities : Tensor or None
        ``[N, K]`` at the input.
    mean, std : tuple of float or None
        Normalisation per channel; shown = signal · std + mean.
    sample_rate : float or None
        In Hz.
    spacing : tuple of float or None
        Voxel size along depth, height and width in mm.
    curves : tuple of Curve
        Measured insertion and deletion curves, see :func:`wam_widgets.metrics.curve`.
    channel_axis : bool
        False: the model takes the sound as ``[B, T]``, without the channel axis of the signal.
    features : Tensor or None
        ``[N, *F]``, what the front end gives at the input; None without a front end.
    axes : front_ends.Axes or None
        What the last two axes of the features mean: rows and frames.
    orientation : str or None
        Of a volume: the direction in which the index of each axis grows, such as ``"RAS"``.
    maps : tuple of MapEntry
        What methods gave that are no gradients, see :meth:`signal_map`, :meth:`feature_map` and
        :meth:`at`.
    components : Components or None
        Of sounds, see :func:`wam_widgets.components.nmf`.
    provenance : Provenance or None
        Model, date and versions; None for one that was not made by :func:`wam_widgets.explain`.
    """

    signal: Tensor
    modality: str
    entries: Mapping[tuple[str, str], Entry]
    method: str
    target: str
    class_names: tuple[str, ...] | None = None
    probabilities: Tensor | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    sample_rate: float | None = None
    spacing: tuple[float, ...] | None = None
    curves: tuple[Curve, ...] = field(default=())
    channel_axis: bool = True
    features: Tensor | None = None
    axes: Axes | None = None
    orientation: str | None = None
    maps: tuple[MapEntry, ...] = field(default=())
    components: Components | None = None
    provenance: Provenance | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that were computed."""
        return tuple(dict.fromkeys(method for method, _ in self.entries))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets that were computed."""
        return tuple(dict.fromkeys(target for _, target in self.entries))

    @property
    def entry(self) -> Entry:
        """The selected entry."""
        if not self.entries:
            raise ValueError(choosing.no_gradient(self))
        return self.entries[self.method, self.target]

    @property
    def gradient(self) -> Tensor:
        """The selected mean gradient, ``[N, C, *space]``."""
        return self.entry.gradient

    @property
    def inputs(self) -> Tensor:
        """The signal as model and front end take it: ``[N, T]`` without a channel axis."""
        return self.signal if self.channel_axis else self.signal.squeeze(1)

    @property
    def space(self) -> tuple[int, ...]:
        """Spatial shape of the signal."""
        return tuple(self.signal.shape[2:])

    @property
    def default_ranking(self) -> str:
        """Ranking measured to be most faithful: magnitude for audio, else signed."""
        return "magnitude" if self.modality == "audio" else "signed"

    @property
    def default_basis(self) -> Basis:
        """Basis of :data:`wam_widgets.options`, as deep as the signal allows.

        What the options leave open is as measured to be most faithful for the modality.
        """
        return choosing.default_basis(self.modality, self.space)

    def select(self, method: str | None = None, target: Target | str = "") -> Explanation:
        """Return the same explanation with another of its entries selected.

        Raises
        ------
        ValueError
            If it was not computed, with what there is.
        """
        return choosing.select(self, method, target)

    def target_of(self, target: Target | str) -> str:
        """Return the name of a target, that of the selected one for an empty text."""
        if isinstance(target, str):
            return target or self.target
        return target_name(target)

    def with_entry(self, entry: Entry) -> Explanation:
        """Return this explanation with one more entry, selected."""
        if entry.gradient.shape != self.signal.shape:
            raise ValueError(
                f"gradient has shape {tuple(entry.gradient.shape)}: it must be that of the "
                f"signal, {tuple(self.signal.shape)}"
            )
        entries = {**self.entries, (entry.method, entry.target): entry}
        return replace(self, entries=entries, method=entry.method, target=entry.target)

    def with_curves(self, curves: Iterable[Curve]) -> Explanation:
        """Return this explanation with measured curves added; newer ones replace older ones."""

        known = {curve.key: curve for curve in (*self.curves, *curves)}
        return replace(self, curves=tuple(known.values()))

    def with_maps(self, maps: Iterable[MapEntry]) -> Explanation:
        """Return this explanation with maps added; newer ones replace older ones."""
        return with_maps(self, maps)

    def with_components(self, components: Components) -> Explanation:
        """Return this explanation with the components of its sounds, in place of any before."""
        return replace(self, components=components.of(self.signal))

    def __or__(self, other: Explanation) -> Explanation:
        """Join two explanations of the same input; the selection stays that of the first."""
        if not isinstance(other, Explanation):
            return NotImplemented
        return joined(self, other)

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, sample: int | slice) -> Explanation:
        """Return the explanation of one sample (the batch axis stays) or of a slice of them."""
        return cut(self, choosing.samples(sample, len(self)))

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.signal.shape))
        named = [*self.entries, *((found.method, found.target) for found in self.maps)]
        what = ", ".join(f"{m} for {t}" for m, t in named) or "empty"
        return f"Explanation({self.modality} {shape}: {what})"

    def at(
        self,
        basis: str | Basis | None = None,
        level: int | None = None,
        mode: str | None = None,
        *,
        method: str | None = None,
        target: Target | str = "",
    ) -> Attribution:
        """Return the attribution in a wavelet basis; no model pass.

        Parameters
        ----------
        basis : str or Basis, optional
            Wavelet name, or a whole :class:`Basis`. Default: :attr:`default_basis`.
        level : int, optional
            Number of scales; that of :data:`wam_widgets.options`, the modality's default, or as
            deep as possible, when left out.
        mode : str, optional
            Boundary mode, one of :data:`wam_widgets.wavelets.MODES`; that of the options when left
            out.
        method, target : optional
            Those of :meth:`select` by default. A method that belongs to one basis (``"sobol"``,
            ``"mask_optimisation"``, …) gives its attribution in that basis: leave `basis` out then,
            unless it was computed in several.

        Raises
        ------
        ValueError
            If a name is unknown, the level is deeper than the signal allows, or a method that
            belongs to a basis was not computed in this one.
        """
        return choosing.attribution(self, basis, level, mode, method, target)

    def signal_map(self, method: str | None = None, target: Target | str = "") -> SignalMap:
        """Return how much each value of the signal matters; no model pass.

        Of a method whose result is a gradient it is (x − x₀) ⊙ g, or g without
        ``multiply_by_inputs``: what that method is outside any wavelet basis.

        Raises
        ------
        ValueError
            If it was not computed, or gives something else than a map of the signal.
        """
        return signal_map(self, method, target, "signal")

    def feature_map(self, method: str | None = None, target: Target | str = "") -> SignalMap:
        """Return how much each value of the front end's output matters; no model pass.

        Of a method whose result is a gradient it is :meth:`feature_attribution`.
        """
        return signal_map(self, method, target, "features")

    def best_basis(
        self,
        criterion: str | Callable[[Attribution], Tensor] = "sparseness",
        families: Sequence[str] | None = None,
        levels: Sequence[int] | None = None,
        mode: str = "symmetric",
        **options: Any,
    ) -> BasisSweep:
        """Compare families and levels by ``"sparseness"``, ``"entropy"`` or ``"faithfulness"``.

        The last one asks `model`, without a gradient. See :func:`best_basis.best_basis`.
        """
        from wam_widgets.best_basis import best_basis

        return best_basis(self, criterion, families, levels, mode, **options)

    def completeness(self) -> Tensor:
        """Return sum of attributions − (f(x) − f(x₀)) per sample, ``[N]``.

        Zero up to the error of the integral, in every basis. For integrated gradients only: the
        sum of smooth integrated gradients is the difference of the smoothed f. A model that takes
        the logarithm of a sound inside needs many steps; as `front_end` of
        :func:`wam_widgets.explain` that part gets steps of its own, and 32 to 64 will do.
        """
        return completeness(self)

    def feature_attribution(self) -> Tensor:
        """Return what each value of the front end's output contributes, ``[N, *F]``.

        With m the front end and ḡ the mean gradient at its output, over the points of the method:
        (m(x) − m(x₀)) ⊙ ḡ for the methods along a path, m(x) ⊙ ḡ for the others, and ḡ without
        ``multiply_by_inputs``. It is the map that Kasmi et al. (2025) show beside the
        coefficients, and costs no pass of its own.

        The path is straight in the waveform, not in m, and the noise is added to the waveform: the
        sum of this map is not f(x) − f(x₀). That of the waveform's attribution is, see
        :meth:`completeness`.

        Raises
        ------
        ValueError
            If the model was explained without a front end.
        """
        return feature_attribution(self)

    def label(self, sample: int = 0) -> str:
        """Return the explained class of a sample in words."""
        return class_label(self.entry.classes[sample], self.class_names, self.target)

    def plot(self, sample: int = 0, kind: str = "all", **options: Any) -> Figure:
        """Return a matplotlib figure in the default basis, see :func:`wam_widgets.figures.plot`."""
        return self.at().plot(sample, kind, **options)

    def save(self, path: str | Path) -> Path:
        """Write everything into one file for :func:`wam_widgets.load`, which needs no model.

        See :func:`wam_widgets.storage.save`.
        """
        from wam_widgets.storage import save

        return save(self, path)

    def to_html(self, path: str | Path, title: str | None = None, notes: str | None = None) -> Path:
        """Write one offline interactive HTML file; see :func:`wam_widgets.reports.to_html`."""
        from wam_widgets.reports import to_html

        return to_html(self, path, title, notes)
