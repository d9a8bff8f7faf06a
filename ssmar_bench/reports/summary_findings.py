"""The answer to "which method should I use?", in words: what the tests show, and else what to try first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.reports.formatting import ABSENT, percent_text, spread_text, unequal
from ssmar_bench.reports.formatting import setting_sentence as setting_of
from ssmar_bench.reports.tables import Table
from ssmar_bench.reports.web.page import Findings
from ssmar_bench.results import plot_selection
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.findings import Setting, find_settings, incomplete_methods
from ssmar_bench.results.paired_test import MIN_SEEDS
from ssmar_bench.results.ranking import mean_ranks
from ssmar_bench.results.records import Runs

SYNTHETIC = "micro-motion"
NOTE = (
    "The highest mean test accuracy among the methods that have every seed of the setting; it is called best only if "
    "it is significant. Ablations have tables of their own. Gain: its distance from the labelled-only method, in "
    "points. Lead: over the next method, mean ± standard deviation of the differences by seed (in how many of them it "
    "is ahead). Significant: from which methods it differs, with five or more seeds, by the test of the paper's tables "
    "(paired by seed, subjects resampled, Holm's correction, 5 %)."
)
RANKS = (
    "Methods that have every seed at every share of labels, ranked among each other, best mean rank first. Gain: mean "
    "distance from the labelled-only method, in points. Cost: forward passes in training, as a "
    "multiple of the labelled-only method's."
)


def summary_findings(runs: Runs, frames: Mapping[str, pd.DataFrame], titles: Mapping[str, str]) -> Findings:
    """The first view of the page.

    Args:
        runs: all runs.
        frames: benchmark -> ``results.compare.comparison``.
        titles: benchmark -> heading.
    """
    found = {name: find_settings(runs, name, frame) for name, frame in frames.items()}
    every = [setting for own in found.values() for setting in own]
    tables = [leaders(every, titles)] if every else []
    tables += [ranks(own, titles[name]) for name, own in found.items() if own]
    lacking = {titles[name]: incomplete_methods(runs, name, own) for name, own in found.items()}
    left_out = [f"Left out on {name}, for lack of seeds: {', '.join(own)}." for name, own in lacking.items() if own]
    return Findings(headline(every), (*_limits(runs, list(frames), every), *left_out), tuple(tables))


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


def headline(found: Sequence[Setting]) -> str:
    """Who is shown to be best, or that nobody is; then what to try first, and how far it is above the labels alone."""
    if not found:
        return "No setting has two complete methods yet, so there is nothing to compare."
    return " ".join([_shown(found), *_try_first(found)])


def _shown(found: Sequence[Setting]) -> str:
    """What the tests show."""
    best = Counter(setting.best for setting in found if setting.best)
    if best:
        said = [f"{name} is best in {_count(count, found)}" for name, count in best.most_common()]
        return f"{'; '.join(said)}: significantly better than every other method there."
    beats = sum(setting.beats_alone for setting in found)
    if beats:
        return (
            f"In {_count(beats, found)} a semi-supervised method is significantly better than training on the labels "
            "alone, but none is better than all others."
        )
    untested = [setting.tested for setting in found if setting.tested.startswith("not tested")]
    if len(untested) < len(found):
        why = "the differences are not significant"
    elif int(max(setting.first["seeds"] for setting in found)) < MIN_SEEDS:
        why = "fewer than five seeds support no claim"
    else:
        why = "the test needs predictions of at least eight known subjects"
    return f"No method is shown to be better than training on the labels alone: {why}."


def _try_first(found: Sequence[Setting]) -> list[str]:
    wins = Counter(label for setting in found for label in setting.highest)
    most = max(wins.values())
    names = [name for name, count in wins.items() if count == most]
    each = " each" if len(names) > 1 and len(found) > 1 else ""
    sentences = [f"To try first: {_listed(names)}, with the highest mean accuracy in {_count(most, found)}{each}."]
    gains = [
        setting.first["accuracy_mean"] - setting.best_alone["accuracy_mean"]
        for setting in found
        if setting.best_alone is not None and setting.first is not setting.best_alone
    ]
    ahead = sum(setting.first is setting.best_alone for setting in found)
    if gains:
        low, high = 100 * min(gains), 100 * max(gains)
        points = f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"
        more = f"; in {ahead} of {len(found)} settings none was." if ahead else "."
        sentences.append(
            f"Where a semi-supervised method had the highest mean, it was {points} points above the best training on "
            f"the labels alone{more}"
        )
    elif ahead == len(found):
        sentences.append("No semi-supervised method had a higher mean than the best training on the labels alone.")
    return sentences


def _count(number: int, found: Sequence[Setting]) -> str:
    return f"{number} of {len(found)} settings" if len(found) > 1 else "the only setting"


def leaders(found: Sequence[Setting], titles: Mapping[str, str]) -> Table:
    """Who has the highest mean in every setting, by how much, and whether that is significant."""
    rows = []
    for setting in found:
        first, base, following = setting.first, setting.baseline, setting.rows[1]
        gain = ABSENT if base is None else f"{100 * (first['accuracy_mean'] - base['accuracy_mean']):+.1f}"
        rows.append(
            (
                titles.get(setting.benchmark, setting.benchmark),
                percent_text(setting.ratio),
                ", ".join(setting.highest),
                following["label"],
                setting.tested,
                spread_text(first, "accuracy"),
                spread_text(first, metrics.BALANCED.key),
                gain,
                _lead(setting),
            )
        )
    header = (
        "Data",
        "Labelled",
        "Highest mean",
        "Next",
        "Significant",
        "Accuracy (%)",
        f"{metrics.BALANCED.label} (%)",
        "Gain",
        "Lead",
    )
    rules = frozenset(i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0])
    return Table("leaders", "Which method has the highest mean accuracy?", (NOTE,), header, tuple(rows), rules, left=5)


def _lead(setting: Setting) -> str:
    """``+1.1 ± 0.9 (2 of 3)``: the first over the next, by seed."""
    gain = pd.Series(setting.lead, dtype=float)
    deviation = "" if len(gain) < 2 else f" ± {100 * gain.std(ddof=1):.1f}"
    return f"{100 * gain.mean():+.1f}{deviation} ({int((gain > 0).sum())} of {len(gain)})"


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
