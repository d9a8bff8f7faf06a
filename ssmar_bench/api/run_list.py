"""The runs of a folder: list them, show one, remove some."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ssmar_bench.api.find_run import find_record, find_run
from ssmar_bench.core import links, method_facts
from ssmar_bench.core.errors import BusyError, UserError
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.results.intervals import recorded_interval, with_run_intervals
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Environment, MethodFacts, Metrics, Timings, read_part
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs.rerun_command import rerun_command

COLUMNS = (
    *("run", "state", "benchmark", "method", "ratio", "seed", "accuracy", "test_low", "test_high"),
    *("ended", "bytes", "reason"),
)


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run; its text is a line a fact.

    Attributes:
        run: its folder's name.
        facts: what was run, what came out, when, and on which machine with which versions; in this order.
        command: what trains it again.
    """

    run: str
    facts: Mapping[str, Any]
    command: str

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        lines = [self.run, *(f"  {key:<{width}}  {value}" for key, value in self.facts.items())]
        return "\n".join([*lines, f"  train it again: {self.command}"])

    __repr__ = __str__


def run_state(folder: RunFolder) -> str:
    """``running``, ``done``, ``damaged``, ``failed``, ``interrupted`` (a checkpoint is there) or ``unfinished``."""
    if folder.done():
        return "damaged" if folder.damage() else "done"
    if folder.held():
        return "running"
    if folder.failure():
        return "failed"
    return "interrupted" if folder.started() else "unfinished"


def list_runs(folder: Path | str = RESULTS) -> pd.DataFrame:
    """Every run in the folder that ``run`` wrote in, a row each, sorted by name.

    Returns:
        Columns ``run`` (its folder's name), ``state`` (of :func:`run_state`), ``benchmark``, ``method``, ``ratio``,
        ``seed``, ``accuracy`` of the test part in [0, 1] (NaN unless done), ``test_low`` and ``test_high`` (its 95 %
        interval; NaN unless the test part has fewer than 200 clips), ``ended`` (when its training did,
        UTC; NaT where nobody knows), ``bytes`` on the disk (0 of a run in an archive), ``reason`` (of
        a failed or damaged run).
    """
    root = results_of(folder)
    loaded = load_runs(root)
    rows = []
    for row in with_run_intervals(loaded, loaded.runs).to_dict("records"):
        place = RunFolder(root / "runs" / row["folder"])
        state = run_state(place) if row["state"] != "done" and place.path.is_dir() else row["state"]
        kept = ("benchmark", "method", "ratio", "seed", "test_low", "test_high", "ended", "reason")
        plain = {key: row[key] for key in kept}
        rows.append({"run": row["folder"], "state": state, "accuracy": row["test_accuracy"], **plain})
    for one in loaded.damage:
        rows.append({"run": one.folder, "state": "damaged", "reason": one.why, "ended": ""})  # noqa: PERF401
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "bytes"])
    frame["bytes"] = [_size(root / "runs" / name) for name in frame["run"]]
    frame["ended"] = pd.to_datetime(frame["ended"].replace("", None), utc=True)
    return frame[list(COLUMNS)].sort_values("run", ignore_index=True)


def _size(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(os.lstat(Path(place, name)).st_size for place, _, files in os.walk(folder) for name in files)


def show_run(run: Path | str, folder: Path | str = RESULTS) -> RunFacts:
    """What is known of a run, and the command that trains it again.

    Args:
        run: its folder, its name, or a start of names that one run alone has.
        folder: the folder that ``run`` wrote in.

    Raises:
        UserError: no such run, several, or its record is damaged.
    """
    found = find_record(run, results_of(folder))
    spec, place = found.spec(), found.folder
    state = "archived" if place is None else run_state(place)
    facts: dict[str, Any] = {
        "state": state,
        "benchmark": f"{spec.benchmark}, source {spec.source.name}",
        "method": f"{spec.method}, algorithm {spec.algorithm} revision {spec.revision}",
        "ratio and seed": f"{spec.ratio:g}, {spec.seed}",
        "network": f"{spec.backbone.name}, initial weights {spec.backbone.weights}",
        "schedule": f"{spec.train.epochs} epochs of batches of {spec.train.batch}",
        "split": spec.split,
    }
    if place is not None and state in ("failed", "damaged"):
        facts["reason"] = place.reason() if state == "failed" else place.damage()
    elif (found.record / "metrics.json").is_file():
        facts |= _outcome(found.record)
    facts["weights"] = "kept" if place is not None and place.weights.is_file() else "not kept here"
    facts["record"] = str(found.record)
    told = found.record / method_facts.FILE
    recorded = read_part(MethodFacts, told).departures if told.is_file() else None
    return RunFacts(found.name, facts, rerun_command(spec, recorded))


def _outcome(record: RecordPlace) -> dict[str, Any]:
    """What came out of a finished run, when and on what."""
    outcome = read_part(Metrics, record / "metrics.json")
    counts = outcome.counts
    facts: dict[str, Any] = {f"test {key}": f"{100 * value:.1f} %" for key, value in outcome.test.items()}
    if (interval := recorded_interval(outcome)) is not None:
        low, high = (f"{100 * end:.1f}" for end in (interval.low, interval.high))
        facts["95 % interval"] = f"{low} to {high} % of test accuracy ({interval.by}, {counts.test:,} clips)"
    facts["majority rate"] = f"{100 * outcome.majority:.1f} %"
    parts = ("labelled", "unlabelled", "validation", "test")
    never = {"unlabelled": f" ({counts.never_labelled} of them never labelled)"} if counts.never_labelled else {}
    facts["clips"] = ", ".join(f"{getattr(counts, part)} {part}{never.get(part, '')}" for part in parts)
    if (record / "timings.json").is_file():
        timings = read_part(Timings, record / "timings.json")
        facts["training"] = f"{timings.train_seconds:.0f} s"
        facts["training ended"] = timings.ended or "unknown"
    if (record / "environment.json").is_file():
        facts |= {
            key: value or "unknown" for key, value in read_part(Environment, record / "environment.json").root.items()
        }
    return facts


def remove_runs(runs: Iterable[Path | str], folder: Path | str = RESULTS) -> list[Path]:
    """Remove runs with all that they hold; one that is being trained is never removed.

    Args:
        runs: folders, names, or starts of names that one run alone has.
        folder: the folder that ``run`` wrote in.

    Returns:
        The folders that were removed.

    Raises:
        UserError: one of them is not there, means several, or is being trained; nothing is removed then.
    """
    places = removable(runs, folder)
    for place in places:
        try:
            with place.lease():
                aside = place.path.with_name(f".{place.path.name}.{os.getpid()}.removed")
                place.path.rename(aside)  # from here on nobody takes it for a run
                links.remove(aside)
        except OSError as error:
            raise UserError(f"{place.path} cannot be removed ({error.strerror}); change its permissions.") from error
    return ShortList(place.path for place in places)


def removable(runs: Iterable[Path | str], folder: Path | str = RESULTS) -> list[RunFolder]:
    """The runs that :func:`remove_runs` would remove; arguments and errors are the same."""
    root = results_of(folder)
    places = [RunFolder(path) for path in dict.fromkeys(find_run(run, root) for run in runs)]
    for place in places:
        place.refuse_links()
        if place.held():
            raise BusyError(f"Run {place.path.name} is being trained; stop that command first. Nothing was removed.")
    return places


def age(ended: Any) -> str:
    """How long ago a date with a time zone is, in the largest unit that fits; "" where nobody knows (None, NaT)."""
    if ended is None or pd.isna(ended):
        return ""
    seconds = (datetime.now(UTC) - ended).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
