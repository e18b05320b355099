"""The line of %wam: how it is split, read and completed; no shell."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from IPython.core.error import UsageError
from torch import nn

import wam_widgets as wam
from wam_widgets.completion import complete
from wam_widgets.magic_flags import ALIASES, ALL, FLAGS
from wam_widgets.magic_line import parse, parser, tokens
from wam_widgets.widgets.controls import CONTROLS

NAMESPACE = {
    "net": nn.Flatten(),
    "batch": torch.zeros(2, 3, 4, 4),
    "names": ["cat", "dog", "black-bird", "two words"],
    "rate": 16000,
    "torch": torch,
    "Kind": dict,
    "_hidden": torch.zeros(1),
}


def evaluate(argument: str, expression: str) -> Any:
    return eval(expression, dict(NAMESPACE))


def values(line: str, names: Any = None) -> dict[str, Any]:
    return parse(line).values(evaluate, names)


def test_every_argument_of_explore_is_a_flag_and_nothing_else() -> None:
    explore = set(inspect.signature(wam.explore).parameters)
    settings = set(inspect.signature(wam.explain).parameters)
    arguments = (explore | settings | set(CONTROLS)) - {"model_or_explanation", "x", "options"}
    assert set(ALL) - {"name", "help"} == arguments
    assert set(ALIASES.values()) <= set(ALL)


def test_help_has_a_line_for_every_flag_and_fits_a_narrow_window() -> None:
    text = parser().format_help()
    for name, flag in ALL.items():
        assert f"--{name.replace('_', '-')}" in text
        assert flag.about in text
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("", []),
        ("net  batch\t--level 3", ["net", "batch", "--level", "3"]),
        ("net batch[0, :2] --level 3", ["net", "batch[0, :2]", "--level", "3"]),
        ("f(g(x), [1, 2]) y", ["f(g(x), [1, 2])", "y"]),
        ("--title 'two ( words'", ["--title", "'two ( words'"]),
        (r"--title 'it\'s it' x", ["--title", r"'it\'s it'", "x"]),
        ("d['a b'] x", ["d['a b']", "x"]),
        ("net) x", ["net)", "x"]),
    ],
)
def test_lines_are_split_where_an_expression_may_end(line: str, parts: list[str]) -> None:
    found = tokens(line)
    assert [token.text for token in found] == parts
    assert [line[token.start : token.start + len(token.text)] for token in found] == parts


@pytest.mark.parametrize("line", ["net batch[0", "net 'batch", "net f(x, y", "net d['a]"])
def test_what_is_not_closed_is_said(line: str) -> None:
    assert not tokens(line)[-1].closed
    with pytest.raises(UsageError, match="a bracket or a quote is not closed"):
        parse(line)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("net x --wavelet db4 --level 3", {"family": "db4", "level": 3}),
        ("net x --n_samples rate//1000", {"n_samples": 16}),
        ("net x --method saliency", {"method": ["saliency"]}),
        ("net x --method=saliency,smoothgrad", {"method": ["saliency", "smoothgrad"]}),
        ("net x --panels 'spectrum, pyramid'", {"panels": ["spectrum", "pyramid"]}),
        (
            "net x --colour-map blue-red --background",
            {"colour_map": "blue-red", "background": True},
        ),
        ("net x --title 'Two words'", {"title": "Two words"}),
        ("net x --title plain", {"title": "plain"}),
        ("net x --objective logit", {"objective": "logit"}),
        ("net x --objective net.forward", {"objective": NAMESPACE["net"].forward}),
        ("net x --baselines blur", {"baselines": "blur"}),
        ("net x --baselines -0.5", {"baselines": -0.5}),
        ("net x --mean [0.5, 1 / 4]", {"mean": [0.5, 0.25]}),
        ("net x --channels 1", {"channels": "1"}),
        ("net x --target predicted", {"target": None}),
        ("net x --target 3", {"target": 3}),
        ("net x --target 3-5", {"target": (3, 5)}),
        ("net x --target [0, 1]", {"target": [0, 1]}),
        ("net x --target len(names)", {"target": 4}),
        (
            "net x --class-names names --target dog",
            {"class_names": NAMESPACE["names"], "target": 1},
        ),
    ],
)
def test_values_are_what_is_meant(line: str, wanted: dict[str, Any]) -> None:
    assert values(line) == wanted


def test_a_class_may_be_called_by_its_name() -> None:
    names = NAMESPACE["names"]
    assert values("e --target cat-dog", names) == {"target": (0, 1)}
    assert values("e --target black-bird", names) == {"target": 2}
    assert values("e --target black-bird-cat", names) == {"target": (2, 0)}
    assert values("e --target 'two words'", names) == {"target": 3}
    # A number is an index, whatever the classes are called.
    assert values("e --target 1", ["1", "0"]) == {"target": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("net x --nope 3", "unrecognized arguments: --nope 3; see %wam --help"),
        ("net x y", "unrecognized arguments: y"),
        ("net x --level", "expected one argument"),
        ("net x --lev 3", "unrecognized arguments"),
        ("net x --method smothgrad", r"--method is 'smothgrad': .* did you mean 'smoothgrad'\?"),
        ("net x --family dbb4", r"--family is 'dbb4': .*families\(\); did you mean 'db4'\?"),
        ("net x --colour-map jet", r"--colour-map is 'jet': it must be one of blue-red"),
        ("net x --panels overlay,x", "--panels is 'x': it must be one of overlay"),
        ("net x --name 2a", "--name is '2a': it must be the name of a variable"),
    ],
)
def test_a_slip_is_said_in_a_line(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        values(line)


def test_what_is_no_value_is_kept_apart() -> None:
    line = parse("net batch[0] --name kept --level 3")
    assert (line.first, line.x, line.name, line.help) == ("net", "batch[0]", "kept", False)
    assert dict(line.arguments) == {"level": "3"}
    assert parse("--help").help


def found(line: str, **more: Any) -> list[str]:
    return complete(line, {**NAMESPACE, **more})


def test_variables_of_the_right_kind_come_first() -> None:
    assert found("%wam ") == ["net", "batch", "names", "rate"]
    assert found("%wam net ") == ["batch", "net", "names", "rate"]
    assert found("%wam net ba") == ["batch"]
    assert found("%%wam n") == ["net", "names"]
    assert found("e = %wam net batch --class-names ") == ["names", "net", "batch", "rate"]
    assert found("%wam net batch --front-end ")[0] == "net"
    assert found("%wam net batch --sample-rate ra") == ["rate"]


def test_flags_follow_once_each() -> None:
    spelt = [f"--{name.replace('_', '-')}" for name in ALL]
    assert found("%wam net batch ") == spelt
    assert found("%wam net batch --me") == ["--method", "--mean"]
    assert found("%wam net batch --method saliency --me") == ["--mean"]
    assert found("%wam net batch --wav") == ["--wavelet"]
    assert found("%wam net batch --family db4 --wav") == []
    assert "--level" in found("%wam net batch --background --l")
    assert found("%wam --help --lev") == ["--level"]


def test_words_are_those_that_are_allowed() -> None:
    assert found("%wam net batch --method ") == [*wam.methods("gradient"), *wam.methods("signal")]
    assert found("%wam net batch --method=sm") == ["smoothgrad", "smooth_integrated_gradients"]
    assert found("%wam net batch --method saliency,int") == ["integrated_gradients"]
    assert found("%wam net batch --wavelet bior6") == ["bior6.8"]
    assert found("%wam net batch --mode sy") == ["symmetric"]
    assert found("%wam net batch --class-names names --target ") == [
        *("cat", "dog", "black-bird", "predicted"),
    ]
    assert found("%wam net batch --title ne") == []
    assert found("%wam net batch --level 3 --nope ") == [
        f"--{name.replace('_', '-')}" for name in ALL if name != "level"
    ]


def test_an_explanation_offers_what_it_holds() -> None:
    x = torch.rand(1, 1, 8, 8)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).eval()
    e = wam.explain(model, x, 1, "saliency", class_names=list("abc"))
    assert found("%wam e --method ", e=e) == ["saliency"]
    assert found("%wam e --target ", e=e) == ["1", "predicted"]
    assert found("%wam e --model net --method ", e=e) == [
        *wam.methods("gradient"),
        *wam.methods("signal"),
    ]
    assert found("%wam e ", e=e)[0] == "--target"
    assert found("%wam ", e=e)[:2] == ["net", "e"]


@pytest.mark.parametrize(
    "line",
    [
        "net ",
        "%wamm net ",
        "%wam net.",
        "%wam net batch[0].",
        "%wam net batch[",
        "%wam net batch --mean [ra",
        "%wam net batch --title 'a ne",
        "%wam net batch --objective net.",
        "%wam net batch x",
    ],
)
def test_elsewhere_python_goes_on(line: str) -> None:
    assert found(line) == []


def test_nothing_is_evaluated_to_complete() -> None:
    class Trap:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked for")

    assert found("%wam tr", trap=Trap()) == ["trap"]
    assert found("%wam net batch --class-names trap --target ", trap=Trap()) == ["predicted"]


def test_an_alias_is_written_in_the_help() -> None:
    assert "--family VALUE, --wavelet VALUE" in parser().format_help()
    assert set(FLAGS) == {
        *("what is explained", "where it begins", "sounds", "volumes", "result"),
    }
