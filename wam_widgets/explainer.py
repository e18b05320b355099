"""From a model and an input to an explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from wam_widgets import checks, checks_audio, front_ends
from wam_widgets.captum_methods import captum_map
from wam_widgets.catalogue import CATALOGUE, check_method
from wam_widgets.classifier import Classifier, check_features
from wam_widgets.explanation import Entry, Explanation
from wam_widgets.gradients import Mean, default_batch, mean_gradient
from wam_widgets.objectives import Objective, Target, resolve_target, target_name
from wam_widgets.options import options
from wam_widgets.provenance import Provenance, version_of
from wam_widgets.schedule import GRADIENTS, LOUDNESS_POWER, Schedule
from wam_widgets.text import sendable
from wam_widgets.windows import Sides, windows

NOISE_LEVEL = {"image": 0.1, "audio": 0.05, "volume": 0.02}
"""Default standard deviation of the noise, as a fraction of the value range."""

EntryProgress = Callable[[int, int, Callable[[], Entry] | None], None]
"""Called with passes done, passes in all, and a function that returns the entry so far; None where
there is nothing to show before the end."""


class Explainer:
    """A model, an input and settings; explains any method and target of them on request.

    The parameters are those of :func:`explain`, which see. On creation the input is checked and
    the model is run once on it.

    Attributes
    ----------
    classifier : Classifier
        The model, as it is called here.
    signal : Tensor
        ``[N, C, *space]``.
    logits : Tensor or None
        ``[N, K]`` at the input; None with a custom objective whose model gives no logits.
    features : Tensor or None
        ``[N, *F]``, what the front end gives at the input; None without one.
    """

    @torch.inference_mode(False)
    def __init__(
        self,
        model: Callable[..., Any],
        x: Any,
        *,
        baselines: Any = None,
        n_steps: int = 32,
        n_samples: int = 25,
        noise_level: float | None = None,
        multiply_by_inputs: bool = True,
        objective: str | Callable[[Any], Tensor] = "log_probability",
        layer: str | nn.Module | None = None,
        sliding_window_shapes: Sides = None,
        strides: Sides = None,
        front_end: Callable[[Tensor], Tensor] | None = None,
        sample_rate: float | None = None,
        spacing: Sequence[float] | None = None,
        orientation: str | Sequence[str] | None = None,
        modality: str | None = None,
        class_names: Sequence[str] | None = None,
        mean: Sequence[float] | float | None = None,
        std: Sequence[float] | float | None = None,
        internal_batch_size: int | None = None,
        autocast: torch.dtype | None = None,
        seed: int | Sequence[int] = 0,
        show_progress: bool = True,
    ) -> None:
        self.signal, self.modality, self.channel_axis = checks.as_signal(
            x,
            modality=modality,
            sample_rate=sample_rate,
            spacing=spacing,
            orientation=orientation,
            front_end=front_end,
        )
        if front_end is not None and not callable(front_end):
            raise TypeError(
                f"front_end is a {type(front_end).__name__}: it must be a module or a function"
            )
        if self.modality == "audio":
            sample_rate = checks_audio.sample_rate_of(sample_rate, front_end)
        checks.check_device(model, self.signal)
        if front_end is not None:
            checks.check_device(front_end, self.signal, "front_end")
        checks.warn_if_training(model, front_end)
        self.objective = Objective.of(objective)
        self.baseline = checks.as_baseline(baselines, self.signal, self.channel_axis)
        self._baselines = _spoken(baselines)
        self._provenance = Provenance.of(model, front_end)
        self.n_steps = checks.positive_int(n_steps, "n_steps")
        self.n_samples = checks.positive_int(n_samples, "n_samples")
        level = NOISE_LEVEL[self.modality] if noise_level is None else noise_level
        if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 <= level < 10:
            raise ValueError(
                f"noise_level is {level!r}: it must be a fraction of the value range, such as 0.1"
            )
        self.noise_level = float(level)
        self.multiply_by_inputs = bool(multiply_by_inputs)
        if layer is not None and not isinstance(layer, (str, nn.Module)):
            raise TypeError(
                f"layer is a {type(layer).__name__}: it must be a module of the model, or its name"
            )
        self.layer = layer
        windows(self.signal.shape[1:], sliding_window_shapes, strides)  # says what is wrong
        self.sliding_window_shapes, self.strides = sliding_window_shapes, strides
        self.sample_rate = sample_rate
        self.spacing = checks.per_axis(spacing, len(self.signal.shape) - 2)
        self.orientation = checks.directions(orientation, self.modality)
        self.internal_batch_size = (
            None
            if internal_batch_size is None
            else checks.positive_int(internal_batch_size, "internal_batch_size")
        )
        batch = self.internal_batch_size or default_batch(self.signal)
        self.classifier = Classifier(model, front_end, autocast, batch, self.channel_axis)
        self.seed = checks.seeds(seed, len(self.signal))
        self.show_progress = bool(show_progress)
        channels = self.signal.shape[1]
        self.mean = checks.per_channel(mean, "mean", channels)
        self.std = checks.per_channel(std, "std", channels)
        if sample_rate is not None and self.modality == "audio":
            silent_start = self.multiply_by_inputs and self.baseline is None
            checks_audio.warn_of_sound(self.signal, sample_rate, silent_start)
        with self.classifier.untouched(self.signal.device, self.first_seed):
            found = self.classifier.first_pass_laid_out(self.signal, self.objective)
            self._points, self.logits, self.features = found
        self._axes = self._feature_axes()
        self.class_names = self._check_names(class_names)

    @torch.inference_mode(False)
    def explain(
        self,
        method: str | None = None,
        target: Target = None,
        *,
        progress: EntryProgress | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Explanation:
        """Run the model for one method, that of the options by default, and target.

        A method of the kind ``"signal"`` gives an explanation with one map and no entry.

        `progress` is called with passes done, passes in all, and a function that returns the entry
        as it would be with the mean so far; None instead of that for a map.

        Raises
        ------
        ImportError
            For a method that needs Captum, without it.
        wam_widgets.gradients.Cancelled
            If `should_stop` returned True between two passes.
        """
        method = check_method(options.method if method is None else method)
        if CATALOGUE[method].kind == "signal":
            return self._with_map(method, target, progress, should_stop)
        kind = GRADIENTS[method]
        classes = self.classes(target)
        power = 1 if self.features is None else LOUDNESS_POWER
        schedule = Schedule.of(method, self.n_steps, self.n_samples, self.seed, power)
        stream = None
        with self.classifier.untouched(self.signal.device, self.first_seed):
            entry = Entry(
                method=method,
                target=self.name_of(target),
                classes=classes.cpu(),
                gradient=torch.zeros_like(self.signal),
                baseline=self.baseline if kind.path else None,
                path=kind.path,
                multiply=self.multiply_by_inputs,
                output=self.output(classes),
                start=self._start(classes) if kind.path and not kind.sampled else None,
                feature_gradient=None,
                feature_baseline=self._feature_baseline() if kind.path else None,
                settings=self._settings(method),
            )
            if progress is not None:
                report = progress

                def stream(done: int, total: int, mean: Callable[[], Mean]) -> None:
                    report(done, total, lambda: _filled(entry, mean()))

            mean = mean_gradient(
                lambda points, samples: self.classifier.score(
                    points, self.objective, _repeat(classes[samples], points)
                ),
                self._points,
                schedule,
                baseline=self.baseline,
                features=self.features,
                noise_level=self.noise_level,
                internal_batch_size=self.internal_batch_size,
                show_progress=self.show_progress,
                label=method.replace("_", " "),
                progress=stream,
                should_stop=should_stop,
            )
        return self.empty().with_entry(_filled(entry, mean))

    def _with_map(
        self,
        method: str,
        target: Target,
        progress: EntryProgress | None,
        should_stop: Callable[[], bool] | None,
    ) -> Explanation:
        def note(done: int, total: int) -> None:
            if progress is not None:
                progress(done, total, None)

        found = captum_map(self, method, target, note, should_stop)
        versions = {**self._provenance.versions, "Captum": version_of("captum")}
        provenance = replace(self._provenance, versions=versions)
        return replace(self.empty(), provenance=provenance).with_maps([found])

    def empty(self) -> Explanation:
        """Return an explanation that holds the input and the prediction but no gradient yet."""
        return Explanation(
            signal=self.signal,
            modality=self.modality,
            entries={},
            method="",
            target="",
            class_names=self.class_names,
            probabilities=None if self.logits is None else self.logits.softmax(dim=1),
            mean=self.mean,
            std=self.std,
            sample_rate=self.sample_rate,
            spacing=self.spacing,
            orientation=self.orientation,
            channel_axis=self.channel_axis,
            features=self.features,
            axes=self._axes,
            provenance=self._provenance,
        )

    @property
    def first_seed(self) -> int:
        """The seed of the first input, or of all."""
        return self.seed if isinstance(self.seed, int) else self.seed[0]

    def settings(self, baselines: bool) -> dict[str, str | int | float]:
        """Return the parameters that every method uses, for the reader of a report."""
        settings: dict[str, str | int | float] = {"objective": self.objective.name}
        if baselines:
            settings["baselines"] = self._baselines
        if self.classifier.autocast is not None:
            settings["autocast"] = str(self.classifier.autocast).removeprefix("torch.")
        return settings

    def _settings(self, method: str) -> dict[str, str | int | float]:
        """Return the parameters that a method used, for the reader of a report."""
        kind = GRADIENTS[method]
        used = kind.settings(self.n_steps, self.n_samples, self.noise_level, self.seed)
        return {
            **self.settings(kind.path),
            **used,
            "multiply_by_inputs": self.multiply_by_inputs,
        }

    def classes(self, target: Target) -> Tensor:
        """Return the class of each sample that a target means, ``[N, 1]``, ``[N, 2]`` for a pair.

        Raises
        ------
        ValueError, TypeError
            If there is no such class, or a custom objective, which needs none.
        """
        if self.logits is None:
            if target is not None:
                raise ValueError(
                    f"target is {target!r}: with a custom objective it must be None, since the "
                    "objective already gives one number per sample"
                )
            return torch.zeros(len(self.signal), 1, dtype=torch.long, device=self.signal.device)
        return resolve_target(target, self.logits)

    def name_of(self, target: Target) -> str:
        """Return the name under which what is found for a target is kept."""
        return target_name(target) if self.objective.function is None else "custom"

    def laid_out(self, points: Tensor) -> Tensor:
        """Return points in the memory layout in which the model runs fastest and was tried."""
        if self._points.ndim == 4 and self._points.is_contiguous(memory_format=torch.channels_last):
            return points.contiguous(memory_format=torch.channels_last)
        return points

    def _feature_axes(self) -> front_ends.Axes | None:
        """Return what the last two axes of the features mean, if there are two to be drawn."""
        if self.features is None or self.features.ndim < 3 or self.sample_rate is None:
            return None
        shape, samples = self.features.shape, self.signal.shape[-1]
        return front_ends.axes(self.classifier.front_end, self.sample_rate, shape, samples)

    def _feature_baseline(self) -> Tensor | None:
        """Return what the front end gives at x₀; the model is not run."""
        if self.features is None:
            return None
        x0 = torch.zeros_like(self.signal[:1]) if self.baseline is None else self.baseline
        x0 = x0.expand(len(x0), *self.signal.shape[1:])
        classifier = self.classifier
        features = classifier.together(x0, lambda points, _: classifier.features(points))
        check_features(features, "the baseline, silence by default")
        return features

    def output(self, classes: Tensor) -> Tensor:
        """Return the objective at the input, ``[N]``."""
        if self.logits is None:
            return self._values(self.signal, classes)
        return self.objective(self.logits, classes)

    def _start(self, classes: Tensor) -> Tensor:
        zero = torch.zeros_like(self.signal)
        return self._values(zero if self.baseline is None else zero + self.baseline, classes)

    def _values(self, points: Tensor, classes: Tensor) -> Tensor:
        return self.classifier.together(
            points, lambda some, part: self.objective(self.classifier(some), classes[part])
        )

    def _check_names(self, names: Sequence[str] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        if isinstance(names, str):
            raise TypeError(f"class_names is {names!r}: it must be a list with one name per class")
        if self.logits is not None and len(names) != self.logits.shape[1]:
            raise ValueError(
                f"class_names has {len(names)} names: the model has {self.logits.shape[1]} classes"
            )
        return tuple(sendable(str(name)) for name in names)


def _spoken(baselines: Any) -> str:
    if baselines is None:
        return "zero"
    return f"{baselines}" if isinstance(baselines, (str, int, float)) else "given"


def _filled(entry: Entry, mean: Mean) -> Entry:
    return replace(entry, gradient=mean.signal.contiguous(), feature_gradient=mean.features)


def _repeat(classes: Tensor, points: Tensor) -> Tensor:
    return classes.repeat(len(points) // len(classes), 1)
