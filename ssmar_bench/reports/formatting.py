"""Numbers and facts as a reader meets them: percentages, cells, costs and captions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ssmar_bench.core import metrics
from ssmar_bench.core.printable import visible
from ssmar_bench.results.summary import SMALL, CaptionFacts, Damage

ABSENT = "—"
"""A cell of which no run was started."""

NOT_LEARNED = "†"
FLAG = (
    f"{NOT_LEARNED}: not shown to be better than always answering the most frequent class, since the 95 % interval "
    "touches the majority rate."
)
INTERVALS = (
    "[a, b]: 95 % interval of the mean accuracy, from resampled seeds and subjects where eight or more subjects are "
    "known, else Wilson's over the clips of the test part."
)


NAMED = 10
"""Damaged records that a page names."""


def damage(found: Sequence[Damage]) -> list[str]:
    """A sentence about damaged records, if there are some."""
    if not found:
        return []
    names = ", ".join(visible(one.folder) for one in found[:NAMED]) + (" and others" if len(found) > NAMED else "")
    return [f"Damaged records, which are left out ({len(found)}): {names}."]


def percent_text(ratio: float) -> str:
    """``10 %``."""
    return f"{100 * ratio:g} %"


def seeds_text(row: Mapping[Any, Any]) -> str:
    """``3``: finished runs; then what is lacking: ``2; 1 failed``. Without any, ``1 failed`` or a dash."""
    lacking = [f"{row[state]} {state}" for state in ("failed", "unfinished", "missing") if row[state]]
    if row["seeds"]:
        return "; ".join([str(row["seeds"]), *lacking])
    started = [text for text in lacking if not text.endswith("missing")]
    return "; ".join(started) if started else ABSENT


def spread_text(row: Mapping[Any, Any], measure: str, show: Callable[[float], str] | None = None) -> str:
    """``51.2 ± 1.4``: mean and deviation; one seed has no deviation, an unknown score is empty."""
    show = show or metrics.METRICS[0].text
    mean, std = row[f"{measure}_mean"], row[f"{measure}_std"]
    if math.isnan(mean):
        return ""
    return show(mean) + ("" if math.isnan(std) else f" ± {show(std)}")


def cell_text(row: Mapping[Any, Any], measure: str) -> str:
    """``51.2 ± 1.4 (3)``: score and seeds; for a cell without a score, why there is none."""
    score = spread_text(row, measure)
    flag = f" {NOT_LEARNED}" if row.get("learned") is False else ""
    return f"{score} ({seeds_text(row)}){flag}" if score else seeds_text(row)


def interval_text(row: Mapping[Any, Any], show: Callable[[float], str] | None = None) -> str:
    """``[49.8, 52.6]``: the ends of the interval of the accuracy; empty where it is unknown."""
    show = show or metrics.METRICS[0].text
    low, high = row["accuracy_low"], row["accuracy_high"]
    return "" if math.isnan(low) else f"[{show(low)}, {show(high)}]"


def is_small(facts: CaptionFacts) -> bool:
    """Whether the test part is so small that every accuracy has its interval beside it."""
    return any(clips < SMALL for clips in facts.test_clips)


def accuracy_text(row: Mapping[Any, Any], small: bool) -> str:
    """``51.2 ± 1.4``, and where the test part is ``small`` ``51.2 ± 1.4 [40.1, 62.0]``."""
    return " ".join(filter(None, [spread_text(row, "accuracy"), interval_text(row) if small else ""]))


def count_text(value: float) -> str:
    """Thousands apart, "" for an unknown number."""
    return "" if math.isnan(value) else f"{value:,.0f}".replace(",", " ")


def seconds_text(value: float) -> str:
    """``12 s``, ``3.4 min`` or ``5.6 h``."""
    if math.isnan(value):
        return ""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if value >= 2 * length:
            return f"{value / length:.1f} {unit}"
    return f"{value:.3g} s"


def choice_text(values: Iterable[object]) -> str:
    """``a``, or ``a or b``."""
    return " or ".join(str(value) for value in values)


def setting_sentence(*benchmarks: CaptionFacts) -> str:
    """The sentence every caption needs: benchmark, network and initialisation, seeds, test part.

    Benchmarks of which the same is to be said share one sentence.
    """
    said: dict[str, list[str]] = {}
    for facts in benchmarks:
        said.setdefault(_about(facts), []).append(facts.benchmark)
    return " ".join(f"{', '.join(names)}: {words}" for words, names in said.items())


def _about(facts: CaptionFacts) -> str:
    if not facts.seeds:
        return "no run has finished."
    return (
        f"{choice_text(facts.classes)} classes; {choice_text(facts.networks)}; "
        f"seed{'s' if len(facts.seeds) > 1 else ''} {', '.join(map(str, facts.seeds))}; "
        f"{choice_text(facts.test_clips)} test clips{_of_subjects(facts)}, "
        f"test scored once with the last weights.{_never_labelled(facts)}"
    )


def _never_labelled(facts: CaptionFacts) -> str:
    """What is unknown of clips that nobody has labelled, if there are some."""
    if not any(facts.never_labelled):
        return ""
    return (
        f" {choice_text(facts.never_labelled)} unlabelled clips have never had a label: the accuracy of their "
        "pseudo-labels is unknown."
    )


def _of_subjects(facts: CaptionFacts) -> str:
    return f" of {choice_text(facts.test_subjects)} subjects" if any(facts.test_subjects) else ", subjects not known"


def cautions(*benchmarks: CaptionFacts) -> str:
    """What a reader must know before comparing rows; no row is marked as best."""
    first = "No row is marked as best: differences are not tested here"
    if any(len(facts.seeds) < 5 for facts in benchmarks):
        first += ", and fewer than five seeds support no claim"
    names = [f"{facts.benchmark}: " if len(benchmarks) > 1 else "" for facts in benchmarks]
    doubts = [name + doubt for name, facts in zip(names, benchmarks, strict=True) for doubt in unequal(facts)]
    return ". ".join([first, *doubts]) + "."


def unequal(facts: CaptionFacts) -> list[str]:
    """In which respect rows are not alike or not real, a sentence without its full stop each."""
    notes = []
    if facts.mock:
        notes.append("These runs are of a mock data set: nothing here says anything about the real one")
    if facts.differences:
        listed = [f"{key} ({choice_text(values)})" for key, values in facts.differences.items()]
        shown = ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")
        notes.append(f"Not all runs share one setting: {shown}")
    if facts.mixed_splits:
        cells = ", ".join(f"{percent_text(ratio)} seed {seed}" for ratio, seed in facts.mixed_splits)
        notes.append(f"Not all runs of a cell stand on the same split: {cells}")
    return notes
