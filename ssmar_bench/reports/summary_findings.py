"""The answer to "which method should I use?", in words: what the tests show, and else what to try first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ssmar_bench.core import metrics
from ssmar_bench.reports.formatting import (
    ABSENT,
    INTERVALS,
    accuracy_text,
    is_small,
    percent_text,
    setting_sentence,
    spread_text,
    unequal,
)
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.summary import MIN_SEEDS, BenchmarkSummary, Setting

SYNTHETIC = "micro-motion"
NOTE = (
    "The highest mean test accuracy among the methods that have every seed of the setting; it is called best only if "
    "it is significant. Ablations have tables of their own. Gain: its distance from the labelled-only method, in "
    "points. Lead: over the next method, mean ± standard deviation of the differences by seed (in how many of them it "
    "is ahead). Methods: how many are compared. Significantly better than: what the test of the paper's tables says, "
    "with five or more seeds (paired by seed, subjects resampled, Holm's correction, 5 %)."
)
RANKS = (
    "Methods that have every seed at every share of labels, ranked among each other, best mean rank first. Gain: mean "
    "distance from the labelled-only method, in points. Cost: forward passes in training, as a "
    "multiple of the labelled-only method's."
)


@dataclass(frozen=True)
class FirstView:
    """What the first page says: the headline, how far it goes, and the tables behind it."""

    headline: str
    limits: tuple[str, ...]
    tables: tuple[Table, ...]


def first_view(benchmarks: Sequence[BenchmarkSummary]) -> FirstView:
    """The first view of the page."""
    every = [setting for one in benchmarks for setting in one.settings]
    small = [one.name for one in benchmarks if is_small(one.facts)]
    tables = [leaders(every, {one.name: one.title for one in benchmarks}, small)] if every else []
    tables += [ranks(one) for one in benchmarks if one.ranks]
    left_out = [
        f"Left out on {one.title}, for lack of seeds: {', '.join(one.incomplete)}."
        for one in benchmarks
        if one.incomplete
    ]
    return FirstView(headline(every), (*_limits(benchmarks, every), *left_out), tuple(tables))


def _limits(benchmarks: Sequence[BenchmarkSummary], found: Sequence[Setting]) -> list[str]:
    facts = [one.competing_facts for one in benchmarks]
    seeds = max((int(setting.first["seeds"]) for setting in found), default=0)
    sentences = []
    if seeds < MIN_SEEDS:
        plural = "s" if seeds != 1 else ""
        sentences.append(
            f"{seeds} seed{plural}: fewer than five support no claim that one method is better than another."
        )
    if any(SYNTHETIC in one.sources for one in benchmarks):
        sentences.append(
            "micro-motion clips are drawn by this program: other data, another network and a shorter training than "
            "the paper's, so neither accuracies nor the order of methods need carry over to filmed people."
        )
    doubts = [f"{one.benchmark}: {doubt}." for one in facts for doubt in unequal(one)]
    return [*sentences, setting_sentence(*facts), *doubts]


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


def leaders(found: Sequence[Setting], titles: Mapping[str, str], small: Collection[str] = ()) -> Table:
    """Who has the highest mean in every setting, by how much, and whether that is significant.

    Args:
        found: the settings.
        titles: benchmark -> heading.
        small: benchmarks with a test part so small that accuracies have their intervals beside them.
    """
    rows = []
    for setting in found:
        first, following = setting.first, setting.rows[1]
        rows.append(
            (
                titles.get(setting.benchmark, setting.benchmark),
                percent_text(setting.ratio),
                ", ".join(setting.highest),
                following["label"],
                setting.tested,
                accuracy_text(first, setting.benchmark in small),
                spread_text(first, metrics.BALANCED.key),
                _points(setting.gain),
                _lead(setting),
                str(len(setting.rows)),
            )
        )
    header = (
        "Data",
        "Labelled",
        "Highest mean",
        "Next",
        "Significantly better than",
        "Accuracy (%)",
        f"{metrics.BALANCED.label} (%)",
        "Gain",
        "Lead",
        "Methods",
    )
    rules = frozenset(i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0])
    notes = (NOTE, INTERVALS) if small else (NOTE,)
    return Table("leaders", "Which method has the highest mean accuracy?", notes, header, tuple(rows), rules, left=5)


def _points(gain: float) -> str:
    return ABSENT if math.isnan(gain) else f"{100 * gain:+.1f}"


def _lead(setting: Setting) -> str:
    """``+1.1 ± 0.9 (2 of 3)``: the first over the next, by seed."""
    mean, std, ahead = setting.lead_spread
    deviation = "" if math.isnan(std) else f" ± {100 * std:.1f}"
    return f"{100 * mean:+.1f}{deviation} ({ahead} of {len(setting.lead)})"


def ranks(found: BenchmarkSummary) -> Table:
    """Methods of one benchmark by mean rank over its ratios, with accuracy, gain and cost."""
    small = is_small(found.facts)
    rows = [
        (
            one.label,
            f"{one.rank:.1f}",
            _points(one.gain),
            *(accuracy_text(row, small) for row in one.rows),
            ABSENT if math.isnan(one.cost) else f"{one.cost:.1f}\u00d7",
        )
        for one in found.ranks
    ]
    ratios = (percent_text(setting.ratio) for setting in found.settings)
    notes = (RANKS, INTERVALS) if small else (RANKS,)
    header = ("Method", "Mean rank", "Mean gain", *ratios, "Cost")
    return Table("ranks", f"{found.title}: all methods", notes, header, tuple(rows))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
