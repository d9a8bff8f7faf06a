"""What the archives of a results folder hold already, told to those who plan and train a grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.archive import Archive, archive_folders
from ssmar_bench.runs.archived_runs import ArchivedRuns
from ssmar_bench.runs.execution_options import Execution


def with_archived(execution: Execution | None) -> Execution:
    """The execution (None: the default one), with the finished runs of the archives in its results folder.

    A damaged archive is passed over: reports name it.
    """
    execution = execution or Execution()
    rows: dict[str, tuple[str, str, str]] = {}
    for folder in archive_folders(execution.results):
        rows |= _finished(folder)
    return replace(execution, archived=ArchivedRuns(rows)) if rows else execution


def _finished(folder: Path) -> dict[str, tuple[str, str, str]]:
    try:
        archive = Archive(folder)
        archive.verify()
        rows = {name: row for name, row in archive.runs.items() if row["state"] == "done"}
    except UserError:
        return {}
    return {name: (str(folder), row["spec.json"] or "", row["metrics.json"] or "") for name, row in rows.items()}
