"""An archive: the runs of one benchmark in four Parquet files, from which every record is read back byte for byte.

``runs.parquet`` has a row a run: what a reader computes with, and the JSON files of its record as they were written.
``curves.parquet``, ``predictions.parquet`` and ``pseudo_labels.parquet`` are the tables of all records below each
other; a table of many rows goes on in ``curves-2.parquet``. ``SHA256SUMS`` holds the digests of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ssmar_bench.core import digests
from ssmar_bench.core.errors import UserError
from ssmar_bench.results.archive_schema import JSON_FILES, RUNS, TABLES, runs_schema, table_of
from ssmar_bench.results.record_place import RecordPlace

LARGEST = 512 * 2**20
"""Bytes of an archive's file that is read, and eight times as many once they are decompressed."""

ROWS = 360_000
"""Rows of a file, so that most files have less than a megabyte."""


def archive_folders(root: Path) -> list[Path]:
    """The archives of a results folder: itself, and the folders in it that hold a ``runs.parquet``."""
    if not root.is_dir():
        return []
    places = [root, *sorted(path for path in root.iterdir() if not path.name.startswith("."))]
    return [path for path in places if (path / f"{RUNS}.parquet").exists() or (path / f"{RUNS}.parquet").is_symlink()]


def damaged_archive(path: Path, why: str) -> UserError:
    """The error of an archive that cannot be used."""
    return UserError(f"{path}: damaged archive: {why}; restore the file, or publish its runs again.")


@dataclass(frozen=True)
class ArchivedFile:
    """One file of a record in an archive, which is asked like a path."""

    archive: Archive
    run: str
    name: str

    def __str__(self) -> str:
        return f"{self.archive.folder / self.run}/{self.name}"

    def __truediv__(self, name: str) -> ArchivedFile:
        raise NotADirectoryError(f"{self} is a file")

    def is_file(self) -> bool:
        """Whether the record has this file."""
        return self.name in self.archive.names_of(self.run)

    def exists(self) -> bool:
        """The same."""
        return self.is_file()

    def is_dir(self) -> bool:
        """A file is none."""
        return False

    def is_symlink(self) -> bool:
        """An archive holds no links."""
        return False

    def read_bytes(self) -> bytes:
        """The file as it was when it was published."""
        return self.archive.content(self.run, self.name)

    def frame(self) -> pd.DataFrame | None:
        """The table, where it is kept as one."""
        return self.archive.frame(self.run, table_of(self.name))


@dataclass(frozen=True)
class ArchivedRecord:
    """The record of one run in an archive, which is asked like a folder."""

    archive: Archive
    name: str

    def __str__(self) -> str:
        return str(self.archive.folder / self.name)

    def __truediv__(self, name: str) -> ArchivedFile:
        return ArchivedFile(self.archive, self.name, name)

    def is_file(self) -> bool:
        """A folder is none."""
        return False

    def is_dir(self) -> bool:
        """It is asked like one."""
        return True

    def exists(self) -> bool:
        """Whether the archive has the run."""
        return self.name in self.archive.runs

    def is_symlink(self) -> bool:
        """An archive holds no links."""
        return False

    def read_bytes(self) -> bytes:
        """Never: it is asked like a folder."""
        raise IsADirectoryError(str(self))


class Archive:
    """The archive in one folder; tables are read when they are asked for.

    Raises:
        UserError: a file is damaged; nothing in it is executed, whatever it holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[str, list[str]] = {}
        self._tables: dict[str, ArchiveTable] = {}

    @cached_property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Folder name -> row of ``runs.parquet``."""
        rows = self._read(RUNS).to_pylist()
        found = {row["folder"]: row for row in rows}
        if len(found) != len(rows) or None in found:
            raise damaged_archive(self.folder / f"{RUNS}.parquet", "a run occurs twice, or has no name")
        return found

    def records(self) -> dict[str, RecordPlace]:
        """Folder name -> record of every run."""
        return {name: ArchivedRecord(self, name) for name in self.runs}

    def reason(self, run: str) -> str:
        """Why a run failed, "" if it did not."""
        return str(self.runs[run]["reason"] or "")

    def names_of(self, run: str) -> list[str]:
        """The files of a run's record."""
        if run not in self._names:
            row = self.runs.get(run, {})
            json_files = [name for name in JSON_FILES if row.get(name) is not None]
            self._names[run] = json_files + list(row.get("tables") or ())
        return self._names[run]

    def content(self, run: str, name: str) -> bytes:
        """One file of a record, byte for byte."""
        row = self.runs[run]
        if name in JSON_FILES:
            return str(row[name]).encode()
        kept = dict(row["verbatim"] or ())
        if name in kept:
            return str(kept[name]).encode()
        frame = self.frame(run, table_of(name))
        return render_table(frame if frame is not None else pd.DataFrame(), table_of(name))

    def frame(self, run: str, table: str) -> pd.DataFrame | None:
        """The rows of one run in a table; None where its text did not fit into columns."""
        if f"{table}.csv" in dict(self.runs[run]["verbatim"] or ()):
            return None
        return self.table(table).frame(run)

    def table(self, name: str) -> ArchiveTable:
        """A whole table, read once."""
        if name not in self._tables:
            self._tables[name] = ArchiveTable(self.folder / f"{name}.parquet", self._read(name))
        return self._tables[name]

    def verify(self) -> None:
        """Make sure that every file is as it was written.

        Raises:
            UserError: names the first one that is not.
        """
        faults = digests.folder_faults(self.folder, ["*.parquet"])
        if not digests.has_digests(self.folder):
            faults = {digests.FILE: digests.MISSING}
        for name, why in faults.items():
            raise damaged_archive(self.folder / name, why)

    def _read(self, name: str) -> pa.Table:
        files = [self.folder / f"{name}.parquet"]
        while (following := self.folder / f"{name}-{len(files) + 1}.parquet").exists():
            files.append(following)
        return pa.concat_tables(_read_parquet(path, TABLES[name]) for path in files)


def _read_parquet(path: Path, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema`` of a file, whose size is bounded before it is decompressed."""
    if path.is_symlink() or not path.is_file():
        raise damaged_archive(path, "it is missing" if not path.exists() else "it is no file")
    if path.stat().st_size > LARGEST:
        raise damaged_archive(path, f"it is larger than {LARGEST // 2**20} MiB")
    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    try:
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            about = file.metadata
            size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if size > 8 * LARGEST or about.num_rows > LARGEST:
                raise damaged_archive(path, "it holds too much")
            missing = [name for name in schema.names if name not in file.schema_arrow.names]
            if missing:
                raise damaged_archive(path, f"it has no column {missing[0]}")
            return file.read(columns=schema.names).select(schema.names).cast(schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged_archive(path, f"it cannot be read as Parquet ({error})") from error


class ArchiveTable:
    """A table as arrays, and where each run's rows are."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        table = table.unify_dictionaries().combine_chunks()
        self.facts: dict[str, dict[str, Any]] | None = None
        self.columns: dict[str, np.ndarray[Any, Any]] = {}
        self.texts: dict[str, Any] = {}
        for name in table.column_names:
            chunks = table[name].chunks
            column = chunks[0] if chunks else pa.array([], table.schema.field(name).type)
            if column.null_count and not pa.types.is_floating(column.type):
                raise damaged_archive(path, f"a {name} is missing")
            if pa.types.is_dictionary(column.type):
                self.texts[name] = pd.array(column.dictionary.to_pylist(), dtype="str")
                self.columns[name] = column.indices.to_numpy(zero_copy_only=False)
            else:
                self.columns[name] = column.to_numpy(zero_copy_only=False)
        codes = self.columns["folder"]
        ends = np.flatnonzero(np.diff(codes)) + 1
        starts = np.concatenate([[0], ends]) if len(codes) else np.array([], dtype=int)
        names = [str(self.texts["folder"][code]) for code in codes[starts]]
        if len(set(names)) != len(names):
            raise damaged_archive(path, "the rows of a run are not together")
        self.places = dict(zip(names, zip(starts, [*ends, len(codes)], strict=False), strict=True))

    def frame(self, run: str) -> pd.DataFrame:
        """The rows of one run."""
        return self.take(slice(*self.places.get(run, (0, 0))))

    def take(self, rows: Any) -> pd.DataFrame:
        """Some rows, without the column ``folder``."""
        return pd.DataFrame(
            {
                name: self.texts[name].take(column[rows]) if name in self.texts else column[rows]
                for name, column in self.columns.items()
                if name != "folder"
            }
        )


def render_table(frame: pd.DataFrame, table: str) -> bytes:
    """A table as the record of a run holds it; ``runs/record.py`` writes it so."""
    if frame.empty and table == "pseudo_labels":
        return b"\n"
    return frame.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode()


def parse_table(data: bytes, table: str) -> pd.DataFrame | None:
    """What :func:`render_table` made ``data`` from; None where it did not."""
    kinds = {field.name: field.type for field in TABLES[table] if field.name != "folder"}
    dtypes = {
        name: str if pa.types.is_dictionary(kind) else float if pa.types.is_floating(kind) else "int64"
        for name, kind in kinds.items()
    }
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in dtypes.items()})
    if data.strip() == b"":
        return empty if render_table(empty, table) == data else None
    try:
        unknown = {name: [""] for name, kind in dtypes.items() if kind is float}
        frame = pd.read_csv(BytesIO(data), dtype=dtypes, keep_default_na=False, na_values=unknown)
        whole = list(frame.columns) == list(kinds) and render_table(frame, table) == data
    except (ValueError, OverflowError):
        return None
    small = all(frame[name].abs().max() < 2**31 for name, kind in dtypes.items() if kind == "int64") or frame.empty
    return frame if whole and small else None


@dataclass(frozen=True)
class ArchiveEntry:
    """A run to be archived: its row of ``runs.parquet``, and its tables by name."""

    row: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]


def write_archive(folder: Path, entries: Sequence[ArchiveEntry]) -> list[Path]:
    """Write an archive; the same runs in the same order give the same bytes.

    Raises:
        UserError: the files cannot be written; what was there before still is.
    """
    files: dict[str, bytes] = {}
    for name, schema in TABLES.items():
        if name == RUNS:
            table = pa.Table.from_pylist([dict(entry.row) for entry in entries], schema=runs_schema())
        else:
            table = _joined(entries, name, schema)
        for number, part in enumerate(_parts(table, entries, name), start=1):
            files[f"{name}.parquet" if number == 1 else f"{name}-{number}.parquet"] = _parquet(part)
    old = {path.name for path in folder.glob("*.parquet")} - set(files)
    digests.write_files(folder, files, sorted(old))
    return [folder / name for name in files]


def _joined(entries: Sequence[ArchiveEntry], name: str, schema: pa.Schema) -> pa.Table:
    parts = [(str(entry.row["folder"]), entry.tables[name]) for entry in entries if len(entry.tables.get(name, ()))]
    if not parts:
        return schema.empty_table()
    frame = pd.concat([part for _, part in parts], ignore_index=True)
    names = np.repeat(np.arange(len(parts)), [len(part) for _, part in parts])
    arrays = [pa.DictionaryArray.from_arrays(pa.array(names, pa.int32()), pa.array([name for name, _ in parts]))]
    for field in list(schema)[1:]:
        column = pa.array(frame[field.name], pa.string() if pa.types.is_dictionary(field.type) else field.type)
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        arrays.append(column.dictionary_encode() if pa.types.is_dictionary(field.type) else column)
    return pa.Table.from_arrays(arrays, schema=schema)


def _parts(table: pa.Table, entries: Sequence[ArchiveEntry], name: str) -> Iterator[pa.Table]:
    """Pieces of at most ``ROWS`` rows; a run is in one piece."""
    sizes = [1 if name == RUNS else len(entry.tables.get(name, ())) for entry in entries]
    start = length = 0
    for size in sizes:
        if length and length + size > ROWS:
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
