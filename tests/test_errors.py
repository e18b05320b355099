"""Bad input: a clear message that names the argument, what it was and what it must be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, convolutional, random
from wam_widgets.front_ends import LogMel

IMAGE = random(2, 2, 16, 18)
MODEL = convolutional(2)


def explain(model: Any = MODEL, x: Any = IMAGE, **options: Any) -> wam.Explanation:
    return wam.explain(model, x, show_progress=False, **options)


NAN = IMAGE.clone()
NAN[0, 0, 0, 0] = float("nan")


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (IMAGE[0, 0], {}, r"x has shape \(16, 18\).*\[C, H, W\] or \[N, C, H, W\]"),
        (IMAGE[0, 0], {"modality": "image"}, r"x has shape \(16, 18\): an image is"),
        (IMAGE[0], {"spacing": (1, 1, 1)}, r"x has shape .*: a volume is \[C, D, H, W\]"),
        (IMAGE[:0], {}, r"x has shape \(0, 2, 16, 18\): it must not be empty"),
        (NAN, {}, "x has 1 value that is NaN or infinite.*nan_to_num"),
        (NAN / 0, {}, "x has 1152 values that are NaN or infinite"),
        ((IMAGE * 255).to(torch.uint8), {}, r"x has dtype torch.uint8.*float.*/ 255"),
        (np.zeros((3, 8, 8), np.int64), {}, "x has dtype torch.int64"),
        ([[1.0]], {}, "x is a list: it must be a torch.Tensor"),
        (IMAGE, {"target": 3}, r"target is 3: the model has 3 classes, so it must be in 0 … 2"),
        (IMAGE, {"target": -1}, "target is -1"),
        (IMAGE, {"target": [0, 1, 2]}, "target has 3 entries for 2 samples"),
        (IMAGE, {"target": 1.5}, "target is 1.5: it must be a class index"),
        (IMAGE, {"target": "cat"}, "target is 'cat'"),
        (IMAGE, {"target": True}, "target is True"),
        (IMAGE, {"method": "gradcam"}, "method is 'gradcam': it must be one of saliency"),
        (IMAGE, {"method": []}, "method is empty"),
        (IMAGE, {"objective": "loss"}, "objective is 'loss': it must be one of log_probability"),
        (IMAGE, {"n_steps": 0}, "n_steps is 0: it must be at least 1"),
        (IMAGE, {"n_samples": 2.5}, "n_samples is 2.5: it must be an integer"),
        (IMAGE, {"noise_level": -1}, "noise_level is -1"),
        (IMAGE, {"internal_batch_size": 0}, "internal_batch_size is 0"),
        (IMAGE, {"baselines": torch.zeros(3, 5, 5)}, r"baselines has shape \(3, 5, 5\)"),
        (IMAGE, {"baselines": "mean"}, "baselines is 'mean': the only name is 'blur'"),
        (IMAGE, {"baselines": 1.0, "method": "saliency"}, "baselines is given, but saliency"),
        (IMAGE, {"class_names": ["a", "b"]}, "class_names has 2 names: the model has 3 classes"),
        (IMAGE, {"class_names": "abc"}, "class_names is 'abc'"),
        (IMAGE, {"mean": [0.5] * 3}, "mean has 3 values: x has 2 channels"),
        (IMAGE, {"std": 0.0}, "std is .*positive"),
        (IMAGE, {"modality": "video"}, "modality is 'video'"),
        (IMAGE, {"seed": -1}, "seed is -1: it must be at least 0"),
        (IMAGE, {"n_sample": 3}, "'n_sample' is no argument.*did you mean 'n_samples'"),
    ],
)
def test_bad_arguments(x: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        explain(x=x, **options)


WAVE = random(2, 2, 300)
SOUND = {"sample_rate": 8000}
SPECTRAL = nn.Sequential(nn.Flatten(), nn.Linear(2 * 8 * 5, 3)).double().eval()
MEL = LogMel(8000, n_fft=256, n_mels=8)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (WAVE[0, 0], {}, "sample_rate is missing: a sound needs it, in Hz, such as"),
        (WAVE, {"modality": "audio"}, "sample_rate is missing"),
        (WAVE, {"front_end": lambda x: x}, "sample_rate is missing"),
        (WAVE[:, 0], {}, r"x has shape \(2, 300\).*sound \[T\], \[N, T\] or \[N, C, T\] with"),
        (WAVE, {"sample_rate": 0}, "sample_rate is 0: it must be positive and finite, in Hz"),
        (WAVE, {"sample_rate": -8000.0}, "sample_rate is -8000.0: it must be positive"),
        (WAVE, {"sample_rate": float("nan")}, "sample_rate is nan: it must be positive"),
        (WAVE, {"sample_rate": float("inf")}, "sample_rate is inf: it must be positive and finite"),
        (WAVE, {"sample_rate": True}, "sample_rate is True: it must be a number in Hz"),
        (WAVE, {"sample_rate": "44.1 kHz"}, "sample_rate is '44.1 kHz': it must be a number in Hz"),
        (
            WAVE,
            {"sample_rate": 16000, "front_end": nn.Sequential(MEL)},
            r"sample_rate is 16000 and that of front_end 8000: .* wam_widgets\.audio\.resample",
        ),
        ((WAVE * 2**15).to(torch.int16), SOUND, r"dtype torch.int16: .*audio\.from_pcm\(x\)"),
        (np.zeros(300, np.int32), {}, r"x has dtype torch.int32: .*audio\.from_pcm\(x\)"),
        (WAVE / 0, SOUND, "x has 1200 values that are NaN or infinite"),
        (WAVE[..., :0], SOUND, "must not be empty"),
        (WAVE[None], SOUND, r"\(1, 2, 2, 300\): a sound is \[T\], \[N, T\] or \[N, C, T\]"),
        (WAVE, {"front_end": "mel", **SOUND}, "front_end is a str"),
        (WAVE, {"front_end": lambda x: {"a": x}, **SOUND}, "front_end returned a dict: .* tensor"),
        (WAVE, {"front_end": torch.fft.rfft, **SOUND}, "front_end returned dtype torch.complex128"),
        (WAVE, {"front_end": lambda x: x[:1], **SOUND}, r"\(1, 2, 300\) for 2 inputs: .*one row"),
        (WAVE, {"front_end": lambda x: x.abs().sub(9).log(), **SOUND}, "front_end returned NaN"),
        (
            WAVE,
            {"front_end": lambda x: MEL(x).add(100).square().log(), **SOUND},
            "front_end returned NaN or infinite values at the baseline, silence by default",
        ),
        (WAVE, {"front_end": lambda x: MEL(x.detach()), **SOUND}, "front_end gives .* without a g"),
        (WAVE[..., :100], {"front_end": MEL}, "x has 100 samples: n_fft=256 needs at least 129"),
        (WAVE, {"baselines": torch.zeros(5), **SOUND}, r"baselines has shape \(5,\)"),
    ],
)
def test_bad_sounds(x: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        explain(SPECTRAL, x, **options)


def test_front_end_on_another_device() -> None:
    front_end = LogMel(8000, n_fft=256, n_mels=8).to("meta")
    with pytest.raises(ValueError, match=r"x is on cpu and front_end on meta"):
        explain(SPECTRAL, WAVE, front_end=front_end)


@pytest.mark.parametrize(("samples", "family"), [(1, None), (5, "haar"), (13, "haar"), (14, "db4")])
def test_clips_shorter_than_the_filter(samples: int, family: str | None) -> None:
    e = explain(lambda x: x[:, :1] * x.new_tensor([1, 2, 3]), random(samples), **SOUND)
    if family is None:
        with pytest.raises(ValueError, match=r"'haar'; it must have at least 2 samples"):
            e.at()
        return
    assert e.default_basis.family == family
    assert torch.allclose(e.at().reconstruct(1.0), e.signal)
    with pytest.raises(ValueError, match=r"16 taps of 'db8'; choose a shorter family such as"):
        e.at("db8", 1)


def test_very_long_sounds_are_announced_with_the_memory_they_take() -> None:
    x = torch.zeros(1, 1).expand(1, 36_000)
    message = r"x is 60 min long, 0\.036 million samples.*GiB.*wam_widgets\.audio\.windows\(x"
    with pytest.warns(UserWarning, match=message):
        explain(lambda p: p[:, :3], x + 1, method="saliency", sample_rate=10)


def in_place(x: Tensor) -> Tensor:
    x.mul_(2)
    output: Tensor = MODEL(x)
    return output


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("resnet", "model is a str"),
        (lambda x: None, r"model returned None: it must return a tensor of logits"),
        (lambda x: {"features": x}, r"model returned a dict with the keys \['features'\]"),
        (lambda x: MODEL(x).argmax(1), "dtype torch.int64.*argmax"),
        (lambda x: x, r"model returned a tensor of shape \(2, 2, 16, 18\)"),
        (lambda x: MODEL(x)[:1], "model returned 1 rows for 2 inputs"),
        (lambda x: MODEL(x) * float("nan"), "NaN or infinite logits"),
        (lambda x: MODEL(x.detach()), "output without a gradient|does not depend"),
        (torch.no_grad()(lambda x: MODEL(x)), "output without a gradient"),
        (lambda x: torch.from_numpy(MODEL(x).detach().numpy()), "output without a gradient"),
        (
            lambda x: torch.ones(len(x), 3, dtype=x.dtype, requires_grad=True),
            "does not depend on its input",
        ),
        (in_place, "model changes its input in place.*inplace=True"),
        (lambda x: MODEL(x).log().sqrt().abs() + (x - x).sqrt().sum(), "NaN|finite"),
    ],
)
def test_bad_models(model: Any, message: str) -> None:
    kept = IMAGE.clone()
    with pytest.raises((TypeError, ValueError), match=message):
        explain(model)
    assert torch.equal(IMAGE, kept)


def test_gradient_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match="gradient of the model is not finite"):
        explain(lambda x: MODEL(x) + (x * 0).abs().sqrt().sum(), method="saliency")


def test_training_mode_warns_once_with_the_way_out() -> None:
    model = convolutional(2).train()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        explain(model, method=["saliency", "smoothgrad"])
    texts = [str(w.message) for w in caught]
    assert sum("training mode" in text for text in texts) == 1
    assert "model.eval()" in texts[0]
    assert caught[0].filename == __file__


def test_probabilities_instead_of_logits_warn() -> None:
    with pytest.warns(UserWarning, match="seems to return probabilities"):
        explain(lambda x: MODEL(x).softmax(1), method="saliency")


def test_model_on_another_device() -> None:
    model = Linear(torch.zeros(2, 2, 16, 18)).to("meta")
    with pytest.raises(ValueError, match=r"x is on cpu and model on meta.*x\.to\('meta'\)"):
        explain(model)


def test_custom_objective_must_give_one_number_per_sample() -> None:
    with pytest.raises(ValueError, match=r"objective returned .*must return a tensor of shape"):
        explain(objective=lambda output: output.sum())


def failing(n: int) -> Callable[[Tensor], Tensor]:
    calls = []

    def model(x: Tensor) -> Tensor:
        calls.append(x)
        if len(calls) > n:
            raise ZeroDivisionError("inside the model")
        output: Tensor = MODEL(x)
        return output

    return model


@pytest.mark.parametrize("n", [0, 1, 2])
def test_errors_of_the_model_come_through_and_nothing_is_left(n: int) -> None:
    grads = [p.grad for p in MODEL.parameters()]
    state = torch.random.get_rng_state()
    with pytest.raises(ZeroDivisionError, match="inside the model"):
        explain(failing(n), internal_batch_size=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert [p.grad for p in MODEL.parameters()] == grads


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.at("db2", 9), "level is 9.*deepest possible for 'db2'.* is 2"),
        (lambda e: e.at("dbx"), "family is 'dbx'"),
        (lambda e: e.at("db2", 1, "wrap"), "mode is 'wrap'"),
        (lambda e: e.at("db2", True), "level is True"),
        (lambda e: e.at().reconstruct(1.5), "keep is 1.5: it must be from 0 to 1"),
        (lambda e: e.at().reconstruct("all"), "keep is 'all'"),
        (lambda e: e.at().reconstruct(mask="none"), "mask is 'none'"),
        (lambda e: e.at().reconstruct(ranking="up"), "ranking is 'up'"),
        (lambda e: e.at().reconstruct(scales=[7]), "scales has 7.*0 .approximation. to 2"),
        (lambda e: e.at().reconstruct(orientations=["x"]), "orientations has 'x'"),
        (lambda e: e[5], "sample is 5: there are 2"),
        (lambda e: e["a"], "sample is 'a'"),
        (lambda e: e[::-1], "step of a slice"),
        (lambda e: e.best_basis(families=["db38"]), "none of them is possible"),
        (lambda e: e.select("saliency").completeness(), "has no completeness"),
    ],
)
def test_bad_use_of_an_explanation(call: Callable[[wam.Explanation], object], message: str) -> None:
    e = explain(method=["integrated_gradients", "saliency"])
    with pytest.raises((TypeError, ValueError, IndexError), match=message):
        call(e)


def test_inplace_relu_after_a_layer_is_fine() -> None:
    model = nn.Sequential(
        *list(MODEL.children())[:1], nn.ReLU(inplace=True), *list(MODEL.children())[2:]
    ).eval()
    assert explain(model).gradient.abs().sum() > 0


@pytest.mark.parametrize(("shape", "said"), [((400,), "needs x as"), ((1, 1, 400), "[1, 1, 400]")])
def test_an_error_inside_the_model_says_what_it_was_given(
    shape: tuple[int, ...], said: str
) -> None:
    model = nn.Sequential(nn.Conv1d(2, 4, 8), nn.Flatten(), nn.Linear(4, 3))
    with pytest.raises(RuntimeError) as caught:
        wam.explain(model, torch.ones(shape), sample_rate=8000, show_progress=False)
    assert said in caught.value.__notes__[0]
