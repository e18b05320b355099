"""``demo``: explain an embedded example and write it as one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wam_widgets.examples.example import Example

METHODS = ("smooth_integrated_gradients", "smoothgrad", "integrated_gradients")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a parser."""
    parser = commands.add_parser(
        "demo",
        help="explain an embedded example and write one offline HTML file",
        description="Explain the embedded picture, sound or volume and write one offline, "
        "interactive HTML file.",
    )
    parser.add_argument(
        "kind",
        nargs="?",
        choices=tuple(_WORDS),
        default="image",
        help="a picture (default), a sound or a volume",
    )
    parser.add_argument(
        "--output", default="demo.html", metavar="FILE", help="the file (default: demo.html)"
    )
    parser.set_defaults(run=lambda options: demo(Path(options.output).expanduser(), options.kind))


def demo(output: Path, kind: str = "image") -> None:
    """Explain the embedded picture, sound or volume and write it as one file."""
    import wam_widgets as wam
    from wam_widgets.widgets.explorer import front_end

    front_end("report.js")  # fail before computing, not after
    makers = {
        "image": wam.examples.image,
        "audio": wam.examples.audio,
        "volume": wam.examples.volume,
    }
    example = makers[kind]()
    explainer = wam.Explainer(example.model, example.input, **example.settings)
    # All that is in the input: the predicted class, and the others.
    assert explainer.logits is not None
    predicted = int(explainer.logits[0].argmax())
    classes = _classes(example)
    targets: list[int | None] = [None, *(k for k in classes if k != predicted)]
    explanation = explainer.empty()
    for target in targets:
        for method in METHODS:
            explanation = explanation.with_entry(explainer.explain(method, target).entry)
    explanation = explanation.select(METHODS[0], None)
    curves = [
        wam.metrics.curve(explanation.select(*key).at(), explainer) for key in explanation.entries
    ]
    names = ", ".join(sorted(example.class_names[k] for k in classes))
    verb, what = _WORDS[kind]
    explanation.with_curves(curves).to_html(
        output, title=f"What a {what} classifier {verb}: {names}" if names else None
    )


_WORDS = {
    "image": ("looks at", "texture"),
    "audio": ("hears", "sound"),
    "volume": ("looks at", "volume"),
}


def _classes(example: Example) -> list[int]:
    """Return the classes that are in the first sample of an example."""
    if example.events is not None:
        return sorted({event.label for event in example.events[0]})
    if example.truth is None:
        return []
    truth = example.truth if example.spacing is None else example.truth[0]
    return sorted(set(truth.flatten().tolist()) - {-1})
