"""Where an explanation comes from: what a reader needs to know to trust it or to repeat it."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import Tensor, nn

PACKAGES = {
    "wam-widgets": "wam_widgets",
    "torch": "PyTorch",
    "ptwt": "ptwt",
    "PyWavelets": "PyWavelets",
    "numpy": "NumPy",
}
"""Distributions that the numbers depend on, and their names in words."""


@dataclass(frozen=True)
class Provenance:
    """Model, date and versions of an explanation.

    Attributes
    ----------
    model : str
        Name of the model's class, or of the function.
    front_end : str or None
        The same of the front end.
    created : str
        When it was computed, ``YYYY-MM-DD HH:MM UTC``. ``SOURCE_DATE_EPOCH`` replaces the clock,
        so that a build can give the same bytes twice.
    versions : mapping of str to str
        Of the packages in :data:`PACKAGES`, and of Python.
    """

    model: str
    front_end: str | None
    created: str
    versions: Mapping[str, str]

    @classmethod
    def of(
        cls, model: Callable[..., Any], front_end: Callable[..., Any] | None = None
    ) -> Provenance:
        """Return that of an explanation that is computed now."""
        return cls(
            model=_name(model),
            front_end=None if front_end is None else _name(front_end),
            created=created_now(),
            versions=versions(),
        )


def created_now() -> str:
    """Return :attr:`Provenance.created` of what is computed now."""
    now = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))


def versions() -> dict[str, str]:
    """Return :attr:`Provenance.versions` of what is computed here."""
    return {
        **{name: version_of(package) for package, name in PACKAGES.items()},
        "Python": platform.python_version(),
    }


def digest(values: Tensor) -> str:
    """Return the SHA-256 of a tensor's dtype, shape and values, in hexadecimal.

    The same numbers give the same digest on every device and machine.
    """
    array = values.detach().cpu().contiguous()
    if array.dtype.is_floating_point and array.element_size() == 2:
        array = array.float()  # NumPy has no bfloat16; the digest names the dtype
    found = hashlib.sha256(f"{values.dtype} {tuple(values.shape)} ".encode())
    numbers = array.numpy()
    found.update(numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).data)
    return found.hexdigest()


def weights_digest(module: nn.Module) -> str:
    """Return the SHA-256 of the names, types, shapes and values of a module's state."""
    found = hashlib.sha256()
    for name, values in sorted(module.state_dict().items()):
        known = digest(values) if isinstance(values, Tensor) else repr(values)
        found.update(f"{name} {known}\n".encode())
    return found.hexdigest()


def _name(model: Callable[..., Any]) -> str:
    return str(getattr(model, "__name__", None) or type(model).__name__)


@cache
def version_of(package: str) -> str:
    """Return the version of an installed distribution."""
    try:
        return version(package)
    except PackageNotFoundError:  # a source tree that is not installed
        return "unknown"
