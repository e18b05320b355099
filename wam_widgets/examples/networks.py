"""What the networks of the examples have in common."""

from __future__ import annotations

from torch import nn

_CONVOLUTIONS: dict[int, tuple[type[nn.Module], type[nn.Module]]] = {
    1: (nn.Conv1d, nn.BatchNorm1d),
    2: (nn.Conv2d, nn.BatchNorm2d),
    3: (nn.Conv3d, nn.BatchNorm3d),
}


def block(
    ndim: int, n_in: int, n_out: int, kernel_size: int = 3, padding_mode: str = "replicate"
) -> nn.Sequential:
    """Convolution, normalisation and GELU, of the size of the input.

    The border is continued: zeros would be an edge that the model could learn from. Normalisation
    is over the batch, not over groups: in evaluation mode it is then a constant, so that what one
    place contributes does not depend on what is elsewhere. GELU keeps the gradients smooth.
    """
    convolution, normalisation = _CONVOLUTIONS[ndim]
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
        nn.GELU(),
    )
