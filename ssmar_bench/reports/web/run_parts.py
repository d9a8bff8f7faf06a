"""Data of single runs and of what they said of single clips, for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.reports.web.page_data import SECTIONS, by_epoch, cells_of, number, rounded, sparse
from ssmar_bench.results.clip_counts import calibration, confusion
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import read_object
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import class_names

LEFT_OUT = ("clips", *(f"accuracy_at_{share}" for share in (10, 25, 50, 75)))
"""Quantities that the page of a run does not draw, besides all metrics but the first."""

SHARES = ("accuracy", "coverage")
TOGETHER = 64
"""About how many runs are in one part: the page of a run loads them all."""

Curves = dict[str, list[float | None]]
"""``series/quantity`` -> value after each epoch, the first one being epoch 1; shares in per cent."""


def bucket_digits(runs: int) -> int:
    """How many last digits of a run's folder name say in which part it is."""
    digits = 0
    while 16**digits * TOGETHER < runs:
        digits += 1
    return digits


def bucket(folder: str, digits: int) -> str:
    """The name of the part that holds a run, which stays the same when other runs are added."""
    return folder[len(folder) - digits :]


def run_parts(runs: Runs, curves: Mapping[str, pd.DataFrame], digits: int) -> dict[str, dict[str, Any]]:
    """Bucket -> its runs by folder, and the sections of specs that they share.

    Args:
        runs: all runs.
        curves: benchmark -> ``Runs.curves``.
        digits: of :func:`bucket_digits`.
    """
    own = {folder: found for frame in curves.values() for folder, found in _by_folder(frame).items()}
    groups = {key: list(rows["folder"]) for key, rows in runs.runs.groupby(["benchmark", "label", "ratio"])}
    seeds = dict(zip(runs.runs["folder"], runs.runs["seed"], strict=True))
    parts: dict[str, dict[str, Any]] = defaultdict(lambda: {"runs": {}, "shared": []})
    for row in runs.runs.to_dict("records"):
        part = parts[bucket(row["folder"], digits)]
        same = groups[row["benchmark"], row["label"], row["ratio"]]
        entry = _run(runs, row, own.get(row["folder"], {}), part["shared"])
        entry["group"] = [[int(seeds[folder]), folder] for folder in same if folder != row["folder"]]
        part["runs"][row["folder"]] = entry
    return parts


def class_parts(runs: Runs, benchmark: str) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> confusion on the test part and calibration on the pool, all seeds together."""
    classes = len(class_names(runs, benchmark))
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for label, ratio, rows in cells_of(runs, benchmark):
        records = [runs.record(folder) for folder in rows["folder"]]
        counts = [one for record in records if (one := confusion(record, classes)) is not None]
        whole = len(counts) == len(records)  # of some seeds alone it would be another cell's
        found[f"{ratio:g}"][label] = {
            "confusion": sparse(sum(counts[1:], counts[0])) if whole else [],
            "calibration": _pooled(calibration(record).get("full_pool") for record in records),
        }
    return found


def _pooled(counts: Iterable[Any]) -> list[list[float | None]]:
    found = [one for one in counts if one is not None]
    return [[number(value) for value in line] for line in np.sum(found, axis=0)] if found else []


def _run(runs: Runs, row: Mapping[Any, Any], curves: Curves, shared: list[dict[str, Any]]) -> dict[str, Any]:
    record = runs.record(row["folder"])
    spec = runs.specs[row["folder"]].to_json()
    spec |= {name: _place(spec[name], shared) for name in SECTIONS}
    keys = ("benchmark", "method", "label", "ratio", "seed", "state", "reason", "folder")
    entry = {**{key: row[key] for key in keys}, "spec": spec}
    facts = _object(record / "method.json")
    entry |= {"departures": facts.get("departures") or {}, "command": facts.get("command", "")}
    if row["state"] != "done":
        return entry
    outcome = read_object(record / "metrics.json")
    return {
        **entry,
        "classes": _place({"classes": outcome["classes"]}, shared),
        "metrics": rounded({key: outcome[key] for key in outcome if key not in ("classes", "label", "identity")}),
        "environment": _place(_object(record / "environment.json"), shared),
        "seconds": number(row["train_seconds"]),
        "ended": _object(record / "timings.json").get("ended", ""),
        "curves": curves,
        "confusion": sparse(confusion(record, len(outcome["classes"]))),
    }


def _object(path: RecordPlace) -> dict[str, Any]:
    """A JSON file of a record; empty where an older record has none."""
    return read_object(path) if path.is_file() else {}


def _place(value: dict[str, Any], shared: list[dict[str, Any]]) -> int:
    """The place of ``value`` in ``shared``, where it is put if it is not there."""
    if value not in shared:
        shared.append(value)
    return shared.index(value)


def _by_folder(frame: pd.DataFrame) -> dict[str, Curves]:
    found: dict[str, Curves] = defaultdict(dict)
    rows = frame[~frame["quantity"].isin([*LEFT_OUT, *metrics.metric_keys()[1:]])]
    for (folder, series, quantity), own in rows.groupby(["folder", "series", "quantity"], sort=True):
        factor = 100 if str(quantity).startswith(SHARES) else 1
        found[str(folder)][f"{series}/{quantity}"] = by_epoch(own["epoch"], own["value"], factor)
    return found
