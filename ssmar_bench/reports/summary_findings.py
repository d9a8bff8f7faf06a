"""The answer to "which method should I use?", as far as the runs carry it: who came first where, and by how much.

Ablations do not compete: among many relatives of one method the luckiest would come first. With five or more seeds
the lead is tested as in the paper's tables (``results.paired``); with fewer it is described, and the words say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ssmar_bench.reports.formatting import ABSENT, percent_text, spread_text, unequal
from ssmar_bench.reports.formatting import setting_sentence as setting_of
from ssmar_bench.reports.tables import Table
from ssmar_bench.reports.web.page import Findings
from ssmar_bench.results import plot_selection
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.comparison import UPPER
from ssmar_bench.results.paired_test import MIN_SEEDS, correct_counts, find_leader
from ssmar_bench.results.ranking import mean_ranks
from ssmar_bench.results.records import Runs

SYNTHETIC = "micro-motion"
FROM_ALL = "from all"
NOTE = (
    "First: the highest mean test accuracy among the methods that have every seed of the setting; ablations have "
    "tables of their own. Gain: its distance from the labelled-only method, in points. Lead: over the next method, "
    "mean ± standard deviation of the differences by seed (in how many of them it is ahead). Significant: with five or "
    "more seeds, by the test of the paper's tables (paired by seed, subjects resampled, Holm's correction, 5 %)."
)
RANKS = (
    "Methods that have every seed at every share of labels, ranked among each other, best mean rank first. Gain: mean "
    "distance from the labelled-only method, in points. Cost: forward passes in training, as a "
    "multiple of the labelled-only method's."
)


@dataclass(frozen=True)
class Setting:
    """The complete methods of one benchmark and ratio.

    Attributes:
        benchmark, ratio: which.
        rows: of ``results.compare``, best mean accuracy first.
        alone: labels of the methods that learn from the labelled clips alone, however augmented.
    """

    benchmark: str
    ratio: float
    rows: tuple[Mapping[Any, Any], ...]
    alone: frozenset[str]

    @property
    def first(self) -> Mapping[Any, Any]:
        """The row with the highest mean."""
        return self.rows[0]

    @property
    def baseline(self) -> Mapping[Any, Any] | None:
        """The labelled-only method's row."""
        return next((row for row in self.rows if row["method"] == UPPER[0]), None)

    @property
    def best_alone(self) -> Mapping[Any, Any] | None:
        """The best row of a method that learns from the labelled clips alone."""
        return next((row for row in self.rows if row["label"] in self.alone), None)


def summary_findings(runs: Runs, frames: Mapping[str, pd.DataFrame], titles: Mapping[str, str]) -> Findings:
    """The first view of the page.

    Args:
        runs: all runs.
        frames: benchmark -> ``results.compare.comparison``.
        titles: benchmark -> heading.
    """
    found = {name: settings(runs, name, frame) for name, frame in frames.items()}
    every = [setting for own in found.values() for setting in own]
    apart = [significant_differences(runs, setting) for setting in every]
    tables = [leaders(runs, every, apart, titles)] if every else []
    tables += [ranks(own, titles[name]) for name, own in found.items() if own]
    lacking = {titles[name]: _lacking(runs, name, own) for name, own in found.items()}
    left_out = [f"Left out on {name}, for lack of seeds: {', '.join(own)}." for name, own in lacking.items() if own]
    return Findings(headline(every, apart), (*_limits(runs, list(frames), every), *left_out), tuple(tables))


def _limits(runs: Runs, benchmarks: Sequence[str], found: Sequence[Setting]) -> list[str]:
    facts = [caption_facts(_competing(runs, name), name) for name in benchmarks]
    seeds = max((int(setting.first["seeds"]) for setting in found), default=0)
    sources = {runs.specs[folder].source.name for folder in runs.runs["folder"]}
    sentences = []
    if seeds < MIN_SEEDS:
        plural = "s" if seeds != 1 else ""
        sentences.append(
            f"{seeds} seed{plural}: fewer than five support no claim that one method is better than another."
        )
    if SYNTHETIC in sources:
        sentences.append(
            "micro-motion clips are drawn by this program: other data, another network and a shorter training than "
            "the paper's, so neither accuracies nor the order of methods need carry over to filmed people."
        )
    doubts = [f"{one.benchmark}: {doubt}." for one in facts for doubt in unequal(one)]
    return [*sentences, setting_of(*facts), *doubts]


def _competing(runs: Runs, benchmark: str) -> Runs:
    """The runs of a benchmark's competing methods alone; all of them where none has finished."""
    own = runs.of(benchmark)
    rows = own[own["label"].isin(plot_selection.compared_methods(runs, benchmark))]
    return replace(runs, runs=rows if len(rows) else own)


def settings(runs: Runs, benchmark: str, frame: pd.DataFrame) -> list[Setting]:
    """One setting a ratio of ``results.compare.comparison``, where at least two competing methods are complete.

    A method is complete if all its runs finished and it has every seed that any of them was started with.
    """
    found = []
    own = runs.of(benchmark)
    own = own[own["label"].isin(plot_selection.compared_methods(runs, benchmark)) & (own["ratio"] < 1)]
    for ratio in sorted(set(own["ratio"])):
        started = own[own["ratio"] == ratio]
        done = started[started["state"] == "done"].groupby("label")["seed"].agg(set)
        whole = {label for label, seeds in done.items() if seeds == set(started["seed"])}
        rows = [row for row in frame[frame["ratio"] == ratio].to_dict("records") if row["label"] in whole]
        rows = [row for row in rows if row["kind"] == "method"]
        rows.sort(key=lambda row: -row["accuracy_mean"])
        if len(rows) > 1:
            supervised = [runs.specs[folder].algorithm == UPPER[0] for folder in started["folder"]]
            found.append(Setting(benchmark, ratio, tuple(rows), frozenset(started.loc[supervised, "label"])))
    return found


def _lacking(runs: Runs, benchmark: str, found: Sequence[Setting]) -> list[str]:
    """Methods that compete on a benchmark but are complete in none of its settings."""
    whole = {label for setting in found for label in _labels(setting)}
    return [label for label in plot_selection.compared_methods(runs, benchmark) if label not in whole]


def significant_differences(runs: Runs, setting: Setting) -> str:
    """From which methods the first is significant: ``FROM_ALL``, ``not from A, B``, or why nothing was tested."""
    seeds = int(setting.first["seeds"])
    if seeds < MIN_SEEDS:
        return f"not tested ({seeds} seed{'s'[: seeds != 1]})"
    rows = {row["label"]: _runs(runs, setting, row["label"]) for row in setting.rows}
    files = [runs.record(name) / "predictions.csv" for own in rows.values() for name in own["folder"]]
    if not all(file.is_file() for file in files):
        return "not tested (no predictions)"
    found = find_leader({label: correct_counts(runs, own) for label, own in rows.items()})
    if not found.tested:
        return "not tested (few subjects)"
    return FROM_ALL if found.leader else f"not from {', '.join(sorted(found.tied - {setting.first['label']}))}"


def headline(found: Sequence[Setting], apart: Sequence[str]) -> str:
    """What to begin with, how it compares with training on the labels alone, and whether it is significant."""
    if not found:
        return "No setting has two complete methods yet, so there is nothing to compare."
    wins = Counter(setting.first["label"] for setting in found)
    most = max(wins.values())
    names = [name for name, count in wins.items() if count == most]
    where = f"{most} of {len(found)} settings" if len(found) > 1 else "the only setting"
    sentences = f"Start with {_listed(names)}: highest mean accuracy in {where}"
    sentences += " each." if len(names) > 1 else "."
    gains = [
        setting.first["accuracy_mean"] - setting.best_alone["accuracy_mean"]
        for setting in found
        if setting.best_alone is not None and setting.first is not setting.best_alone
    ]
    ahead = sum(setting.first is setting.best_alone for setting in found)
    if gains:
        low, high = 100 * min(gains), 100 * max(gains)
        points = f"{low:.1f}" if len(gains) == 1 else f"{low:.1f} to {high:.1f}"
        sentences += (
            f" Where a semi-supervised method came first, it was {points} points above the best training on the"
        )
        sentences += f" labels alone; in {ahead} of {len(found)} settings none was." if ahead else " labels alone."
    elif ahead == len(found):
        sentences += " No semi-supervised method was above the best training on the labels alone."
    sure = apart.count(FROM_ALL)
    lead = f"In {sure} of {len(found)} settings the lead is" if sure else "In no setting is the lead"
    return f"{sentences} {lead} significant."


def leaders(runs: Runs, found: Sequence[Setting], apart: Sequence[str], titles: Mapping[str, str]) -> Table:
    """Who came first in every setting, by how much, and from whom it is significant."""
    rows = []
    for setting, words in zip(found, apart, strict=True):
        first, base, following = setting.first, setting.baseline, setting.rows[1]
        gain = ABSENT if base is None else f"{100 * (first['accuracy_mean'] - base['accuracy_mean']):+.1f}"
        rows.append(
            (
                titles.get(setting.benchmark, setting.benchmark),
                percent_text(setting.ratio),
                first["label"],
                following["label"],
                words,
                spread_text(first, "accuracy"),
                gain,
                _lead(runs, setting),
            )
        )
    header = ("Data", "Labelled", "First", "Next", "Significant", "Accuracy (%)", "Gain", "Lead")
    rules = frozenset(i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0])
    return Table("leaders", "Which method came first?", (NOTE,), header, tuple(rows), rules, left=5)


def _lead(runs: Runs, setting: Setting) -> str:
    """``+1.1 ± 0.9 (2 of 3)``: the first over the next, by seed."""
    one, other = (_runs(runs, setting, row["label"]).set_index("seed")["test_accuracy"] for row in setting.rows[:2])
    gain = one - other
    deviation = "" if len(gain) < 2 else f" ± {100 * gain.std(ddof=1):.1f}"
    return f"{100 * gain.mean():+.1f}{deviation} ({int((gain > 0).sum())} of {len(gain)})"


def _runs(runs: Runs, setting: Setting, label: str) -> pd.DataFrame:
    """The finished runs of one method in a setting, by seed."""
    rows = runs.of(setting.benchmark)
    own = rows[(rows["label"] == label) & (rows["ratio"] == setting.ratio) & (rows["state"] == "done")]
    return own.sort_values("seed")


def ranks(found: Sequence[Setting], title: str) -> Table:
    """Methods of one benchmark by mean rank over its ratios, with accuracy, gain and cost."""
    complete = [row["label"] for row in found[0].rows]
    complete = [name for name in complete if all(name in _labels(setting) for setting in found)]
    scores = {i: {row["label"]: row["accuracy_mean"] for row in one.rows} for i, one in enumerate(found)}
    places = mean_ranks(pd.DataFrame(scores).loc[complete]).ranks
    rows = []
    for name in sorted(complete, key=lambda name: places[name]):
        own = [next(row for row in setting.rows if row["label"] == name) for setting in found]
        bases = [setting.baseline for setting in found]
        gain = [
            row["accuracy_mean"] - base["accuracy_mean"]
            for row, base in zip(own, bases, strict=True)
            if base is not None
        ]
        cost = [
            row["forward_passes"] / base["forward_passes"]
            for row, base in zip(own, bases, strict=True)
            if base is not None and base["forward_passes"]
        ]
        rows.append(
            (
                name,
                f"{places[name]:.1f}",
                f"{100 * sum(gain) / len(gain):+.1f}" if gain else ABSENT,
                *(spread_text(row, "accuracy") for row in own),
                f"{sum(cost) / len(cost):.1f}\u00d7" if cost else ABSENT,
            )
        )
    header = ("Method", "Mean rank", "Mean gain", *(percent_text(setting.ratio) for setting in found), "Cost")
    return Table("ranks", f"{title}: all methods", (RANKS,), header, tuple(rows))


def _labels(setting: Setting) -> list[str]:
    return [row["label"] for row in setting.rows]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
