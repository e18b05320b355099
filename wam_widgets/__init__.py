"""See what a neural network uses, at every scale, live in a notebook.

>>> import wam_widgets as wam
>>> explanation = wam.explain(model, x)          # doctest: +SKIP
>>> explanation.at("db4", level=3).spectrum()    # doctest: +SKIP
>>> wam.explore(model, x)                        # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from wam_widgets.attributing import attribute
from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import methods
from wam_widgets.coefficients import Coefficients
from wam_widgets.explainer import Explainer
from wam_widgets.explaining import explain
from wam_widgets.explanation import Curve, Entry, Explanation, MapEntry
from wam_widgets.maps import SignalMap
from wam_widgets.options import Options, options
from wam_widgets.wavelets import Basis, families

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from wam_widgets import (
        audio,
        components,
        examples,
        figures,
        front_ends,
        metrics,
        separation,
        volume,
    )
    from wam_widgets.reports import Section, report, report_size
    from wam_widgets.storage import StorageError, load
    from wam_widgets.studies.evaluating import evaluate
    from wam_widgets.studies.study import Study, study
    from wam_widgets.widgets.explore import explore
    from wam_widgets.widgets.explorer import Explorer
    from wam_widgets.widgets.link import Link, link

try:
    __version__ = version("wam-widgets")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"

# Loaded on first use: computing alone needs no widget, the examples no time, sounds no files.
_LAZY = {
    "Explorer": "wam_widgets.widgets.explorer",
    "Link": "wam_widgets.widgets.link",
    "Section": "wam_widgets.reports",
    "SpectraComparison": "wam_widgets.spectra",
    "compare_spectra": "wam_widgets.spectra",
    "explore": "wam_widgets.widgets.explore",
    "link": "wam_widgets.widgets.link",
    "report": "wam_widgets.reports",
    "report_size": "wam_widgets.reports",
    "StorageError": "wam_widgets.storage",
    "load": "wam_widgets.storage",
    "Study": "wam_widgets.studies.study",
    "evaluate": "wam_widgets.studies.evaluating",
    "study": "wam_widgets.studies.study",
    "audio": "",
    "components": "",
    "examples": "",
    "figures": "",
    "front_ends": "",
    "metrics": "",
    "separation": "",
    "volume": "",
}

__all__ = [
    "Attribution",
    "Basis",
    "Coefficients",
    "Curve",
    "Entry",
    "Explainer",
    "Explanation",
    "Explorer",
    "Link",
    "MapEntry",
    "Options",
    "Section",
    "SignalMap",
    "SpectraComparison",
    "StorageError",
    "Study",
    "attribute",
    "audio",
    "compare_spectra",
    "components",
    "evaluate",
    "examples",
    "explain",
    "explore",
    "families",
    "figures",
    "front_ends",
    "link",
    "load",
    "methods",
    "metrics",
    "options",
    "report",
    "report_size",
    "separation",
    "study",
    "volume",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'wam_widgets' has no attribute {name!r}")
    if not _LAZY[name]:
        return import_module(f"wam_widgets.{name}")
    return getattr(import_module(_LAZY[name]), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make ``%wam`` and ``%%wam`` available: ``%load_ext wam_widgets``."""
    from wam_widgets.notebook import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    from wam_widgets.notebook import unload

    unload(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
