"""What the page's scripts draw from, as plain data: every run, and the means over seeds of every cell."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.reports.line_styles import DARK, OKABE_ITO, LineStyle, line_styles
from ssmar_bench.results.clip_counts import calibration, confusion
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.plot_selection import LINES
from ssmar_bench.results.record_schema import read_object
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import class_names
from ssmar_bench.results.table_order import ordered_labels, sort_runs

CELL_CURVES = (
    *(("full_pool", quantity) for quantity in ("accuracy", "accuracy_at_50")),
    *((series, quantity) for series in ("online", "offline") for quantity in ("accuracy_selected", "coverage")),
    ("validation", "accuracy"),
)
"""(series, quantity) of which the page shows means over seeds."""

LEFT_OUT = ("clips", *(f"accuracy_at_{share}" for share in (10, 25, 50, 75)))
"""Quantities that the page of a run does not draw, besides all metrics but the first."""

SECTIONS = ("source", "frame_cache", "clips", "backbone", "train")
"""Parts of a spec that many runs have in common."""

SHARES = ("accuracy", "coverage")

Curves = dict[str, list[float | None]]
"""``series/quantity`` -> value after each epoch, the first one being epoch 1; shares in per cent."""


def page_data(
    runs: Runs, curves: Mapping[str, pd.DataFrame], ranked: Mapping[str, Sequence[str]], titles: Mapping[str, str]
) -> dict[str, Any]:
    """Plain data for the page.

    Args:
        runs: all runs.
        curves: benchmark -> ``Runs.curves``.
        ranked: benchmark -> ``shown.ranked``; the page shows the first ``LINES``, until a reader chooses others.
        titles: benchmark -> heading, in the order in which they are shown.
    """
    looked = line_styles(
        list(dict.fromkeys([*(label for own in ranked.values() for label in own), *ordered_labels(runs.runs)]))
    )
    own = {folder: found for frame in curves.values() for folder, found in _by_folder(frame).items()}
    shared: list[dict[str, Any]] = []  # sections of specs and environments, each once
    return {
        "metrics": [
            {key: getattr(metric, key) for key in ("key", "label", "unit", "factor", "places")}
            for metric in metrics.METRICS
        ],
        "palette": {"light": OKABE_ITO, "dark": DARK},
        "looks": {label: _look(line_style) for label, line_style in looked.items()},
        "benchmarks": [
            {
                "name": name,
                "title": title,
                "classes": class_names(runs, name),
                "shown": list(ranked[name][:LINES]),
                "cells": _cells(runs, name, curves[name]),
            }
            for name, title in titles.items()
        ],
        "runs": [_run(runs, row, own.get(row["folder"], {}), shared) for row in runs.runs.to_dict("records")],
        "sections": SECTIONS,
        "shared": shared,
    }


def embedded_json(data: Any) -> str:
    """``data`` as JSON that can be in a script element: no sign in it can end the element or begin a comment."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _look(line_style: LineStyle) -> dict[str, Any]:
    dashes = [] if line_style.dashes == "-" else [2 * length for length in line_style.dashes[1]]
    return {"color": OKABE_ITO.index(line_style.color), "dash": dashes}


def _cells(runs: Runs, benchmark: str, curves: pd.DataFrame) -> list[dict[str, Any]]:
    means: dict[tuple[Any, Any], dict[str, Any]] = defaultdict(dict)
    wanted = pd.MultiIndex.from_frame(curves[["series", "quantity"]]).isin(CELL_CURVES)
    summary = over_seeds(curves[wanted])
    for (label, ratio, series, quantity), rows in summary.groupby(["label", "ratio", "series", "quantity"], sort=False):
        means[label, ratio][f"{series}/{quantity}"] = {
            "mean": _series(rows["epoch"], rows["mean"], 100),
            "std": _series(rows["epoch"], rows["std"], 100),
        }
    frame = sort_runs(runs.of(benchmark))
    done = frame[frame["state"] == "done"]
    return [
        {
            "label": label,
            "ratio": ratio,
            "runs": list(rows["folder"]),
            "accuracy": [_number(100 * rows["test_accuracy"].mean()), _number(100 * rows["test_accuracy"].std(ddof=1))],
            "forward_passes": _number(rows["forward_passes"].median()),
            "seconds": _number(rows["train_seconds"].median()),
            "curves": means[label, ratio],
        }
        for (label, ratio), rows in done.groupby(["label", "ratio"], sort=False)
    ]


def _run(runs: Runs, row: Mapping[Any, Any], curves: Curves, shared: list[dict[str, Any]]) -> dict[str, Any]:
    record = RunFolder(runs.root / "runs" / row["folder"]).record
    spec = runs.specs[row["folder"]].to_json()
    spec |= {name: _place(spec[name], shared) for name in SECTIONS}
    keys = ("benchmark", "method", "label", "ratio", "seed", "state", "reason", "folder")
    entry = {**{key: row[key] for key in keys}, "spec": spec}
    if row["state"] != "done":
        return entry
    outcome = read_object(record / "metrics.json")
    counts = confusion(record, len(outcome["classes"]))
    return {
        **entry,
        "metrics": _rounded({key: outcome[key] for key in outcome if key not in ("classes", "label", "identity")}),
        "environment": _environment(record, shared),
        "seconds": _number(row["train_seconds"]),
        "curves": curves,
        "confusion": [] if counts is None else counts.tolist(),
        "calibration": {
            series: [[_number(value) for value in line] for line in bins]
            for series, bins in calibration(record).items()
        },
    }


def _environment(record: Any, shared: list[dict[str, Any]]) -> int | None:
    path = record / "environment.json"
    return _place(read_object(path), shared) if path.is_file() else None


def _place(value: dict[str, Any], shared: list[dict[str, Any]]) -> int:
    """The place of ``value`` in ``shared``, where it is put if it is not there."""
    if value not in shared:
        shared.append(value)
    return shared.index(value)


def _rounded(value: Any) -> Any:
    """Every fraction in ``value`` as :func:`_number` has it."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return _number(value) if isinstance(value, float) else value


def _by_folder(frame: pd.DataFrame) -> dict[str, Curves]:
    found: dict[str, Curves] = defaultdict(dict)
    rows = frame[~frame["quantity"].isin([*LEFT_OUT, *metrics.metric_keys()[1:]])]
    for (folder, series, quantity), own in rows.groupby(["folder", "series", "quantity"], sort=True):
        factor = 100 if str(quantity).startswith(SHARES) else 1
        found[str(folder)][f"{series}/{quantity}"] = _series(own["epoch"], own["value"], factor)
    return found


def _series(epochs: pd.Series[int], values: pd.Series[float], factor: float) -> list[float | None]:
    """Values by epoch from 1, in the three digits that a chart shows; a place without one holds None."""
    line: list[float | None] = [None] * max(epochs)
    for epoch, value in zip(epochs, values, strict=True):
        line[epoch - 1] = _number(factor * value, 3)
    return line


def _number(value: float, digits: int = 4) -> float | None:
    """Four digits are more than a screen shows; a whole number needs no point, and JSON has no NaN."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return round(value) if abs(value) >= 1000 or short.is_integer() else short
