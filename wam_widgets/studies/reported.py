"""What a manifest says of a study's results, checked as it comes from a file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from wam_widgets.checks import as_signal
from wam_widgets.studies.columns import Columns
from wam_widgets.studies.errors import StoreError
from wam_widgets.studies.manifest import Manifest

__all__ = ["Known"]

_RATE = re.compile(r"\bsample_rate=(\d{1,9}(?:\.\d{1,9})?)\b")
"""As the front ends of this package say it."""


@dataclass(frozen=True)
class Known:
    """Names and settings that do not change while a study runs.

    Attributes
    ----------
    methods : tuple of str
    measures : mapping of str to object
        By the name of a metric, what it is.
    settings : mapping
        Of :func:`wam_widgets.explain`, as JSON holds them.
    """

    methods: tuple[str, ...]
    measures: Mapping[str, Any]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, manifest: Manifest) -> Known:
        """Return those of a manifest, or raise a StoreError."""
        parts = []
        for name in ("methods", "metrics", "settings"):
            part = manifest.parameters.get(name)
            if not isinstance(part, Mapping):
                raise StoreError(f"the manifest of the study is damaged: {name} is {part!r:.40}")
            parts.append(part)
        return cls(tuple(parts[0]), parts[1], parts[2])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(self.measures)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they were given."""
        names = self.settings.get("class_names")
        return tuple(map(str, names)) if isinstance(names, list) and names else None

    @property
    def sample_rate(self) -> float | None:
        """Of sounds, in Hz: as it was given, or as the front end says."""
        rate = self.settings.get("sample_rate")
        if isinstance(rate, (int, float)):
            return float(rate)
        spoken = _RATE.search(str(self.settings.get("front_end")))
        return float(spoken[1]) if spoken else None

    def kind(self, metric: str) -> str:
        """Return the name under which a metric is known that the study calls otherwise."""
        spoken = self.measures[metric]
        return str(spoken.get("metric", metric)) if isinstance(spoken, Mapping) else metric

    def check_metric(self, metric: Any) -> str:
        """Return the name of a metric, or raise a ValueError that lists what there is."""
        if metric not in self.metrics:
            near = difflib.get_close_matches(str(metric), self.metrics, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"metric is {metric!r}: there is {', '.join(self.metrics)}{hint}")
        return str(metric)

    def modality(self, content: Columns) -> str:
        """Return the modality, as :func:`wam_widgets.explain` finds it for such inputs."""
        for shape in content.inputs.column("shape").unique().to_pylist():
            if shape:
                sizes = [int(size) for size in shape.split(" × ")]
                given = {
                    name: self.settings.get(name)
                    for name in ("modality", "sample_rate", "spacing", "orientation", "front_end")
                }
                return as_signal(torch.zeros(()).expand(1, *sizes), **given)[1]
        raise ValueError("the study has no input that could be read")
