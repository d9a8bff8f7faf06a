"""The table that a command ends with: the accuracies of its own runs, and their gain over labelled-only training."""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.reports.formatting import FLAG, INTERVALS, NOT_LEARNED, damage, percent_text
from ssmar_bench.reports.result_tables import accuracy, gaps
from ssmar_bench.reports.table_formats import Table, markdown
from ssmar_bench.results.summary import GridSummary

GAIN = "gain"
SPREAD = "mean ± standard deviation over seeds, "
LACKING = ("failed", "unfinished", "missing")


def grid_text(found: GridSummary) -> str:
    """Test accuracy of every method at every ratio with its gain over labelled-only, as plain text for a terminal.

    Below the table, a line says what its numbers are.
    """
    notes = [f"\n{markdown(gaps(found.unfinished))}"] if len(found.unfinished) else []
    notes += [f"\n{text}\n" for text in damage(found.damage)]
    table = accuracy_and_gain(found)
    return "".join([markdown(table), *(f"\n{line}\n" for line in _caption(table)), *notes])


def _caption(table: Table) -> list[str]:
    """What stands in the cells, no more than there is; nothing where no cell has a number."""
    cells = " ".join(cell for row in table.rows for cell in row[table.left :])
    if "(" not in cells:
        return []
    lacking = " and what is lacking" if any(word in cells for word in LACKING) else ""
    said = f"Test accuracy in % by share of labelled clips: {SPREAD if ' ± ' in cells else ''}"
    said += f"in brackets the number of seeds{lacking}."
    if GAIN in table.header:
        said += " Gain: points above training on the labels alone, with the same seeds."
    return [said, *([INTERVALS] if " [" in cells else []), *([FLAG] if NOT_LEARNED in cells else [])]


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
