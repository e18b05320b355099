"""A study as data frames and as an array with named axes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_widgets.samples import library
from wam_widgets.studies.columns import Columns

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["inputs_frame", "joined_frame", "scores_frame", "to_xarray"]

_KNOWN = ("label", "predicted", "explained", "probability", "label_probability", "correct", "shape")
"""What is joined to each score; what tells inputs apart stays with them."""


def inputs_frame(columns: Columns) -> pandas.DataFrame:
    """Return one line for each input."""
    pandas = library("pandas", "study")
    table = columns.inputs
    found: dict[str, Any] = {
        name: table.column(name).to_pandas(types_mapper=_nullable(pandas))
        for name in ("label", "predicted", "probability", "label_probability")
    }
    correct = columns.correct
    found["correct"] = pandas.arrays.BooleanArray(correct == 1, correct < 0)
    for name in ("explained", "shape", "seed", "digest", "error"):
        found[name] = table.column(name).to_pandas(types_mapper=_nullable(pandas))
    found["seed"] = found["seed"].astype(np.int64)
    found["stored"] = table.column("explanation").combine_chunks().is_valid().to_numpy(False)
    index = pandas.Index(table.column("id").to_pandas(), name="id")
    frame = pandas.DataFrame(found)
    frame.index = index
    return frame


def scores_frame(columns: Columns, ids: pandas.Index) -> pandas.DataFrame:
    """Return one line for each score; names are categories, so that each is held once."""
    pandas = library("pandas", "study")
    found: dict[str, Any] = {"id": pandas.Categorical.from_codes(columns.position, ids)}
    for i, name in enumerate(("method", "place", "ranking")):
        words = list(dict.fromkeys(row[i] for row in columns.rows))
        codes = np.array([words.index(row[i]) for row in columns.rows], np.int16)
        found[name] = pandas.Categorical.from_codes(codes[columns.key], words)
    for metric in columns.metrics:
        found[metric] = columns.scored(metric)
    return pandas.DataFrame(found, copy=False)


def joined_frame(
    columns: Columns, inputs: pandas.DataFrame, scores: pandas.DataFrame
) -> pandas.DataFrame:
    """Return one line for each score, with what is known of its input."""
    frame = scores.copy(deep=False)
    for i, name in enumerate(_KNOWN):
        column = inputs[name].array.take(columns.position)
        frame.insert(1 + i, _free(name, columns), column)
    return frame


def to_xarray(
    columns: Columns, inputs: pandas.DataFrame, attributes: Mapping[str, Any]
) -> xarray.Dataset:
    """Return metrics and spectra over method, place, ranking and input."""
    made: type[xarray.Dataset] = library("xarray", "study").Dataset
    axes = {
        name: list(dict.fromkeys(row[i] for row in columns.rows))
        for i, name in enumerate(("method", "place", "ranking"))
    }
    where = [
        tuple(words.index(name) for words, name in zip(axes.values(), row, strict=True))
        for row in columns.rows
    ]
    shape = (*map(len, axes.values()), len(columns))
    dims = [*axes, "input"]
    variables: dict[str, Any] = {}
    for metric in columns.metrics:
        array = np.full(shape, np.nan)
        for place, values in zip(where, columns.values(metric), strict=True):
            array[place] = values
        variables[metric] = (dims, array)
    shares = {place: columns.shares(row) for row, place in enumerate(where)}
    found = {place: share for place, share in shares.items() if share is not None}
    if found:
        deepest = max(share.shape[1] for share in found.values())
        array = np.full((*shape, deepest), np.nan, np.float32)
        for place, share in found.items():
            array[place][:, : share.shape[1]] = share
        variables["spectrum"] = ([*dims, "scale"], array)
    ids = inputs.index.to_numpy(dtype=object)
    known = {
        _free(name, columns): ("input", _plain(inputs[name]))
        for name in ("label", "predicted", "explained", "correct")
    }
    coordinates = {**axes, "input": ids, **known}
    return made(variables, coordinates, _attributes(attributes))


def _attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as netCDF holds them: numbers and text; what is nested as JSON."""
    return {
        name: value if type(value) in (str, int, float) else json.dumps(value)
        for name, value in attributes.items()
        if value is not None
    }


def _free(name: str, columns: Columns) -> str:
    """Return a name of a column that is no metric."""
    return f"input_{name}" if name in columns.metrics else name


def _plain(column: pandas.Series) -> np.ndarray:
    """Return a column without pandas' missing values: NaN, where there are any."""
    if column.isna().any():
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy(dtype=bool if column.dtype == "boolean" else np.int64))


def _nullable(pandas: Any) -> Any:
    pa = library("pyarrow", "study")

    return {pa.int64(): pandas.Int64Dtype()}.get
