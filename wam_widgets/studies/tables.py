"""What is found of inputs as Parquet: one table of the inputs, one of their scores.

``inputs.parquet`` has one row for each :class:`Outcome`, with its fields as columns.
``scores.parquet`` has one row for each :class:`Score`: ``index``, ``id``, ``method``, ``place`` and
``ranking``, the ``spectrum`` (null outside of a basis), and one column for each metric. Both are
in the order of the inputs. Equal results give equal bytes, but for the seconds that they took,
which are in the metadata of the schema of ``inputs.parquet``.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from wam_widgets.samples import library
from wam_widgets.studies.errors import damaged
from wam_widgets.studies.plan import RESERVED
from wam_widgets.studies.records import Outcome, Score

__all__ = [
    "inputs_table",
    "merged",
    "metrics_of",
    "parquet",
    "read_table",
    "scores_table",
    "seconds_of",
]

_NAMES = ("method", "place", "ranking")
_SECONDS = b"seconds"


def _input_columns() -> dict[str, Any]:
    pa = library("pyarrow", "study")
    whole, real, text = pa.int64(), pa.float64(), pa.string()
    return {
        "index": whole, "id": text, "label": whole, "shape": _several(whole), "digest": text,
        "seed": whole, "predicted": whole, "probability": real, "label_probability": real,
        "explained": whole, "error": text, "thumbnail": pa.binary(), "explanation": text,
        "row": whole,
    }  # fmt: skip


def _score_columns() -> dict[str, Any]:
    pa = library("pyarrow", "study")
    name = pa.dictionary(pa.int32(), pa.string())
    return {
        "index": pa.int64(), "id": pa.string(), **dict.fromkeys(_NAMES, name),
        "spectrum": _several(pa.float32()),
    }  # fmt: skip


def _several(kind: Any) -> Any:
    pa = library("pyarrow", "study")
    return pa.list_(pa.field("element", kind))  # as it is called when it is read


def inputs_table(outcomes: Sequence[Outcome]) -> Any:
    """Return outcomes as a table.

    Raises
    ------
    ValueError
        If two are of the same input, or an id is no text that can be written as UTF-8.
    """
    pa = library("pyarrow", "study")
    columns = {
        name: pa.array([_cell(outcome, name) for outcome in outcomes], kind)
        for name, kind in _input_columns().items()
    }
    table = pa.table(columns)
    if len(table["index"].unique()) < len(table):
        raise ValueError("outcomes has an input twice")
    return _sorted(table)


def _cell(outcome: Outcome, name: str) -> Any:
    value = getattr(outcome, name)
    if name == "error" and value is not None:
        # It may quote the name of a file that is no text.
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def scores_table(scores: Sequence[Score]) -> Any:
    """Return scores as a table; a metric that only some of them have is null for the others.

    Raises
    ------
    ValueError
        If a metric has a name of :data:`wam_widgets.studies.plan.RESERVED`.
    """
    pa = library("pyarrow", "study")
    metrics = dict.fromkeys(name for score in scores for name in score.values)
    for name in metrics:
        if name in RESERVED:
            raise ValueError(f"a metric cannot be called {name!r}: that is another column")
    # Dictionaries are made of whole columns: in the order in which the names appear.
    columns = {
        name: pa.array([getattr(score, name) for score in scores],
                       pa.string() if name in _NAMES else kind)
        for name, kind in _score_columns().items()
    }  # fmt: skip
    for name in metrics:
        columns[name] = pa.array([score.values.get(name) for score in scores], pa.float64())
    return _encoded(_sorted(pa.table(columns)))


def metrics_of(table: Any) -> list[str]:
    """Return the names of the metrics in a table of scores, or in its schema."""
    names = getattr(table, "column_names", None) or table.names
    return [name for name in names if name not in RESERVED]


def merged(before: Any, after: Any, again: Set[int]) -> Any:
    """Return two tables of inputs, or of scores, as one.

    Parameters
    ----------
    before, after : pyarrow.Table
    again : set of int
        Indices of inputs of which `before` does not count any more.
    """
    pa, compute = library("pyarrow", "study"), library("pyarrow.compute", "study")
    here = compute.is_in(before["index"], pa.array(list(again), pa.int64()))
    kept = before.filter(compute.invert(here))
    plain = [_plain(table) for table in (kept, after)]
    return _encoded(_sorted(pa.concat_tables(plain, promote_options="default")))


def _sorted(table: Any) -> Any:
    order = library("pyarrow.compute", "study").sort_indices(table["index"])  # stable
    return table.take(order)


def _plain(table: Any) -> Any:
    """Return a table without dictionaries, which differ from table to table."""
    text = library("pyarrow", "study").string()
    for name in set(_NAMES).intersection(table.column_names):
        i = table.column_names.index(name)
        table = table.set_column(i, name, table[name].cast(text))
    return table


def _encoded(table: Any) -> Any:
    """Return a table with the names of its rows in dictionaries, in order of appearance."""
    table = table.combine_chunks()
    for name in set(_NAMES).intersection(table.column_names):
        i = table.column_names.index(name)
        table = table.set_column(i, name, table[name].dictionary_encode())
    return table


def parquet(table: Any, seconds: float | None = None) -> Any:
    """Return a table as the content of a file, with the seconds that it took."""
    pa, files = library("pyarrow", "study"), library("pyarrow.parquet", "study")
    known = {} if seconds is None else {_SECONDS: repr(float(seconds)).encode()}
    sink = pa.BufferOutputStream()
    files.write_table(
        table.combine_chunks().replace_schema_metadata(known),
        sink,
        # Nothing but names comes again and again; limits of what is in a column help nobody here.
        use_dictionary=list(_NAMES) if _NAMES[0] in table.column_names else False,
        write_statistics=False,
        compression="zstd",
    )
    return sink.getvalue()


def read_table(path: Path, columns: Sequence[str] | None = None) -> Any:
    """Return the table in a file.

    Parameters
    ----------
    path : Path
        ``inputs.parquet`` or ``scores.parquet``.
    columns : sequence of str, optional
        Those to read, in that order. A metric that is not there is null throughout.

    Raises
    ------
    StoreError
        If the file is damaged.
    FileNotFoundError, PermissionError
        If it cannot be read.
    """
    pa, files = library("pyarrow", "study"), library("pyarrow.parquet", "study")
    is_inputs = path.name == "inputs.parquet"
    kinds = _input_columns() if is_inputs else _score_columns()
    for name in columns if columns is not None and is_inputs else ():
        if name not in kinds:
            raise ValueError(f"columns has {name!r}: it must be one of {', '.join(kinds)}")
    try:
        with pa.OSFile(str(path)) as source, files.ParquetFile(source) as file:
            table = file.read(columns, use_threads=False)
            schema = file.schema_arrow
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError) as error:
        raise damaged(path.parent, f"{path.name}: {str(error)[:200]}") from error
    expected = kinds if is_inputs else kinds | dict.fromkeys(metrics_of(schema), pa.float64())
    for name, kind in expected.items():
        if name not in schema.names or schema.field(name).type != kind:
            raise damaged(path.parent, f"{path.name} has no column {name} of {kind}")
    if columns is None:
        return table
    for name in columns:
        if name not in schema.names:
            table = table.append_column(name, pa.nulls(len(table), pa.float64()))
    return table.select(columns)


def seconds_of(table: Any) -> float:
    """Return how long it took to compute what is in a table of inputs."""
    return float((table.schema.metadata or {}).get(_SECONDS, b"nan"))
