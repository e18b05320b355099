"""What is explained: from the output of a model to one number per sample."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

OBJECTIVES = ("log_probability", "logit", "probability")
"""Names of the built-in objectives."""

Target = int | Sequence[int] | Tensor | tuple[int, int] | None
"""A class, one class per sample, a pair to contrast, or None for the predicted class."""


def logits_of(output: Any) -> Tensor:
    """Return the class logits ``[N, K]`` in a model's output.

    Parameters
    ----------
    output : Tensor, tuple, mapping or object
        A tensor; the first tensor of a tuple or list; the entry ``logits`` of a mapping; or the
        attribute ``logits`` (a Hugging Face ``ModelOutput``). One output per sample, ``[N]`` or
        ``[N, 1]``, is read as the logit of class 1 against class 0.

    Raises
    ------
    TypeError, ValueError
        If there is no floating-point tensor of shape ``[N, K]`` to be found.
    """
    found = first_tensor(output)
    if found is None:
        raise TypeError(
            f"model returned {_describe(output)}: it must return a tensor of logits [N, classes], "
            "a tuple that begins with one, or something with 'logits'"
        )
    if not found.is_floating_point():
        raise TypeError(
            f"model returned a tensor of dtype {found.dtype}: it must return floating-point "
            "logits [N, classes], not class indices (an argmax has no gradient)"
        )
    if found.ndim == 1:
        found = found.unsqueeze(1)
    if found.ndim != 2 or found.shape[1] == 0:
        raise ValueError(
            f"model returned a tensor of shape {tuple(found.shape)}: it must be [N, classes]; "
            "wrap the model, or pass objective= a function from its output to one number a sample"
        )
    if found.shape[1] == 1:
        found = torch.cat([-found, found], dim=1) / 2
    return found.to(torch.promote_types(found.dtype, torch.float32))


def first_tensor(output: Any) -> Tensor | None:
    """Return the tensor in a model's output that holds the logits, as it is; None without one."""
    if isinstance(output, Tensor):
        return output
    logits = (
        output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    )
    if isinstance(logits, Tensor):
        return logits
    if isinstance(output, (tuple, list)):
        return next((item for item in output if isinstance(item, Tensor)), None)
    return None


def _describe(output: Any) -> str:
    if isinstance(output, Mapping):
        return f"a {type(output).__name__} with the keys {sorted(map(str, output))}"
    if isinstance(output, (tuple, list)):
        kinds = ", ".join(type(item).__name__ for item in output)
        return f"a {type(output).__name__} of ({kinds})"
    return "None" if output is None else f"a {type(output).__name__}"


@dataclass(frozen=True)
class Objective:
    """One number per sample from the output of the model.

    Attributes
    ----------
    name : str
        ``"log_probability"`` (the default, log softmax), ``"logit"``, ``"probability"``, or
        ``"custom"``.
    function : callable, optional
        For ``"custom"``: takes what the model returns, gives a tensor ``[N]``.

    Notes
    -----
    With few classes the logit alone points elsewhere than the decision; see the documentation of
    :func:`wam_widgets.explain`. A pair of classes is contrasted: f_a − f_b.
    """

    name: str = "log_probability"
    function: Callable[[Any], Tensor] | None = None

    @classmethod
    def of(cls, objective: str | Callable[[Any], Tensor]) -> Objective:
        """Check and wrap the argument `objective` of :func:`wam_widgets.explain`."""
        if callable(objective):
            return cls("custom", objective)
        if objective not in OBJECTIVES:
            raise ValueError(
                f"objective is {objective!r}: it must be one of {', '.join(OBJECTIVES)}, or a "
                "function from the model's output to one number per sample"
            )
        return cls(objective)

    def __call__(self, output: Any, classes: Tensor) -> Tensor:
        """Return ``[N]``; `classes` is ``[N, 1]``, or ``[N, 2]`` for a contrast."""
        if self.function is not None:
            value = self.function(output)
            if not isinstance(value, Tensor) or value.shape != (len(classes),):
                got = tuple(value.shape) if isinstance(value, Tensor) else _describe(value)
                raise ValueError(
                    f"objective returned {got}: it must return a tensor of shape "
                    f"({len(classes)},), one number per sample"
                )
            return value
        logits = logits_of(output)
        if self.name == "log_probability":
            logits = logits.log_softmax(dim=1)
        elif self.name == "probability":
            logits = logits.softmax(dim=1)
        chosen = logits.gather(1, classes.to(logits.device))
        return chosen[:, 0] if chosen.shape[1] == 1 else chosen[:, 0] - chosen[:, 1]


def target_name(target: Target) -> str:
    """Return the name under which a target is kept: "predicted", "3", "3-5" or "per_sample"."""
    if target is None:
        return "predicted"
    if isinstance(target, (Tensor, np.ndarray)) and target.ndim == 0:
        target = int(target)
    if isinstance(target, (int, np.integer)):
        return str(target)
    if isinstance(target, tuple) and len(target) == 2:
        return f"{target[0]}-{target[1]}"
    return "per_sample"


def class_label(classes: Tensor, names: Sequence[str] | None, target: str) -> str:
    """Return what was explained of one sample in words.

    Parameters
    ----------
    classes : Tensor
        ``[1]``, or ``[2]`` for a contrast.
    names : sequence of str, optional
        Of the classes.
    target : str
        The name of the target.
    """
    if target == "custom":
        return "custom objective"
    found = [names[index] if names else f"class {index}" for index in classes.tolist()]
    return " against ".join(found)


def parse_target(name: str, class_names: Sequence[str] | None = None) -> Target:
    """Return the target of a name made by :func:`target_name` (not of "per_sample").

    With `class_names` classes may also be called by these: "grass", "grass-brick".
    """
    if name == "predicted":
        return None
    parts = name.split("-")
    if len(parts) <= 2 and all(part.isascii() and part.isdigit() for part in parts):
        numbers = [int(part) for part in parts]
        return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])
    index = {str(word): number for number, word in enumerate(class_names or ())}
    if name in index:
        return index[name]
    for dash in re.finditer("-", name):
        pair = name[: dash.start()], name[dash.end() :]
        if all(part in index for part in pair):
            return index[pair[0]], index[pair[1]]
    near = difflib.get_close_matches(name, index, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    called = ", the name of a class" if index else ""
    raise ValueError(
        f"target is {name!r}: it must be 'predicted', a class such as '3'{called}, or a pair to "
        f"contrast such as '3-5'{hint}"
    )


def resolve_target(target: Target, logits: Tensor) -> Tensor:
    """Return the explained class of each sample, ``[N, 1]``, or ``[N, 2]`` for a contrast.

    Parameters
    ----------
    target : int, sequence of int, pair, or None
        A class for all samples; a list or tensor with one for each; a tuple of two classes to
        contrast; or None, the class with the largest logit.
    logits : Tensor
        ``[N, K]``, the model's logits at the input.

    Raises
    ------
    ValueError, TypeError
        If a class does not exist or there is not one target per sample.
    """
    n, k = logits.shape
    if target is None:
        return logits.argmax(dim=1, keepdim=True)
    message = (
        "it must be a class index, a list or tensor with one per sample, a tuple of two classes "
        "to contrast, or None for the predicted class"
    )
    values: Tensor
    if isinstance(target, Tensor):
        values = target.detach().to(logits.device)
    elif isinstance(target, bool) or not isinstance(
        target, (int, np.integer, np.ndarray, list, tuple)
    ):
        raise TypeError(f"target is {target!r}: {message}")
    else:
        try:
            values = torch.tensor(np.asarray(target), device=logits.device)
        except (TypeError, ValueError) as error:
            raise TypeError(f"target is {target!r}: {message}") from error
    if values.is_floating_point() or values.dtype == torch.bool:
        raise TypeError(f"target is {target!r}: {message}")
    if isinstance(target, tuple) and len(target) == 2:
        classes = values.expand(n, 2)
    elif values.ndim == 0:
        classes = values.expand(n, 1)
    elif values.shape == (n,):
        classes = values.unsqueeze(1)
    else:
        raise ValueError(
            f"target has {values.numel()} entries for {n} sample{'s' * (n != 1)}: {message}"
        )
    bad = classes[(classes < 0) | (classes >= k)]
    if len(bad):
        raise ValueError(
            f"target is {int(bad[0])}: the model has {k} classes, so it must be in 0 … {k - 1}"
        )
    return classes.long()
