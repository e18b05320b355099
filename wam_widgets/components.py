"""A sound as a few components, found without training, and which of them a model goes by.

Non-negative matrix factorisation of a spectrogram, as in Parekh et al., "Listen to Interpret:
Post-hoc Interpretability for Audio Networks with NMF" (NeurIPS 2022, arXiv 2202.11479, section 3),
but of the one sound that is explained and with no network that learns the activations: each
component is taken out of the sound, and the model says what that changes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks, checks_audio
from wam_widgets.classifier import Classifier, looks_like_probabilities
from wam_widgets.component_set import Components, split, stft
from wam_widgets.explainer import Explainer
from wam_widgets.explanation import Explanation
from wam_widgets.gradients import Cancelled
from wam_widgets.metrics.probe import OUTPUTS, note_probabilities
from wam_widgets.objectives import Objective, Target, logits_of, resolve_target, target_name
from wam_widgets.samples import library

__all__ = ["Components", "nmf"]

_WINDOW_SECONDS = 0.064
"""About which the default window is long: tones are told apart, and beats are, too."""

_SHORTEST_WINDOW = 16


def nmf(
    model: Callable[..., Any] | Explainer,
    x: Any,
    target: Target = None,
    *,
    n_components: int = 8,
    sample_rate: float | None = None,
    front_end: Callable[[Tensor], Tensor] | None = None,
    output: str = "probability",
    n_fft: int | None = None,
    hop_length: int | None = None,
    n_iterations: int = 200,
    internal_batch_size: int = 16,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Components:
    """Split sounds into components and rank them by what the model loses without each.

    log(1 + magnitude) of the short-time Fourier transform, the mean over channels, is factorised
    into `n_components` spectra and their activations (scikit-learn's ``NMF``, Frobenius norm, each
    sound by itself). The model is then run on the sound without each component and on each alone,
    2 K + 1 times a sound, without gradients.

    Parameters
    ----------
    model : callable or Explainer
        Takes what it took when it was explained; it is left as it was.
    x : Explanation, or Tensor or array
        An explanation of sounds; or ``[N, C, T]``, ``[N, T]`` or ``[T]`` with `sample_rate`.
    target : int, sequence of int, tuple of two, or None
        As for :func:`wam_widgets.explain`. Default: that of the explanation, else the predicted
        class.
    n_components : int
        K.
    sample_rate : float, optional
        In Hz. Default: that of the explanation or of the front end.
    front_end : callable, optional
        Map from the signal to what the model takes. Not for an Explainer, which has its own.
    output : {"probability", "log_probability", "logit"}
        What the model says.
    n_fft : int, optional
        Samples in a (Hann) window, a power of two. Default: about 64 ms.
    hop_length : int, optional
        Samples from window to window, at most half of one. Default: a quarter.
    n_iterations : int
        At most so many steps of the factorisation.
    internal_batch_size : int
        Sounds in one pass of the model.
    seed : int
        Of the factorisation's start.
    progress : callable, optional
        Called with passes done and passes in all.
    should_stop : callable, optional
        Asked between passes.

    Returns
    -------
    Components
        To be listened to one by one beside the scales:
        ``wam.explore(explanation.with_components(components))``.

    Raises
    ------
    ImportError
        Without the extra ``compare``.
    TypeError, ValueError
        With the argument's name, what it was and what it must be.
    Cancelled
        When `should_stop` returned True.

    Notes
    -----
    Memory: about 30 + 2 K times one of the sounds (measured), besides what the model needs for a
    pass and, once they are asked for, the sounds of the components of all.
    """
    library("sklearn.decomposition", "compare")
    known = x if isinstance(x, Explanation) else None
    if isinstance(model, Explainer):
        if front_end is not None:
            raise ValueError("front_end is given: model is an Explainer, which has its own")
        sample_rate = model.sample_rate if sample_rate is None else sample_rate
    elif known is not None and known.features is not None and front_end is None:
        raise ValueError(
            "front_end is missing: x was explained with one, so the model takes what it gives"
        )
    signal, channel_axis, rate = _sound(x, sample_rate, front_end)
    count = checks.positive_int(n_components, "n_components")
    window, hop = _window(n_fft, hop_length, rate, signal.shape[-1])
    most = min(window // 2 + 1, 1 + signal.shape[-1] // hop)
    if count > most:
        raise ValueError(
            f"n_components is {count}: a spectrogram of {window // 2 + 1} frequencies and "
            f"{1 + signal.shape[-1] // hop} windows has at most {most}"
        )
    if output not in OUTPUTS:
        raise ValueError(f"output is {output!r}: it must be one of {', '.join(OUTPUTS)}")
    batch = checks.positive_int(internal_batch_size, "internal_batch_size")
    steps = checks.positive_int(n_iterations, "n_iterations")
    seed = checks.positive_int(seed, "seed", least=0)
    if isinstance(model, Explainer):
        classifier = replace(model.classifier, batch_size=batch)
    else:
        classifier = Classifier(model, front_end, None, batch, channel_axis)
    objective = Objective(output)
    checks.check_device(classifier.model, signal)
    # A name that warns of nothing: what to do about probabilities is decided here.
    with classifier.untouched(signal.device, seed):
        logits = classifier.first_pass(signal, Objective("logit"))[0]
    assert logits is not None  # only a custom objective does without
    probabilities = looks_like_probabilities(logits)
    if probabilities:
        note_probabilities(output)

    def said(answers: Tensor, classes: Tensor) -> Tensor:
        # The softmax of their logarithms is what they are.
        tiny = torch.finfo(answers.dtype).tiny
        return objective(answers.clamp(min=tiny).log() if probabilities else answers, classes)

    if known is not None and known.entries and target is None:
        if known.entry.target == "custom":
            raise ValueError("x explains a custom objective: components need a class, as target=")
        name, classes = known.target, known.entry.classes.to(signal.device)
    else:
        name, classes = target_name(target), resolve_target(target, logits)

    found: list[tuple[Tensor, ...]] = []
    passes = 2 * count * len(signal)
    for sample, sound in enumerate(signal):
        spectra, activations = _factorised(sound, window, hop, count, steps, seed)
        sounds = split(sound, spectra, activations, window, hop)
        answers = []
        for first in range(0, 2 * count, batch):
            if should_stop is not None and should_stop():
                raise Cancelled("the components were cancelled")
            places = range(first, min(first + batch, 2 * count))
            part = torch.stack(
                [sound - sounds[k] if k < count else sounds[k - count] for k in places]
            )
            with torch.no_grad(), classifier.untouched(signal.device, seed):
                scores = logits_of(classifier(part))
            answers.append(said(scores, classes[sample].expand(len(part), -1)))
            if progress is not None:
                progress(2 * count * sample + min(first + batch, 2 * count), passes)
        without, alone = torch.cat(answers).double().cpu().view(2, count)
        if without.isnan().any() or alone.isnan().any():
            raise ValueError(
                "model returned NaN for a sound of which a component was removed, or for one "
                "alone: its answers must be numbers for every input"
            )
        order = without.argsort(stable=True)
        each = (spectra, activations, without, alone, _centres(sounds, rate))
        found.append(tuple(values[order] for values in each))
    spectra, activations, without, alone, centres = map(torch.stack, zip(*found, strict=True))
    return Components(
        signal=signal,
        spectra=spectra,
        activations=activations,
        output=said(logits, classes).double().cpu(),
        without=without,
        alone=alone,
        centres=centres,
        target=name,
        classes=classes.cpu(),
        sample_rate=rate,
        n_fft=window,
        hop_length=hop,
        settings={"output": output, "n_iterations": steps, "seed": seed},
    )


def _sound(
    x: Any, sample_rate: float | None, front_end: Callable[[Tensor], Tensor] | None
) -> tuple[Tensor, bool, float]:
    """Return the sounds ``[N, C, T]``, whether the model takes a channel axis, and their rate."""
    if not isinstance(x, Explanation):
        signal, _, channel_axis = checks.as_signal(x, modality="audio")
        return signal, channel_axis, checks_audio.sample_rate_of(sample_rate, front_end)
    if x.modality != "audio" or x.sample_rate is None:
        raise ValueError(f"x explains {x.modality} data: components are those of sounds")
    if sample_rate not in (None, x.sample_rate):
        raise ValueError(
            f"sample_rate is {sample_rate} and that of the explanation {x.sample_rate:g}: leave it "
            "out"
        )
    return x.signal, x.channel_axis, x.sample_rate


def _window(
    n_fft: int | None, hop_length: int | None, rate: float, samples: int
) -> tuple[int, int]:
    """Return the size of a window and of a step, given or chosen."""
    if samples < _SHORTEST_WINDOW:
        raise ValueError(
            f"x has {samples} samples: components need at least {_SHORTEST_WINDOW} of them"
        )
    longest = 1 << (samples.bit_length() - 1)
    if n_fft is None:
        usual = 2 ** round(math.log2(_WINDOW_SECONDS * rate))
        window = max(_SHORTEST_WINDOW, min(usual, longest))
    else:
        window = checks.positive_int(n_fft, "n_fft", least=_SHORTEST_WINDOW)
        if window & (window - 1) or window > longest:
            raise ValueError(
                f"n_fft is {window}: it must be a power of two, here at most {longest}"
            )
    hop = checks.positive_int(window // 4 if hop_length is None else hop_length, "hop_length")
    if hop > window // 2:
        raise ValueError(f"hop_length is {hop}: it must be at most {window // 2}, half a window")
    return window, hop


def _factorised(
    sound: Tensor, n_fft: int, hop: int, count: int, steps: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return spectra ``[K, F]``, with 1 as their largest value, and activations ``[K, frames]``."""
    sklearn = library("sklearn.decomposition", "compare")
    unfinished = library("sklearn.exceptions", "compare").ConvergenceWarning
    magnitude = stft(sound, n_fft, hop).abs().mean(0).log1p().cpu()
    if not magnitude.any():
        return torch.zeros(count, len(magnitude)), torch.zeros(count, magnitude.shape[1])
    solver = sklearn.NMF(count, init="nndsvda", max_iter=steps, random_state=seed)
    with warnings.catch_warnings():
        # A few steps more or less change little of what is heard.
        warnings.simplefilter("ignore", unfinished)
        spectra = torch.from_numpy(solver.fit_transform(magnitude.numpy())).T
    activations = torch.from_numpy(solver.components_)
    largest = spectra.amax(1, keepdim=True)
    scale = torch.where(largest > 0, largest, torch.ones_like(largest))
    return (spectra / scale).contiguous(), (activations * scale).contiguous()


def _centres(sounds: Tensor, rate: float) -> Tensor:
    """Return the mean frequency by power of sounds ``[K, C, T]``, in Hz, ``[K]``."""
    frequency = torch.fft.rfftfreq(sounds.shape[-1], 1 / rate, dtype=torch.float64)
    found = []
    for sound in sounds:
        power = torch.fft.rfft(sound.double()).abs().square().sum(0).cpu()
        found.append(power @ frequency / power.sum() if power.any() else torch.zeros_like(power[0]))
    return torch.stack(found)
