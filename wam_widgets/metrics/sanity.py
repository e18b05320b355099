"""Whether an explanation depends on what the model has learnt: randomised parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wam_widgets import checks
from wam_widgets.attribution import Attribution, check_ranking
from wam_widgets.explainer import Explainer
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.probe import Model
from wam_widgets.metrics.repeat import Explain, numbers, repeated, steps
from wam_widgets.metrics.similarity import spearman, structural_similarity

__all__ = ["Cascade", "randomised_parameters"]


@dataclass(frozen=True)
class Cascade:
    """How alike an attribution stays while a model loses its parameters, layer by layer.

    Attributes
    ----------
    layers : tuple of str
        Names in the order of randomising; each stays so while the next ones follow.
    ranking : {"signed", "magnitude"}
        Values or absolute values were compared.
    spearman : Tensor
        ``[N, L]``, float64: rank correlation of all values with those of the given model.
    structural : Tensor
        ``[N, L]``, float64: structural similarity of the maps, each divided by its largest
        absolute value. An attribution in a basis is laid on the signal's grid for it.
    """

    layers: tuple[str, ...]
    ranking: str
    spearman: Tensor
    structural: Tensor

    def score(self) -> Tensor:
        """Return the mean rank correlation over the layers, ``[N]``; smaller is better."""
        return self.spearman.mean(dim=1)

    def __repr__(self) -> str:
        width = max(map(len, self.layers))
        rows = [
            f"  {name:{width}}  {float(rho):8.3f}  {float(same):8.3f}"
            for name, rho, same in zip(
                self.layers, self.spearman.mean(0), self.structural.mean(0), strict=True
            )
        ]
        head = f"  {'randomised':{width}}  spearman  structural"
        return "\n".join([f"Cascade ({self.ranking}), means of {len(self.spearman)}:", head, *rows])


def randomised_parameters(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    layers: Sequence[str] | None = None,
    ranking: str | None = None,
    explain: Explain | None = None,
    front_end: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Cascade:
    """Randomise a model from its output to its input, and see whether the attribution follows.

    The cascading randomisation of Adebayo et al., "Sanity checks for saliency maps", 2018, section
    3.1. An attribution that stays alike while the model forgets what it has learnt shows the input,
    or the architecture, not the model. A copy is randomised: the model stays as it is.

    What is multiplied by the input keeps the input's magnitudes: with ``ranking="magnitude"`` the
    correlation then stays far from 0 even for a model that has forgotten everything (0.75 for the
    embedded sound). Signed values, or a gradient alone (``multiply_by_inputs=False``), tell more.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        Is made again for each model, with the same method, settings, classes and basis.
    model : Module or Explainer
        The classifier that was explained. The front end keeps its parameters.
    layers : sequence of str, optional
        Names of the modules to randomise, in this order. Default: all that hold parameters, the
        last one defined first. Each is drawn by its ``reset_parameters``, or, without that, from a
        normal distribution with mean and standard deviation of each of its parameters.
    ranking : {"signed", "magnitude"}, optional
        Compare values or absolute values. Default: that of the modality.
    explain, front_end
        As for :func:`sensitivity_max`.
    seed : int
        Of the parameters; a layer's do not depend on those of the others.
    progress : callable, optional
        Called with explanations made and explanations in all.
    should_stop : callable, optional
        Asked between explanations.

    Raises
    ------
    TypeError, ValueError
        If the model is no module, cannot be copied, has no parameters or not these layers, or the
        attribution cannot be made again.
    Cancelled
        When `should_stop` returned True.
    """
    module = model.classifier.model if isinstance(model, Explainer) else model
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"model is a {type(module).__name__}: it must be a torch.nn.Module, whose parameters "
            "can be randomised"
        )
    ranking = check_ranking(attribution.explanation, ranking)
    seed = checks.positive_int(seed, "seed", least=0)
    everything = [name for name, part in module.named_modules() if _own(part)]
    names = _chosen(everything, layers)
    again = repeated(attribution, model, explain, front_end)
    try:
        random = copy.deepcopy(module)
    except Exception as error:
        raise TypeError(
            f"model cannot be copied ({error}): it must support copy.deepcopy"
        ) from error
    signal = attribution.explanation.signal
    here, here_map = _compared(attribution, ranking)
    rho, same = [], []
    for index in steps(len(names), progress, should_stop):
        name = names[index]
        # Layers of one shape must not get the same numbers.
        state = np.random.SeedSequence((seed, everything.index(name))).generate_state(1)
        with checks.seeded(signal.device, int(state[0])), torch.no_grad():
            _randomise(random.get_submodule(name))
        there, there_map = _compared(again(random, signal), ranking)
        rho.append(spearman(here, there))
        same.append(structural_similarity(here_map, there_map))
    return Cascade(names, ranking, torch.stack(rho, dim=1).cpu(), torch.stack(same, dim=1).cpu())


def _chosen(there: list[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    if not there:
        raise ValueError("model has no parameters: there is nothing to randomise")
    if wanted is None:
        return tuple(reversed(there))
    if not wanted:
        raise ValueError("layers is empty: it must name at least one module")
    for name in wanted:
        if name not in there:
            raise ValueError(
                f"layers has {name!r}: every entry must be a module with parameters, one of "
                f"{', '.join(there)}"
            )
    return tuple(wanted)


def _own(part: nn.Module) -> list[Tensor]:
    return list(part.parameters(recurse=False))


def _randomise(part: nn.Module) -> None:
    reset = getattr(part, "reset_parameters", None)
    if callable(reset):
        reset()
        return
    for values in _own(part):
        spread = float(values.std(correction=0)) if values.numel() > 1 else float(values.abs())
        values.normal_(float(values.mean()), spread)


def _compared(attribution: Attribution | SignalMap, ranking: str) -> tuple[Tensor, Tensor]:
    """Return all values, ``[N, K]``, and a map, ``[N, *space]`` or ``[N, *F]``, at most 1."""
    values = numbers(attribution)
    if isinstance(attribution, Attribution):
        places = attribution.scale_maps().sum(dim=1)
    else:
        places = attribution.places()
    places = places.detach().double()
    if ranking == "magnitude":
        values, places = values.abs(), places.abs()
    most = places.flatten(1).abs().amax(dim=1).view(-1, *[1] * (places.ndim - 1))
    return values, places / torch.where(most > 0, most, torch.ones_like(most))
