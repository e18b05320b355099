"""%wam and %%wam in a real IPython shell, and in a real kernel."""

from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.manager import start_new_kernel
from traitlets import TraitError
from traitlets.config import Config

import wam_widgets as wam
from tests.connection import Explore
from tests.models import Recorder, convolutional, random
from wam_widgets.magic_line import parser


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A shell that knows nothing of the user's own settings and history, and draws no pictures."""
    off = {"enabled": False}
    config = Config({"HistoryManager": off, "MimeBundleFormatter": off})
    # With every reset IPython has everything searched for garbage; what there is by now stays.
    gc.freeze()
    shell: Any = InteractiveShell  # has no annotations
    with pytest.MonkeyPatch.context() as patch:
        # It takes the place of the main module, which processes that are spawned later look at.
        patch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        yield shell(ipython_dir=str(tmp_path_factory.mktemp("ipython")), config=config)


@pytest.fixture(scope="module")
def e() -> wam.Explanation:
    return wam.explain(convolutional(2), random(1, 2, 16, 12), method=["saliency", "smoothgrad"])


@pytest.fixture
def shell(fresh: Any, e: wam.Explanation, explore: Explore) -> Iterator[Any]:
    """The extension loaded, a model and inputs, and the stand-ins for what shows a widget."""
    fresh.reset(new_session=True)
    names = {"net": convolutional(2), "batch": random(2, 2, 16, 12), "names": ["a", "b", "c"]}
    fresh.user_ns.update(names, e=e)
    fresh.extension_manager.load_extension("wam_widgets")
    yield fresh
    fresh.extension_manager.unload_extension("wam_widgets")


def run(shell: Any, cell: str) -> Any:
    with capture_output() as captured:
        result = shell.run_cell(cell)
    result.raise_error()
    assert "Error" not in captured.stderr
    return result.result


def said(shell: Any, cell: str) -> str:
    """What a cell that fails says to the reader."""
    with capture_output() as captured:
        assert not shell.run_cell(cell).success
    text: str = captured.stdout + captured.stderr
    return text


def completions(shell: Any, text: str) -> list[tuple[str, str]]:
    """What stands there after each completion of a text, and of which type it is."""
    with provisionalcompleter():
        return [
            (text[: found.start] + found.text + text[found.end :], found.type)
            for found in shell.Completer.completions(text, len(text))
        ]


def test_a_model_and_an_input_are_explored(shell: Any) -> None:
    line = "%wam net batch[0, :] --method saliency,smoothgrad --wavelet sym2 --level 1 --target 2"
    explorer = run(
        shell, line + " --class-names names --n-samples 2 --keep 1/4 --title 'Two words'"
    )
    assert isinstance(explorer, wam.Explorer)
    assert explorer.explanation.methods == ("saliency", "smoothgrad")
    assert explorer.explanation.class_names == ("a", "b", "c")
    assert (explorer.method, explorer.target) == ("saliency", "2")
    assert (explorer.family, explorer.level, explorer.keep) == ("sym2", 1, 0.25)
    assert len(explorer.explanation) == 1


def test_maps_are_asked_for_beside_a_gradient(shell: Any) -> None:
    line = "%wam net batch --method saliency,occlusion --sliding-window-shapes 4 --strides [4,2]"
    (found,) = run(shell, line).explanation.maps
    assert (found.method, found.settings["sliding_window_shapes"]) == ("occlusion", 4)
    assert found.settings["strides"] == "4, 2"


def test_what_is_not_said_is_as_in_the_options(shell: Any) -> None:
    with wam.options(method="saliency", family="db3", keep=0.7):
        explorer = run(shell, "%wam net batch")
    assert (explorer.method, explorer.family, explorer.keep) == ("saliency", "db3", 0.7)


def test_an_explanation_is_explored(shell: Any) -> None:
    explorer = run(shell, "%wam e --method smoothgrad --family haar")
    assert (explorer.method, explorer.family) == ("smoothgrad", "haar")
    live = run(shell, "%wam e --model net --target 1")
    assert live.target == "1"


def test_an_argument_wins_over_what_is_selected(explore: Explore, e: wam.Explanation) -> None:
    """Of an explanation without a model, too."""
    assert e.method == "saliency"
    assert explore(e).method == "saliency"
    assert explore(e, method="smoothgrad").method == "smoothgrad"
    with pytest.raises(TraitError, match="method is 'integrated_gradients': it must be one of sal"):
        explore(e, method="integrated_gradients")
    with pytest.raises(TraitError, match="target is '1': it must be one of predicted"):
        explore(e, target=1)


def test_it_can_be_kept(shell: Any) -> None:
    run(shell, "kept = %wam net batch --method saliency")
    assert isinstance(shell.user_ns["kept"], wam.Explorer)
    assert run(shell, "%wam e --name named") is shell.user_ns["named"]


def test_lines_may_go_on_and_stand_in_loops_and_functions(shell: Any) -> None:
    explorer = run(shell, "%wam net batch \\\n  --method saliency \\\n  --family haar")
    assert explorer.family == "haar"
    loop = "for name in ('haar', 'db2'):\n    one = %wam e --family {name}\n    made.append(one)"
    run(shell, f"made = []\n{loop}")
    assert [each.family for each in shell.user_ns["made"]] == ["haar", "db2"]
    local = "def f(inner, share):\n    return get_ipython().run_line_magic('wam', %r)\nf(e, 0.6)"
    assert run(shell, local % "inner --keep share").keep == 0.6
    nested = "inner --scales [index for index in (0, 1) if index < share + 1]"
    assert run(shell, local % nested).scales == [0, 1]


@pytest.mark.parametrize(
    "cell",
    [
        "%%wam net --method saliency\nmade = batch * 2\nmade",
        "%%wam net --method saliency\nmade = batch * 2",
        "%%wam net --method saliency\n# a comment\nfrom math import sqrt\nmade = batch * sqrt(4)\n",
    ],
)
def test_a_cell_makes_the_input(shell: Any, cell: str) -> None:
    explorer = run(shell, cell)
    made = shell.user_ns["made"]
    assert made.equal(2 * shell.user_ns["batch"])
    assert explorer.explanation.signal.equal(made)


def test_a_cell_may_be_all_there_is(shell: Any) -> None:
    assert run(shell, "%%wam --family haar --name kept\ne").family == "haar"
    assert shell.user_ns["kept"].explanation.methods == ("saliency", "smoothgrad")


def test_other_magics_work_in_a_cell(shell: Any) -> None:
    run(shell, "%%wam net --method saliency\nplace = %pwd\nbatch")
    assert shell.user_ns["place"] == str(Path.cwd())


def test_an_error_in_a_cell_shows_its_line_and_not_ours(shell: Any) -> None:
    text = said(shell, "%%wam net\nzero = 0\none = 1 / zero\nbatch")
    assert "ZeroDivisionError" in text
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert "----> 2 one = 1 / zero" in plain
    assert "notebook.py" not in plain


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%wam net", "UsageError: x is missing: %wam net x; see %wam --help"),
        ("%wam net batsh", "UsageError: x is 'batsh': NameError: name 'batsh' is not defined"),
        ("%wam net batch[", "UsageError: 'batch[': a bracket or a quote is not closed"),
        ("%wam net batch --level 1+", "UsageError: level is '1+': SyntaxError"),
        ("%wam net batch --methods x", "UsageError: unrecognized arguments: --methods x"),
        ("%%wam net batch\nbatch", "UsageError: x is given twice, on the line and by the cell"),
        ("%%wam net\nimport math", "UsageError: the cell gives no input: its last line must be"),
        ("%%wam net\n# nothing", "UsageError: the cell gives no input"),
        ("%wam 3 batch", "model is a int: the first argument must be a model or an explanation"),
        ("%wam e --keep 2", "keep is 2.0: it must be from 0 to 1"),
    ],
)
def test_slips_are_said(shell: Any, cell: str, message: str) -> None:
    assert message in said(shell, cell)


def test_a_slip_in_the_line_is_found_before_the_cell_is_run(shell: Any) -> None:
    assert "did you mean" in said(shell, "%%wam net --method salency\nran = True\nbatch")
    assert "ran" not in shell.user_ns


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--level 40", "level is 40"),
        ("--family db2 --scales [7]", "scales has 7"),
        ("--keep 2", "keep"),
    ],
)
def test_a_control_that_is_not_allowed_is_found_before_computing(
    shell: Any, flags: str, message: str
) -> None:
    shell.user_ns["net"] = recorder = Recorder(convolutional(2))
    assert message in said(shell, f"%wam net batch {flags}")
    # To know the prediction; 25 more would have followed.
    assert len(recorder.seen) == 1


@pytest.mark.parametrize("line", ["%wam", "%wam --help", "%%wam --help\nbatch"])
def test_help_is_shown(shell: Any, line: str) -> None:
    with capture_output() as captured:
        assert shell.run_cell(line).result is None
    assert captured.stdout.strip() == parser().format_help().strip()


def test_the_question_mark_shows_the_same_help(shell: Any) -> None:
    data = shell.object_inspect_mime("%wam")["text/plain"]
    assert parser().format_help().strip() in data


def test_words_are_completed_and_nothing_else_is_offered(shell: Any) -> None:
    line = "%wam net batch --me"
    assert completions(shell, line) == [
        ("%wam net batch --method", "param"),
        ("%wam net batch --mean", "param"),
    ]
    assert completions(shell, "%wam net batch --method=saliency,sm") == [
        ("%wam net batch --method=saliency,smoothgrad", "keyword"),
        ("%wam net batch --method=saliency,smooth_integrated_gradients", "keyword"),
    ]
    assert completions(shell, "%wam net ba") == [("%wam net batch", "instance")]
    assert ("%wam net batch --wavelet bior1.3", "keyword") in completions(
        shell, "%wam net batch --wavelet bior1."
    )
    assert [text for text, _ in completions(shell, "%wam ")][:2] == ["%wam net", "%wam e"]


def test_completion_knows_where_the_line_began(shell: Any) -> None:
    for begin in ("kept = %wam e", "x = 1\nif x:\n    %wam e", "%wam net \\\n  batch", "%%wam e"):
        assert completions(shell, begin + " --colour") == [(begin + " --colour-map", "param")]


def test_attributes_are_completed_by_python(shell: Any) -> None:
    assert "%wam net e.signal" in [text for text, _ in completions(shell, "%wam net e.sig")]
    assert "%wamm --method" not in [text for text, _ in completions(shell, "%wamm --me")]


@pytest.mark.filterwarnings("ignore:.*complete. is pending deprecation")
def test_the_hook_of_older_versions_completes_too(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.run_line_magic("unload_ext", "wam_widgets")
    monkeypatch.delattr("IPython.core.completer.SimpleCompletion")
    shell.run_line_magic("load_ext", "wam_widgets")
    monkeypatch.undo()

    def hooked(line: str) -> Any:
        return shell.complete(None, line, len(line))[1]

    for begin in ("%wam net batch", "kept = %wam net batch", "%%wam net"):
        assert hooked(begin + " --met") == ["--method"]
    assert hooked("%wam net batch --method sal") == ["saliency"]


def test_what_is_shown_does_not_depend_on_the_version_of_ipywidgets(
    e: wam.Explanation, explore: Explore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 7, that of Colab, shows widgets by itself, and then only them."""
    monkeypatch.setattr(ipywidgets.Widget, "_ipython_display_", lambda self: None, raising=False)
    formatter: Any = DisplayFormatter  # has no annotations
    data, _ = formatter().format(explore(e))
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= set(data)


def test_nothing_is_left_when_it_is_unloaded(shell: Any) -> None:
    shell.run_line_magic("reload_ext", "wam_widgets")
    assert len(shell.Completer.custom_matchers) == 1
    shell.run_line_magic("unload_ext", "wam_widgets")
    assert shell.Completer.custom_matchers == []
    assert "wam" not in shell.magics_manager.lsmagic()["line"]
    assert "wam" not in shell.magics_manager.lsmagic()["cell"]
    assert "--method" not in str(completions(shell, "%wam net batch --me"))
    shell.run_line_magic("load_ext", "wam_widgets")
    assert isinstance(run(shell, "%wam e"), wam.Explorer)


KERNEL_SETUP = """
%load_ext wam_widgets
from wam_widgets import examples
example = examples.image()
net, x = example.model, example.input
"""


def test_in_a_kernel(tmp_path: Path) -> None:
    """Over the wire: what is shown, what is completed, what shift-tab shows."""
    manager, client = start_new_kernel(extra_arguments=[f"--IPython.ipython_dir={tmp_path}"])
    try:
        shown: list[dict[str, Any]] = []

        def execute(code: str) -> None:
            def hook(message: dict[str, Any]) -> None:
                if message["msg_type"] == "error":
                    raise AssertionError(message["content"]["traceback"])
                if message["msg_type"] in ("execute_result", "display_data"):
                    shown.append(message["content"]["data"])

            client.execute_interactive(code, timeout=120, output_hook=hook)

        execute(KERNEL_SETUP)
        assert shown == []
        execute("%wam net x --method saliency --show-progress False")
        (bundle,) = shown
        assert "application/vnd.jupyter.widget-view+json" in bundle and "image/png" in bundle
        reply = client.complete("%wam net x --me", reply=True, timeout=60)["content"]
        assert reply["matches"] == ["--method", "--mean"]
        assert (reply["cursor_start"], reply["cursor_end"]) == (11, 15)
        reply = client.inspect("%wam net", 3, reply=True, timeout=60)["content"]
        assert reply["found"] and "--colour-map VALUE" in json.dumps(reply["data"])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
