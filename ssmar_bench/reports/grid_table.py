"""The table that a command ends with: the accuracies of its own runs, and their gain over labelled-only training."""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.reports.formatting import damage, percent_text
from ssmar_bench.reports.result_tables import accuracy, gaps
from ssmar_bench.reports.tables import Table, markdown
from ssmar_bench.results.summary import GridSummary

GAIN = "gain"


def grid_text(found: GridSummary) -> str:
    """Test accuracy of every method at every ratio with its gain over labelled-only, as plain text for a terminal."""
    notes = [f"\n{markdown(gaps(found.unfinished))}"] if len(found.unfinished) else []
    notes += [f"\n{text}\n" for text in damage(found.damage)]
    return "".join([markdown(accuracy_and_gain(found)), *notes])


def accuracy_and_gain(found: GridSummary) -> Table:
    """Methods by ratios: test accuracy in %, and behind each ratio the gain in points where there is one."""
    table = accuracy(found.comparison, found.facts, found.comparability)
    gains = {(label, percent_text(ratio)): f"{100 * gain:+.1f}" for (label, ratio), gain in found.gains.items()}
    shown: list[tuple[str, list[str]]] = []
    for place, name in enumerate(table.header):
        shown.append((name, [row[place] for row in table.rows]))
        of_ratio = [gains.get((row[0], name), "") for row in table.rows]
        if place >= table.left and any(of_ratio):
            shown.append((GAIN, of_ratio))
    columns = [cells for _, cells in shown]
    return replace(table, header=tuple(name for name, _ in shown), rows=tuple(zip(*columns, strict=True)))
