"""Which tables a report has, filled from the frames of a summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.printable import visible
from ssmar_bench.reports.formatting import (
    ABSENT,
    FLAG,
    INTERVALS,
    cautions,
    cell_text,
    count_text,
    interval_text,
    is_small,
    percent_text,
    seconds_text,
    seeds_text,
    setting_sentence,
    spread_text,
)
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.summary import BenchmarkSummary, CaptionFacts, Comparability, Damage, measures

PARTS = ("test_accuracy", "validation_accuracy")
CELLS = (
    "Mean ± standard deviation over seeds in %, in brackets the number of seeds and what is lacking (missing: "
    "seeds that other methods have); — means not run."
)
SCORES = (
    "EMA is the accuracy with exponentially averaged weights",
    "validation accuracy is of the last epoch",
)
COSTS = (
    "Medians over seeds: optimiser steps, clip views consumed, clips that "
    "went through a network (passes without gradient and offline rounds included), and the time of training, "
    "which depends on the machine."
)

Row = Callable[[Mapping[Any, Any]], tuple[str, ...]]
"""A row of a frame into the cells of a table."""


def of_benchmark(found: BenchmarkSummary) -> list[Table]:
    """The tables of a benchmark."""
    return [
        accuracy(found.comparison, found.facts, found.comparability),
        scores(found.comparison, found.facts),
        costs(found.comparison, found.facts),
    ]


def without_result(found: BenchmarkSummary) -> list[Table]:
    """The tables of its runs without a result and of damaged records, if there are any."""
    lost = [gaps(found.unfinished)] if len(found.unfinished) else []
    return [*lost, damaged(found.damage)] if found.damage else lost


def accuracy(frame: pd.DataFrame, facts: CaptionFacts, comparability: Comparability) -> Table:
    """Methods by ratios: test accuracy."""
    ratios = sorted(set(frame["ratio"]))
    cells = {(row["kind"], row["label"], row["ratio"]): row for row in frame.to_dict("records")}
    names = list(dict.fromkeys((kind, label) for kind, label, _ in cells))
    own = comparability.columns
    small = is_small(facts)
    rows = [
        (
            label,
            *(column.get(label.removesuffix(", all labels"), "") for column in own.values()),
            *(_accuracy(cells[kind, label, ratio], small) for ratio in ratios),
        )
        for kind, label in names
    ]
    return Table(
        name="accuracy",
        title="Test accuracy by share of labelled clips.",
        notes=(
            setting_sentence(facts),
            CELLS,
            *([INTERVALS] if small else []),
            *flag_note(frame),
            cautions(facts),
            *comparability.notes,
        ),
        header=("Method", *own, *map(percent_text, ratios)),
        rows=tuple(rows),
        rules=_rules([kind != "method" for kind, _ in names]),
        left=1 + len(own),
    )


def flag_note(frame: pd.DataFrame) -> list[str]:
    """What the flag of a cell means, where a cell has it."""
    return [FLAG] if (frame["learned"] == False).any() else []  # noqa: E712  # unknown is neither


def _accuracy(row: Mapping[Any, Any], small: bool) -> str:
    """A cell, with its interval where the test part is small."""
    text = cell_text(row, "accuracy")
    interval = interval_text(row) if small else ""
    return text.replace(" (", f" {interval} (", 1) if interval else text


def scores(frame: pd.DataFrame, facts: CaptionFacts) -> Table:
    """Methods below each other for every ratio: all scores."""
    found = measures()
    return _long(
        frame,
        name="scores",
        title="All scores.",
        notes=(setting_sentence(facts), _about_scores(), INTERVALS, cautions(facts)),
        header=("Seeds", *(measure.label for measure in found), "95 % interval of accuracy"),
        fill=lambda row: (
            seeds_text(row),
            *(spread_text(row, one.key, one.metric.text) for one in found),
            interval_text(row),
        ),
    )


def costs(frame: pd.DataFrame, facts: CaptionFacts) -> Table:
    """What each method's training cost."""
    return _long(
        frame[frame["kind"] != "majority"],
        name="cost",
        title="Cost of training.",
        notes=(
            setting_sentence(facts),
            COSTS,
        ),
        header=("Steps", "Clips seen", "Forward passes", "Time"),
        fill=_cost,
    )


def gaps(frame: pd.DataFrame) -> Table:
    """Runs that gave no result, and why."""
    rows = [
        (row["label"], percent_text(row["ratio"]), str(row["seed"]), row["state"], row["reason"][:200] or ABSENT)
        for row in frame.to_dict("records")
    ]
    return Table(
        name="gaps",
        title="Runs without a result.",
        notes=("The whole traceback is kept in the run's folder, work/failure.txt.",),
        header=("Method", "Labelled", "Seed", "State", "Reason"),
        rows=tuple(rows),
        left=5,
    )


def damaged(found: Sequence[Damage]) -> Table:
    """Records that cannot be used, and why."""
    rows = [(visible(one.folder), visible(one.why)) for one in found]
    notes = ("They are in no other table; a run of which the record is lost is trained again by the same command.",)
    return Table("damage", "Damaged records.", notes, ("Run", "Why"), tuple(rows), left=2, wraps=frozenset({1}))


def runs(frame: pd.DataFrame, titles: Mapping[str, str]) -> Table:
    """Every run in a row; the last column is its folder.

    Args:
        frame: columns of ``BenchmarkSummary.runs``, in the order in which it is shown.
        titles: benchmark -> the name by which it is shown.
    """
    rows = [
        (
            titles[row["benchmark"]],
            row["label"],
            percent_text(row["ratio"]),
            str(row["seed"]),
            row["state"],
            *(_single(row, part) for part in PARTS),
            seconds_text(row["train_seconds"]),
            row["folder"],
        )
        for row in frame.to_dict("records")
    ]
    header = ("Data", "Method", "Labelled", "Seed", "State", "Test acc.", "Validation acc.", "Time", "Run")
    small = [INTERVALS] if frame["test_low"].notna().any() else []
    notes = ("Accuracies in %. A run's name leads to its page.", *small)
    return Table("runs", "All runs", notes, header, tuple(rows), left=5)


def _single(row: Mapping[Any, Any], part: str) -> str:
    """One run's accuracy, with the interval of a small test part."""
    if pd.isna(row[part]):
        return ""
    ends = part == "test_accuracy" and not pd.isna(row["test_low"])
    interval = f" [{100 * row['test_low']:.1f}, {100 * row['test_high']:.1f}]" if ends else ""
    return f"{100 * row[part]:.1f}{interval}"


def levels(frame: pd.DataFrame, titles: Mapping[str, str], facts: Mapping[str, CaptionFacts]) -> Table:
    """Methods by levels of difficulty, below each other for every ratio; always all levels.

    Args:
        frame: of ``Summary.levels``.
        titles: benchmark -> the level's name, from easy to hard.
        facts: of the benchmarks that have runs.
    """
    cells = {(r["ratio"], r["kind"], r["label"], r["benchmark"]): r for r in frame.to_dict("records")}
    kinds = {"method": 0, "majority": 1, "upper bound": 2}
    names = dict.fromkeys((ratio, kind, label) for ratio, kind, label, _ in cells)
    rows = [
        (percent_text(name[0]), name[2], *(_level(cells.get((*name, benchmark))) for benchmark in titles))
        for name in sorted(names, key=lambda name: (name[0], kinds[name[1]]))
    ]
    known = [facts[name] for name in titles if name in facts]
    return Table(
        name="levels",
        title="Test accuracy on all levels of difficulty.",
        notes=(setting_sentence(*known), CELLS, cautions(*known)),
        header=("Labelled", "Method", *titles.values()),
        rows=tuple(rows),
        rules=_rules([row[0] for row in rows]),
        left=2,
    )


def _about_scores() -> str:
    """What the caption of all scores says of each metric."""
    notes = [metric.note for metric in metrics.METRICS if metric.note]
    others = [metric for metric in metrics.METRICS if metric.unit != "%"]
    notes += [f"{metric.label} is {f'in {metric.unit}' if metric.unit else 'a plain number'}" for metric in others]
    notes += [f"a lower {metric.label} is better" for metric in metrics.METRICS if not metric.higher_is_better]
    return f"Mean ± standard deviation over seeds in %. {'; '.join([*notes, *SCORES])}."


def _level(row: Mapping[Any, Any] | None) -> str:
    return ABSENT if row is None else cell_text(row, "accuracy")


def _cost(row: Mapping[Any, Any]) -> tuple[str, ...]:
    if not row["seeds"]:
        return (ABSENT,) * 4
    return (
        count_text(row["steps"]),
        count_text(row["clips_seen"]),
        count_text(row["forward_passes"]),
        seconds_text(row["train_seconds"]),
    )


def _long(
    frame: pd.DataFrame, name: str, title: str, notes: tuple[str, ...], header: tuple[str, ...], fill: Row
) -> Table:
    started = frame[["seeds", "failed", "unfinished"]].sum(axis=1) > 0  # the table of accuracies shows what was not run
    ordered = frame[started].sort_values("ratio", kind="stable").to_dict("records")
    return Table(
        name=name,
        title=title,
        notes=notes,
        header=("Labelled", "Method", *header),
        rows=tuple((percent_text(row["ratio"]), row["label"], *fill(row)) for row in ordered),
        rules=_rules([row["ratio"] for row in ordered]),
        left=2,
    )


def _rules(keys: list[Any]) -> frozenset[int]:
    """The rows at which the key changes."""
    return frozenset(i for i in range(1, len(keys)) if keys[i] != keys[i - 1])
