"""What is in the distributions, and that they need no Node once they are made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.observe import Observed

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "wam_widgets"
MODULE_BUDGET = 150_000

# Uses the package from the folder given alone, whatever else is installed.
USE_WIDGET = """
import sys
folder = sys.argv[1]
sys.path.insert(0, folder)
import wam_widgets as wam
assert wam.__file__.startswith(folder), wam.__file__
example = wam.examples.image()
explorer = wam.explore(example.model, example.input, n_samples=2, show_progress=False)
explorer.to_html("installed.html")
print(len(explorer._module.code))
"""


def _hatchling(project: Path, *arguments: str, path: str | None = None) -> None:
    environment = {**os.environ, **({} if path is None else {"PATH": path})}
    command = [sys.executable, "-m", "hatchling", "build", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    _hatchling(ROOT, "-t", "sdist", "-t", "wheel", "-d", str(folder))
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (path,) = built.glob("*.tar.gz")
    return path


def _needed() -> set[str]:
    data = [path for path in (PACKAGE / "examples").rglob("*.safetensors")]
    assert data, "the embedded example has no weights"
    names = {f"wam_widgets/{path.relative_to(PACKAGE).as_posix()}" for path in data}
    return names | {
        "wam_widgets/py.typed",
        "wam_widgets/static/widget.js",
        "wam_widgets/static/report.js",
        "wam_widgets/static/gallery.js",
        "wam_widgets/static/study.js",
    }


def test_the_wheel_is_complete(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.getinfo("wam_widgets/static/widget.js").file_size <= MODULE_BUDGET
    assert _needed() <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"wam_widgets"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_is_complete(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert _needed() | {"js/src/entry/widget.ts", "js/package-lock.json"} <= names
    assert not [name for name in names if "node_modules" in name or ".venv" in name]


def test_a_wheel_from_the_sdist_needs_no_node(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(sdist, tmp_path)
    (project,) = tmp_path.iterdir()
    # Neither a Node to be found nor a build that could work, were it tried.
    (project / "js" / "build.mjs").write_text("throw new Error('the front end was built again')")
    _hatchling(project, "-t", "wheel", "-d", str(tmp_path / "again"), path=str(tmp_path))
    (again,) = (tmp_path / "again").glob("*.whl")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        name = "wam_widgets/static/widget.js"
        assert first.read(name) == second.read(name)


def test_the_installed_wheel_has_a_working_widget(
    wheel: Path, tmp_path: Path, offline_page: Observed
) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(tmp_path), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", USE_WIDGET, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # The wheel's module and the bank, which is more than nothing.
    module = (PACKAGE / "static" / "widget.js").read_text(encoding="utf-8")
    assert len(module) < int(done.stdout) < len(module) + 50_000
    offline_page.page.goto((tmp_path / "installed.html").as_uri())
    offline_page.page.wait_for_selector(".wam-root[data-state=ready]")
    assert not offline_page.errors
    assert not offline_page.requests
