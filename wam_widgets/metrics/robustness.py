"""Whether an explanation changes when the input hardly does: sensitivity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.explainer import Explainer
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.probe import Model
from wam_widgets.metrics.repeat import Explain, numbers, repeated, steps

__all__ = ["sensitivity_average", "sensitivity_max"]


def sensitivity_max(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    perturb_radius: float = 0.02,
    n_perturb_samples: int = 10,
    explain: Explain | None = None,
    front_end: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Tensor:
    """Return the largest relative change of the attribution near the input, ``[N]``.

    max over ‖y − x‖_∞ ≤ r of ‖Φ(y) − Φ(x)‖ / ‖Φ(x)‖, over random y: the max-sensitivity of Yeh et
    al., "On the (in)fidelity and sensitivity of explanations", 2019, relative as in Captum.
    Smaller is steadier, 0 for an attribution that never changes, whatever it says: read it beside
    a fidelity. The norm is that of all values, those of each channel too; where it is 0 at x, the
    change itself.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        Is made again for each perturbed input, with the same method, settings, classes and basis.
    model : callable or Explainer
        The classifier that was explained.
    perturb_radius : float
        r, as a fraction of each sample's value range, like ``noise_level`` of
        :func:`wam_widgets.explain`. (Captum's is absolute.)
    n_perturb_samples : int
        Number of perturbed inputs; each costs one explanation.
    explain : callable, optional
        From a model and an input ``[N, C, *space]`` to an attribution like this one, for a method
        or settings that the explanation does not hold.
    front_end : callable, optional
        That of the explanation. Not for an Explainer, which has its own.
    seed : int
        Of the perturbations, which are the same for all samples but for their scale.
    progress : callable, optional
        Called with explanations made and explanations in all.
    should_stop : callable, optional
        Asked between explanations.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or an attribution that cannot be made again.
    Cancelled
        When `should_stop` returned True.
    """
    again = repeated(attribution, model, explain, front_end)
    changes = _changes(
        attribution, model, again, perturb_radius, n_perturb_samples, seed, progress, should_stop
    )
    return changes.amax(dim=1)


def sensitivity_average(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    perturb_radius: float = 0.02,
    n_perturb_samples: int = 10,
    explain: Explain | None = None,
    front_end: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Tensor:
    """Return the mean relative change of the attribution near the input, ``[N]``.

    The mean in place of the maximum: Bhatt et al., "Evaluating and aggregating feature-based model
    explanations", 2020, definition 2. All else is as in :func:`sensitivity_max`.
    """
    again = repeated(attribution, model, explain, front_end)
    changes = _changes(
        attribution, model, again, perturb_radius, n_perturb_samples, seed, progress, should_stop
    )
    return changes.mean(dim=1)


def perturbation(signal: Tensor, index: int, seed: int) -> Tensor:
    """Return uniform numbers from −1 to 1, ``[1, C, *space]``, by seed and index alone."""
    state = np.random.SeedSequence((seed, index)).generate_state(2, np.uint32)
    generator = torch.Generator(device=signal.device)
    generator.manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
    shape = (1, *signal.shape[1:])
    drawn = torch.rand(shape, generator=generator, device=signal.device, dtype=signal.dtype)
    return 2 * drawn - 1


def _changes(
    attribution: Attribution | SignalMap,
    model: Model,
    again: Explain,
    radius: float,
    count: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Tensor:
    """Return the relative change for each perturbed input, ``[N, S]``."""
    radius = checks.fraction(radius, "perturb_radius")
    count = checks.positive_int(count, "n_perturb_samples")
    seed = checks.positive_int(seed, "seed", least=0)
    function = model.classifier.model if isinstance(model, Explainer) else model
    signal = attribution.explanation.signal
    flat = signal.flatten(1)
    span = (flat.amax(dim=1) - flat.amin(dim=1)).view(-1, *[1] * (signal.ndim - 1))
    here = numbers(attribution)
    norm = here.norm(dim=1)
    norm = torch.where(norm > 0, norm, torch.ones_like(norm))
    changes = []
    for index in steps(count, progress, should_stop):
        there = numbers(again(function, signal + radius * span * perturbation(signal, index, seed)))
        changes.append((there - here).norm(dim=1) / norm)
    return torch.stack(changes, dim=1).cpu()
