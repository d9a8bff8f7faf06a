"""Runs into archives: from their folders, or from other archives; one run from two machines must be equal."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core import digests, links, metrics
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import json_bytes
from ssmar_bench.core.method_facts import FILE, method_facts
from ssmar_bench.core.paths import results_of
from ssmar_bench.core.printable import visible
from ssmar_bench.core.run_folder import RECORD
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.short_list import short
from ssmar_bench.results.archive import Archive, ArchivedRecord
from ssmar_bench.results.archive_schema import JSON_FILES, OPTIONAL, log_of
from ssmar_bench.results.archive_write import ArchiveEntry, write_archive
from ssmar_bench.results.comparison_table import comparison
from ssmar_bench.results.log_text import parse_log
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.records import Damage, Runs, load_archives, load_runs, read_runs
from ssmar_bench.results.table_order import table_rank

OF_THE_MACHINE = ("timings.json", "environment.json", FILE)
"""Files that two machines, or two versions of the configs, write differently of one run."""

SUMMARY = "summary.csv"
"""Means over seeds, for people; nothing reads it."""

NAMED = 5
"""Runs that an error names."""

Entry = tuple[RecordPlace, ArchiveEntry]
"""Where a run's record is, and the run as an archive holds it."""


@dataclass(frozen=True)
class Replaced:
    """An archived run in whose place a new record is: test accuracy in [0, 1] of both; NaN where a run had failed."""

    folder: str
    before: float
    after: float


@short
@dataclass(frozen=True)
class Published:
    """What was written.

    Attributes:
        runs: how many runs are in which archives.
        paths: the files.
        damage: what was left out because it is damaged.
        replaced: the runs whose archived record is another one now.
    """

    runs: Mapping[str, int]
    paths: tuple[Path, ...]
    damage: tuple[Damage, ...]
    replaced: tuple[Replaced, ...] = ()


def publish(sources: Sequence[Path], to: Path, replace: bool = False) -> Published:
    """Add all finished and failed runs of ``sources`` to the archives in ``to``, one a benchmark.

    A run that is there already is the same run: it must have the same results. Damaged records are left out and named.

    Args:
        sources: folders of single runs, folders that ``run`` wrote in, or folders with archives.
        to: where the archives are, a folder a benchmark; it may be among the sources.
        replace: a finished run of ``sources`` takes the place of the archived one, whatever its results are.

    Raises:
        UserError: no run, a run with two results, or a file that cannot be written; nothing is changed then.
    """
    loaded = [_load(source) for source in sources]
    kept = load_archives(to)
    if kept.damage:
        raise UserError(f"{kept.damage[0].why} Nothing was written.")
    entries: dict[str, Entry] = {}
    different: list[str] = []
    replaced: list[Replaced] = []
    for runs in (kept, *loaded):
        for row in runs.runs.to_dict("records"):
            name, place = row["folder"], runs.record(row["folder"])
            if row["state"] == "unfinished" or (replace and runs is not kept and _is_in(place, to)):
                continue
            one, old = (place, _entry(place, row)), entries.get(name)
            if old is None:
                entries[name] = one
            elif replace and _is_in(old[0], to) and _may_replace(one[1], old[1]):
                entries[name] = one
                replaced.append(Replaced(name, _accuracy(old[1]), _accuracy(one[1])))
            elif others := _differing(old[1], one[1]):
                different.append(_conflict(name, others, [old, one]))
            else:
                entries[name] = min([old, one], key=lambda own: _rank(own[1]))
    if different:
        more = f"; and {len(different) - NAMED} more" if len(different) > NAMED else ""
        raise UserError(
            f"{len(different)} {'run has' if len(different) == 1 else 'runs have'} two results, and nothing was "
            f"written: {'; '.join(different[:NAMED])}{more}; "
            "find out which machine is right, and leave the other one's folders out, or put a new result in the place "
            "of an archived one with --replace."
        )
    if not entries:
        raise UserError(f"There are no finished runs in {', '.join(map(str, sources))}.")
    return _write(entries, to, [one for runs in loaded for one in runs.damage], replaced)


def _load(source: Path) -> Runs:
    """The runs of a folder that a user names: of one run, or of many."""
    if (source / "record").is_dir() or (source / "work").is_dir():
        return read_runs(source.parent, {source.resolve().name: source})
    if not source.is_dir():
        raise UserError(f"{source}: there is no such folder.")
    return load_runs(results_of(source))


def _write(
    entries: Mapping[str, Entry],
    to: Path,
    damage: Iterable[Damage],
    replaced: Iterable[Replaced],
) -> Published:
    by_benchmark: dict[str, list[Entry]] = defaultdict(list)
    for one in entries.values():
        by_benchmark[one[1].row["benchmark"]].append(one)
    counts, paths = {}, []
    for benchmark, own in sorted(by_benchmark.items()):
        links.refuse(to, benchmark)
        own.sort(key=lambda one: _order(one[1].row))
        counts[benchmark] = len(own)
        paths += write_archive(to / benchmark, [entry for _, entry in own])
        runs = read_runs(to, Archive(to / benchmark).records())
        digests.write_files(to / benchmark, {SUMMARY: _summary(runs, benchmark)})
        paths.append(to / benchmark / SUMMARY)
    return Published(counts, tuple(paths), tuple(damage), tuple(replaced))


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*table_rank(row["method"]), row["ratio"], row["seed"], row["folder"])


def _summary(runs: Runs, benchmark: str) -> bytes:
    """Means over seeds, for people; the records are in the Parquet files."""
    frame = comparison(runs, benchmark)
    frame = frame[frame["kind"] == "method"].drop(columns=["kind", "missing"])
    frame = frame[(frame[["seeds", "failed", "unfinished"]] > 0).any(axis=1)]
    return frame.round(4).to_csv(index=False, lineterminator="\n").encode()


def _entry(record: RecordPlace, row: Mapping[Any, Any]) -> ArchiveEntry:
    """A run as an archive holds it."""
    texts = {name: (record / name).read_bytes().decode() for name in JSON_FILES if (record / name).is_file()}
    names = [name for name in RECORD if name not in JSON_FILES and (record / name).is_file()]
    logs: dict[str, pd.DataFrame] = {}
    verbatim: dict[str, str] = {}
    found = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    for name in names:
        kept = record.archive.frame(record.name, log_of(name)) if isinstance(record, ArchivedRecord) else None
        data = (record / name).read_bytes()
        found[name] = hashlib.sha256(data).hexdigest()
        frame = kept if kept is not None else parse_log(data, log_of(name))
        if frame is None:
            verbatim[name] = data.decode()
        else:
            logs[log_of(name)] = frame
    if isinstance(record, ArchivedRecord):
        found = dict(record.archive.runs[record.name]["digests"] or ())
    spec = RunSpec.from_json(json.loads(texts["spec.json"]))
    if FILE not in texts:  # a record of engine 1: today's configs are those that it was made with
        texts[FILE] = json_bytes(method_facts(spec, _label(texts, row), initial_weights(spec.backbone))).decode()
    scores = {name: row.get(f"test_{name}") for name in metrics.metric_keys()} | {
        name: row[name] for name in ("majority", "train_seconds")
    }
    return ArchiveEntry(
        {
            **{name: row[name] for name in ("folder", "benchmark", "method", "state", "reason", "ratio", "seed")},
            "label": _label(texts, row),
            **{name: None if value is None or pd.isna(value) else float(value) for name, value in scores.items()},
            **texts,
            "tables": names,
            "verbatim": list(verbatim.items()),
            "digests": list(found.items()),
        },
        logs,
    )


def _label(texts: Mapping[str, str], row: Mapping[Any, Any]) -> str:
    """The label of the method config; what else runs are said to differ in depends on the other runs."""
    return str(json.loads(texts["metrics.json"])["label"]) if "metrics.json" in texts else str(row["method"])


def _differing(one: ArchiveEntry, other: ArchiveEntry) -> list[str]:
    """The files in which two results of one run differ, besides those that are of the machine."""
    first, second = dict(one.row["digests"]), dict(other.row["digests"])
    names = [name for name in {**first, **second} if name not in OF_THE_MACHINE]
    newer = {f"{log}.csv" for log in OPTIONAL} & ({*first} ^ {*second})  # what only one of two versions wrote
    return [name for name in names if name not in newer and first.get(name) != second.get(name)]


def _rank(entry: ArchiveEntry) -> list[Any]:
    """Which of two equal results is kept, whatever their order: that of more files."""
    found = dict(entry.row["digests"])
    return [-len(found), *sorted(found.items())]


def _is_in(place: RecordPlace, to: Path) -> bool:
    """Whether a record is in the archives in ``to``."""
    return isinstance(place, ArchivedRecord) and place.archive.folder.resolve().parent == to.resolve()


def _may_replace(new: ArchiveEntry, old: ArchiveEntry) -> bool:
    """Whether a record is another one than the archived one, and may replace it: a failure replaces no result."""
    return _rank(new) != _rank(old) and (new.row["state"] == "done" or old.row["state"] != "done")


def _accuracy(entry: ArchiveEntry) -> float:
    found = entry.row["accuracy"]
    return math.nan if found is None else float(found)


def _conflict(name: str, files: Sequence[str], two: Sequence[Entry]) -> str:
    machines = [_machine(entry) for _, entry in two]
    keys = ["device", "processor", "system", "version_torch"]
    if all(about.get("instruction_set") for about in machines):
        keys.insert(2, "instruction_set")  # another one alone gives other last bits
    described = [
        f"{place} (on {', '.join(about[key] for key in keys if about.get(key)) or 'an unknown machine'})"
        for (place, _), about in zip(two, machines, strict=True)
    ]
    return visible(f"{name} differs in {', '.join(files)} between {' and '.join(described)}")


def _machine(entry: ArchiveEntry) -> dict[str, str]:
    """What the record of a result says of its machine."""
    about: dict[str, str] = json.loads(entry.row.get("environment.json") or "{}")
    return about


def check(root: Path) -> tuple[int, list[Damage]]:
    """Read and compare everything: how many runs have ended and are whole, and what is damaged.

    Of an archive: the digests of its files, columns, every record as it is read for a report, and that each file of a
    record is what was published. Of a run's folder: its ``SHA256SUMS``, and the record.
    """
    runs = load_runs(root)
    damage = list(runs.damage)
    for name in runs.specs:
        place = runs.record(name)
        if isinstance(place, ArchivedRecord):
            damage += [Damage(name, why) for why in _faults(place.archive, name)]
    return int((runs.runs["state"] != "unfinished").sum()), damage


def _faults(archive: Archive, run: str) -> list[str]:
    """Every file of an archived record that is not what its digest says."""
    found = dict(archive.runs[run]["digests"] or ())
    added = {FILE} - {*found}  # by whoever published a record of engine 1
    names = ({*archive.names_of(run)} | {*found}) - added
    return [
        f"{archive.folder / run}/{name}: its SHA-256 is not the one that it was published with."
        for name in sorted(names)
        if name not in archive.names_of(run)
        or hashlib.sha256(archive.content(run, name)).hexdigest() != found.get(name)
    ]
