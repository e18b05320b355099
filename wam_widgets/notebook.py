"""The IPython extension: ``%load_ext wam_widgets``, then ``%wam model x`` and ``%%wam``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from IPython.core.error import TryNext, UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope

from wam_widgets.completion import MAGIC, complete, fragment
from wam_widgets.explanation import Explanation
from wam_widgets.magic_line import parse, parser
from wam_widgets.widgets.explore import explore
from wam_widgets.widgets.explorer import Explorer

__all__ = ["WamMagics", "load", "unload"]


@magics_class
class WamMagics(Magics):
    """The magics of this package."""

    @needs_local_scope
    @line_cell_magic
    def wam(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Explorer | None:
        # The docstring is the help, see below.
        __tracebackhide__ = True
        said = parse(line)
        if said.help or (said.first is None and cell is None):
            print(parser().format_help())
            return None
        if cell is not None and said.x is not None:
            raise UsageError("x is given twice, on the line and by the cell: leave one of them out")
        assert self.shell is not None
        user_ns = self.shell.user_ns
        # One namespace: what is nested in an expression sees no locals beside globals.
        namespace = {**user_ns, **(local_ns or {})}

        def evaluate(argument: str, expression: str) -> Any:
            return _evaluated(argument, expression, namespace)

        first: Any = None if said.first is None else evaluate("model", said.first)
        x = None if said.x is None else evaluate("x", said.x)
        known = first.class_names if isinstance(first, Explanation) else None
        arguments = said.values(evaluate, known)
        if cell is not None:
            # Last: a cell may take long, and a slip in its first line is found before.
            last = self._run(cell)
            first, x = (last, None) if said.first is None else (first, last)
        if x is None and not isinstance(first, Explanation):
            raise UsageError(f"x is missing: %wam {said.first or 'model'} x; see %wam --help")
        explorer = explore(first, x, **arguments)
        if said.name is not None:
            user_ns[said.name] = explorer
        return explorer

    def _run(self, cell: str) -> Any:
        """Run a cell as IPython does; return what its last line gives or assigns."""
        __tracebackhide__ = True
        shell: Any = self.shell  # whose methods have no annotations
        source = shell.transform_cell(cell)
        tree = shell.transform_ast(shell.compile.ast_parse(source))
        last = tree.body[-1] if tree.body else None
        target = last.targets[0] if isinstance(last, ast.Assign) else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        elif not isinstance(target, ast.Name):
            raise UsageError(
                "the cell gives no input: its last line must be an expression, or assign a variable"
            )
        # Known to IPython by this name, so that an error in the cell shows its lines.
        name = shell.compile.cache(source, shell.execution_count)
        exec(compile(tree, name, "exec"), shell.user_ns)
        if isinstance(last, ast.Expr):
            return eval(compile(ast.Expression(last.value), name, "eval"), shell.user_ns)
        assert isinstance(target, ast.Name)
        return shell.user_ns[target.id]


WamMagics.wam.__doc__ = parser().format_help()


def load(shell: InteractiveShell) -> None:
    """Register the magics and their completion."""
    unload(shell)
    shell.register_magics(WamMagics)
    try:
        shell.Completer.custom_matchers.append(_matcher(shell))
    except ImportError:  # IPython before 8.6, as on Colab
        set_hook: Any = shell.set_hook  # has no annotations
        set_hook("complete_command", _complete, re_key=MAGIC)


def unload(shell: InteractiveShell) -> None:
    """Take away what :func:`load` registered."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("wam", None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != _OURS]
    shell.strdispatchers["complete_command"].regexs.pop(re.compile(MAGIC), None)


_OURS = "wam_widgets"


def _matcher(shell: InteractiveShell) -> Any:
    """Return what completes lines of the magic, and keeps names of Python out of its words.

    The hook of older versions of IPython still works in newer ones, but cannot do the latter.
    """
    from IPython.core.completer import SimpleCompletion, context_matcher

    def match(context: Any) -> dict[str, Any]:
        *above, _ = context.full_text.split("\n")[: context.cursor_line + 1]
        before = context.text_until_cursor
        while above and above[-1].endswith("\\"):
            before = above.pop()[:-1] + before
        found = complete(before, _variables(shell))
        kinds = (_kind(word, shell) for word in found)
        return {
            "completions": [
                SimpleCompletion(text=word, type=kind)
                for word, kind in zip(found, kinds, strict=True)
            ],
            "matched_fragment": fragment(before),
            "ordered": True,
            "suppress": bool(found),
        }

    describe: Any = context_matcher(identifier=_OURS)  # has no annotations
    return describe(match)


def _kind(word: str, shell: InteractiveShell) -> str:
    """Return what a front end is to write beside a completion."""
    if word.startswith("--"):
        return "param"
    return "instance" if word in shell.user_ns else "keyword"


def _complete(shell: InteractiveShell, event: Any) -> list[str]:
    found = complete(event.text_until_cursor, _variables(shell))
    if not found:
        raise TryNext
    return found


def _variables(shell: InteractiveShell) -> dict[str, Any]:
    """Return what the reader defined, not what IPython put there."""
    hidden = shell.user_ns_hidden
    return {name: value for name, value in shell.user_ns.items() if name not in hidden}


def _evaluated(argument: str, expression: str, namespace: dict[str, Any]) -> Any:
    try:
        return eval(compile(expression, f"<{argument} of %wam>", "eval"), namespace)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"{argument} is {expression!r}: {reason}") from error
