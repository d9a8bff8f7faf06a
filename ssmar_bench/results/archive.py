"""An archive: the runs of one benchmark in a few Parquet files, from which every record is read back byte for byte.

``runs.parquet`` has a row a run: what a reader computes with, and the JSON files of its record as they were written.
``curves.parquet``, ``predictions.parquet``, ``pseudo_labels.parquet`` and, where a record has it,
``pseudo_label_history.parquet`` are the logs of all records below each other; a log of many rows goes on in
``curves-2.parquet``. ``SHA256SUMS`` holds the digests of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ssmar_bench.core import digests
from ssmar_bench.core.errors import UserError
from ssmar_bench.results.archive_schema import JSON_FILES, OPTIONAL, RUNS, SCHEMAS, log_of
from ssmar_bench.results.log_rows import LogRows
from ssmar_bench.results.log_text import render_log

LARGEST = 512 * 2**20
"""Bytes of an archive's file that is read, and eight times as many once they are decompressed."""


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
        """Its rows, where they are kept in columns."""
        return self.archive.frame(self.run, log_of(self.name))


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
    """The archive in one folder; logs are read when they are asked for.

    Raises:
        UserError: a file is damaged; nothing in it is executed, whatever it holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[str, list[str]] = {}
        self._logs: dict[str, LogRows] = {}

    @cached_property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Folder name -> row of ``runs.parquet``."""
        rows = self._read(RUNS).to_pylist()
        found = {row["folder"]: row for row in rows}
        if len(found) != len(rows) or None in found:
            raise damaged_archive(self.folder / f"{RUNS}.parquet", "a run occurs twice, or has no name")
        return found

    def records(self) -> dict[str, ArchivedRecord]:
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
        frame = self.frame(run, log_of(name))
        return render_log(frame if frame is not None else pd.DataFrame(), log_of(name))

    def frame(self, run: str, log: str) -> pd.DataFrame | None:
        """The rows of one run in a log; None where its text did not fit into columns."""
        if f"{log}.csv" in dict(self.runs[run]["verbatim"] or ()):
            return None
        return self.log(log).frame(run)

    def log(self, name: str) -> LogRows:
        """A whole log, read once, of the records whose text fits into its columns."""
        if name not in self._logs:
            try:
                self._logs[name] = LogRows(self._read(name))
            except ValueError as error:
                raise damaged_archive(self.folder / f"{name}.parquet", str(error)) from error
        return self._logs[name]

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
        if name in OPTIONAL and not files[0].exists() and not files[0].is_symlink():
            return SCHEMAS[name].empty_table()
        while (following := self.folder / f"{name}-{len(files) + 1}.parquet").exists():
            files.append(following)
        return pa.concat_tables(_read_parquet(path, SCHEMAS[name]) for path in files)


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
