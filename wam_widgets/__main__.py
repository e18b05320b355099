"""Command line: ``python -m wam_widgets demo [image|audio|volume]``."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wam_widgets.examples.example import Example

DEMO_METHODS = ("smooth_integrated_gradients", "smoothgrad", "integrated_gradients")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    output = Path(options.output).expanduser()
    if output.is_dir():
        return _fail(f"--output is {options.output}: a folder; it must be a file name")
    if not output.parent.is_dir():
        return _fail(f"--output is {options.output}: the folder {output.parent} does not exist")
    try:
        demo(output, options.kind)
    except OSError as error:
        return _fail(str(error))
    print(f"Wrote {output.resolve()} ({output.stat().st_size / 1e6:.2f} MB)")
    if options.open and not show(output):
        print("Open it in a browser; it needs no network.")
    return 0


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
    explainer = wam.Explainer(
        example.model,
        example.input,
        class_names=example.class_names,
        mean=example.mean,
        std=example.std,
        sample_rate=example.sample_rate,
        front_end=example.front_end,
        spacing=example.spacing,
        orientation=example.orientation,
    )
    # All that is in the input: the predicted class, and the others.
    assert explainer.logits is not None
    predicted = int(explainer.logits[0].argmax())
    classes = _classes(example)
    targets: list[int | None] = [None, *(k for k in classes if k != predicted)]
    explanation = explainer.empty()
    for target in targets:
        for method in DEMO_METHODS:
            explanation = explanation.with_entry(explainer.explain(method, target).entry)
    explanation = explanation.select(DEMO_METHODS[0], None)
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


def show(path: Path) -> bool:
    """Open a file in a browser where there is one to be seen; never waits, never fails."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False  # without a screen only a text browser could open, and it would block
    try:
        browser = webbrowser.get()
        if type(browser) is webbrowser.GenericBrowser:
            return False  # a text browser: it would take the terminal over
        return browser.open(path.resolve().as_uri())
    except (OSError, webbrowser.Error):
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wam_widgets", description="Wavelet attributions, to explore."
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    demo = commands.add_parser(
        "demo",
        help="explain an embedded example and write one offline HTML file",
        description="Explain the embedded picture, sound or volume and write one offline, "
        "interactive HTML file.",
    )
    demo.add_argument(
        "kind",
        nargs="?",
        choices=tuple(_WORDS),
        default="image",
        help="a picture (default), a sound or a volume",
    )
    demo.add_argument(
        "--output", default="demo.html", metavar="FILE", help="the file (default: demo.html)"
    )
    demo.add_argument(
        "--no-open", dest="open", action="store_false", help="do not open it in a browser"
    )
    return parser


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
