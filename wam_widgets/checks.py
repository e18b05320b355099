"""Checks of what a user hands in, and the promise to leave the model as it was."""

from __future__ import annotations

import itertools
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

MODALITIES = {"image": 2, "audio": 1, "volume": 3}
"""Names of the modalities and their numbers of spatial dimensions."""

_NOUN = {"image": "an image", "audio": "a sound", "volume": "a volume"}

_LAYOUT = {
    "image": "[C, H, W] or [N, C, H, W]",
    "audio": "[T], [N, T] or [N, C, T]",
    "volume": "[C, D, H, W] or [N, C, D, H, W]",
}


def as_signal(
    x: Any,
    *,
    modality: str | None = None,
    sample_rate: float | None = None,
    spacing: Sequence[float] | None = None,
    orientation: str | Sequence[str] | None = None,
    front_end: object = None,
) -> tuple[Tensor, str, bool]:
    """Return the signal as ``[N, C, *space]``, detached, its modality, and its channel axis.

    The last is False for a sound given as ``[T]`` or ``[N, T]``, which the model takes as
    ``[B, T]``.

    Raises
    ------
    TypeError, ValueError
        With the name of the argument, what it was and what it must be.
    """
    if isinstance(x, np.ndarray):
        x = torch.from_numpy(np.ascontiguousarray(x))
    if not isinstance(x, Tensor):
        raise TypeError(
            f"x is a {type(x).__name__}: it must be a torch.Tensor or numpy array, prepared as "
            "the model takes it (for a picture: floats, normalised, [C, H, W])"
        )
    voxels = spacing is not None or orientation is not None
    modality = _modality(x, modality, sample_rate, voxels, front_end)
    if not x.is_floating_point():
        remedy = "convert it (x.float() / 255 for 8-bit images) and apply the model's normalisation"
        if modality == "audio":
            remedy = "for integer PCM, wam_widgets.audio.from_pcm(x) gives floats from -1 to 1"
        raise TypeError(f"x has dtype {x.dtype}: it must be floating point; {remedy}")
    ndim = MODALITIES[modality]
    signal = x.detach()
    channel_axis = modality != "audio" or signal.ndim == 3
    if modality == "audio":
        signal = signal.unsqueeze(0) if signal.ndim == 1 else signal
        signal = signal.unsqueeze(1) if signal.ndim == 2 else signal
    elif signal.ndim == ndim + 1:
        signal = signal.unsqueeze(0)
    if signal.ndim != ndim + 2:
        remedy = "; add the channel with x[None]" if modality == "volume" and x.ndim == 3 else ""
        raise ValueError(
            f"x has shape {tuple(x.shape)}: {_NOUN[modality]} is {_LAYOUT[modality]}{remedy}"
        )
    if signal.numel() == 0:
        raise ValueError(f"x has shape {tuple(x.shape)}: it must not be empty")
    finite = torch.isfinite(signal)
    if not finite.all():
        count = int((~finite).sum())
        raise ValueError(
            f"x has {count} value{'s' * (count != 1)} that "
            f"{'are' if count != 1 else 'is'} NaN or infinite: replace them, for instance with "
            "torch.nan_to_num"
        )
    if signal.is_inference():
        signal = signal.clone()
    return signal, modality, channel_axis


def _modality(
    x: Tensor,
    modality: str | None,
    sample_rate: float | None,
    voxels: bool,
    front_end: object,
) -> str:
    if modality is not None:
        if modality not in MODALITIES:
            raise ValueError(f"modality is {modality!r}: it must be one of {', '.join(MODALITIES)}")
        return modality
    if sample_rate is not None or front_end is not None or x.ndim == 1:
        return "audio"
    if voxels or x.ndim == 5:
        return "volume"
    if x.ndim in (3, 4):
        return "image"
    raise ValueError(
        f"x has shape {tuple(x.shape)}: an image is {_LAYOUT['image']}, a sound {_LAYOUT['audio']} "
        f"with sample_rate=, a volume {_LAYOUT['volume']}; pass modality= if it is one of these"
    )


def as_baseline(baselines: Any, signal: Tensor, channel_axis: bool = True) -> Tensor | None:
    """Return x₀, broadcastable to the signal; None for zero.

    Parameters
    ----------
    baselines : None, 0, float, "blur" or Tensor
        Zero; a constant; the signal blurred by a Gaussian whose standard deviation is 1/16 of the
        shortest side; or a tensor ``[C, *space]`` or ``[N, C, *space]``.
    channel_axis : bool
        False: a tensor is ``[T]`` or ``[N, T]``.
    """
    if baselines is None:
        return None
    if isinstance(baselines, str):
        if baselines != "blur":
            raise ValueError(f"baselines is {baselines!r}: the only name is 'blur'")
        return _blur(signal, min(signal.shape[2:]) / 16)
    if isinstance(baselines, (int, float)):
        return None if baselines == 0 else torch.full_like(signal[:1], float(baselines))
    if isinstance(baselines, np.ndarray):
        baselines = torch.from_numpy(np.ascontiguousarray(baselines))
    if not isinstance(baselines, Tensor):
        raise TypeError(
            f"baselines is a {type(baselines).__name__}: it must be None, a number, 'blur' or a "
            "tensor shaped like x"
        )
    given = baselines.detach().to(signal.device, signal.dtype)
    if not channel_axis and given.ndim < 3:
        given = torch.atleast_2d(given).unsqueeze(1)
    elif given.ndim == signal.ndim - 1:
        given = given.unsqueeze(0)
    try:
        shape = torch.broadcast_shapes(given.shape, signal.shape)
    except RuntimeError:
        shape = torch.Size()
    if shape != signal.shape or given.ndim != signal.ndim:
        raise ValueError(
            f"baselines has shape {tuple(baselines.shape)}: it must broadcast to x, "
            f"{tuple(signal.shape)}"
        )
    if not torch.isfinite(given).all():
        raise ValueError("baselines has values that are NaN or infinite: it must be finite")
    return given


def _blur(signal: Tensor, sigma: float) -> Tensor:
    """Blur along every axis, the border going on as it ends."""
    radius = max(1, round(3 * sigma))
    dtype = torch.promote_types(signal.dtype, torch.float32)
    place = torch.arange(-radius, radius + 1, device=signal.device, dtype=dtype)
    kernel = torch.exp(-0.5 * (place / max(sigma, 1e-3)) ** 2)
    kernel = kernel / kernel.sum()
    out = signal.to(dtype)
    for axis in range(2, signal.ndim):
        rows = out.movedim(axis, -1)
        flat = rows.reshape(-1, 1, rows.shape[-1])
        padded = nn.functional.pad(flat, (radius, radius), mode="replicate")
        # The kernel of a long sound is long, too.
        size = padded.shape[-1]
        product = torch.fft.rfft(padded) * torch.fft.rfft(kernel, size)
        blurred = torch.fft.irfft(product, size)[..., 2 * radius :]
        out = blurred.reshape(rows.shape).movedim(-1, axis)
    return out.to(signal.dtype)


def warn(message: str) -> None:
    """Warn at the line of the user's code that called into the package."""
    inside = tuple(
        str(Path(module.__file__ or "").parent) for module in (sys.modules[__package__], torch)
    )
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(inside):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def positive_int(value: object, name: str, least: int = 1) -> int:
    """Return `value` as an int if it is an integer, NumPy's included, of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}: it must be an integer, at least {least}")
    if value < least:
        raise ValueError(f"{name} is {value}: it must be at least {least}")
    return int(value)


def seeds(value: Any, count: int) -> int | tuple[int, ...]:
    """Return one seed for all of `count` inputs, or one for each."""
    if not isinstance(value, (Sequence, np.ndarray, Tensor)) or isinstance(value, str):
        return positive_int(value, "seed", least=0)
    found = tuple(positive_int(one, "seed", least=0) for one in np.asarray(value).tolist())
    if len(found) != count:
        raise ValueError(f"seed has {len(found)} entries for {count} inputs: give one for each")
    return found


def fraction(value: object, name: str) -> float:
    """Return `value` as a float if it is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {value!r}: it must be a number from 0 to 1")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}: it must be from 0 to 1")
    return float(value)


def per_channel(
    values: Sequence[float] | float | None, name: str, channels: int
) -> tuple[float, ...] | None:
    """Return one number per channel; a single number serves all."""
    if values is None:
        return None
    if isinstance(values, (int, float)):
        values = [values] * channels
    numbers = tuple(float(v) for v in values)
    if len(numbers) != channels:
        raise ValueError(f"{name} has {len(numbers)} values: x has {channels} channels")
    if name == "std" and not all(v > 0 for v in numbers):
        raise ValueError(f"std is {numbers}: every value must be positive")
    return numbers


def per_axis(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...] | None:
    """Return one positive voxel size per axis."""
    if spacing is None:
        return None
    wanted = f"it must be {ndim} positive numbers, the voxel size along depth, height and width"
    try:
        numbers = tuple(float(v) for v in spacing)
    except (TypeError, ValueError):
        raise TypeError(f"spacing is {spacing!r}: {wanted} in mm") from None
    if len(numbers) != ndim or not all(v > 0 and math.isfinite(v) for v in numbers):
        raise ValueError(f"spacing is {numbers}: {wanted} in mm")
    return numbers


_DIRECTIONS = ("RL", "AP", "SI")


def directions(orientation: str | Sequence[str] | None, modality: str) -> str | None:
    """Return the direction in which the index of each axis grows, as three letters."""
    if orientation is None:
        return None
    if modality != "volume":
        raise ValueError(
            f"orientation is {orientation!r}: it is for volumes, and x is {_NOUN[modality]}"
        )
    if not isinstance(orientation, Sequence) or not all(isinstance(v, str) for v in orientation):
        raise TypeError(f"orientation is {orientation!r}: it must be three letters such as 'RAS'")
    letters = "".join(orientation).upper()
    axes = [next((axis for axis in _DIRECTIONS if letter in axis), "") for letter in letters]
    if sorted(axes) != sorted(_DIRECTIONS):
        raise ValueError(
            f"orientation is {orientation!r}: it must be three letters, for the direction in which "
            "the index of depth, height and width grows, one of R or L (right, left), one of A or "
            "P (anterior, posterior) and one of S or I (superior, inferior), such as 'RAS'"
        )
    return letters


def device_of(model: Callable[..., Any]) -> torch.device | None:
    """Return where the weights of a model are; None for one that has none."""
    if not isinstance(model, nn.Module):
        return None
    weight = next(itertools.chain(model.parameters(), model.buffers()), None)
    return None if weight is None else weight.device


def check_device(model: Callable[..., Any], signal: Tensor, name: str = "model") -> None:
    """Raise a ValueError if the weights of the model are on another device than the signal."""
    device = device_of(model)
    if device is not None and device != signal.device:
        raise ValueError(
            f"x is on {signal.device} and {name} on {device}: move x with "
            f"x.to({str(device)!r}), or {name}"
        )


def warn_if_training(model: Callable[..., Any], front_end: object = None) -> None:
    """Warn once if a part of the model is in training mode.

    A front end is in training mode as it comes; that matters only for what acts differently then.
    """
    name = "model"
    training = isinstance(model, nn.Module) and any(m.training for m in model.modules())
    if not training and isinstance(front_end, nn.Module):
        name = "front_end"
        random = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
        training = any(m.training and isinstance(m, random) for m in front_end.modules())
    if training:
        warn(
            f"{name} is in training mode: dropout and batch statistics make the explanation random "
            f"and dependent on the batch; call {name}.eval() first. The {name} is left as it is"
        )


@contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Give torch's generators of the CPU and of a device a seed, then their state from before."""
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        # Not torch.manual_seed, which reaches devices that are not given back.
        torch.default_generator.manual_seed(seed)
        for used in cuda:
            with torch.cuda.device(used):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def untouched(
    models: Sequence[Callable[..., Any]], device: torch.device, seed: int
) -> Iterator[None]:
    """Give the buffers of some models and the global random state back as they were.

    Only a model in training mode (batch statistics, dropout), or one that is not a module and
    might do anything, can change them; the others pay nothing.
    """
    modules = [model for model in models if isinstance(model, nn.Module)]
    training = [model for model in modules if any(m.training for m in model.modules())]
    if len(modules) == len(models) and not training:
        yield
        return
    buffers = [(b, b.detach().clone()) for model in training for b in model.buffers()]
    with seeded(device, seed):
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, saved in buffers:
                    buffer.copy_(saved)
