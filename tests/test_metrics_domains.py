"""Curves against closed forms: linear models, models of one coefficient, in every domain."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import wam_widgets as wam
from tests.models import Linear, Recorder, explain, random
from tests.ranked import BASIS, DOMAINS, SPACES, front_end_of, given, linear
from wam_widgets.metrics.masking import BASELINES, matched_noise, score
from wam_widgets.metrics.probe import Probe


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize(
    ("domain", "modality"),
    [*((d, m) for d in DOMAINS[:2] for m in SPACES), ("features", "audio")],
)
def test_a_linear_model_gives_cumulative_sums(domain: str, modality: str, baseline: str) -> None:
    attribution, model = linear(domain, SPACES[modality])
    front_end = front_end_of(attribution)
    probe = Probe(attribution, model, baseline=baseline, front_end=front_end)
    full, start, classes = probe.masking.full, probe.masking.start, probe.classes
    # What each element adds: with a zero baseline the attribution itself.
    weight = model.weight[classes].detach()
    if domain == "basis":
        assert isinstance(attribution, wam.Attribution)
        adds = BASIS.pullback(weight).flatten() * probe.masking.difference
    else:
        adds = (full - start) * weight
        adds = adds.sum(1).flatten(1) if domain == "signal" else adds.flatten(1)
    if baseline == "zero":
        assert torch.allclose(adds, score(attribution, "signed"), atol=1e-9)
    order = score(attribution, "magnitude").argsort(dim=1, descending=True, stable=True)
    sums = adds.gather(1, order).cumsum(1)
    ends = [(points * weight).flatten(1).sum(1) for points in (full, start)]
    count = sums.shape[1]
    measured = wam.metrics.curve(
        attribution, model, ranking="magnitude", steps=count, baseline=baseline, output="logit",
        front_end=front_end,
    )  # fmt: skip
    zero = torch.zeros(2, 1, dtype=torch.float64)
    kept = torch.cat([zero, sums], dim=1)
    assert torch.allclose(measured.insertion, ends[1][:, None] + kept, atol=1e-8)
    assert torch.allclose(measured.deletion, ends[0][:, None] - kept, atol=1e-8)
    assert (measured.domain, measured.baseline, measured.output) == (domain, baseline, "logit")
    assert measured.basis == (BASIS if domain == "basis" else None)


@pytest.mark.parametrize("domain", DOMAINS)
def test_one_element_that_is_read_makes_a_step_at_its_rank(domain: str) -> None:
    attribution, _ = linear(domain, SPACES["audio"])
    front_end = front_end_of(attribution)
    e = attribution.explanation
    values = score(attribution, "signed")
    count, read, rank = values.shape[1], 7, 4
    like = e.features if domain == "features" else e.signal
    assert like is not None
    one = torch.zeros(1, count, dtype=torch.float64)
    one[0, read] = 1
    if domain == "basis":
        # The functional that gives the coefficient: Haar is orthogonal, so it is its own signal.
        basis = wam.Basis("haar", 1)
        attribution = e.at(basis)
        count = attribution.score().shape[1]
        one = torch.zeros(1, count, dtype=torch.float64)
        one[0, read] = 1
        weight = basis.synthesise(attribution[0].coefficients.unflatten(one))
        z = attribution.coefficients.flatten()[:, read]
    else:
        places = (
            one.view(1, *like.shape[2:]) if domain == "signal" else one.view(1, *like.shape[1:])
        )
        weight = places.expand(1, 2, -1) if domain == "signal" else places
        z = (like * weight).flatten(1).sum(1)
    model = Linear(torch.cat([3 * weight, 0 * weight]))
    places = torch.rand(2, count, dtype=torch.float64)
    others = places.clone()
    others[:, read] = -1
    places[:, read] = (others.sort(dim=1, descending=True).values[:, rank - 1 : rank + 1]).mean(1)
    shape = (2, 1, *e.space) if domain == "signal" else (2, *like.shape[1:])
    made = places if domain == "basis" else places.view(shape)
    ranked = given(made, e, domain, wam.Basis("haar", 1) if domain == "basis" else None)
    classes = ranked.source.classes[:, 0]
    measured = wam.metrics.curve(ranked, model, ranking="signed", steps=count, front_end=front_end)
    with_it = torch.stack([3 * z, 0 * z], dim=1).softmax(1).gather(1, classes[:, None])
    step = torch.arange(count + 1) > rank
    half = torch.full_like(with_it, 0.5)
    assert torch.allclose(measured.insertion, torch.where(step, with_it, half), atol=1e-12)
    assert torch.allclose(measured.deletion, torch.where(step, half, with_it), atol=1e-12)
    # The trapezoid over K even steps: half a step at the jump.
    gain = wam.metrics.area(measured.share, measured.insertion)
    share = (rank + 0.5) / count
    assert torch.allclose(gain, share * 0.5 + (1 - share) * with_it[:, 0], atol=1e-12)


@pytest.mark.parametrize("baseline", BASELINES)
def test_with_nothing_and_with_everything_kept_all_domains_meet(baseline: str) -> None:
    x = 0.1 * random(2, 1, 900, seed=6)
    front_end = wam.front_ends.LogMel(8000, n_fft=128, n_mels=8)
    model = nn.Sequential(nn.Flatten(), nn.Linear(8 * 29, 3)).double().eval()
    e = explain(model, x, front_end=front_end, method="saliency")
    curves = [
        wam.metrics.curve(
            ranked,
            model,
            shares=(0, 0.3, 1),
            baseline=baseline,
            front_end=front_end,
            seed=5,
            output="log_probability",
        )
        for ranked in (e.at(e.default_basis), e.signal_map(), e.feature_map())
    ]
    for found in curves:
        assert torch.allclose(found.insertion[:, 0], curves[0].insertion[:, 0], atol=1e-6)
        assert torch.allclose(found.insertion[:, -1], curves[0].insertion[:, -1], atol=1e-6)
        assert torch.equal(found.insertion[:, 0], found.deletion[:, -1])
        assert not torch.allclose(found.insertion[:, 1], found.insertion[:, 0], atol=1e-6)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", ["zero", "constant", "single"])
def test_degenerate_attributions_give_numbers(domain: str, kind: str) -> None:
    attribution, model = linear(domain, SPACES["audio"])
    e, front_end = attribution.explanation, front_end_of(attribution)
    values = torch.zeros_like(score(attribution, "signed"))
    values += kind == "constant"
    values[:, 3] += kind == "single"
    shape = {"basis": values.shape, "signal": (2, 1, *e.space), "features": (2, 1, 11)}[domain]
    ranked = given(values.view(shape), e, domain, BASIS if domain == "basis" else None)
    measured = wam.metrics.curve(ranked, model, baseline="noise", front_end=front_end)
    assert bool(torch.isfinite(measured.insertion).all() & torch.isfinite(measured.deletion).all())
    first = wam.metrics.curve(
        ranked, model, shares=(0, 1 / values.shape[1], 1), front_end=front_end
    ).insertion[:, 1]
    probe = Probe(ranked, model, front_end=front_end)
    only = torch.zeros(1, 2, values.shape[1], dtype=torch.bool)
    # Equals stay in order: without a largest one the first element is kept first.
    only[..., 3 if kind == "single" else 0] = True
    assert torch.allclose(first, probe.read(*probe.ask(lambda a, b: only[a:b], 1, "kept"))[0])


@pytest.mark.parametrize("domain", DOMAINS)
def test_only_the_order_counts(domain: str) -> None:
    attribution, model = linear(domain, SPACES["audio"])
    e, front_end = attribution.explanation, front_end_of(attribution)
    values = score(attribution, "signed")
    shape = {"basis": values.shape, "signal": (2, 1, *e.space), "features": (2, 1, 11)}[domain]
    basis = BASIS if domain == "basis" else None
    ranked = [given(v.reshape(shape), e, domain, basis) for v in (values, 3.7 * values)]
    a, b, own = (
        wam.metrics.curve(each, model, steps=9, front_end=front_end)
        for each in (*ranked, attribution)
    )
    for other in (b, own):
        assert torch.equal(a.insertion, other.insertion)
        assert torch.equal(a.deletion, other.deletion)


@pytest.mark.parametrize("domain", DOMAINS[:2])
def test_the_order_of_channels_does_not_count(domain: str) -> None:
    weight, x = random(3, 3, 9, 12), random(1, 3, 9, 12, seed=2)
    order = [2, 0, 1]
    curves = []
    for model, signal in ((Linear(weight), x), (Linear(weight[:, order]), x[:, order])):
        e = explain(model, signal, method="saliency")
        ranked = e.at(BASIS) if domain == "basis" else e.signal_map()
        curves.append(wam.metrics.curve(ranked, model, steps=7))
    assert torch.allclose(curves[0].insertion, curves[1].insertion, atol=1e-12)
    assert torch.allclose(curves[0].deletion, curves[1].deletion, atol=1e-12)


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_the_model_saw(domain: str) -> None:
    attribution, model = linear(domain, SPACES["audio"])
    front_end = front_end_of(attribution)
    attribution = attribution[0]
    recorder = Recorder(model)
    count = score(attribution).shape[1]
    wam.metrics.curve(
        attribution, recorder, steps=count, front_end=front_end, internal_batch_size=16
    )
    # Every share once, kept and removed, in full batches: both ends are one pair.
    assert {len(batch) for batch in recorder.seen[:-1]} == {16}
    seen = torch.cat(recorder.seen)
    assert len(seen) == 2 * count
    full = (
        attribution.explanation.signal
        if front_end is None
        else front_end(attribution.explanation.signal)
    )
    pairs = torch.cat([torch.cat(batch.chunk(2), dim=1) for batch in recorder.seen])
    kept, removed = pairs.chunk(2, dim=1)
    assert torch.allclose(kept + removed, full.expand_as(kept), atol=1e-12)
    if domain != "basis":
        changed = (kept.unique(dim=0) != 0).flatten(1).any(1)
        assert int(changed.sum()) == count - 1


def test_noise_has_the_mean_and_the_spread_of_each_subband() -> None:
    z = wam.Basis("db2", 2).analyse(random(3, 2, 20, 24).cumsum(3))
    state = torch.random.get_rng_state()
    noise = matched_noise(z, seed=4)
    assert torch.equal(torch.random.get_rng_state(), state)
    for drawn, band in zip(noise.subbands(), z.subbands(), strict=True):
        for name in ("mean", "std"):
            found, wanted = (getattr(b.values.flatten(2), name)(dim=2) for b in (drawn, band))
            assert torch.allclose(found, wanted, atol=1e-12)
        assert not torch.allclose(drawn.values, band.values, atol=1e-2)
    assert torch.equal(matched_noise(z[:2], seed=4).flatten(), noise.flatten()[:2])
    assert not torch.equal(matched_noise(z, seed=5).flatten(), noise.flatten())
    assert not torch.equal(noise.flatten()[0], matched_noise(z[1:], seed=4).flatten()[0])
    one = wam.Basis("haar", 1).analyse(random(1, 1, 2, 2))
    assert torch.equal(matched_noise(one).flatten(), one.flatten())


def test_blur_is_that_of_explain() -> None:
    attribution, model = linear("signal", SPACES["image"])
    x = attribution.explanation.signal
    blurred = wam.Explainer(model, x, baselines="blur", show_progress=False).baseline
    probe = Probe(attribution, model, baseline="blur")
    assert torch.equal(probe.masking.start, blurred)
