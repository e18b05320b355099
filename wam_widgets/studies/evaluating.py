"""wam.evaluate: a data set, explained and measured, in a folder that survives."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_widgets.checks import positive_int, warn
from wam_widgets.samples import library
from wam_widgets.studies.folders import remove
from wam_widgets.studies.inputs import as_inputs
from wam_widgets.studies.models import as_source
from wam_widgets.studies.places import MANIFEST, SHARDS
from wam_widgets.studies.plan import Plan
from wam_widgets.studies.pools import as_executor
from wam_widgets.studies.running import run
from wam_widgets.studies.store import Store, StoreError

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study

__all__ = ["evaluate"]


def evaluate(
    model: Callable[..., Any],
    data: Any,
    methods: Any = ("smooth_integrated_gradients",),
    bases: Any = (None,),
    metrics: Any = ("faithfulness",),
    *,
    store: str | Path,
    executor: Executor | None = None,
    rankings: Any = (None,),
    target: Any = None,
    transform: Callable[[Any], Any] | None = None,
    columns: Any = None,
    ids: Any = None,
    batch_size: int = 8,
    shard_size: int = 64,
    explanations: bool | float = False,
    thumbnails: bool = True,
    max_failures: int | None = 10,
    retry_failures: bool = False,
    threads: int | None = None,
    seed: int = 0,
    show_progress: bool = True,
    **settings: Any,
) -> Study:
    """Explain a data set and measure the explanations, in a folder that survives.

    The same call computes only what is missing in the folder: after an interrupt, a crash or with
    a stronger machine it goes on where it was, and what is finished is never lost, counted twice
    or mixed with results of other parameters, weights, data or versions. :func:`wam_widgets.study`
    opens the folder, also while this runs. A folder in which all inputs failed is begun anew by a
    call with other parameters; if all fail, a warning says so.

    Parameters
    ----------
    model : Module or callable
        A module or a function of the input, as in :func:`wam_widgets.explain`; or a function or
        class that takes no argument and builds one. It is left as it was; inputs are moved to
        where its weights are. A function of the input has no weights to compare: where a study
        goes on, it must give the same probability as before for an input that is there already.
    data : Tensor, array, sequence, Dataset, DataLoader, or iterable
        Inputs ``[N, ...]``; a list or torch ``Dataset`` of inputs, of tuples (input, label), or of
        mappings; a Hugging Face ``Dataset``. Inputs may differ in size. Of a ``DataLoader``, the
        data set and the ``collate_fn`` are used (with one item at a time), not its order, batches
        and workers. A generator, an ``IterableDataset``, or a streamed Hugging Face data set is
        read once, here; whoever resumes gives it again, from its beginning. Where a study goes on,
        labels and the values of some inputs are compared, see docs/studies.md.
    methods, bases, metrics, rankings
        As in :func:`wam_widgets.metrics.table`. Metrics that need evidence are not possible.
    store : str or Path
        The folder: a new one, or that of the same study. Workers on other machines must see it
        under the same path.
    executor : Executor, optional
        Any of :mod:`concurrent.futures`: its workers compute the shards. Model and data must be
        picklable (functions and classes of a notebook are), see the notes. Default: this process.
    target : int, tuple of two, "label" or None
        The class that is explained, or the contrast of two; ``"label"``: that of each input; None:
        the predicted one.
    transform : callable, optional
        From an item of `data` to an input, or a tuple (input, label), such as decoding and
        normalising a picture. It should draw no random numbers: inputs are recognised by their
        values.
    columns : tuple of str, optional
        Of items that are mappings: the keys of the input, of the label (or None) and, if wanted,
        of the id. Default: the first that is there of ``pixel_values``, ``input_values``,
        ``image``, ``audio``, ``input``, ``x``, and of ``label``, ``labels``, ``target``, ``y``.
    ids : sequence of str or int, optional
        By what each input is known, every one different. Default: its position.
    batch_size : int
        Inputs that are explained together.
    shard_size : int
        Inputs that are written together; more is better for large studies (1000 for a million).
    explanations : bool or float
        Keep the explanations: of all inputs, or of a share of them, chosen by their ids.
    thumbnails : bool
        Keep a small picture of each input, for the gallery.
    max_failures : int or None
        An input that fails is recorded with its error and the rest goes on, but after more than so
        many in one run it stops. None: never.
    retry_failures : bool
        Compute inputs that failed in an earlier run again.
    threads : int, optional
        Of torch. Default: 1 in the workers of an executor, unchanged here.
    seed : int
        That of each input follows from it and the input's id.
    show_progress : bool
        Show a progress bar; with an executor it moves by whole shards.
    **settings
        Of :func:`wam_widgets.explain`, such as `sample_rate`, `n_samples`, `class_names`, `mean`.

    Returns
    -------
    Study

    Raises
    ------
    TypeError, ValueError
        For an argument that cannot be used, in words; if the folder holds a study that differs, in
        what; if an id comes twice; if model or data cannot be pickled for an executor.
    ImportError
        Without the packages of the extra ``study``.
    wam_widgets.studies.store.BusyError
        If another run writes into the folder.
    wam_widgets.studies.running.TooManyFailures
        If more inputs failed than `max_failures`.
    RuntimeError
        If a worker died, or differs from the others in weights or versions, or if a stream failed.
    OSError
        If the folder cannot be written, or the disk is full.
    KeyboardInterrupt
        When interrupted: what was computed is kept; it says how much that is.

    Notes
    -----
    The numbers do not depend on batch size, order, workers or what was computed when, but for
    rounding; with the same `batch_size` and `threads` they are equal to the last bit on machines
    of one kind.

    ``ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn"))`` uses the cores of
    this machine; a script must then call this under ``if __name__ == "__main__":``. On a cluster,
    ``distributed.Client(cluster).get_executor()`` (extra ``dask``; ``dask_jobqueue.SLURMCluster``
    starts the workers, with one process and one GPU each) or ``mpi4py.futures.MPIPoolExecutor``.
    For a model on a GPU give a function that loads it and moves it there, in the worker. Threads
    of one process take turns; use processes. Tensors, arrays and lists travel shard by shard, a
    ``Dataset`` is sent once and reads in the workers.

    Memory: a shard with its explanations, if these are kept, and the inputs of eight batches.
    """
    plan = Plan.of(
        methods,
        bases,
        rankings,
        metrics,
        target=target,
        settings=settings,
        batch_size=batch_size,
        explanations=explanations,
        thumbnails=thumbnails,
        seed=seed,
    )
    for name in ("pyarrow", "filelock", *(["cloudpickle"] if executor is not None else [])):
        library(name, "study")
    folder = Store(store)
    if folder.exists:
        stored = folder.manifest.parameters
        plan = plan.like(stored)
        if any(stored.get(name, plan) != one for name, one in _written(plan).items()):
            _begin_anew_if_all_failed(folder)
    run(
        as_source(model),
        plan,
        as_inputs(data, transform=transform, columns=columns, ids=ids, target=target),
        folder,
        executor=None if executor is None else as_executor(executor),
        shard_size=positive_int(shard_size, "shard_size"),
        max_failures=None
        if max_failures is None
        else positive_int(max_failures, "max_failures", 0),
        retry_failures=bool(retry_failures),
        threads=None if threads is None else positive_int(threads, "threads"),
        show_progress=bool(show_progress),
    )
    _warn_if_all_failed(folder)
    from wam_widgets.studies.study import Study

    return Study(folder)


def _written(plan: Plan) -> dict[str, Any]:
    """Return the parameters of a plan as they come back from a folder."""
    found: dict[str, Any] = json.loads(json.dumps(plan.parameters()))
    return found


def _begin_anew_if_all_failed(folder: Store) -> None:
    """Clear a folder in which nothing was computed, so that a corrected call can use it."""
    with folder.lock():
        if folder.exists and _failures(folder) is not None:
            # The manifest goes last: if this is interrupted, there is a study with fewer failures.
            remove(folder.path / SHARDS)
            remove(folder.path / MANIFEST)


def _failures(folder: Store) -> list[str] | None:
    """Return the errors of the inputs, if there is nothing but errors; it stops where there is."""
    found: list[str] = []
    for shard in folder.done().values():
        errors = folder.outcomes(shard, ["error"]).column("error")
        if errors.null_count:
            return None
        found += errors.to_pylist()
    return found


def _warn_if_all_failed(folder: Store) -> None:
    """Warn if nothing but failures is in a folder."""
    try:
        errors = _failures(folder)
    except StoreError:  # whoever reads it is told
        return
    if errors:
        warn(
            f"all {len(errors)} inputs of the study in {str(folder.path)!r} failed, the first with "
            f"{errors[0]}. If an argument is wrong, correct it and call again, the same folder "
            "will do; if it was the data or the machine, the same call with retry_failures=True "
            "computes them again"
        )
