"""Writes the files of an archive; the same runs in the same order give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ssmar_bench.core import digests
from ssmar_bench.results.archive_schema import OPTIONAL, RUNS, SCHEMAS, runs_schema
from ssmar_bench.results.log_rows import coded

ROWS = 320_000
"""Rows of a file, so that it has less than a megabyte."""
ROWS_OF = {"pseudo_labels": 180_000}
"""The same of a log whose rows take more room: a confidence is a number of its own."""


@dataclass(frozen=True)
class ArchiveEntry:
    """A run to be archived: its row of ``runs.parquet``, and its logs by name."""

    row: Mapping[str, Any]
    logs: Mapping[str, pd.DataFrame]


def write_archive(folder: Path, entries: Sequence[ArchiveEntry]) -> list[Path]:
    """Write an archive; the same runs in the same order give the same bytes.

    Raises:
        UserError: the files cannot be written; what was there before still is.
    """
    files: dict[str, bytes] = {}
    for name, schema in SCHEMAS.items():
        if name == RUNS:
            table = pa.Table.from_pylist([dict(entry.row) for entry in entries], schema=runs_schema())
        else:
            table = _joined(entries, name, schema)
            if name in OPTIONAL and not len(table):
                continue
        for number, part in enumerate(_parts(table, entries, name), start=1):
            files[f"{name}.parquet" if number == 1 else f"{name}-{number}.parquet"] = _parquet(part)
    old = {path.name for path in folder.glob("*.parquet")} - set(files)
    digests.write_files(folder, files, sorted(old))
    return [folder / name for name in files]


def _joined(entries: Sequence[ArchiveEntry], name: str, schema: pa.Schema) -> pa.Table:
    parts = [(str(entry.row["folder"]), entry.logs[name]) for entry in entries if len(entry.logs.get(name, ()))]
    if not parts:
        return schema.empty_table()
    frame = pd.concat([part for _, part in parts], ignore_index=True)
    arrays = [coded([name for name, _ in parts], [len(part) for _, part in parts])]
    for field in list(schema)[1:]:
        column = pa.array(frame[field.name], pa.string() if pa.types.is_dictionary(field.type) else field.type)
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        arrays.append(column.dictionary_encode() if pa.types.is_dictionary(field.type) else column)
    return pa.Table.from_arrays(arrays, schema=schema)


def _parts(table: pa.Table, entries: Sequence[ArchiveEntry], name: str) -> Iterator[pa.Table]:
    """Pieces of at most so many rows as a file may have; a run is in one piece."""
    most = ROWS_OF.get(name, ROWS)
    sizes = [1 if name == RUNS else len(entry.logs.get(name, ())) for entry in entries]
    start = length = 0
    for size in sizes:
        if length and length + size > most:
            yield table.slice(start, length)
            start, length = start + length, 0
        length += size
    yield table.slice(start, length)


def _parquet(table: pa.Table) -> bytes:
    sink = BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=12, store_schema=False, write_statistics=False,
                   row_group_size=ROWS, data_page_size=2**23, write_batch_size=ROWS,
                   dictionary_pagesize_limit=2**23)  # fmt: skip
    return sink.getvalue()
