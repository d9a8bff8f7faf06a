"""Which method comes first where, and what of it is significant: everything that the summary of a report says.

Ablations do not compete: among many relatives of one method the luckiest would come first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ssmar_bench.results import plot_selection
from ssmar_bench.results.comparison_table import UPPER
from ssmar_bench.results.competing import competing
from ssmar_bench.results.paired_test import MIN_SEEDS, correct_counts, find_leader
from ssmar_bench.results.ranking import mean_ranks
from ssmar_bench.results.records import Runs

ALL, NONE = "all others", "none"


@dataclass(frozen=True)
class Setting:
    """The complete methods of one benchmark and ratio.

    Attributes:
        benchmark, ratio: which.
        rows: of ``comparison``, highest mean accuracy first.
        alone: labels of the methods that learn from the labelled clips alone, however augmented.
        best: the method that is significantly better than every other one, or None.
        beats_alone: whether the first is significantly better than every method of ``alone``.
        tested: than which methods the first is significantly better: ``ALL``, ``A, B`` or ``NONE``; or why nothing was
            tested.
        lead: the first minus the next, by seed, in [-1, 1].
    """

    benchmark: str
    ratio: float
    rows: tuple[Mapping[Any, Any], ...]
    alone: frozenset[str]
    best: str | None
    beats_alone: bool
    tested: str
    lead: tuple[float, ...]

    @property
    def first(self) -> Mapping[Any, Any]:
        """The row with the highest mean."""
        return self.rows[0]

    @property
    def highest(self) -> list[str]:
        """The labels of all rows with the highest mean."""
        top = self.first["accuracy_mean"]
        return [row["label"] for row in self.rows if math.isclose(row["accuracy_mean"], top, abs_tol=1e-9)]

    @property
    def baseline(self) -> Mapping[Any, Any] | None:
        """The labelled-only method's row."""
        return next((row for row in self.rows if row["method"] == UPPER[0]), None)

    @property
    def gain(self) -> float:
        """The first over the labelled-only method; NaN where that is not complete."""
        return math.nan if self.baseline is None else self.first["accuracy_mean"] - self.baseline["accuracy_mean"]

    @property
    def lead_spread(self) -> tuple[float, float, int]:
        """Mean and deviation of ``lead``, and in how many seeds the first is ahead."""
        lead = pd.Series(self.lead, dtype=float)
        return float(lead.mean()), float(lead.std(ddof=1)), int((lead > 0).sum())

    @property
    def best_alone(self) -> Mapping[Any, Any] | None:
        """The best row of a method that learns from the labelled clips alone."""
        return next((row for row in self.rows if row["label"] in self.alone), None)


@dataclass(frozen=True)
class MethodRank:
    """A method that is complete at every ratio of a benchmark.

    Attributes:
        rank: mean over the ratios, among all that are complete at each of them.
        gain: mean distance of its accuracy from the labelled-only method's; NaN without one.
        cost: mean multiple of the labelled-only method's forward passes; NaN without one.
        rows: of ``comparison``, one a ratio.
    """

    label: str
    rank: float
    gain: float
    cost: float
    rows: tuple[Mapping[Any, Any], ...]


def rank_methods(found: Sequence[Setting]) -> list[MethodRank]:
    """The methods of one benchmark, best mean rank first; ``found`` are its settings."""
    by_label = [{row["label"]: row for row in setting.rows} for setting in found]
    complete = [label for label in by_label[0] if all(label in own for own in by_label)]
    scores = {i: {label: row["accuracy_mean"] for label, row in own.items()} for i, own in enumerate(by_label)}
    places = mean_ranks(pd.DataFrame(scores).loc[complete]).ranks
    return [
        MethodRank(
            label,
            float(places[label]),
            *_over_baseline([own[label] for own in by_label], found),
            rows=tuple(own[label] for own in by_label),
        )
        for label in sorted(complete, key=lambda label: places[label])
    ]


def _over_baseline(rows: Sequence[Mapping[Any, Any]], found: Sequence[Setting]) -> tuple[float, float]:
    """Mean gain and mean multiple of the cost over the labelled-only method, where there is one."""
    pairs = [(row, one.baseline) for row, one in zip(rows, found, strict=True) if one.baseline is not None]
    gains = [row["accuracy_mean"] - base["accuracy_mean"] for row, base in pairs]
    costs = [row["forward_passes"] / base["forward_passes"] for row, base in pairs if base["forward_passes"]]
    return tuple(sum(own) / len(own) if own else math.nan for own in (gains, costs))  # type: ignore[return-value]


def find_settings(runs: Runs, benchmark: str, frame: pd.DataFrame) -> list[Setting]:
    """One setting a ratio of ``comparison``, where at least two competing methods are complete.

    A method is complete if all its runs finished and it has every seed that any of them was started with.
    """
    found = []
    own = runs.of(benchmark)
    own = own[own["label"].isin(plot_selection.compared_methods(runs, benchmark)) & competing(own)]
    for ratio in sorted(set(own["ratio"])):
        started = own[own["ratio"] == ratio]
        done = started[started["state"] == "done"].groupby("label")["seed"].agg(set)
        whole = {label for label, seeds in done.items() if seeds == set(started["seed"])}
        rows = [row for row in frame[frame["ratio"] == ratio].to_dict("records") if row["label"] in whole]
        rows = [row for row in rows if row["kind"] == "method"]
        rows.sort(key=lambda row: -row["accuracy_mean"])
        if len(rows) > 1:
            supervised = [runs.specs[folder].algorithm == UPPER[0] for folder in started["folder"]]
            alone = frozenset(started.loc[supervised, "label"])
            found.append(_setting(runs, benchmark, ratio, rows, started, alone))
    return found


def _setting(
    runs: Runs,
    benchmark: str,
    ratio: float,
    rows: Sequence[Mapping[Any, Any]],
    started: pd.DataFrame,
    alone: frozenset[str],
) -> Setting:
    by_label = {
        row["label"]: started[(started["label"] == row["label"]) & (started["state"] == "done")].sort_values("seed")
        for row in rows
    }
    one, other = (by_label[row["label"]].set_index("seed")["test_accuracy"] for row in rows[:2])
    words, best, tied = _test(runs, rows, by_label)
    beats = not words.startswith("not tested") and rows[0]["label"] not in alone and not (alone & tied)
    lead = tuple(float(value) for value in (one - other))
    return Setting(benchmark, ratio, tuple(rows), alone, best, bool(beats and alone), words, lead)


def _test(
    runs: Runs, rows: Sequence[Mapping[Any, Any]], by_label: Mapping[str, pd.DataFrame]
) -> tuple[str, str | None, frozenset[str]]:
    """Than which methods the first is better, in words; who is better than all; who cannot be told from the first."""
    first, seeds = rows[0]["label"], int(rows[0]["seeds"])
    if seeds < MIN_SEEDS:
        return f"not tested ({seeds} seed{'s'[: seeds != 1]})", None, frozenset()
    files = [runs.record(name) / "predictions.csv" for own in by_label.values() for name in own["folder"]]
    if not all(file.is_file() for file in files):
        return "not tested (no predictions)", None, frozenset()
    found = find_leader({label: correct_counts(runs, own) for label, own in by_label.items()})
    if not found.tested:
        return "not tested (few subjects)", None, frozenset()
    if found.leader:
        return ALL, found.leader, frozenset()
    beaten = [label for label in by_label if label not in found.tied | {first}]
    return ", ".join(beaten) or NONE, None, found.tied


def incomplete_methods(runs: Runs, benchmark: str, found: Sequence[Setting]) -> list[str]:
    """Methods that compete on a benchmark but are complete in none of its settings."""
    whole = {row["label"] for setting in found for row in setting.rows}
    return [label for label in plot_selection.compared_methods(runs, benchmark) if label not in whole]
