"""What the record of a single run holds, as its page shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ssmar_bench.core import metrics
from ssmar_bench.results.clip_counts import Floats, Ints, confusion_entries
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import read_object
from ssmar_bench.results.records import Runs

LEFT_OUT = ("clips", *(f"accuracy_at_{share}" for share in (10, 25, 50, 75)))
"""Quantities of curves that are left out, besides all metrics but the first."""


@dataclass(frozen=True)
class RunDetails:
    """One run.

    Attributes:
        row: of ``Runs.runs``.
        spec: what was run, as JSON.
        departures: in what it is not its method's default on its benchmark, in words; "" for nothing.
        command: that repeats it; "" where the record does not say.
        metrics: ``metrics.json``; empty unless it is done, as all that follows.
        environment: versions and machine.
        ended: when the training did, in UTC; "" in older records.
        curves: ``series/quantity`` -> value after each epoch, from epoch 1; NaN where there is none.
        confusion: (n, 2) the places in the flat (C, C) confusion that are not zero, and their test clips; None where
            no predictions are kept.
    """

    row: Mapping[Any, Any]
    spec: Mapping[str, Any]
    departures: str
    command: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    ended: str = ""
    curves: Mapping[str, Floats] = field(default_factory=dict)
    confusion: Ints | None = None


def run_details(runs: Runs, benchmark: str, classes: int) -> tuple[RunDetails, ...]:
    """Every run of a benchmark with so many ``classes``, in the order of ``Runs.runs``."""
    rows = runs.of(benchmark).to_dict("records")
    numbers = {row["folder"]: i for i, row in enumerate(rows) if row["state"] == "done"}
    curves, counts = _curves(runs, numbers), confusion_entries(runs.logs, numbers, classes)
    return tuple(_details(runs, row, curves.get(i, {}), counts.get(i)) for i, row in enumerate(rows))


def _details(runs: Runs, row: Mapping[Any, Any], curves: Mapping[str, Floats], counts: Ints | None) -> RunDetails:
    record, spec = runs.record(row["folder"]), runs.specs[row["folder"]].to_json()
    facts = _object(record / "method.json")
    departures = runs.facts[row["folder"]].departures_text
    about = RunDetails(row, spec, departures, facts.get("command", ""))
    if row["state"] != "done":
        return about
    outcome, environment = (read_object(record / "metrics.json"), _object(record / "environment.json"))
    return RunDetails(row, spec, departures, about.command, outcome, environment, row["ended"], curves, counts)


def _object(path: RecordPlace) -> dict[str, Any]:
    """A JSON file of a record; empty where an older record has none."""
    return read_object(path) if path.is_file() else {}


def _curves(runs: Runs, numbers: Mapping[str, int]) -> dict[int, dict[str, Floats]]:
    """Number of a run -> ``series/quantity`` -> values by epoch."""
    found: dict[int, dict[str, Floats]] = defaultdict(dict)
    for log, run in runs.logs.of("curves", numbers):
        series, quantity, epoch, value = (log.columns[name] for name in ("series", "quantity", "epoch", "value"))
        left_out = [*LEFT_OUT, *metrics.metric_keys()[1:]]
        shown = np.array([text not in left_out for text in log.texts["quantity"]], dtype=bool)[quantity]
        rows = np.flatnonzero((run >= 0) & shown)
        names = [f"{one}/{two}" for one in log.texts["series"] for two in log.texts["quantity"]]
        order = np.argsort(np.argsort(names))
        line = run[rows] * len(names) + order[series[rows] * len(log.texts["quantity"]) + quantity[rows]]
        kinds, place = np.unique(line, return_inverse=True)
        lengths = np.zeros(len(kinds), dtype=np.int64)
        np.maximum.at(lengths, place, epoch[rows])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        values = np.full(starts[-1], np.nan)
        values[starts[place] + epoch[rows] - 1] = value[rows]
        names.sort()
        for i, kind in enumerate(kinds.tolist()):
            found[kind // len(names)][names[kind % len(names)]] = values[starts[i] : starts[i + 1]]
    return found
