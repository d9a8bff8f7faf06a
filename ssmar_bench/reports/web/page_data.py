"""What the page draws from, as plain data in parts: each is loaded when the view that needs it is opened."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.reports import result_tables
from ssmar_bench.reports.line_styles import DARK, OKABE_ITO, line_styles
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.summary import GROUPS, LINES, BenchmarkSummary

CELL_CURVES = (
    *(("full_pool", quantity) for quantity in ("accuracy", "accuracy_at_50")),
    *((series, quantity) for series in ("online", "offline") for quantity in ("accuracy_selected", "coverage")),
    ("validation", "accuracy"),
)
"""(series, quantity) of which the page shows means over seeds."""

MOST = 8
"""Methods that the page shows at once, each in a style of its own."""

SECTIONS = ("source", "frame_cache", "clips", "backbone", "train")
"""Parts of a spec that many runs have in common."""


def core_part(benchmarks: Sequence[BenchmarkSummary]) -> dict[str, Any]:
    """What every view needs: scores, styles, benchmarks and their shares of labels."""
    styles = line_styles([str(slot) for slot in range(MOST)]).values()
    return {
        "metrics": [
            {key: getattr(metric, key) for key in ("key", "label", "unit", "factor", "places")}
            for metric in metrics.METRICS
        ],
        "palette": {"light": OKABE_ITO, "dark": DARK},
        "styles": [
            {"color": OKABE_ITO.index(one.color), "dash": [] if one.dashes == "-" else [2 * n for n in one.dashes[1]]}
            for one in styles
        ],
        "benchmarks": [
            {key: getattr(one, key) for key in ("name", "title", "ended", "ratios")} | {"runs": len(one.runs)}
            for one in benchmarks
        ],
        "groups": GROUPS,
        "sections": SECTIONS,
        "runs": sum(len(one.runs) for one in benchmarks),
        "examples": [one.name for one in benchmarks if one.examples],
    }


def benchmark_part(found: BenchmarkSummary) -> dict[str, Any]:
    """Accuracy and cost of every cell of a benchmark, its classes, its methods by group, and its tables."""
    place = {label: i for i, label in enumerate(found.methods)}
    tables = [*result_tables.of_benchmark(found), *result_tables.without_result(found)]
    return {
        "classes": found.classes,
        "departures": {label: one.departures for label, one in found.methods.items() if one.departures},
        "shown": found.ranked[:LINES],
        "methods": {label: [one.method, GROUPS.index(one.group)] for label, one in found.methods.items()},
        "cells": [
            {
                "label": group.label,
                "ratio": group.ratio,
                "seeds": group.seeds,
                "accuracy": [number(100 * group.mean), number(100 * group.std)],
                "forward_passes": number(group.forward_passes),
                "seconds": number(group.seconds),
            }
            for group in sorted(found.groups, key=lambda group: (place[group.label], group.ratio))
        ],
        "tables": [table_data(table) for table in tables],
    }


def curve_parts(found: BenchmarkSummary) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> means over seeds of the curves that views of methods show."""
    parts: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(dict))
    curves = found.curves
    wanted = pd.MultiIndex.from_frame(curves[["series", "quantity"]]).isin(CELL_CURVES)
    for (label, ratio, series, quantity), rows in curves[wanted].groupby(
        ["label", "ratio", "series", "quantity"], sort=False
    ):
        parts[f"{ratio:g}"][str(label)][f"{series}/{quantity}"] = {
            name: by_epoch(rows["epoch"], 100 * rows[name]) for name in ("mean", "std")
        }
    return parts


def class_parts(found: BenchmarkSummary) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> confusion on the test part and calibration on the pool, all seeds together."""
    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    for group in found.groups:
        known = group.calibration.any()
        parts[f"{group.ratio:g}"][group.label] = {
            "confusion": sparse(group.confusion if group.complete else None),
            "calibration": [[number(value) for value in line] for line in group.calibration] if known else [],
        }
    return parts


def table_data(table: Table) -> dict[str, Any]:
    """A table as the page's scripts draw it."""
    return {
        **{key: getattr(table, key) for key in ("name", "notes", "header", "rows", "left")},
        "title": table.title.rstrip("."),
        "rules": sorted(table.rules),
        "bold": sorted(table.bold),
    }


def sparse(counts: np.ndarray[Any, Any] | None) -> list[int]:
    """The counts that are not zero, each after its place in the flat array."""
    flat = [] if counts is None else counts.ravel().tolist()
    return [value for place, count in enumerate(flat) if count for value in (place, count)]


def by_epoch(epochs: pd.Series[int], values: pd.Series[float]) -> list[float | None]:
    """Values by epoch from 1, in the three digits that a chart shows; a place without one holds None."""
    line: list[float | None] = [None] * max(epochs)
    for epoch, value in zip(epochs, values, strict=True):
        line[epoch - 1] = number(value, 3)
    return line


def number(value: float, digits: int = 4) -> float | None:
    """Four digits are more than a screen shows; a whole number needs no point, and JSON has no NaN."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return round(value) if abs(value) >= 1000 or short.is_integer() else short


def rounded(value: Any) -> Any:
    """Every fraction in ``value`` as :func:`number` has it."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return number(value) if isinstance(value, float) else value


def embedded_json(data: Any) -> str:
    """``data`` as JSON that can be in a script element: no sign in it can end the element or begin a comment."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
