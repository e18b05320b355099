"""The line of the ``%wam`` magic: its flags, how it is split and what it means."""

from __future__ import annotations

import argparse
import ast
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from IPython.core.error import UsageError

from wam_widgets.attribution import MASKS, RANKINGS
from wam_widgets.objectives import OBJECTIVES, parse_target
from wam_widgets.schedule import methods
from wam_widgets.wavelets import MODES, families
from wam_widgets.widgets.controls import COLOUR_MAPS, OVERLAYS, PANELS
from wam_widgets.widgets.listening import SOURCES
from wam_widgets.widgets.viewing import PROJECTIONS, RENDERINGS

__all__ = ["FLAGS", "Flag", "Line", "Token", "parse", "parser", "tokens"]

Words = Sequence[str]
Evaluate = Callable[[str, str], Any]
"""Called with the name of an argument and an expression; returns its value."""


@dataclass(frozen=True)
class Flag:
    """A flag that takes one value.

    Attributes
    ----------
    about : str
        One line of help.
    kind : {"value", "word", "words", "either", "text", "switch"}
        A Python expression; one of `words`; several of them with commas between; one of them or an
        expression; any text; or no value at all.
    words : function
        The words there are; it is called late, since the families take a moment.
    """

    about: str
    kind: str = "value"
    words: Callable[[], Words] = tuple


def _word(about: str, words: Words, kind: str = "word") -> Flag:
    return Flag(about, kind, lambda: words)


_CHANNELS = ("sum", "magnitude")
_ALL_PANELS = tuple(dict.fromkeys(name for names in PANELS.values() for name in names))

FLAGS: Mapping[str, Mapping[str, Flag]] = {
    "what is explained": {
        "target": Flag("class, its name, a pair such as 3-5, or one for each sample", "target"),
        "method": _word("one or several, with commas between", methods(), "words"),
        "objective": _word("what of the output; or a function of it", OBJECTIVES, "either"),
        "baselines": _word("where paths begin: blur, a number or a tensor", ("blur",), "either"),
        "n_steps": Flag("points of integrated gradients"),
        "n_samples": Flag("points of the methods with noise"),
        "noise_level": Flag("standard deviation, as a fraction of the range of x"),
        "multiply_by_inputs": Flag("False: gradients alone"),
        "modality": _word("where the shape of x does not tell", tuple(PANELS)),
        "class_names": Flag("one for each class"),
        "mean": Flag("shown = x * std + mean, for each channel"),
        "std": Flag("see --mean"),
        "internal_batch_size": Flag("points in one pass of the model"),
        "autocast": Flag("data type to run the model in"),
        "seed": Flag("of the noise"),
        "show_progress": Flag("False: no progress bar"),
        "model": Flag("with an explanation: what computes more"),
    },
    "where it begins": {
        "family": Flag("wavelet, such as db4", "word", families),
        "level": Flag("number of scales"),
        "mode": _word("boundary mode", MODES),
        "keep": Flag("share of the coefficients that is kept"),
        "ranking": _word("order of the coefficients", RANKINGS),
        "mask": _word("what becomes of those that are kept", MASKS),
        "scales": Flag("those that are not muted, such as [0, 3]; 0 is the approximation"),
        "selection": Flag("brushed part of x"),
        "channels": _word("how they are put together; or one of them", _CHANNELS, "text"),
        "colour_map": _word("colours of the pyramid", COLOUR_MAPS),
        "overlay": _word("what is drawn over x", OVERLAYS),
        "sample": Flag("which one of a batch"),
        "panels": _word("some of them, with commas between", _ALL_PANELS, "words"),
    },
    "sounds": {
        "sample_rate": Flag("in Hz"),
        "front_end": Flag("what turns a sound into what the model takes"),
        "source": _word("what is heard, or drawn of a volume", SOURCES),
        "gains": Flag("faders of the scales in dB"),
        "volume": Flag("loudness, from 0 to 1"),
        "playback_rate": Flag("speed"),
        "match_loudness": Flag("True: parts are as loud as the original"),
        "loop": Flag("True: again and again"),
        "cycle_spins": Flag("shifted transforms that are averaged"),
    },
    "volumes": {
        "spacing": Flag("voxel size in mm"),
        "orientation": Flag("where its axes go, such as RAS", "text"),
        "camera": Flag("where it is looked at from"),
        "projection": _word("with or without foreshortening", PROJECTIONS),
        "rendering": _word("layers, or the largest value", RENDERINGS),
        "threshold": Flag("attribution below is not drawn"),
        "crosshair": Flag("voxel through which the slices go"),
        "window": Flag("values that are drawn black and white"),
        "clip": Flag("part of each axis that is drawn"),
        "transfer": Flag("how opaque a value is"),
    },
    "result": {
        "title": Flag("what it is about", "text"),
        "background": Flag("return at once and compute behind the widget", "switch"),
        "name": Flag("variable to keep the Explorer in", "text"),
        "help": Flag("show this help", "switch"),
    },
}
"""All flags by group: the arguments of explore, its controls and settings, with underscores."""

ALL = {name: flag for group in FLAGS.values() for name, flag in group.items()}
ALIASES = {"wavelet": "family"}

_ABOUT = """\
Explain a decision of a model, or show an explanation, in linked panels.

  %wam model x              explain the input x and explore it
  %wam explanation          explore what was explained before
  explorer = %wam model x   keep the Explorer
  %%wam model               the same; the input is what the last line of the cell gives or assigns
"""
_EPILOG = """\
Where there are no fixed words a value is a Python expression, as model and x are; one with spaces
outside brackets goes in parentheses: %wam net batch[0, :3] --objective (lambda y: y[:, 0]).
{expression} and $name are replaced by their value first, as in every magic. The flags are the
arguments of wam_widgets.explore, where they are explained; defaults are in wam_widgets.options.
"""


class _Parser(argparse.ArgumentParser):
    """Complains as a magic does, instead of leaving Python."""

    color = False  # of Python 3.14: codes for a terminal have no place in a docstring

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see %wam --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser, which also writes the help."""
    made = _Parser(
        prog="%wam",
        usage="%(prog)s [model or explanation] [x] [flags]",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=30, width=100
        ),
        add_help=False,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    made.add_argument("first", nargs="?", help="a model or an explanation", metavar="model")
    made.add_argument("x", nargs="?", help="the input, with a model")
    for title, flags in FLAGS.items():
        group = made.add_argument_group(title)
        for name, flag in flags.items():
            names = [name, *(alias for alias, of in ALIASES.items() if of == name)]
            spelt = [f"--{one.replace('_', '-')}" for one in names]
            if flag.kind == "switch":
                group.add_argument(*spelt, dest=name, action="store_true", help=flag.about)
            else:
                metavar = "TEXT" if flag.kind == "text" else "VALUE"
                group.add_argument(*spelt, dest=name, metavar=metavar, help=flag.about)
    return made


@dataclass(frozen=True)
class Token:
    """A part of the line, and whether brackets and quotes in it are closed."""

    text: str
    start: int
    closed: bool = True


def tokens(line: str) -> list[Token]:
    """Split a line at spaces, but not within brackets or quotes: at what may end an expression."""
    found: list[Token] = []
    start, depth, quote = -1, 0, ""
    for i, character in enumerate([*line, " "]):
        escaped = i > 0 and line[i - 1] == "\\"
        if quote:
            quote = "" if character == quote and not escaped else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        if start < 0 and not character.isspace():
            start = i
        ends = character.isspace() and depth <= 0 and not quote
        if start >= 0 and (ends or i == len(line)):
            found.append(Token(line[start:i], start, depth <= 0 and not quote))
            start = -1
    return found


@dataclass(frozen=True)
class Line:
    """What a line says, as text that was not evaluated yet.

    Attributes
    ----------
    first, x : str or None
        The expressions for the model or explanation, and for the input.
    arguments : mapping
        Of :func:`wam_widgets.explore`, by name.
    name : str or None
        The variable to keep the Explorer in.
    help : bool
        Whether help is all that is wanted.
    """

    first: str | None
    x: str | None
    arguments: Mapping[str, str | bool]
    name: str | None
    help: bool

    def values(self, evaluate: Evaluate, names: Any = None) -> dict[str, Any]:
        """Return the arguments as they are passed on.

        `names` are those of the classes where the line does not give them.
        """
        read = {name: _value(name, text, evaluate) for name, text in self.arguments.items()}
        if "target" in read:
            read["target"] = _target(read["target"], read.get("class_names", names), evaluate)
        return read


def parse(line: str) -> Line:
    """Read a line.

    Raises
    ------
    UsageError
        With what is wrong in it.
    """
    found = tokens(line)
    if found and not found[-1].closed:
        raise UsageError(f"{found[-1].text!r}: a bracket or a quote is not closed")
    read = vars(parser().parse_args([_hyphens(token.text) for token in found]))
    name = _unquoted(read.pop("name", "")) or None
    if name is not None and not name.isidentifier():
        raise UsageError(f"--name is {name!r}: it must be the name of a variable")
    first, x, help = (read.pop(each, None) for each in ("first", "x", "help"))
    return Line(first, x, read, name, bool(help))


def _hyphens(token: str) -> str:
    return re.sub(r"^--[\w-]+", lambda name: name[0].replace("_", "-"), token)


def _value(name: str, text: str | bool, evaluate: Evaluate) -> Any:
    flag = ALL[name]
    if isinstance(text, bool):
        return text
    plain = _unquoted(text)
    if flag.kind == "words":
        return [_known(name, part.strip(), flag.words()) for part in plain.split(",")]
    if flag.kind == "word":
        return _known(name, plain, flag.words())
    if flag.kind in ("text", "target") or (flag.kind == "either" and plain in flag.words()):
        return plain
    return evaluate(name, text)


def _known(name: str, word: str, words: Words) -> str:
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    there = "a name of wam_widgets.families()" if name == "family" else f"one of {', '.join(words)}"
    raise UsageError(f"--{name.replace('_', '-')} is {word!r}: it must be {there}{hint}")


def _target(text: str, names: Any, evaluate: Evaluate) -> Any:
    """Return a class, a pair to contrast, what an expression gives, or None for the predicted."""
    try:
        return parse_target(text)
    except ValueError:
        pass
    index = {str(name): i for i, name in enumerate(names or ())}
    if text in index:
        return index[text]
    for dash in re.finditer("-", text):
        pair = text[: dash.start()], text[dash.end() :]
        if all(part in index for part in pair):
            return index[pair[0]], index[pair[1]]
    return evaluate("target", text)


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        try:
            return str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            pass
    return text
