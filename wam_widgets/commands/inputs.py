"""Models and inputs that are named on the command line."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

import wam_widgets as wam
from wam_widgets import checks
from wam_widgets.explaining import check_settings

__all__ = ["Built", "build", "read"]

_SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".mp3", ".aiff", ".aif", ".au", ".caf", ".opus")
_VOLUMES = (".nii", ".nii.gz", ".npz", ".mgz", ".mgh", ".img", ".hdr")
_OWN = ("load", "mono", "size")


@dataclass(frozen=True)
class Built:
    """What a builder gave.

    Attributes
    ----------
    name : str
        As it was named on the command line.
    model : callable
    settings : mapping
        Of :func:`wam_widgets.explain`.
    load : callable or None
        From the path of a file to the input; None: :func:`read` knows.
    size : tuple of int or None
        Height and width to which pictures are scaled and cropped.
    mono : bool
        Whether the channels of sounds are mixed.
    """

    name: str
    model: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    load: Callable[[Path], Any] | None = None
    size: tuple[int, int] | None = None
    mono: bool = True


def build(name: str) -> Built:
    """Call a builder: ``folder/file.py:function`` or ``package.module:function``.

    Raises
    ------
    ValueError, TypeError
        If there is no such function, or it gives neither a model nor a mapping with one.
    """
    place, colon, function = name.rpartition(":")
    if not colon or not function.isidentifier():
        raise ValueError(f"model is {name!r}: it must be file.py:function or module:function")
    module = _from_file(Path(place)) if place.endswith(".py") else _named(place)
    builder = getattr(module, function, None)
    if not callable(builder):
        raise ValueError(f"model is {name!r}: {place} has no function {function!r}")
    _needs_nothing(builder, name)
    given = builder()
    if not isinstance(given, Mapping):
        given = {"model": given}
    settings = dict(given)
    model = settings.pop("model", None)
    if isinstance(model, type) or not callable(model):
        what = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise TypeError(
            f"{function}() gives {what}: it must give a model, or a mapping with "
            '"model" and settings of wam_widgets.explain'
        )
    own = {key: settings.pop(key) for key in _OWN if key in settings}
    check_settings(settings, also=("model", *_OWN))
    size, load = own.get("size"), own.get("load")
    if load is not None and not callable(load):
        raise TypeError(f"load is {load!r}: it must be a function from a path to the input")
    return Built(
        name=name,
        model=model,
        settings=settings,
        load=load,
        size=None if size is None else _pair(size),
        mono=bool(own.get("mono", True)),
    )


def read(path: Path, built: Built) -> tuple[Any, dict[str, Any]]:
    """Read an input as a model takes it, and what its file says of it.

    Pictures: values from 0 to 1, then (x − mean) / std where the builder gives these; as many
    channels as the mean has numbers, else as the picture has colours. Sounds are resampled to the
    builder's ``sample_rate``, or that of its front end.

    Returns
    -------
    input : Tensor or what the builder's own ``load`` gives
        ``[1, C, *space]``.
    settings : dict
        ``sample_rate``, or ``spacing`` and ``orientation``.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or nothing known in it.
    """
    if not path.exists():
        raise FileNotFoundError(f"input is {str(path)!r}: there is no such file")
    if built.load is not None:
        return built.load(path), {}
    if path.is_dir():
        raise IsADirectoryError(f"input is {str(path)!r}: a folder; it must be a file")
    name = path.name.lower()
    if name.endswith(_SOUNDS):
        rate = built.settings.get("sample_rate")
        rate = rate or getattr(built.settings.get("front_end"), "sample_rate", None)
        sound = wam.audio.load(path, sample_rate=rate, mono=built.mono)
        return sound.signal[None], {"sample_rate": sound.sample_rate}
    if name.endswith(_VOLUMES):
        volume = wam.volume.load(path)
        known = {"spacing": volume.spacing, "orientation": volume.orientation}
        facts = {key: value for key, value in known.items() if value is not None}
        return volume.signal[None], facts
    return _picture(path, built), {}


def _picture(path: Path, built: Built) -> Tensor:
    mean, std = built.settings.get("mean"), built.settings.get("std")
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            deep = image.mode.startswith("I")
            grey = deep or image.mode in ("1", "L", "LA", "F")
            colours = 1 if grey else 3
            wanted = colours if mean is None or isinstance(mean, (int, float)) else len(mean)
            if deep:  # 16 bits
                image = Image.fromarray(np.asarray(image, dtype=np.float32) / 65535 * 255, "F")
            elif "A" in image.mode or "transparency" in image.info:
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image.convert("RGBA"))
            mode = "F" if deep and wanted == 1 else {1: "L", 3: "RGB"}.get(wanted)
            if mode is None:
                raise ValueError(
                    f"mean has {wanted} numbers: a picture has 1 or 3 channels; let the builder "
                    'give "load", a function from the path to the input'
                )
            image = image.convert(mode)
            if built.size is not None:
                image = ImageOps.fit(image, built.size[::-1], Image.Resampling.BICUBIC)
            pixels = np.array(image, dtype=np.float32) / 255
    except Image.DecompressionBombError:
        raise ValueError(
            f"input is {str(path)!r}: the picture is too large; make it smaller first"
        ) from None
    except UnidentifiedImageError:
        raise ValueError(
            f"input is {str(path)!r}: no picture, sound or volume that is known; let the builder "
            'give "load", a function from the path to the input'
        ) from None
    except (OSError, SyntaxError, EOFError) as error:  # what pillow raises for damaged files
        raise ValueError(f"input is {str(path)!r}: the picture cannot be read ({error})") from None
    x = torch.from_numpy(pixels.reshape(*pixels.shape[:2], wanted)).permute(2, 0, 1)
    for name, values in (("mean", mean), ("std", std)):
        numbers = checks.per_channel(values, name, wanted)
        if numbers is not None:
            column = torch.tensor(numbers).reshape(-1, 1, 1)
            x = x - column if name == "mean" else x / column
    return x[None].contiguous()


def _pair(size: Any) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or any(not isinstance(n, int) or n < 1 for n in pair):
        raise ValueError(f"size is {size!r}: it must be a number of pixels, or height and width")
    return pair


def _needs_nothing(builder: Callable[..., Any], name: str) -> None:
    try:
        signature = inspect.signature(builder)
    except ValueError:  # of C: it says itself what it needs
        return
    try:
        signature.bind()
    except TypeError as error:
        raise TypeError(f"model is {name!r}: it is called without arguments ({error})") from None


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"model is in {str(path)!r}: there is no such file")
    # As when the file is run: it may import its neighbours.
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # what is defined in it must be found again
    spec.loader.exec_module(module)
    return module


def _named(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"model is in {name!r}: that is neither a .py file nor a module")
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            raise ValueError(f"model is in {name!r}: there is no such module") from None
        raise
