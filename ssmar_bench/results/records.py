"""Reads the records of runs, ``runs/*/record`` and archives, into data frames."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core import metrics
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import digest
from ssmar_bench.core.printable import shortened, visible
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results import record_tables
from ssmar_bench.results.archive import Archive, archive_folders
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import (
    OTHER_CLIPS,
    Environment,
    MethodFacts,
    Metrics,
    Spec,
    Timings,
    damaged_record,
    read_object,
    read_part,
    require_file,
    there,
)
from ssmar_bench.results.variants import label_suffixes, main_variant, variant

KEYS = (
    *("benchmark", "method", "label", "variant", "main", "ratio", "seed", "state", "reason", "folder", "split"),
    *("mock", "truth", "ended"),
)
PARTS = ("test", "test_ema", "validation")
"""What is scored."""
NUMBERS = (
    *("majority", "steps", "epochs", "clips_seen", "forward_passes", "parameters", "train_seconds"),
    *("count_labelled", "count_unlabelled", "count_never_labelled", "count_validation", "count_test"),
    *("count_test_subjects", "count_classes"),
)
CURVES = tuple(record_tables.CURVES)


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
    """

    root: Path
    runs: pd.DataFrame
    specs: Mapping[str, RunSpec]
    damage: tuple[Damage, ...] = ()
    records: Mapping[str, RecordPlace] = field(default_factory=dict)
    facts: Mapping[str, MethodFacts] = field(default_factory=dict)

    def record(self, folder: str) -> RecordPlace:
        """Where the record of a run is."""
        return self.records[folder]

    @cached_property
    def _cells(self) -> dict[tuple[Any, ...], npt.NDArray[np.intp]]:
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
        """The curves of some finished runs: method, label, variant, ratio, seed, folder, ``CURVES``.

        Read from the disk only when asked for.

        Raises:
            UserError: names a ``curves.csv`` that cannot be read.
        """
        keys = ["method", "label", "variant", "ratio", "seed", "folder"]
        frames = [
            record_tables.curves(self.record(row["folder"])).assign(**{key: row[key] for key in keys})
            for row in rows.to_dict("records")
        ]
        if not frames:
            return pd.DataFrame(columns=[*keys, *CURVES])
        return pd.concat(frames, ignore_index=True)[[*keys, *CURVES]]

    def damage_of(self, benchmark: str) -> list[Damage]:
        """The damaged records of one benchmark, by their folders' names."""
        return [one for one in self.damage if one.folder == benchmark or one.folder.startswith(f"{benchmark}_")]


def number_columns() -> list[str]:
    """``<part>_<metric>`` of ``PARTS`` and every metric, then ``NUMBERS``."""
    return [*(f"{part}_{key}" for part in PARTS for key in metrics.metric_keys()), *NUMBERS]


def load_runs(root: Path) -> Runs:
    """Every run under ``root/runs`` and in the archives in ``root``; an absent folder is no runs.

    A damaged record is left out and named. A run that is in a folder and in an archive is read from the folder.
    """
    damage: list[Damage] = []
    found: dict[str, Path | RecordPlace] = {}
    reasons: dict[str, str] = {}
    for folder in archive_folders(root):
        try:
            archive = Archive(folder)
            archive.verify()
            found |= archive.records()
            reasons |= {name: archive.reason(name) for name in archive.runs}
        except UserError as error:
            damage.append(Damage(folder.name, str(error)))
    found |= {path.name: path for path in (root / "runs").glob("*") if not path.name.startswith(".")}
    return read_runs(root, found, reasons, damage)


def read_runs(
    root: Path, found: Mapping[str, Path | RecordPlace], reasons: Mapping[str, str], damage: Sequence[Damage] = ()
) -> Runs:
    """Runs of which it is known where they are.

    Args:
        root: a folder for messages.
        found: folder name -> the run's folder, or its record in an archive.
        reasons: folder name -> why an archived run failed, "" where it did not.
        damage: what is known to be damaged already.
    """
    rows: list[dict[str, Any]] = []
    specs: dict[str, RunSpec] = {}
    lost = [*damage]
    records: dict[str, RecordPlace] = {}
    facts: dict[str, MethodFacts] = {}
    for name, place in sorted(found.items()):
        try:
            if isinstance(place, Path):
                read = _read_folder(place) if place.is_dir() else None
                records[name] = place / "record"
            else:
                read = _read_record(name, place, reasons.get(name, ""))
                records[name] = place
        except UserError as error:
            lost.append(Damage(name, str(error)))
            continue
        if read is not None:
            specs[name], row, facts[name] = read
            rows.append(row)
    for keys, of, why in (
        (("benchmark",), lambda row: row["classes"], "its classes are not those of the benchmark's other runs"),
        (("benchmark", "variant"), lambda row: record_tables.subjects(records[row["folder"]]), OTHER_CLIPS),
    ):
        for row in _others(rows, keys, of):
            rows.remove(row)
            del specs[row["folder"]]
            lost.append(Damage(row["folder"], str(damaged_record(records[row["folder"]], why))))
    _name(rows, specs, facts)
    numbers = number_columns()
    frame = pd.DataFrame(rows, columns=[*KEYS, *numbers])
    return Runs(root, frame.astype(dict.fromkeys(numbers, float)), specs, tuple(lost), records, facts)


def _others(
    rows: Sequence[dict[str, Any]], keys: Sequence[str], told: Callable[[dict[str, Any]], tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """Finished runs that do not tell what most of those with the same ``keys`` do; one that tells nothing is none."""
    groups: dict[tuple[Any, ...], list[tuple[dict[str, Any], tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        if row["state"] == "done" and (own := told(row)):
            groups[tuple(row[key] for key in keys)].append((row, own))
    usual = {key: Counter(own for _, own in group).most_common(1)[0][0] for key, group in groups.items()}
    return [row for key, group in groups.items() for row, own in group if own != usual[key]]


def _read_folder(path: Path) -> tuple[RunSpec, dict[str, Any], MethodFacts] | None:
    """What was run in a folder, its row, and what is said of its method; None for a folder that holds nothing yet.

    Raises:
        UserError: a damaged record, by its file's name.
    """
    folder = RunFolder(path)
    for place in (path, folder.record, folder.work):
        if place.is_symlink():
            raise damaged_record(place, "it is a symbolic link")
    failure = folder.failure()
    for name, why in folder.record_faults().items():
        raise damaged_record(folder.record / name, why)
    for other in sorted(folder.record.glob("[!.]*")) if there(folder.record / "metrics.json") else ():
        if other.is_symlink() or not other.is_dir():  # the user's own folder is nobody's damage
            require_file(other)
    return _read_record(path.name, folder.record, _last_line(failure) if failure else "")


def _read_record(name: str, record: RecordPlace, reason: str) -> tuple[RunSpec, dict[str, Any], MethodFacts] | None:
    spec_file, metrics_file = record / "spec.json", record / "metrics.json"
    if not spec_file.is_file():
        if reason or there(metrics_file):
            raise damaged_record(spec_file, "it is missing, so nobody knows what was run")
        return None
    spec = _read_spec(spec_file, name)
    row: dict[str, Any] = {
        "benchmark": spec.benchmark,
        "method": spec.method,
        "ratio": spec.ratio,
        "seed": spec.seed,
        "folder": name,
        "split": spec.split,
        "variant": variant(spec),
        "main": True,
        "label": "",
        "reason": "",
        "mock": False,
        "truth": "",
        "ended": "",
    }
    if there(metrics_file):
        row |= {"state": "done", **_numbers(record, name)}
    elif reason:
        row |= {"state": "failed", "reason": reason}
    else:
        row["state"] = "unfinished"
    facts = _facts(record, spec, row)
    return spec, {**row, "label": facts.label}, facts


def _read_spec(path: RecordPlace, folder: str) -> RunSpec:
    data = read_object(path)
    read_part(Spec, path)
    try:
        spec = RunSpec.from_json(data)
    except ValueError as error:
        raise damaged_record(path, str(error)) from error
    # The digest of the file itself, as RunFolder.done() takes it: a later field's default must not change old names.
    if not (folder.startswith(f"{spec.benchmark}_{spec.method}_") and folder.endswith(f"_{digest(data)}")):
        own = RunFolder(path.parent.parent).renamed() if isinstance(path, Path) else ""
        if own and isinstance(path, Path):
            raise UserError(f"{path.parent.parent}: this is the run {own}; give the folder its name again.")
        raise damaged_record(path, f"it does not belong to the folder '{folder}'")
    return spec


def _numbers(record: RecordPlace, name: str) -> dict[str, Any]:
    path = record / "metrics.json"
    outcome = read_part(Metrics, path)
    if not name.endswith(f"_{outcome.identity}"):
        raise damaged_record(path, f"its identity {shortened(outcome.identity)} is not this run's")
    record_tables.check(record, outcome)
    row: dict[str, Any] = {"label": outcome.label, "classes": tuple(outcome.classes)}
    row["count_classes"] = len(outcome.classes)
    row["mock"], row["truth"] = outcome.mock, outcome.truth
    for part in PARTS:
        row.update({f"{part}_{key}": value for key, value in getattr(outcome, part).items()})
    for key in ("majority", "steps", "epochs", "clips_seen", "forward_passes", "parameters"):
        row[key] = getattr(outcome, key)
    row.update({f"count_{key}": value for key, value in outcome.counts.model_dump().items()})
    for file, model in (("timings.json", Timings), ("environment.json", Environment)):
        other = record / file
        if there(other):
            found = read_part(model, other)
            row.update(found.model_dump() if isinstance(found, Timings) else {})
    return row


def _facts(record: RecordPlace, spec: RunSpec, row: Mapping[str, Any]) -> MethodFacts:
    """What the record says of the method; records of engine 1 say nothing until they are published."""
    if (record / "method.json").is_file():
        return read_part(MethodFacts, record / "method.json")
    return MethodFacts(label=row["label"] or spec.method, initial_weights=initial_weights(spec.backbone))


def _last_line(text: str) -> str:
    """What a traceback ends with: the error itself."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return visible(lines[-1]) if lines else "no reason was written"


def _name(rows: list[dict[str, Any]], specs: Mapping[str, RunSpec], facts: Mapping[str, MethodFacts]) -> None:
    """Fill in ``label`` and ``main``: a failed run has no label of its own, and variants of one method differ."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    labels: dict[str, str] = {}
    for row in rows:
        groups[row["benchmark"], row["method"]].append(row)
        if row["state"] == "done" or row["label"] != row["method"]:
            labels.setdefault(row["method"], row["label"])
    names = {method: labels.get(method, method) for _, method in groups}
    for (_, method), members in groups.items():
        label = names[method]
        if [*names.values()].count(label) > 1:  # two method configs with one label must not become one row
            label = f"{label} ({method})"
        if len({row["variant"] for row in members}) == 1:
            for row in members:
                row["label"] = label
            continue
        own = [specs[row["folder"]] for row in members]
        defaults = {row["variant"] for row in members if facts[row["folder"]].is_default()}
        endings, best = label_suffixes(own, defaults), main_variant(own, defaults)
        for row in members:
            row["label"] = label + endings[row["variant"]]
            row["main"] = row["variant"] == best
    _keep_truths_apart(rows)


def _keep_truths_apart(rows: list[dict[str, Any]]) -> None:
    """Runs that were recorded with other labels than most of their benchmark's runs are rows of their own."""
    truths: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["truth"]:
            truths[row["benchmark"]][row["truth"]] += 1
    for row in rows:
        if row["truth"] and row["truth"] != truths[row["benchmark"]].most_common(1)[0][0]:
            row["label"] += f" [truth={row['truth']}]"
            row["variant"] += f"-{row['truth']}"
            row["main"] = False
