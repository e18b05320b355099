"""What passes between the parts of a study: inputs as they are read, and what is found of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from wam_widgets.explanation import Explanation

__all__ = ["Outcome", "Sample", "Score", "Shard"]


@dataclass(frozen=True)
class Sample:
    """One input, as it was read.

    Attributes
    ----------
    index : int
        Its position in the data.
    id : str
        By which it is known; no other input has it.
    x : Tensor or None
        ``[C, *space]``, or ``[T]``; None if it could not be read.
    label : int or None
        Its class, where that is known.
    error : str or None
        Why it could not be read.
    """

    index: int
    id: str
    x: Tensor | None
    label: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Attributes
    ----------
    index, id, label
        Those of the :class:`Sample`.
    shape : tuple of int
        Of the input, as it was given; empty if it could not be read.
    digest : str
        SHA-256 of the input, see :func:`wam_widgets.provenance.digest`; empty if it could not be
        read.
    seed : int
        With which its noise was drawn.
    predicted : int or None
        Class of the largest logit; None without logits.
    probability, label_probability : float or None
        Of the predicted class, and of the label.
    explained : int or None
        Class that is explained, the first one of a contrast.
    error : str or None
        Why there are no scores.
    thumbnail : bytes or None
        WebP or PNG.
    explanation : str or None
        Name of the file with its explanation, where that is kept.
    row : int or None
        Its place among the samples in that file.
    """

    index: int
    id: str
    label: int | None
    shape: tuple[int, ...]
    digest: str
    seed: int
    predicted: int | None = None
    probability: float | None = None
    label_probability: float | None = None
    explained: int | None = None
    error: str | None = None
    thumbnail: bytes | None = None
    explanation: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class Score:
    """What the metrics say of one input by one method, at one place, with one ranking.

    Attributes
    ----------
    index, id
        Of the input.
    method, ranking : str
        Labels of the study.
    place : str
        A basis, ``"signal"`` or ``"features"``.
    values : mapping of str to float
        By metric.
    spectrum : tuple of float or None
        Share of absolute attribution of each scale, index 0 the approximation, J the finest; None
        outside of a basis.
    """

    index: int
    id: str
    method: str
    place: str
    ranking: str
    values: Mapping[str, float]
    spectrum: tuple[float, ...] | None = None


@dataclass
class Shard:
    """What is known of some consecutive inputs.

    Attributes
    ----------
    outcomes : list of Outcome
        In the order of the inputs; those of which nothing is known yet are missing.
    scores : list of Score
        Of the inputs without an error.
    explanations : dict of str to Explanation
        By file name.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    explanations: dict[str, Explanation] = field(default_factory=dict)
