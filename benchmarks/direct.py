"""Against the direct method: autograd through the synthesis, again for every basis.

The method as the paper describes it (Kasmi et al. 2025, section 3): coefficients of the noisy
input are the leaves, the model sees their synthesis, one sample at a time, and another basis needs
all of it again. Like the published code it calls ``backward()``, which fills the gradients of the
model's parameters too; a kinder variant that asks for the coefficients' alone is beside it.
"""

from __future__ import annotations

import ptwt
import torch
from torch import Tensor, nn

from benchmarks.basis import LEVEL, change
from benchmarks.measure import Row, alone, interleaved, middle, ratio, spoken
from benchmarks.work import SAMPLES, explain, network, picture

NOISE = 0.1
ROUNDS = 4
EXPLANATION_GOAL = {"cpu": 2, "cuda": 10}
BASIS_GOAL = 100
FAMILIES = ("haar", "db4")


def direct(
    model: nn.Module, x: Tensor, family: str, *, kind: bool = False, samples: int = SAMPLES
) -> list[Tensor]:
    """Return the mean gradient with respect to the coefficients, subband by subband.

    Parameters
    ----------
    model : Module
        Its parameters' gradients are filled, as ``backward()`` does, unless `kind`.
    x : Tensor
        ``[1, C, H, W]``.
    family : str
        Wavelet name.
    kind : bool
        Ask for the gradients of the coefficients alone.
    samples : int
        Number of noisy inputs.
    """
    with torch.no_grad():
        target = int(model(x).argmax())
    sigma = NOISE * (x.max() - x.min())
    generator = torch.Generator(device=x.device).manual_seed(0)
    sums: list[Tensor] = []
    for _ in range(samples):
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        low, *details = ptwt.wavedec2(x + sigma * noise, family, mode="symmetric", level=LEVEL)
        leaves = [low, *(band for detail in details for band in detail)]
        for leaf in leaves:
            leaf.requires_grad_(True)
        image = ptwt.waverec2((low, *details), family)[..., : x.shape[-2], : x.shape[-1]]
        score = model(image).log_softmax(1)[0, target]
        if kind:
            gradients = torch.autograd.grad(score, leaves)
        else:
            score.backward()
            gradients = tuple(leaf.grad for leaf in leaves if leaf.grad is not None)
        if sums:
            torch._foreach_add_(sums, gradients)
        else:
            sums = [gradient.clone() for gradient in gradients]
    model.zero_grad()
    return [total / samples for total in sums]


def rows(device: torch.device) -> list[Row]:
    """Measure one explanation in one basis, and then another basis of the same."""
    model, x = network(device), picture(device)
    explanation = explain(model, x, "smoothgrad")
    first, second = FAMILIES

    def ours() -> None:
        change(explain(model, x, "smoothgrad"), first)

    times = interleaved(
        [
            lambda: direct(model, x, first),
            lambda: direct(model, x, first, kind=True),
            ours,
            lambda: direct(model, x, second),
            lambda: change(explanation, second),
        ],
        ROUNDS,
        device,
    )

    def row(what: str, theirs: int, our: int, goal: int | None) -> Row:
        value = ratio(times, theirs, our)
        return Row(
            f"direct method over ours, {what}",
            f"{value:.3g} × ({spoken(middle(times, theirs))} / {spoken(middle(times, our))})",
            "" if goal is None else f"≥ {goal} ×",
            None if goal is None else value >= goal,
        )

    one = f"one explanation of {SAMPLES} samples"
    return [
        row(f"{one} ({first})", 0, 2, EXPLANATION_GOAL[device.type]),
        row(f"{one}, without the parameters' gradients ({first})", 1, 2, None),
        row(f"a change of basis ({second})", 3, 4, BASIS_GOAL),
    ]


if __name__ == "__main__":
    alone(rows, __doc__)
