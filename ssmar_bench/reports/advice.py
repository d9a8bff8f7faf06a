"""The answer to "which method should I use?", as far as the runs carry it: who came first where, and by how much.

Only means and deviations are described; nothing here is a test, and the words say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ssmar_bench.reports.tables import Table
from ssmar_bench.reports.web.page import Answer
from ssmar_bench.reports.words import ABSENT, percent, spread, unequal
from ssmar_bench.reports.words import setting as setting_of
from ssmar_bench.results.compare import UPPER
from ssmar_bench.results.context import context
from ssmar_bench.results.records import Runs

SYNTHETIC = "micro-motion"
ENOUGH = 5
"""Seeds below which nothing is claimed."""

NOTE = (
    "First: the highest mean test accuracy among the methods that have every seed of the setting. Gain: its distance "
    "from the labelled-only method, in points. Not separated: methods whose range of ± 1 standard deviation meets "
    "that of the first; this describes the spread, it is no test."
)
RANKS = (
    "Methods that have every seed at every share of labels, best mean rank first. Gain: mean distance from the "
    "labelled-only method, in points. Cost: clips that went through a network in training, as a multiple of the "
    "labelled-only method's."
)


@dataclass(frozen=True)
class Setting:
    """The complete methods of one benchmark and ratio, best mean accuracy first: rows of ``results.compare``."""

    benchmark: str
    ratio: float
    rows: tuple[Mapping[Any, Any], ...]

    @property
    def first(self) -> Mapping[Any, Any]:
        """The row with the highest mean."""
        return self.rows[0]

    @property
    def baseline(self) -> Mapping[Any, Any] | None:
        """The labelled-only method's row."""
        return next((row for row in self.rows if row["method"] == UPPER[0]), None)

    @property
    def close(self) -> list[str]:
        """Other methods whose deviations meet the first one's."""
        lowest = _low(self.first)
        return [row["label"] for row in self.rows[1:] if _high(row) >= lowest]


def answer(runs: Runs, frames: Mapping[str, pd.DataFrame], titles: Mapping[str, str]) -> Answer:
    """The first view of the page.

    Args:
        runs: all runs.
        frames: benchmark -> ``results.compare.comparison``.
        titles: benchmark -> heading.
    """
    found = {name: settings(name, frame) for name, frame in frames.items()}
    every = [setting for own in found.values() for setting in own]
    tables = [leaders(every, titles)] if every else []
    tables += [ranks(own, titles[name]) for name, own in found.items() if own]
    return Answer(headline(every), tuple(_limits(runs, list(frames))), tuple(tables))


def _limits(runs: Runs, benchmarks: Sequence[str]) -> list[str]:
    facts = [context(runs, name) for name in benchmarks]
    seeds = max((len(one.seeds) for one in facts), default=0)
    sources = {runs.specs[folder].source["name"] for folder in runs.runs["folder"]}
    told = []
    if seeds < ENOUGH:
        plural = "s" if seeds != 1 else ""
        told.append(f"{seeds} seed{plural}: fewer than five support no claim that one method is better than another.")
    if SYNTHETIC in sources:
        told.append(
            "micro-motion clips are drawn by this program: other data, another network and a shorter training than "
            "the paper's, so neither accuracies nor the order of methods need carry over to filmed people."
        )
    doubts = [f"{one.benchmark}: {doubt}." for one in facts for doubt in unequal(one)]
    return [*told, setting_of(*facts), *doubts]


def settings(benchmark: str, frame: pd.DataFrame) -> list[Setting]:
    """One setting a ratio of ``results.compare.comparison``, where at least two methods are complete."""
    found = []
    for ratio in sorted(set(frame["ratio"])):
        rows = [row for row in frame[frame["ratio"] == ratio].to_dict("records") if _complete(row)]
        rows.sort(key=lambda row: -row["accuracy_mean"])
        if len(rows) > 1:
            found.append(Setting(benchmark, ratio, tuple(rows)))
    return found


def headline(found: Sequence[Setting]) -> str:
    """One or two sentences: who came first most often, and how that compares with training on the labels alone."""
    if not found:
        return "No setting has two complete methods yet, so there is nothing to compare."
    wins = Counter(setting.first["label"] for setting in found)
    most = max(wins.values())
    names = [name for name, count in wins.items() if count == most]
    where = f"{most} of {len(found)} settings" if len(found) > 1 else "the only setting"
    told = f"{_listed(names)} had the highest mean accuracy in {where}"
    told += " each." if len(names) > 1 else "."
    gains = [
        setting.first["accuracy_mean"] - setting.baseline["accuracy_mean"]
        for setting in found
        if setting.baseline is not None and setting.first is not setting.baseline
    ]
    ahead = sum(setting.first is setting.baseline for setting in found)
    if gains:
        low, high = 100 * min(gains), 100 * max(gains)
        points = f"{low:.1f}" if len(gains) == 1 else f"{low:.1f} to {high:.1f}"
        told += f" Where a semi-supervised method came first, it was {points} points above training on the labels alone"
        told += f"; in {ahead} of {len(found)} settings none was." if ahead else "."
    elif ahead == len(found):
        told += " No semi-supervised method was above training on the labels alone."
    return told


def leaders(found: Sequence[Setting], titles: Mapping[str, str]) -> Table:
    """Who came first in every setting."""
    rows = []
    for setting in found:
        first, base = setting.first, setting.baseline
        gain = ABSENT if base is None else f"{100 * (first['accuracy_mean'] - base['accuracy_mean']):+.1f}"
        rows.append(
            (
                titles.get(setting.benchmark, setting.benchmark),
                percent(setting.ratio),
                first["label"],
                ", ".join(setting.close) or "none",
                spread(first, "accuracy"),
                gain,
                str(first["seeds"]),
            )
        )
    header = ("Data", "Labelled", "First", "Not separated from it", "Accuracy (%)", "Gain", "Seeds")
    rules = frozenset(i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0])
    return Table("leaders", "Which method came first?", (NOTE,), header, tuple(rows), rules, left=4)


def ranks(found: Sequence[Setting], title: str) -> Table:
    """Methods of one benchmark by mean rank over its ratios, with accuracy, gain and cost."""
    complete = [row["label"] for row in found[0].rows]
    complete = [name for name in complete if all(name in _labels(setting) for setting in found)]
    places = {name: [_labels(setting).index(name) + 1 for setting in found] for name in complete}
    rows = []
    for name in sorted(complete, key=lambda name: sum(places[name])):
        own = [next(row for row in setting.rows if row["label"] == name) for setting in found]
        bases = [setting.baseline for setting in found]
        gain = [
            row["accuracy_mean"] - base["accuracy_mean"]
            for row, base in zip(own, bases, strict=True)
            if base is not None
        ]
        cost = [
            row["clips_forwarded"] / base["clips_forwarded"]
            for row, base in zip(own, bases, strict=True)
            if base is not None and base["clips_forwarded"]
        ]
        rows.append(
            (
                name,
                f"{sum(places[name]) / len(found):.1f}",
                f"{100 * sum(gain) / len(gain):+.1f}" if gain else ABSENT,
                *(spread(row, "accuracy") for row in own),
                f"{sum(cost) / len(cost):.1f}\u00d7" if cost else ABSENT,
            )
        )
    header = ("Method", "Mean rank", "Mean gain", *(percent(setting.ratio) for setting in found), "Cost")
    return Table("ranks", f"{title}: all methods", (RANKS,), header, tuple(rows))


def _complete(row: Mapping[Any, Any]) -> bool:
    return (
        row["kind"] == "method"
        and bool(row["seeds"])
        and not any(row[gap] for gap in ("failed", "unfinished", "missing"))
    )


def _labels(setting: Setting) -> list[str]:
    return [row["label"] for row in setting.rows]


def _low(row: Mapping[Any, Any]) -> float:
    return float(row["accuracy_mean"]) - _std(row)


def _high(row: Mapping[Any, Any]) -> float:
    return float(row["accuracy_mean"]) + _std(row)


def _std(row: Mapping[Any, Any]) -> float:
    std = float(row["accuracy_std"])
    return 0.0 if pd.isna(std) else std


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
