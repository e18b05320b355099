"""Explanations in files: one safetensors file that loads without the model and runs nothing.

The layout, version 1
---------------------
A file is a plain `safetensors <https://github.com/huggingface/safetensors>`_ file; any reader of
that format gets at the arrays. Its metadata have one key, ``wam_widgets``, with JSON:

``format``
    ``"explanation"``.
``version``
    1. It goes up only when an older reader would misread the file; a reader refuses newer ones.
``written_by``
    Version of this package. For people.
``sha256``
    Of the canonical JSON of ``explanation`` (keys sorted, no spaces, ASCII) and then, sorted by
    name, of a line ``name dtype shape`` and the bytes of every tensor, in hexadecimal.
``explanation``
    The fields of :class:`wam_widgets.Explanation` by name, see :mod:`wam_widgets.records`: where a
    field is a tensor, the name of one in the file. Unknown keys are ignored.

Arrays are row-major, little-endian, in the dtype that they had; what several methods share, such
as a baseline, is in the file once. Devices and memory formats are not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

import wam_widgets
from wam_widgets.explanation import Explanation
from wam_widgets.files import file_to_write, replaced
from wam_widgets.joining import moved
from wam_widgets.records import from_record, to_record

__all__ = [
    "DamagedFileError",
    "ForeignFileError",
    "NewerFileError",
    "StorageError",
    "TruncatedFileError",
    "load",
    "save",
]

VERSION = 1

_KEY = "wam_widgets"
_BEGIN = b'{"__metadata__":{"wam_widgets"'
"""Of the header of every file."""

_LONGEST = 2**22
"""Of the JSON text: parsed, a hostile one takes some twenty times its length."""

_DTYPES = {
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
}


class StorageError(ValueError):
    """A file cannot be loaded as an explanation; the subclasses say why."""


class ForeignFileError(StorageError):
    """The file is not one that :meth:`wam_widgets.Explanation.save` wrote."""


class TruncatedFileError(StorageError):
    """The end of the file is missing."""


class DamagedFileError(StorageError):
    """The content of the file was changed after it was written."""


class NewerFileError(StorageError):
    """The file was written by a later version of this package, in a layout unknown to this one."""


def save(explanation: Explanation, path: str | Path) -> Path:
    """Write an explanation into one file, from which :func:`load` gets it back without the model.

    Parameters
    ----------
    explanation : Explanation
        All of it is written: input, methods, targets, curves, features, names, provenance.
    path : str or Path
        Where to; a file that exists is replaced, and only once the new one is complete.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError, TypeError
        If parts of the explanation do not fit together, or are of a dtype that has no place in it.
    FileNotFoundError, IsADirectoryError
        If the folder does not exist, or the path is one.
    OSError
        If the file cannot be written; what was there stays.

    Notes
    -----
    The file takes the bytes of its arrays and a few kB. The same explanation gives the same bytes.
    """
    target = file_to_write(path)
    record, tensors = to_record(explanation)
    for name, values in tensors.items():
        if values.dtype not in _DTYPES:
            known = ", ".join(str(dtype).removeprefix("torch.") for dtype in _DTYPES)
            raise TypeError(f"{name} has dtype {values.dtype}: it must be one of {known}")
    text = json.dumps(
        {
            "format": "explanation",
            "version": VERSION,
            "written_by": wam_widgets.__version__,
            "sha256": _digest(record, tensors),
            "explanation": record,
        }
    )
    if len(text) > _LONGEST:
        raise ValueError(f"names and settings take {len(text)} bytes: at most {_LONGEST} will do")
    with replaced(target) as partial:
        partial.touch(exist_ok=False)
        mode = partial.stat().st_mode
        try:
            save_file(tensors, partial, {_KEY: text})
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error)) if os.name == "posix" else None
            said = f"{target} could not be written: {error}"
            raise OSError(int(number[1]), said) if number else OSError(said) from error
        # Some versions of safetensors make files that nobody but their owner can read.
        partial.chmod(mode)
    return target


def load(path: str | Path, *, device: str | torch.device = "cpu") -> Explanation:
    """Return the explanation in a file that :meth:`wam_widgets.Explanation.save` wrote.

    Nothing in the file is executed, and nothing is allocated that the file does not hold. What is
    returned shares no memory with the file, which may then be changed or removed.

    Parameters
    ----------
    path : str or Path
    device : str or torch.device
        Where to put the arrays, wherever they were when they were saved.

    Returns
    -------
    Explanation
        Equal to the one that was saved.

    Raises
    ------
    StorageError
        If it is truncated, damaged, foreign or newer, by the subclasses
        :class:`TruncatedFileError`, :class:`DamagedFileError`, :class:`ForeignFileError` and
        :class:`NewerFileError`.
    FileNotFoundError, IsADirectoryError, PermissionError
        If there is no file, or it may not be read.
    ValueError
        If the device does not exist.
    """
    place = _device(device)
    source = Path(path).expanduser()
    if not source.exists():
        raise FileNotFoundError(f"path is {str(path)!r}: there is no such file")
    if source.is_dir():
        raise IsADirectoryError(f"path is {str(path)!r}: a folder; it must be a file")
    if not source.is_file():  # waiting for a pipe could take for ever
        raise ForeignFileError(f"{source} is not a file")
    record, tensors = _read(source)
    try:
        with warnings.catch_warnings():
            # Whoever measured a curve in such a basis was warned then.
            warnings.filterwarnings("ignore", "family .* reconstructs only approximately")
            explanation = from_record(record, tensors)
    except (ValueError, TypeError, OverflowError) as error:
        raise DamagedFileError(f"{source} does not hold an explanation: {error}") from error
    return moved(explanation, place)


def _read(source: Path) -> tuple[Any, dict[str, Tensor]]:
    """Return record and tensors of a file; of a new one, if it was replaced meanwhile."""
    while True:
        version = _version(source)
        try:
            # Opens the file twice, first for the header and then to map it into memory.
            with safe_open(source, framework="pt", device="cpu") as file:
                return _content(file, source)
        except (SafetensorError, StorageError, RuntimeError) as error:
            if _version(source) != version:
                continue
            if isinstance(error, StorageError):
                raise
            raise _diagnosis(source) from error


def _version(source: Path) -> tuple[int, int, int]:
    found = source.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _device(device: str | torch.device) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"device is {str(device)!r}: it cannot be used here ({reason})") from error


def _content(file: Any, source: Path) -> tuple[Any, dict[str, Tensor]]:
    """Return record and tensors of an open file, unless they are not what was written."""
    text = (file.metadata() or {}).get(_KEY)
    if text is None:
        raise ForeignFileError(f"{source} is a safetensors file, but does not hold an explanation")
    head = _parsed(text, source)
    version = head.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DamagedFileError(f"{source} is damaged: it names no version of its layout")
    if version > VERSION:
        raise NewerFileError(
            f"{source} has version {version} of the layout, written by wam_widgets "
            f"{str(head.get('written_by'))[:40]}: wam_widgets {wam_widgets.__version__} reads up "
            f"to version {VERSION}; install a newer one"
        )
    if head.get("format") != "explanation":
        raise ForeignFileError(f"{source} does not hold an explanation")
    tensors = {}
    for name in file.keys():  # noqa: SIM118 (not a mapping)
        dtype = file.get_slice(name).get_dtype()
        if dtype not in _DTYPES.values():
            raise DamagedFileError(f"{source} is damaged: {name[:60]} has dtype {dtype}")
        # What safetensors gives is the file itself, mapped into memory.
        tensors[name] = file.get_tensor(name).clone()
    record = head.get("explanation")
    if head.get("sha256") != _digest(record, tensors):
        raise DamagedFileError(
            f"{source} is damaged: its content is not what was written (the checksum differs)"
        )
    return record, tensors


def _parsed(text: str, source: Path) -> dict[str, Any]:
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"{len(text)} characters")
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"{source} is damaged: its metadata cannot be read") from error
    if not isinstance(head, dict):
        raise DamagedFileError(f"{source} is damaged: its metadata are not a mapping")
    return head


def _digest(record: object, tensors: Mapping[str, Tensor]) -> str:
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    found = hashlib.sha256(canonical.encode("ascii"))
    for name, values in sorted(tensors.items()):
        line = f"\n{name} {_DTYPES[values.dtype]} {list(values.shape)}\n"
        found.update(line.encode("utf-8", "surrogatepass"))
        # NumPy has no bfloat16, and torch views neither a scalar as bytes nor one number of an
        # expanded tensor, which is contiguous with a stride of 0.
        flat = values.as_strided((values.numel(),), (1,))
        found.update(flat.view(torch.uint8).numpy().data)
    return found.hexdigest()


def _diagnosis(source: Path) -> StorageError:
    """Return what is wrong with a file that safetensors refuses to read."""
    size = source.stat().st_size
    with source.open("rb") as file:
        start = file.read(8 + len(_BEGIN))
        length = int.from_bytes(start[:8], "little")
        if not size:
            return TruncatedFileError(f"{source} is empty")
        if not _BEGIN.startswith(start[8:]):
            return ForeignFileError(f"{source} was not written by Explanation.save")
        file.seek(8)
        header = file.read(min(length, 2 * _LONGEST))
    ends = re.findall(rb'"data_offsets":\[\d{1,18},(\d{1,18})\]', header)
    wanted = 8 + length + max(map(int, ends), default=0)
    if size < wanted < 2**50:
        return TruncatedFileError(f"{source} ends after {size} of at least {wanted} bytes")
    return DamagedFileError(f"{source} is damaged: its header does not describe its content")
