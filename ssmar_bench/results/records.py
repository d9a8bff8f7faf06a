"""Reads the records of runs, ``runs/*/record`` and archives, into data frames."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.archive import Archive, ArchivedRecord, archive_folders
from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.log_rows import Array
from ssmar_bench.results.read_record import PARTS, RecordedRun, read_folder, read_record
from ssmar_bench.results.record_logs import KINDS
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import OTHER_CLIPS, MethodFacts
from ssmar_bench.results.row_labels import name_rows
from ssmar_bench.results.run_logs import RunLogs, read_logs

KEYS = (
    *("benchmark", "method", "label", "variant", "main", "ratio", "seed", "state", "reason", "folder", "split"),
    *("mock", "truth", "ended"),
)
NUMBERS = (
    *("majority", "steps", "epochs", "clips_seen", "forward_passes", "parameters", "train_seconds"),
    *("count_labelled", "count_unlabelled", "count_never_labelled", "count_validation", "count_test"),
    *("count_test_subjects", "count_classes"),
)
CURVE_KEYS = ("method", "label", "variant", "ratio", "seed", "folder")
"""What a row of curves says of its run."""


@dataclass(frozen=True)
class Damage:
    """A damaged record: its run's folder name, and a sentence with the file, what is wrong and what to do."""

    folder: str
    why: str


@dataclass(frozen=True)
class Runs:
    """All runs under a ``results`` folder, whether in folders of their own or in archives.

    Attributes:
        root: the folder.
        runs: one row a run, columns ``KEYS`` and :func:`number_columns` (NaN unless ``state`` is ``done``). ``label``
            is what a table shows; where a method was run under several settings, it says in which key they differ.
            ``main`` tells whether a run is of the setting by which its method is known on its benchmark, ``mock``
            whether its clips were made up, ``truth`` the digest of the labels that it was recorded with, and
            ``ended`` when its training did (UTC; "" in older records).
        specs: folder name -> what was run.
        damage: records that cannot be used; they are in none of the others.
        records: folder name -> where the record is.
        facts: folder name -> what tables need to know of the method.
        logs: the rows of curves, predictions and pseudo-labels.
    """

    root: Path
    runs: pd.DataFrame
    specs: Mapping[str, RunSpec]
    damage: tuple[Damage, ...] = ()
    records: Mapping[str, RecordPlace] = field(default_factory=dict)
    facts: Mapping[str, MethodFacts] = field(default_factory=dict)
    logs: RunLogs = field(default_factory=RunLogs)

    def record(self, folder: str) -> RecordPlace:
        """Where the record of a run is."""
        return self.records[folder]

    @cached_property
    def _cells(self) -> dict[tuple[Any, ...], Array]:
        """Benchmark, method and ratio -> rows of ``runs``."""
        return dict(self.runs.groupby(["benchmark", "method", "ratio"]).indices)  # type: ignore[arg-type]

    def cell(self, benchmark: str, method: str, ratio: float) -> pd.DataFrame:
        """The rows of one method at one ratio of a benchmark."""
        return self.runs.iloc[self._cells.get((benchmark, method, ratio), [])]

    def of(self, benchmark: str) -> pd.DataFrame:
        """The rows of one benchmark."""
        return self.runs[self.runs["benchmark"] == benchmark]

    def curves(self, benchmark: str, ratio: float | None = None) -> pd.DataFrame:
        """The curves of a benchmark's finished runs, of :meth:`curves_of`."""
        rows = self.of(benchmark)
        rows = rows[rows["state"] == "done"]
        return self.curves_of(rows if ratio is None else rows[rows["ratio"] == ratio])

    def curves_of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The curves of some finished runs: ``CURVE_KEYS``, epoch, series, quantity, value; texts are categories."""
        names = {folder: i for i, folder in enumerate(rows["folder"])}
        keys = {key: rows[key].to_numpy() for key in CURVE_KEYS}
        frames = []
        for log, runs in self.logs.of("curves", names):
            chosen = np.flatnonzero(runs >= 0)
            own = {key: _repeated(values, runs[chosen]) for key, values in keys.items()}
            columns = {name: log.column(name, chosen) for name in KINDS["curves"]}
            frames.append(pd.DataFrame({**own, **columns}))
        return _joined(frames, [*CURVE_KEYS, *KINDS["curves"]])

    def damage_of(self, benchmark: str) -> list[Damage]:
        """The damaged records of one benchmark, by their folders' names."""
        return [one for one in self.damage if one.folder == benchmark or one.folder.startswith(f"{benchmark}_")]


def _repeated(values: Array, rows: Array) -> Any:
    """The value of each row's run; texts as categories."""
    if values.dtype.kind in "fi":
        return values[rows]
    codes, texts = pd.factorize(values)
    return pd.Categorical.from_codes(codes[rows], categories=pd.Index(texts, dtype=object))


def _joined(frames: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=list(columns))
    if len(frames) == 1:
        return frames[0]
    texts = [name for name in columns if isinstance(frames[0][name].dtype, pd.CategoricalDtype)]
    for name in texts:
        union = pd.api.types.union_categoricals([frame[name] for frame in frames]).categories
        frames = [frame.assign(**{name: frame[name].cat.set_categories(union)}) for frame in frames]
    return pd.concat(frames, ignore_index=True)


def number_columns() -> list[str]:
    """``<part>_<metric>`` of ``PARTS`` and every metric, then ``NUMBERS``."""
    return [*(f"{part}_{key}" for part in PARTS for key in metrics.metric_keys()), *NUMBERS]


def load_runs(root: Path) -> Runs:
    """Every run under ``root/runs`` and in the archives in ``root``; an absent folder is no runs.

    A damaged record is left out and named. A run that is in a folder and in an archive is read from the folder.
    """
    archived, damage = _archived(root)
    folders = {path.name: path for path in (root / "runs").glob("*") if not path.name.startswith(".")}
    return read_runs(root, archived | folders, damage)


def load_archives(root: Path) -> Runs:
    """Every run in the archives in ``root`` alone, as :func:`load_runs`."""
    return read_runs(root, *_archived(root))


def _archived(root: Path) -> tuple[dict[str, Path | ArchivedRecord], list[Damage]]:
    """Folder name -> record of every run in the archives in ``root``, and the archives that are damaged."""
    found: dict[str, Path | ArchivedRecord] = {}
    damage: list[Damage] = []
    for folder in archive_folders(root):
        try:
            archive = Archive(folder)
            archive.verify()
            found |= archive.records()
        except UserError as error:
            damage.append(Damage(folder.name, str(error)))
    return found, damage


def read_runs(root: Path, found: Mapping[str, Path | ArchivedRecord], damage: Sequence[Damage] = ()) -> Runs:
    """Runs of which it is known where they are.

    Args:
        root: a folder for messages.
        found: folder name -> the run's folder, or its record in an archive.
        damage: what is known to be damaged already.
    """
    lost = [*damage]
    read: dict[str, RecordedRun] = {}
    for name, place in sorted(found.items()):
        try:
            if isinstance(place, Path):
                own = read_folder(place) if place.is_dir() else None
            else:
                own = read_record(name, place, place.archive.reason(name))
        except UserError as error:
            lost.append(Damage(name, str(error)))
            continue
        if own is not None:
            read[name] = own
    records = {name: one.record for name, one in read.items()}
    logs, faults = read_logs({name: (one.record, one.outcome) for name, one in read.items() if one.outcome})
    lost += [Damage(name, str(error)) for name, error in sorted(faults.items())]
    rows = [one.row for name, one in read.items() if name not in faults]
    for keys, of, why in (
        (("benchmark",), lambda row: row["classes"], "its classes are not those of the benchmark's other runs"),
        (("benchmark", "variant"), lambda row: logs.subjects(row["folder"]), OTHER_CLIPS),
    ):
        others = {row["folder"] for row in _others(rows, keys, of)}
        rows = [row for row in rows if row["folder"] not in others]
        lost += [Damage(name, str(damaged_record(records[name], why))) for name in sorted(others)]
    specs = {row["folder"]: read[row["folder"]].spec for row in rows}
    facts = {row["folder"]: read[row["folder"]].facts for row in rows}
    name_rows(rows, specs, facts)
    return Runs(root, _frame(rows), specs, tuple(lost), records, facts, logs)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    numbers = number_columns()
    nan = float("nan")
    keys = {key: _column([row[key] for row in rows]) for key in KEYS}
    values = {key: np.array([row.get(key, nan) for row in rows], dtype=float) for key in numbers}
    return pd.DataFrame({**keys, **values}, columns=[*KEYS, *numbers])


def _column(values: Sequence[Any]) -> pd.Series[Any]:
    """Texts as objects: a report chooses rows thousands of times, and that is slow in a column of strings."""
    return pd.Series(values, dtype=object) if values and isinstance(values[0], str) else pd.Series(values)


def _others(
    rows: Iterable[dict[str, Any]], keys: Sequence[str], told: Callable[[dict[str, Any]], Any]
) -> list[dict[str, Any]]:
    """Finished runs that do not tell what most of those with the same ``keys`` do; one that tells nothing is none."""
    groups: dict[tuple[Any, ...], list[tuple[dict[str, Any], Any]]] = defaultdict(list)
    for row in rows:
        if row["state"] == "done" and (own := told(row)):
            groups[tuple(row[key] for key in keys)].append((row, own))
    usual = {key: Counter(own for _, own in group).most_common(1)[0][0] for key, group in groups.items()}
    return [row for key, group in groups.items() for row, own in group if own != usual[key]]
