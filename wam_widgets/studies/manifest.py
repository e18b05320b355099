"""What a study is: its parameters, model, data and versions, in ``manifest.json``.

The file is JSON with the keys ``format`` (``"study"``), ``version`` (1; it goes up only when an
older reader would misread the folder, and a reader refuses newer ones), ``written_by`` (version of
this package), ``created``, ``parameters``, ``model`` (``name``, ``weights``, ``front_end``,
``mode``), ``data`` (``kind``, ``count``) and ``versions``. Keys that a reader does not know, it
ignores; what an older writer did not know (``mode``) is no difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import wam_widgets
from wam_widgets.provenance import PACKAGES, created_now, version_of, versions
from wam_widgets.studies.differences import differences, told
from wam_widgets.studies.errors import NewerStoreError, StoreError

__all__ = ["LONGEST", "VERSION", "Manifest"]

VERSION = 1

LONGEST = 2**24
"""Of the file in bytes; a hundred thousand names of classes take 2 MB."""

_DEEPEST = 32
"""Mappings and lists in one another."""

_DISTRIBUTIONS = {**{name: package for package, name in PACKAGES.items()}, "Captum": "captum"}
"""What to install, by the name in words; results of two versions are not mixed."""


@dataclass(frozen=True)
class Manifest:
    """What a study is; :meth:`of` makes that of one which begins.

    Attributes
    ----------
    parameters : mapping
        What changes a result or the layout of the store, as JSON holds it.
    model : str
        Name of its class, or of the function.
    weights : str or None
        Digest, see :func:`wam_widgets.provenance.weights_digest`; None for a function.
    front_end : str or None
        Name of its class, or of the function.
    kind : str
        Of the data.
    count : int or None
        Of the inputs; None as long as it is not known.
    versions : mapping of str to str
        Of the packages on which the numbers depend, and of Python.
    written_by : str
        Version of this package.
    created : str
        ``YYYY-MM-DD HH:MM UTC``.
    mode : str or None
        What of the model is in training mode, in words, see
        :func:`wam_widgets.studies.models.mode_of`; empty if nothing is, None if it is not known.
    wrapped : tuple of two str or None
        Name and weights by which versions before knew this model, which comes in a wrapper such
        as ``nn.DataParallel``. It is not written.
    """

    parameters: Mapping[str, Any]
    model: str
    weights: str | None
    front_end: str | None
    kind: str
    count: int | None
    versions: Mapping[str, str]
    written_by: str
    created: str
    mode: str | None = None
    wrapped: tuple[str, str] | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Any],
        *,
        model: str,
        weights: str | None,
        front_end: str | None,
        kind: str,
        count: int | None,
        captum: bool = False,
        mode: str | None = None,
        wrapped: tuple[str, str] | None = None,
    ) -> Manifest:
        """Return that of a study that begins now, here.

        Parameters
        ----------
        parameters : mapping
            Of what JSON can hold.
        model, weights, front_end, kind, count, mode, wrapped
            See :class:`Manifest`.
        captum : bool
            Some of the methods are Captum's: its version counts, too.
        """
        found = versions()
        if captum:
            found["Captum"] = version_of("captum")
        return cls(
            parameters=json.loads(json.dumps(parameters)),
            model=model,
            weights=weights,
            front_end=front_end,
            kind=kind,
            count=count,
            versions=found,
            written_by=wam_widgets.__version__,
            created=created_now(),
            mode=mode,
            wrapped=wrapped,
        )

    def to_json(self) -> str:
        """Return the text of the file."""
        record = {
            "format": "study",
            "version": VERSION,
            "written_by": self.written_by,
            "created": self.created,
            "parameters": self.parameters,
            "model": {
                "name": self.model,
                "weights": self.weights,
                "front_end": self.front_end,
                "mode": self.mode,
            },
            "data": {"kind": self.kind, "count": self.count},
            "versions": self.versions,
        }
        return json.dumps(record, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, source: object = "manifest.json") -> Manifest:
        """Return what :meth:`to_json` wrote.

        Parameters
        ----------
        text : str or bytes
        source : object
            Where it comes from, for messages.

        Raises
        ------
        StoreError
            If it is anything else.
        NewerStoreError
            If a later version of this package wrote it, in a layout unknown to this one.
        """
        record = _parsed(text, source)
        if record.get("format") != "study":
            raise StoreError(f"{source} does not describe a study")
        version = record.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise StoreError(f"{source} is damaged: it names no version of its layout")
        if version > VERSION:
            raise NewerStoreError(
                f"{source} has version {told(version)} of the layout, written by wam_widgets "
                f"{told(record.get('written_by'))}: wam_widgets {wam_widgets.__version__} reads "
                f"up to version {VERSION}; install a newer one"
            )

        def part(of: Mapping[str, Any], key: str, *kinds: type) -> Any:
            value = of.get(key)
            if type(value) not in kinds:
                raise StoreError(f"{source} is damaged: {key} is {told(value)}")
            return value

        model, data = part(record, "model", dict), part(record, "data", dict)
        found = part(record, "versions", dict)
        for name in found:
            part(found, name, str)
        count = part(data, "count", int, type(None))
        if count is not None and count < 0:
            raise StoreError(f"{source} is damaged: count is {told(count)}")
        return cls(
            parameters=part(record, "parameters", dict),
            model=part(model, "name", str),
            weights=part(model, "weights", str, type(None)),
            front_end=part(model, "front_end", str, type(None)),
            kind=part(data, "kind", str),
            count=count,
            versions=found,
            written_by=part(record, "written_by", str),
            created=part(record, "created", str),
            mode=part(model, "mode", str, type(None)),
        )

    @property
    def spoken(self) -> str:
        """The name of the model, and what of it is in training mode."""
        return f"{self.model} {self.mode}" if self.mode else self.model

    def differences(self, other: Manifest) -> list[str]:
        """Return in words what `other` has that this one, which was there before, has not.

        A number of inputs that one of them does not know yet is no difference, nor are the
        version of Python, when it was created, and the order of names.
        """
        return [*self._changed(other), *self._updated(other)]

    def check_same(self, other: Manifest) -> None:
        """Raise a ValueError that says what to do if `other` is not the same study as this one."""
        changed, updated = self._changed(other), self._updated(other)
        if changed:
            raise ValueError(
                f"store holds a study that differs: {'; '.join([*changed, *updated])}. Give what "
                "was given then to go on with it, or another folder for a new study"
            )
        if updated:
            old = " ".join(
                f"{package}=={self.versions[name]}"
                for name, package in _DISTRIBUTIONS.items()
                if name in self.versions and self.versions[name] != other.versions.get(name)
            )
            raise ValueError(
                f"store was written by other versions, and what two versions compute is not mixed: "
                f"{'; '.join(updated)}. Install the old ones (pip install {old}) to go on with it, "
                "or give another folder for a new study; any version can read it"
            )

    def _changed(self, other: Manifest) -> list[str]:
        counted = self.count is not None and other.count is not None
        moded = self.mode is not None and other.mode is not None
        if other.wrapped is not None and other.wrapped == (self.model, self.weights):
            other = replace(other, model=self.model, weights=self.weights)
        before, after = (
            {
                **one.parameters,
                "model": {
                    "name": one.spoken if moded else one.model,
                    "weights": one.weights,
                    "front_end": one.front_end,
                },
                "data": {"kind": one.kind, "count": one.count if counted else None},
            }
            for one in (self, other)
        )
        return list(differences("", before, after))

    def _updated(self, other: Manifest) -> list[str]:
        before, after = (
            {name: one.versions[name] for name in _DISTRIBUTIONS if name in one.versions}
            for one in (self, other)
        )
        return list(differences("versions", before, after))


def _parsed(text: str | bytes, source: object) -> dict[str, Any]:
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has {len(text)} bytes, at most {LONGEST} will do")
        record = json.loads(text)
        if not isinstance(record, dict):
            raise ValueError("it is not a mapping")
        if _deep(record, _DEEPEST):
            raise ValueError("it is nested too deeply")
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{source} is damaged: {told(str(error))}") from error
    return record


def _deep(value: Any, most: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)):
        return False
    return most == 0 or any(_deep(one, most - 1) for one in inside)
