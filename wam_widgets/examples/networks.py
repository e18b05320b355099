"""What the networks of the examples have in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

_LAYERS: dict[int, tuple[type[nn.Module], type[nn.Module], type[nn.Module]]] = {
    1: (nn.Conv1d, nn.BatchNorm1d, nn.AvgPool1d),
    2: (nn.Conv2d, nn.BatchNorm2d, nn.AvgPool2d),
    3: (nn.Conv3d, nn.BatchNorm3d, nn.AvgPool3d),
}


def block(
    ndim: int,
    n_in: int,
    n_out: int,
    kernel_size: int = 3,
    padding_mode: str = "replicate",
    activation: type[nn.Module] = nn.GELU,
) -> nn.Sequential:
    """Convolution, normalisation and activation, of the size of the input.

    The border is continued: zeros would be an edge that the model could learn from. Normalisation
    is over the batch, not over groups: in evaluation mode it is then a constant, so that what one
    place contributes does not depend on what is elsewhere. GELU keeps the gradients smooth.
    """
    convolution, normalisation, _ = _LAYERS[ndim]
    return nn.Sequential(
        convolution(
            n_in,
            n_out,
            kernel_size,
            padding=kernel_size // 2,
            padding_mode=padding_mode,
            bias=False,
        ),
        normalisation(n_out),
        activation(),
    )


def blocks(
    ndim: int,
    channels: Sequence[int],
    kernel_size: int = 3,
    padding_mode: str = "replicate",
    activation: type[nn.Module] = nn.GELU,
) -> nn.Sequential:
    """Blocks from each number of channels to the next, with means of two along each axis between.

    `kernel_size` is that of the first block, the others have 3.
    """
    pool = _LAYERS[ndim][2]
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(pairwise(channels)):
        size = 3 if i else kernel_size
        layers += [pool(2)] if i else []
        layers.append(block(ndim, n_in, n_out, size, padding_mode, activation))
    return nn.Sequential(*layers)
