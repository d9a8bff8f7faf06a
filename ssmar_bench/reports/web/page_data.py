"""What the page draws from, as plain data in parts: each is loaded when the view that needs it is opened."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.reports.line_styles import DARK, OKABE_ITO, line_styles
from ssmar_bench.reports.tables import Table
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.plot_selection import LINES, ablations
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import class_names
from ssmar_bench.results.table_order import sort_runs

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

VIDEO = ("aplt", "ltg", "svformer", "tcl")
"""Algorithms that were made for videos."""

GROUPS = ("Baselines", "Image SSL", "Video SSL", "Controls", "Ablations", "Other settings")
"""Of methods, in the order in which the page lists them."""


@dataclass(frozen=True)
class BenchmarkView:
    """What the comparison of one benchmark shows besides its curves."""

    name: str
    title: str
    tables: tuple[Table, ...]


def core_part(runs: Runs, views: Sequence[BenchmarkView]) -> dict[str, Any]:
    """What every view needs: scores, styles, benchmarks and their shares of labels; most runs first."""
    counts = runs.runs["benchmark"].value_counts()
    ratios = {name: sorted(set(own["ratio"])) for name, own in finished(runs).groupby("benchmark")}
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
            {
                "name": view.name,
                "title": view.title,
                "runs": int(counts[view.name]),
                "ratios": ratios.get(view.name, []),
            }
            for view in views
        ],
        "groups": GROUPS,
        "sections": SECTIONS,
        "runs": len(runs.runs),
    }


def benchmark_part(runs: Runs, view: BenchmarkView, ranked: Sequence[str]) -> dict[str, Any]:
    """Accuracy and cost of every cell of a benchmark, its classes, its methods by group, and its tables.

    Args:
        runs: all runs.
        view: the benchmark and its tables.
        ranked: of ``plot_selection``; the page shows the first ``LINES``, until a reader chooses others.
    """
    rows = sort_runs(finished(runs, view.name))
    first = rows.drop_duplicates("label").to_dict("records")
    return {
        "classes": class_names(runs, view.name),
        "departures": {row["label"]: found for row in first if (found := _departures(runs, row["folder"]))},
        "shown": list(ranked[:LINES]),
        "methods": {row["label"]: [row["method"], GROUPS.index(group_of(row["method"], row["main"]))] for row in first},
        "cells": [
            {
                "label": label,
                "ratio": ratio,
                "seeds": len(own),
                "accuracy": [number(100 * own["test_accuracy"].mean()), number(100 * own["test_accuracy"].std(ddof=1))],
                "forward_passes": number(own["forward_passes"].median()),
                "seconds": number(own["train_seconds"].median()),
            }
            for (label, ratio), own in rows.groupby(["label", "ratio"], sort=False)
        ],
        "tables": [table_data(table) for table in view.tables],
    }


def _departures(runs: Runs, folder: str) -> str:
    """In which settings a run is not its method's default on its benchmark, as text."""
    facts = runs.facts.get(folder)
    return ", ".join(f"{key} = {value}" for key, value in ((facts and facts.departures) or {}).items())


def curve_parts(curves: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> means over seeds of the curves that views of methods show.

    Args:
        curves: ``Runs.curves`` of a benchmark.
    """
    found: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(dict))
    wanted = pd.MultiIndex.from_frame(curves[["series", "quantity"]]).isin(CELL_CURVES)
    summary = over_seeds(curves[wanted])
    for (label, ratio, series, quantity), rows in summary.groupby(["label", "ratio", "series", "quantity"], sort=False):
        found[f"{ratio:g}"][str(label)][f"{series}/{quantity}"] = {
            "mean": by_epoch(rows["epoch"], rows["mean"], 100),
            "std": by_epoch(rows["epoch"], rows["std"], 100),
        }
    return found


def finished(runs: Runs, benchmark: str | None = None) -> pd.DataFrame:
    """The rows of runs that have a result."""
    rows = runs.runs if benchmark is None else runs.of(benchmark)
    return rows[rows["state"] == "done"]


def group_of(method: str, main: bool) -> str:
    """Which of ``GROUPS`` a method belongs to; one that is not shipped counts as image SSL."""
    if not main:
        return "Other settings"
    if method in ("supervised", "pseudolabel"):
        return "Baselines"
    if method.startswith(("supervised-", "usb-")) or method.endswith("-strong-labelled"):
        return "Controls"
    if method in ablations():
        return "Ablations"
    return "Video SSL" if method.split("-")[0] in VIDEO else "Image SSL"


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


def by_epoch(epochs: pd.Series[int], values: pd.Series[float], factor: float) -> list[float | None]:
    """Values by epoch from 1, in the three digits that a chart shows; a place without one holds None."""
    line: list[float | None] = [None] * max(epochs)
    for epoch, value in zip(epochs, values, strict=True):
        line[epoch - 1] = number(factor * value, 3)
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


def cells_of(runs: Runs, benchmark: str) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Label, ratio and finished runs of every cell, in table order."""
    for (label, ratio), rows in sort_runs(finished(runs, benchmark)).groupby(["label", "ratio"], sort=False):
        yield str(label), float(ratio), rows  # type: ignore[arg-type]
