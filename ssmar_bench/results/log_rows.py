"""One log of many records below each other, as arrays: curves, predictions or pseudo-labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Array = npt.NDArray[Any]


class LogRows:
    """The rows of many runs; those of one run are together.

    Attributes:
        columns: name -> (rows,) numbers, or for texts their codes.
        texts: name of a column of texts -> the text of each code.
        names: the runs that have rows, in their order.
        starts, ends: (runs,) first row of each, and the one after its last.

    Raises:
        ValueError: a value is missing, or the rows of a run are not together.
    """

    def __init__(self, log: pa.Table) -> None:
        log = log.unify_dictionaries().combine_chunks()
        self.columns: dict[str, Array] = {}
        self.texts: dict[str, list[str]] = {}
        for name in log.column_names:
            chunks = log[name].chunks
            column = chunks[0] if chunks else pa.array([], log.schema.field(name).type)
            if column.null_count and not pa.types.is_floating(column.type):
                raise ValueError(f"a {name} is missing")
            if pa.types.is_dictionary(column.type):
                self.texts[name] = column.dictionary.to_pylist()
                column = column.indices
            self.columns[name] = column.to_numpy(zero_copy_only=False)
        codes = self.columns.pop("folder")
        ends = np.flatnonzero(np.diff(codes)) + 1
        self.starts = np.concatenate([[0], ends]) if len(codes) else np.array([], dtype=int)
        self.ends = np.append(ends, len(codes)) if len(codes) else self.starts
        folders = self.texts.pop("folder")
        self.names = [folders[code] for code in codes[self.starts]]
        self._places = {name: i for i, name in enumerate(self.names)}
        if len(self._places) != len(self.names):
            raise ValueError("the rows of a run are not together")

    @cached_property
    def runs(self) -> Array:
        """(rows,) number of the run of each row, by its place in ``names``."""
        return np.repeat(np.arange(len(self.names)), self.ends - self.starts)

    def rows(self, run: str) -> slice:
        """The rows of one run."""
        place = self._places.get(run)
        return slice(0, 0) if place is None else slice(int(self.starts[place]), int(self.ends[place]))

    def frame(self, run: str) -> pd.DataFrame:
        """The rows of one run, texts as texts."""
        rows = self.rows(run)
        return pd.DataFrame({name: self._values(name, column[rows]) for name, column in self.columns.items()})

    def _values(self, name: str, column: Array) -> Any:
        return self._arrays[name].take(column) if name in self._arrays else column

    @cached_property
    def _arrays(self) -> dict[str, Any]:
        return {name: pd.array(texts, dtype="str") for name, texts in self.texts.items()}

    def column(self, name: str, rows: Array) -> Any:
        """Some rows of a column; texts as categories."""
        values = self.columns[name][rows]
        if name not in self.texts:
            return values
        return pd.Categorical.from_codes(values, categories=pd.Index(self.texts[name], dtype=object))

    def members(self, groups: Mapping[str, int]) -> Array:
        """(rows,) number of the group of each row's run; -1 for runs that are in none."""
        own: Array = np.array([groups.get(name, -1) for name in self.names], dtype=np.int64)
        return np.repeat(own, self.ends - self.starts)

    def where(self, name: str, text: str) -> Array:
        """(rows,) whether a column has this text."""
        same = np.array([one == text for one in self.texts[name]], dtype=bool)
        return same[self.columns[name]]


def from_frames(frames: Mapping[str, pd.DataFrame], kinds: Mapping[str, type]) -> LogRows:
    """The rows of runs that are frames with the columns ``kinds``."""
    whole = pd.concat(frames.values(), ignore_index=True)
    arrays = [coded(list(frames), [len(frame) for frame in frames.values()])]
    for name, kind in kinds.items():
        column = pa.array(whole[name], pa.string() if kind is str else pa.float64() if kind is float else pa.int64())
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        arrays.append(column.dictionary_encode() if kind is str else column)
    return LogRows(pa.Table.from_arrays(arrays, names=["folder", *kinds]))


def coded(names: Sequence[str], sizes: Sequence[int]) -> pa.DictionaryArray:
    """The column ``folder``: each name as often as its run has rows."""
    codes = np.repeat(np.arange(len(names), dtype=np.int32), sizes)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(names), pa.string()))
