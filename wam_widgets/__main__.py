"""Command line: ``python -m wam_widgets demo|report``."""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
import traceback
import warnings
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from wam_widgets.commands import demo, report
from wam_widgets.files import file_to_write

_PACKAGE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        output = file_to_write(options.output, "--output")
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
            options.run(options)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        if not _is_ours(error):
            raise
        print(f"error: {_in_a_line(error)}", file=sys.stderr)
        return 2
    print(f"Wrote {output.resolve()} ({output.stat().st_size / 1e6:.2f} MB)")
    if options.open and not show(output):
        print("Open it in a browser; it needs no network.")
    return 0


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
    for command in (demo, report):
        command.add(commands)
    for each in commands.choices.values():
        each.add_argument(
            "--no-open", dest="open", action="store_false", help="do not open it in a browser"
        )
    return parser


def _in_a_line(error: BaseException) -> str:
    """Return what went wrong, and with what."""
    words = " ".join(str(error).split()) or type(error).__name__
    notes = getattr(error, "__notes__", [])
    return f"{words} ({'; '.join(notes)})" if notes else words


def _is_ours(error: BaseException) -> bool:
    """Whether no code of the user's own took part: then the message says all.

    Where a model or its builder fails, its author needs to see where.
    """
    places = sysconfig.get_paths()
    known = [_PACKAGE, *(Path(places[key]).resolve() for key in ("stdlib", "purelib", "platlib"))]
    frames = (Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__))
    return all(
        frame.name.startswith("<") or any(frame.resolve().is_relative_to(place) for place in known)
        for frame in frames
    )


if __name__ == "__main__":
    sys.exit(main())
