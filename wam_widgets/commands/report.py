"""``report``: explain files with models of the user's own and write one file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

_EXAMPLE = """\
model.py:build is a function that returns a model, or a mapping with "model" and
settings of wam_widgets.explain, such as class_names, mean, std, front_end,
sample_rate. It may also have
  "size"  height and width to which pictures are scaled and cropped,
  "mono"  whether channels of sounds are mixed (default: yes),
  "load"  a function from the path of a file to the model's input.
Without "load" models take [N, C, H, W], sounds [N, C, T], volumes [N, C, D, H, W].

Explanations that were saved (.safetensors) are shown as they are, and need no model:
  python -m wam_widgets report why.safetensors other.safetensors
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a parser."""
    parser = commands.add_parser(
        "report",
        help="explain files with your own model and write one offline HTML file",
        description="Explain pictures, sounds and volumes with your own models and write one "
        "offline, interactive HTML file, with a section for each input.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def model(name: str) -> str:
        # Optional arguments before others are misread where flags stand between them.
        inputs.required = not _saved(name)
        return name

    parser.add_argument(
        "model", metavar="model.py:build", type=model, help="a function that gives the model"
    )
    inputs = parser.add_argument(
        "inputs",
        metavar="input",
        nargs="+",
        default=[],
        help="picture, sound, volume or saved explanation",
    )
    parser.add_argument(
        "--beside",
        metavar="MODEL",
        action="append",
        default=[],
        help="another model.py:build, shown beside the first with linked controls; repeatable",
    )
    parser.add_argument(
        "--method",
        action="append",
        help="gradient or map of wam_widgets.methods(); repeatable",
        metavar="NAME",
    )
    parser.add_argument(
        "--target",
        action="append",
        help="class index or name, two to contrast (3-5, cat-dog), or predicted (default); "
        "repeatable",
    )
    parser.add_argument(
        "--class-names", metavar="FILE", help="a text file with one name a line (UTF-8)"
    )
    parser.add_argument("--samples", type=int, help="passes of methods with noise", metavar="N")
    parser.add_argument("--steps", type=int, help="steps of integrated gradients", metavar="N")
    parser.add_argument(
        "--curves", action="store_true", help="measure insertion and deletion curves as well"
    )
    parser.add_argument("--title", help="of the page")
    parser.add_argument("--notes", metavar="FILE", help="Markdown at the top of the page (UTF-8)")
    parser.add_argument(
        "--output", default="report.html", metavar="FILE", help="the file (default: report.html)"
    )
    parser.set_defaults(run=report)


def report(options: argparse.Namespace) -> None:
    """Explain every input with every model and write the file."""
    import wam_widgets as wam
    from wam_widgets.commands.inputs import build, read
    from wam_widgets.widgets.explorer import front_end

    front_end("report.js")  # fail before computing, not after
    notes = None if options.notes is None else _text(options.notes, "--notes")
    names = _models(options)
    models = [build(name) for name in names]
    settings: dict[str, Any] = {}
    if options.class_names is not None:
        settings["class_names"] = _text(options.class_names, "--class-names").splitlines()
    for key, value in (("n_samples", options.samples), ("n_steps", options.steps)):
        if value is not None:
            settings[key] = value
    rows = []
    for path in map(Path, options.inputs):
        if _saved(path):
            rows.append([wam.Section(wam.load(path), path.name)])
            continue
        row = []
        for built in models:
            x, known = read(path, built)
            try:
                explanation = _explained(
                    built.model, x, {**known, **built.settings, **settings}, options
                )
            except Exception as error:
                error.add_note(f"input {str(path)!r}, model {built.name!r}")
                raise
            title = path.name if len(models) == 1 else f"{path.name}: {built.name}"
            row.append(wam.Section(explanation, title))
        rows.append(row)
    wam.report(rows, options.output, title=options.title, notes=notes)


def _saved(path: str | Path) -> bool:
    return str(path).lower().endswith(".safetensors")


def _models(options: argparse.Namespace) -> list[str]:
    """Return the names of the models; saved explanations alone need none."""
    if not _saved(options.model):
        return [options.model, *options.beside]
    options.inputs.insert(0, options.model)
    others = [name for name in options.inputs if not _saved(name)]
    if others or options.beside:
        raise ValueError(
            f"model is {options.model!r}: a saved explanation; with {(others or options.beside)[0]}"
            " the first argument must be model.py:build"
        )
    given = [f"--{name.replace('_', '-')}" for name in _COMPUTING if getattr(options, name)]
    if given:
        raise ValueError(f"{given[0]} needs a model: saved explanations are shown as they are")
    return []


_COMPUTING = ("method", "target", "class_names", "samples", "steps", "curves")


def _explained(
    model: Any, x: Any, settings: dict[str, Any], options: argparse.Namespace
) -> Explanation:
    import wam_widgets as wam
    from wam_widgets.explaining import explain_all, method_names, with_gradient
    from wam_widgets.maps import SignalMap, signal_map

    explainer = wam.Explainer(model, x, **settings)
    names = with_gradient(method_names(options.method))
    targets = _targets(options.target, explainer.class_names)
    explanation = explain_all(explainer, names, targets)
    if not options.curves:
        return explanation
    ranked: list[wam.Attribution | SignalMap] = [
        explanation.select(*key).at() for key in explanation.entries
    ]
    for found in explanation.maps:
        ranked.append(signal_map(explanation, found.method, found.target, found.domain))
    return explanation.with_curves(wam.metrics.curve(one, explainer) for one in ranked)


def _targets(words: Sequence[str] | None, names: Sequence[str] | None) -> list[Any]:
    """Return what is to be explained."""
    from wam_widgets.objectives import parse_target

    return [parse_target(word, names) for word in words or ("predicted",)]


def _text(path: str, argument: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(f"{argument} is {path!r}: there is no such file") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{argument} is {path!r}: a folder; it must be a file") from None
    except UnicodeDecodeError:
        raise ValueError(f"{argument} is {path!r}: it must be text in UTF-8") from None
