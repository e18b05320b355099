"""The line of the ``%wam`` magic: how it is split and what it means."""

from __future__ import annotations

import argparse
import ast
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from IPython.core.error import UsageError

from wam_widgets.magic_flags import ALIASES, ALL, FLAGS, Words
from wam_widgets.objectives import parse_target

__all__ = ["Line", "Token", "parse", "parser", "tokens"]

Evaluate = Callable[[str, str], Any]
"""Called with the name of an argument and an expression; returns its value."""


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
        return parse_target(text, names)
    except ValueError:
        return evaluate("target", text)


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        try:
            return str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            pass
    return text
