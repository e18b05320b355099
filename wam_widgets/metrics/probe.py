"""Asking a model about inputs of which a part is kept, and reading its answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.classifier import Classifier, looks_like_probabilities
from wam_widgets.explainer import Explainer
from wam_widgets.explanation import Explanation
from wam_widgets.gradients import Cancelled
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.masking import Masking, domain_of, masking
from wam_widgets.objectives import logits_of

__all__ = ["OUTPUTS", "Model", "Probe", "note_probabilities"]

Model = Callable[..., Any] | Explainer
"""The classifier that was explained, or the Explainer that holds it with its front end."""

OUTPUTS = ("probability", "logit", "log_probability")
"""What is read of the explained class."""

_MADE = 16
"""Inputs that are made of masks at once, at least."""


class Probe:
    """A model, and the elements of its inputs that an attribution ranks.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        Whose elements are kept or replaced, and whose class is read, the first one of a contrast.
    model : callable or Explainer
        Run without gradients and left as it was.
    baseline, seed
        What replaces what is removed, see :func:`wam_widgets.metrics.masking.masking`.
    output : {"probability", "logit", "log_probability"}
        What is read.
    internal_batch_size : int, optional
        Inputs in one pass of the model. Default: :func:`default_batch`.
    front_end : callable, optional
        Map from the signal to what the model takes. Not for an Explainer, which has its own.
    progress : callable, optional
        Called with inputs classified and inputs in all, by each of the questions.
    should_stop : callable, optional
        Asked between passes.

    Attributes
    ----------
    masking : Masking
    classes : Tensor
        The class that is read, ``[N]``.

    Raises
    ------
    ValueError, TypeError
        If a name is unknown, the explanation is of a custom objective, which has no class, or
        attribution and signal do not fit.
    """

    def __init__(
        self,
        attribution: Attribution | SignalMap,
        model: Model,
        *,
        baseline: str = "zero",
        output: str = "probability",
        internal_batch_size: int | None = None,
        front_end: Callable[[Tensor], Tensor] | None = None,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        domain_of(attribution)
        source = attribution.source
        if source.target == "custom":
            raise ValueError(
                "attribution explains a custom objective: a metric that asks the model needs a "
                "class"
            )
        if output not in OUTPUTS:
            raise ValueError(f"output is {output!r}: it must be one of {', '.join(OUTPUTS)}")
        self.output = output
        if internal_batch_size is None:
            internal_batch_size = default_batch(attribution.explanation.signal)
        self.batch = checks.positive_int(internal_batch_size, "internal_batch_size")
        self.classifier = classifier_of(model, attribution.explanation, front_end)
        seed = checks.positive_int(seed, "seed", least=0)
        self.masking: Masking = masking(attribution, self.classifier, baseline, seed)
        full = self.masking.full
        pictures = full.ndim == 4 and self.masking.domain != "features"
        self._channels_last = pictures and full.device.type == "cpu"
        if self._channels_last:
            start = self.masking.start.contiguous(memory_format=torch.channels_last)
            full = full.contiguous(memory_format=torch.channels_last)
            self.masking = replace(self.masking, full=full, start=start)
        self.classes = source.classes[:, 0].to(self.masking.full.device)
        self._progress = progress
        self._should_stop = should_stop
        self._gives_probabilities: bool | None = None

    def ask(
        self, masks: Callable[[int, int], Tensor], count: int, what: str = "both"
    ) -> tuple[Tensor, ...]:
        """Classify inputs of which a part is kept, or replaced.

        Parameters
        ----------
        masks : callable
            Takes two numbers and returns the masks from the first up to the second one,
            ``[M, N, K]``, truth values or weights from 0 to 1.
        count : int
            Number of masks M in all.
        what : {"kept", "removed", "both"}
            Which inputs are made of a mask.

        Returns
        -------
        tuple of Tensor
            For each of kept and removed that was asked for ``[M, N, classes]``: logits, or what
            `output` says, see :meth:`read`.
        """
        n = len(self.masking)
        sides = ("kept", "removed") if what == "both" else (what,)
        # Of few masks a synthesis takes longer for each: inputs of several passes are made at once.
        made = self.batch * math.ceil(_MADE / self.batch)
        group = max(1, made // (n * len(sides)))
        answers: list[Tensor] = []
        for first in range(0, count, group):
            chosen = masks(first, min(first + group, count))
            if what == "both":
                points = torch.cat(self.masking.both(chosen))
            else:
                points = getattr(self.masking, what)(chosen)
            found = self.classify(points)
            answers.append(found.view(len(sides), len(chosen), n, -1))
            if self._progress is not None:
                done = min(first + group, count)
                self._progress(done * n * len(sides), count * n * len(sides))
        return tuple(torch.cat(answers, dim=1))

    def ask_first(self, rank: Tensor, numbers: Tensor, what: str = "both") -> tuple[Tensor, ...]:
        """Classify inputs of which the first elements of an order are kept, or replaced.

        Parameters
        ----------
        rank : Tensor
            ``[N, K]``, the place of each element in the order, from 0.
        numbers : Tensor
            How many elements are the first ones: ``[M]``, or ``[M, N]`` for each sample.
        what
            As in :meth:`ask`, which says what is returned.
        """
        limits = numbers.to(rank).view(len(numbers), -1, 1)
        return self.ask(lambda first, stop: rank < limits[first:stop], len(limits), what)

    def classify(self, points: Tensor) -> Tensor:
        """Return what `output` says of every class, ``[B, classes]``, in passes of the batch size.

        Raises
        ------
        ValueError
            If the model's answers are no numbers, it knows no class as the explained one, or only
            one class.
        Cancelled
            When `should_stop` returned True.
        """
        answers = []
        for first in range(0, len(points), self.batch):
            if self._should_stop is not None and self._should_stop():
                raise Cancelled("the metric was cancelled")
            answers.append(self._pass(points[first : first + self.batch]))
        return torch.cat(answers)

    def read(self, answers: Tensor) -> Tensor:
        """Return the answers for the explained class, ``[M, N]``, of ``[M, N, classes]``."""
        index = self.classes.view(1, -1, 1).expand(len(answers), -1, 1)
        return answers.gather(2, index)[..., 0]

    def _pass(self, points: Tensor) -> Tensor:
        classifier = self.classifier
        with torch.no_grad(), classifier.untouched(points.device, seed=0):
            logits = logits_of(self._run(points))
        if len(logits) != len(points):
            raise ValueError(
                f"model returned {len(logits)} rows for {len(points)} inputs: it must return one "
                "row of logits per sample"
            )
        if logits.isnan().any():
            raise ValueError(
                "model returned NaN for an input of which a part was removed: its answers must be "
                "numbers for every input; look for a division by the largest value, or the "
                "logarithm of zero"
            )
        most = int(self.classes.max())
        if most >= logits.shape[1]:
            raise ValueError(
                f"attribution explains class {most}: model has {logits.shape[1]} classes, and must "
                "be the one that was explained"
            )
        if self._gives_probabilities is None:
            self._gives_probabilities = self._look(logits)
        if self.output == "logit":
            return logits
        if self._gives_probabilities:
            return logits if self.output == "probability" else logits.log()
        if self.output == "probability":
            return logits.softmax(dim=1)
        return logits.log_softmax(dim=1)

    def _run(self, points: Tensor) -> Any:
        """Run the model, channels-last where it takes that: see `first_pass_laid_out`."""
        if self.masking.domain == "features":
            return self.classifier.run(points)
        if self._channels_last:
            try:
                return self.classifier(points.contiguous(memory_format=torch.channels_last))
            except RuntimeError as error:
                if "view size is not compatible" not in str(error):
                    raise
                self._channels_last = False
        return self.classifier(points.contiguous())

    def _look(self, logits: Tensor) -> bool:
        """Return whether the first answers are probabilities, and say so."""
        if logits.shape[1] == 2 and bool((logits == logits.new_tensor([-0.5, 0.5])).all()):
            raise ValueError(
                "model returns the single number 1 for every input, as a softmax of one class "
                "does: it must tell at least two classes apart, or return a logit"
            )
        if not looks_like_probabilities(logits):
            return False
        note_probabilities(self.output)
        return True


def default_batch(signal: Tensor) -> int:
    """Return how many inputs are best asked at once, without gradients.

    On a CPU 4: measured fastest, or within a tenth of it, for a ResNet-18 on 224 × 224, and for
    small networks of pictures, sounds and volumes. 16 took up to 1.9 times as long for each input,
    since activations of that size are given back to the system and asked for again. On other
    devices 64, fewer for large inputs.
    """
    if signal.device.type == "cpu":
        return 4
    return max(4, min(64, 10_000_000 // max(1, signal[:1].numel())))


def note_probabilities(output: str) -> None:
    """Warn that a model returns probabilities; raise a ValueError if its logit was asked for."""
    if output == "logit":
        raise ValueError(
            "output is 'logit': the model returns probabilities (each row is positive and sums "
            "to 1); choose 'probability' or 'log_probability'"
        )
    checks.warn(
        "model seems to return probabilities (each row is positive and sums to 1): they are "
        "taken as they are, without a softmax"
    )


def classifier_of(
    model: Model, explanation: Explanation, front_end: Callable[[Tensor], Tensor] | None = None
) -> Classifier:
    """Return the model as this package calls it, on the device of the signal."""
    if isinstance(model, Explainer):
        if front_end is not None:
            raise ValueError("front_end is given: model is an Explainer, which has its own")
        classifier = model.classifier
    else:
        classifier = Classifier(model, front_end, channel_axis=explanation.channel_axis)
    checks.check_device(classifier.model, explanation.signal)
    return classifier
