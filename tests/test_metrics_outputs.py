"""What curves are of, areas under them, and what metrics refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import wam_widgets as wam
from tests.models import Linear, explain
from tests.ranked import BASIS, DOMAINS, SPACES, linear
from wam_widgets.metrics.masking import masking


def test_outputs_are_of_the_same_model() -> None:
    attribution, model = linear("basis", SPACES["image"])
    probability, log_probability = (
        wam.metrics.curve(attribution, model, output=output).insertion
        for output in ("probability", "log_probability")
    )
    assert torch.allclose(probability.log(), log_probability, atol=1e-9)


def test_a_model_that_gives_probabilities_is_taken_as_it_is() -> None:
    attribution, model = linear("basis", SPACES["image"])
    softmax = nn.Sequential(model, nn.Softmax(dim=1)).eval()
    with pytest.warns(UserWarning, match="seems to return probabilities") as caught:
        given_already = wam.metrics.curve(attribution, softmax, steps=20)
    assert len(caught) == 1
    expected = wam.metrics.curve(attribution, model, steps=20)
    assert torch.allclose(given_already.insertion, expected.insertion, atol=1e-9)
    with pytest.warns(UserWarning, match="seems to return probabilities"):
        logs = wam.metrics.curve(attribution, softmax, steps=20, output="log_probability")
    assert torch.allclose(logs.deletion, expected.deletion.log(), atol=1e-6)
    with pytest.raises(ValueError, match="output is 'logit': the model returns probabilities"):
        wam.metrics.curve(attribution, softmax, output="logit")


def test_areas_closed_forms_and_the_published_normalisation() -> None:
    share = torch.tensor([0, 0.25, 1], dtype=torch.float64)
    values = torch.tensor([[0, 0.5, 0.5], [0.2, 0.2, 0.2], [0, 0, 0]], dtype=torch.float64)
    plain = torch.tensor([0.0625 + 0.375, 0.2, 0], dtype=torch.float64)
    divided = torch.tensor([0.875, 1, 0], dtype=torch.float64)
    assert torch.allclose(wam.metrics.area(share, values), plain)
    assert torch.allclose(wam.metrics.area(share, values, "largest"), divided)
    attribution, model = linear("basis", SPACES["image"])
    found = wam.metrics.curve(attribution, model, steps=64)
    assert torch.allclose(found.share, torch.arange(65, dtype=torch.float64) / 64)
    published = found.insertion.sum(1) / (65 * found.insertion.amax(1))
    ours = wam.metrics.insertion(attribution, model, steps=64, normalise="largest")
    assert bool(((ours - published).abs() <= 1 / 65).all())
    loss = wam.metrics.deletion(attribution, model, steps=64, normalise="largest")
    both = wam.metrics.faithfulness(attribution, model, steps=64, normalise="largest")
    assert torch.allclose(both, ours - loss)
    with pytest.raises(ValueError, match="normalise is 'max'"):
        wam.metrics.area(share, values, "max")
    with pytest.raises(ValueError, match="it is for probabilities"):
        wam.metrics.area(share, -values, "largest")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"baseline": "mean"}, ValueError, "baseline is 'mean': it must be one of zero, blur"),
        ({"output": "loss"}, ValueError, "output is 'loss': it must be one of probability"),
        ({"ranking": "x"}, ValueError, "ranking is 'x'"),
        ({"steps": 0}, ValueError, "steps is 0"),
        ({"steps": 4, "shares": (0, 1)}, ValueError, "shares and steps are both given"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"internal_batch_size": 0}, ValueError, "internal_batch_size is 0"),
    ],
)
def test_bad_options(change: dict[str, object], error: type[Exception], message: str) -> None:
    for domain in DOMAINS[:2]:
        attribution, model = linear(domain, SPACES["image"])
        with pytest.raises(error, match=message):
            wam.metrics.curve(attribution, model, **change)


def test_what_does_not_fit_is_refused() -> None:
    attribution, model = linear("signal", SPACES["image"])
    e = attribution.explanation
    with pytest.raises(TypeError, match="attribution is a Explanation: it must be an Attribution"):
        wam.metrics.curve(e, model)
    with pytest.raises(ValueError, match="attribution has no samples"):
        wam.metrics.curve(e[:0].at(BASIS), model)
    third = explain(model, e.signal, target=2, method="saliency").signal_map()
    with pytest.raises(ValueError, match="explains class 2: model has 2 classes"):
        wam.metrics.curve(third, Linear(model.weight[:2]))
    with pytest.raises(ValueError, match="a softmax of one class"):
        wam.metrics.curve(attribution, nn.Sequential(Linear(model.weight[:1]), nn.Softmax(dim=1)))
    with pytest.raises(ValueError, match="returned NaN for an input"):
        wam.metrics.curve(attribution, lambda x: model(x) / x.abs().amax((1, 2, 3)).view(-1, 1))
    with pytest.raises(ValueError, match="returned 1 rows for"):
        wam.metrics.curve(attribution, lambda x: model(x[:1]))
    explainer = wam.Explainer(model, e.signal, show_progress=False)
    with pytest.raises(ValueError, match="front_end is given: model is an Explainer"):
        wam.metrics.curve(attribution, explainer, front_end=lambda x: x)
    same = wam.metrics.curve(attribution, explainer, steps=3)
    assert torch.equal(same.insertion, wam.metrics.curve(attribution, model, steps=3).insertion)
    features, classifier = linear("features", SPACES["audio"])
    with pytest.raises(ValueError, match="it must have one for each place of what the front end"):
        wam.metrics.curve(features, classifier, front_end=lambda x: x[..., :9].sum(1))
    with pytest.raises(ValueError, match="baseline is 'mean'"):
        masking(attribution, explainer.classifier, "mean")


def test_a_model_that_needs_its_own_layout_gets_it() -> None:
    class Viewing(nn.Module):
        def __init__(self, model: Linear) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answers: torch.Tensor = self.model(x.view(len(x), -1))
            return answers

    attribution, model = linear("basis", SPACES["image"])
    viewing = wam.metrics.curve(attribution, Viewing(model).eval(), steps=5)
    assert torch.equal(viewing.insertion, wam.metrics.curve(attribution, model, steps=5).insertion)
