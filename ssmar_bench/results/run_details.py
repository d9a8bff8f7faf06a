"""What the record of a single run holds, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.results.clip_counts import Floats, Ints, confusion
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
        departures: settings in which it is not its method's default on its benchmark.
        command: that repeats it; "" where the record does not say.
        metrics: ``metrics.json``; empty unless it is done, as all that follows.
        environment: versions and machine.
        ended: when the training did, in UTC; "" in older records.
        curves: ``series/quantity`` -> value after each epoch, from epoch 1; NaN where there is none.
        confusion: (C, C) test clips by true and predicted class; None where no predictions are kept.
    """

    row: Mapping[Any, Any]
    spec: Mapping[str, Any]
    departures: Mapping[str, Any]
    command: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    ended: str = ""
    curves: Mapping[str, Floats] = field(default_factory=dict)
    confusion: Ints | None = None


def run_details(runs: Runs, benchmark: str) -> tuple[RunDetails, ...]:
    """Every run of a benchmark, in the order of ``Runs.runs``."""
    curves = _by_folder(runs.curves(benchmark))
    return tuple(_details(runs, row, curves) for row in runs.of(benchmark).to_dict("records"))


def _details(runs: Runs, row: Mapping[Any, Any], curves: Mapping[str, Mapping[str, Floats]]) -> RunDetails:
    record, spec = runs.record(row["folder"]), runs.specs[row["folder"]].to_json()
    facts = _object(record / "method.json")
    about = RunDetails(row, spec, facts.get("departures") or {}, facts.get("command", ""))
    if row["state"] != "done":
        return about
    outcome = read_object(record / "metrics.json")
    return RunDetails(
        row, spec, about.departures, about.command, outcome, _object(record / "environment.json"),
        str(_object(record / "timings.json").get("ended", "")),
        curves.get(row["folder"], {}), confusion(record, len(outcome["classes"])),
    )  # fmt: skip


def _object(path: RecordPlace) -> dict[str, Any]:
    """A JSON file of a record; empty where an older record has none."""
    return read_object(path) if path.is_file() else {}


def _by_folder(frame: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    found: dict[str, dict[str, Floats]] = {}
    rows = frame[~frame["quantity"].isin([*LEFT_OUT, *metrics.metric_keys()[1:]])]
    for (folder, series, quantity), own in rows.groupby(["folder", "series", "quantity"], sort=True):
        line = np.full(int(own["epoch"].max()), np.nan)
        line[own["epoch"].to_numpy() - 1] = own["value"]
        found.setdefault(str(folder), {})[f"{series}/{quantity}"] = line
    return found
