"""Whether what an attribution calls important is what the model reacts to.

Parts of the input are removed or kept and the model is asked again, in the domain of the
attribution: coefficients of a basis, places of the signal, or values of the front end's output.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.entries import Entry
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.masking import Masking, score
from wam_widgets.metrics.probe import OUTPUTS, Model, Probe
from wam_widgets.metrics.similarity import spearman
from wam_widgets.reconstruction import weigh
from wam_widgets.regions import regions

__all__ = ["infidelity", "input_fidelity", "mu_fidelity", "spectrum_fidelity"]

_GRID = {1: 784, 2: 28, 3: 9}
"""Cells per axis: about as many in all as the 28 × 28 of Novello et al. (2022)."""


def mu_fidelity(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    ranking: str | None = None,
    share: float = 0.2,
    n_perturb_samples: int = 128,
    grid_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Tensor:
    """Return how well attributions of random subsets rank the model's loss of them, ``[N]``.

    ρ(Σ_{i∈S} a_i, f(x) − f(x without S)) over random subsets S, from −1 to 1, larger is better:
    Bhatt et al., "Evaluating and aggregating feature-based model explanations", 2020, definition
    3, with Spearman's ρ in place of Pearson's as in Kasmi et al. (2025). 0 where the attribution
    or the model tells no subset from another.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    model : callable or Explainer
        The classifier that was explained.
    ranking : {"signed", "magnitude"}, optional
        Sum of values, or of absolute values. Default: that of the modality.
    share : float
        Share of the cells in each subset.
    n_perturb_samples : int
        Number of subsets, the same for all samples; that many passes for each sample.
    grid_size : int, optional
        Subsets are made of cells, so many along each axis: of the Mallat layout for coefficients,
        of the signal or the features otherwise. Large numbers make a cell of each place. Default:
        28 in two dimensions, 784 in one and 9 in three.
    seed : int
        Of the subsets, and of a baseline of noise.
    **options
        ``baseline``, ``output``, ``internal_batch_size``, ``front_end``, ``progress`` and
        ``should_stop`` as in :func:`wam_widgets.metrics.curve`.

    Notes
    -----
    The published evaluation of Kasmi et al. (2025) averages ρ with its p-value, smooths the
    attribution first, and replaces cells by those of a random mask; none of this is done here.
    """
    probe = Probe(attribution, model, seed=seed, **options)
    labels, cells = _cells(probe.masking, grid_size)
    subsets = draw_subsets(cells, share, n_perturb_samples, seed)
    values = score(attribution, ranking).double()
    return rank_agreement(values, _lost(probe, subsets, labels), subsets, labels)


def infidelity(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    share: float = 0.2,
    n_perturb_samples: int = 64,
    grid_size: int | None = None,
    normalize: bool = False,
    output: str | None = None,
    seed: int = 0,
    **options: Any,
) -> Tensor:
    """Return how far attributions of random subsets are from the model's loss of them, ``[N]``.

    E[(Σ_{i∈S} a_i − (f(x) − f(x without S)))²] over random subsets S, smaller is better: Yeh et
    al., "On the (in)fidelity and sensitivity of explanations", 2019, definition 2.1, with the
    perturbation I that takes a subset away. A gradient is multiplied by what it loses first, so
    that Iᵀ Φ is the same with and without ``multiply_by_inputs``.

    Parameters
    ----------
    attribution, model, share, n_perturb_samples, grid_size, seed
        As for :func:`mu_fidelity`.
    normalize : bool
        Scale the attribution of each sample by the factor for which the result is smallest,
        E[IᵀΦ Δf] / E[(IᵀΦ)²]: then it does not depend on the attribution's scale.
    output : {"probability", "logit", "log_probability"}, optional
        What f is. Default: the objective that was explained. For a contrast the difference of both
        classes.
    **options
        ``baseline`` (that of the explanation, to be fair), ``internal_batch_size``, ``front_end``,
        ``progress`` and ``should_stop`` as in :func:`wam_widgets.metrics.curve`.
    """
    source = attribution.source
    if output is None:
        explained = str(source.settings.get("objective", "probability"))
        output = explained if explained in OUTPUTS else "probability"
    probe = Probe(attribution, model, seed=seed, output=output, **options)
    labels, cells = _cells(probe.masking, grid_size)
    subsets = draw_subsets(cells, share, n_perturb_samples, seed)
    values = score(attribution, "signed")
    if isinstance(source, Entry) and not source.multiply:
        values = _multiplied(attribution, probe.masking)
    said = _sums(values.double(), subsets, labels)
    full = probe.classify(probe.masking.full).unsqueeze(0)
    left = _answers(probe, subsets, labels)
    lost = _of_classes(full, source.classes) - _of_classes(left, source.classes)
    lost = lost.double().T.to(said.device)
    if normalize:
        own = said.square().mean(dim=1, keepdim=True)
        both = (said * lost).mean(dim=1, keepdim=True)
        said = said * both / torch.where(own > 0, own, torch.ones_like(own))
    return (said - lost).square().mean(dim=1).cpu()


def spectrum_fidelity(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    share: float = 0.5,
    ranking: str | None = None,
    **options: Any,
) -> Tensor:
    """Return what removing the important part costs the class, ``[N]``; larger is better.

    FF = f(x)_c − f(x without its important part)_c, the "faithfulness on spectra" of Parekh et
    al., "Listen to interpret", 2022, section 4. Theirs and that of Kasmi et al. (2025) is the drop
    of the probability, that of Paissan et al. (2024) the drop of the logit: see `output`. It may
    be negative. Over a data set the published tables give the median of Parekh et al., else means.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    model : callable or Explainer
        The classifier that was explained.
    share : float
        Share of coefficients, places or feature values that is the important part; one half in
        Kasmi et al. (2025).
    ranking : {"signed", "magnitude"}, optional
        Order of importance. Default: that of the modality.
    **options
        ``baseline``, ``output``, ``internal_batch_size``, ``front_end``, ``seed``, ``progress`` and
        ``should_stop`` as in :func:`wam_widgets.metrics.curve`.
    """
    probe = Probe(attribution, model, **options)
    mask = weigh(score(attribution, ranking), share, "hard").unsqueeze(0)
    (removed,) = probe.ask(lambda first, last: mask[first:last], 1, "removed")
    full = probe.classify(probe.masking.full).unsqueeze(0)
    return (probe.read(full) - probe.read(removed))[0].double().cpu()


def input_fidelity(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    share: float = 0.5,
    ranking: str | None = None,
    **options: Any,
) -> Tensor:
    """Return 1 where the important part alone is classified as the whole, else 0, ``[N]``.

    FID-I = 1[argmax f(important part) = argmax f(x)], larger is better: Paissan et al., "Posthoc
    interpretation via quantization", 2023, section 4. The class is the predicted one, whichever
    was explained. The parameters are those of :func:`spectrum_fidelity`.
    """
    probe = Probe(attribution, model, **options)
    mask = weigh(score(attribution, ranking), share, "hard").unsqueeze(0)
    (kept,) = probe.ask(lambda first, last: mask[first:last], 1, "kept")
    full = probe.classify(probe.masking.full)
    return (kept[0].argmax(dim=1) == full.argmax(dim=1)).double().cpu()


def draw_subsets(cells: int, share: float, count: int, seed: int) -> Tensor:
    """Return `count` random subsets of equal size of so many cells, ``[count, cells]`` bools."""
    count = checks.positive_int(count, "n_perturb_samples", least=2)
    size = max(1, round(checks.fraction(share, "share") * cells))
    generator = torch.Generator().manual_seed(checks.positive_int(seed, "seed", least=0))
    chosen = torch.rand(count, cells, generator=generator).argsort(dim=1)[:, :size]
    return torch.zeros(count, cells, dtype=torch.bool).scatter_(1, chosen, True)


def rank_agreement(values: Tensor, lost: Tensor, subsets: Tensor, labels: Tensor) -> Tensor:
    """Return Spearman's ρ between the attribution of subsets and what they cost, ``[N]``.

    Parameters
    ----------
    values : Tensor
        ``[N, K]``.
    lost : Tensor
        ``[N, M]``, what the model loses with each subset, up to a constant.
    subsets : Tensor
        ``[M, cells]``, truth values.
    labels : Tensor
        ``[K]``, the cell of each element.
    """
    # Equal sums differ by their rounding, which has no rank.
    sums = _sums(values, subsets, labels)
    said = _settled(sums, values.abs().sum(dim=1, keepdim=True), 1e-10)
    finite = torch.where(lost.isfinite(), lost, torch.zeros_like(lost))
    most = finite.abs().amax(dim=1, keepdim=True)
    seen = _settled(lost, most, 16 * torch.finfo(lost.dtype).eps)
    return spearman(said, seen.to(said.device)).cpu()


def _settled(values: Tensor, scale: Tensor, precision: float) -> Tensor:
    """Return values in steps of a fraction of a scale, so that equal ones are equal."""
    step = scale * precision
    return (values / torch.where(step > 0, step, torch.ones_like(step))).round()


def _cells(masking: Masking, grid_size: int | None) -> tuple[Tensor, int]:
    """Return the cell of each element, ``[K]``, and the number of cells."""
    if masking.coefficients is not None:
        axes = len(masking.coefficients.space)
    else:
        axes = sum(n > 1 for n in masking.places)
    if grid_size is None:
        grid_size = _GRID[min(max(axes, 1), 3)]
    grid = checks.positive_int(grid_size, "grid_size")
    if masking.coefficients is not None:
        return regions(masking.coefficients, "grid", grid)
    label = torch.zeros(masking.places, dtype=torch.long)
    for axis, n in enumerate(masking.places):
        along = [-1 if i == axis else 1 for i in range(len(masking.places))]
        label = label * grid + (torch.arange(n) * grid // n).view(along)
    found, places = torch.unique(label.flatten(), return_inverse=True)
    return places.to(masking.full.device), len(found)


def _sums(values: Tensor, subsets: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of values over each subset, ``[N, M]``."""
    cells = values.new_zeros(len(values), subsets.shape[1]).index_add_(1, labels, values)
    return cells @ subsets.to(values.device, values.dtype).T


def _answers(probe: Probe, subsets: Tensor, labels: Tensor) -> Tensor:
    """Return what the model says without each subset, ``[M, N, classes]``."""
    here, n = subsets.to(labels.device), len(probe.masking)

    def masks(first: int, last: int) -> Tensor:
        return here[first:last, labels].unsqueeze(1).expand(-1, n, -1)

    (answers,) = probe.ask(masks, len(here), "removed")
    return answers


def _lost(probe: Probe, subsets: Tensor, labels: Tensor) -> Tensor:
    """Return what each subset costs the class, ``[N, M]``, up to f(x), which has no rank."""
    return -probe.read(_answers(probe, subsets, labels)).T


def _of_classes(answers: Tensor, classes: Tensor) -> Tensor:
    """Return the answers for the class, or the difference of two, ``[M, N]``."""
    index = classes.to(answers.device).expand(len(answers), *classes.shape)
    chosen = answers.gather(2, index)
    return chosen[..., 0] if chosen.shape[2] == 1 else chosen[..., 0] - chosen[..., 1]


def _multiplied(attribution: Attribution | SignalMap, masking: Masking) -> Tensor:
    """Return a gradient times what is lost with each element, ``[N, K]``."""
    if isinstance(attribution, Attribution):
        return attribution.values.flatten() * masking.difference
    product = attribution.values * masking.difference
    return (product.sum(dim=1) if attribution.domain == "signal" else product).flatten(1)
