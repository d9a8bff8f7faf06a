"""Data of single runs for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ssmar_bench.reports.web.page_data import SECTIONS, number, rounded
from ssmar_bench.results.summary import BenchmarkSummary, RunDetails

SHARES = ("accuracy", "coverage")
TOGETHER = 64
"""About how many runs are in one part: the page of a run loads them all."""


def bucket_digits(runs: int) -> int:
    """How many last digits of a run's folder name say in which part it is."""
    digits = 0
    while 16**digits * TOGETHER < runs:
        digits += 1
    return digits


def bucket(folder: str, digits: int) -> str:
    """The name of the part that holds a run, which stays the same when other runs are added."""
    return folder[len(folder) - digits :]


def run_parts(benchmarks: Sequence[BenchmarkSummary], digits: int) -> dict[str, dict[str, Any]]:
    """Bucket -> its runs by folder, and the sections of specs that they share; ``digits``: :func:`bucket_digits`."""
    parts: dict[str, dict[str, Any]] = defaultdict(lambda: {"runs": {}, "shared": []})
    for one in benchmarks:
        groups: dict[tuple[str, float], list[list[Any]]] = defaultdict(list)
        for run in one.details:
            groups[run.row["label"], run.row["ratio"]].append([int(run.row["seed"]), run.row["folder"]])
        for run in one.details:
            folder = run.row["folder"]
            part = parts[bucket(folder, digits)]
            same = [seed for seed in groups[run.row["label"], run.row["ratio"]] if seed[1] != folder]
            part["runs"][folder] = _run(run, part["shared"]) | {"group": same}
    return parts


def _run(run: RunDetails, shared: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("benchmark", "method", "label", "ratio", "seed", "state", "reason", "folder")
    spec = {**run.spec, **{name: _place(run.spec[name], shared) for name in SECTIONS}}
    entry = {**{key: run.row[key] for key in keys}, "spec": spec}
    entry |= {"departures": run.departures, "command": run.command}
    if not run.metrics:
        return entry
    outcome = {key: run.metrics[key] for key in run.metrics if key not in ("classes", "label", "identity")}
    return {
        **entry,
        "classes": _place({"classes": run.metrics["classes"]}, shared),
        "metrics": rounded(outcome),
        "environment": _place(run.environment, shared),
        "seconds": number(run.row["train_seconds"]),
        "ended": run.ended,
        "curves": {name: _line(name, values.tolist()) for name, values in run.curves.items()},
        "confusion": [] if run.confusion is None else run.confusion.ravel().tolist(),
    }


def _line(name: str, values: list[float]) -> list[float | None]:
    factor = 100 if name.partition("/")[2].startswith(SHARES) else 1
    return [number(factor * value, 3) for value in values]


def _place(value: Any, shared: list[Any]) -> int:
    """The place of ``value`` in ``shared``, where it is put if it is not there."""
    if value not in shared:
        shared.append(value)
    return shared.index(value)
