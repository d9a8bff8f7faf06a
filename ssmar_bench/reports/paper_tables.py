"""The paper's tables filled from our runs: accuracies, the paper's beside them, gains, ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from ssmar_bench.core.published_tables import PrintedNumber, TableColumn
from ssmar_bench.reports.comparability import own_columns, own_optimisers
from ssmar_bench.reports.filled_table import FilledTable
from ssmar_bench.reports.formatting import ABSENT
from ssmar_bench.reports.paper_notes import table_notes
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.tables import Table
from ssmar_bench.results.paired_test import (
    MIN_SEEDS,
    MIN_SUBJECTS,
    ColumnLeader,
    correct_counts,
    find_leader,
    paired_difference,
)
from ssmar_bench.results.ranking import Ranking, mean_ranks
from ssmar_bench.results.table_cells import TableCell
from ssmar_bench.results.verdict import compare_with_paper

REFERENCES = {"supervised": "labelled clips alone", "fixmatch": "FixMatch"}
TESTING = (
    "Bold: separable from every other row of its column. Methods are compared by seed on the same test clips; seeds "
    "and subjects, not clips, are resampled (2000 times), p-values follow Student's t with Satterthwaite's degrees of "
    "freedom and are corrected by Holm over all pairs of a column, at 5 %. = marks rows that the best cannot be told "
    "from."
)
CELLS = (
    "Test accuracy / balanced accuracy (the mean of the classes' recalls) in %: mean ± standard deviation over seeds, "
    "in brackets the number of seeds; — means not run."
)
BOTH = (
    "Both are shown since they can order methods differently: on a test part whose classes are not equally frequent, a "
    "linear classifier gains accuracy by answering the frequent ones, and a prototype classifier, which has no class "
    "prior, does not. Bold, = and tests are about accuracy."
)
GAINS = "Mean ± standard deviation of the differences by seed, in accuracy / balanced accuracy"
UNTESTED = (
    f"No cell is bold in {{columns}}: with fewer than {MIN_SEEDS} seeds common to all rows, or test clips of fewer "
    "than "
    f"{MIN_SUBJECTS} subjects, no significance is claimed."
)


def section(found: FilledTable) -> Section:
    """Everything that is said of one table."""
    tables = [_accuracy(found), *_beside_the_paper(found)]
    for number, rows in enumerate(found.groups):
        ranking = mean_ranks(found.means_over_common_seeds(rows))
        if ranking.columns and len(ranking.ranks) > 1:
            tables.append(_ranks(found, ranking, number))
    title = f"{found.table.title}, {found.on}"
    return Section(f"{found.table.name}-{found.on}", title, tuple(table_notes(found)), tuple(tables))


def _standings(found: FilledTable, column: TableColumn) -> dict[str, ColumnLeader]:
    """Row -> how it is among the rows that it is compared with."""
    standings: dict[str, ColumnLeader] = {}
    for rows in found.groups:
        cells = [found.cell(row, column) for row in rows]
        own = find_leader({cell.row: correct_counts(found.runs, cell.runs) for cell in cells if len(cell.runs)})
        standings |= dict.fromkeys(rows, own)
    return standings


def _accuracy(found: FilledTable) -> Table:
    rows, bold = [], set()
    own = own_columns(found.training_setups)
    standings = {column.name: _standings(found, column) for column in found.columns}
    for i, row in enumerate(found.rows):
        line = [row, *(column.get(row, ABSENT) for column in own.values())]
        for column in found.columns:
            text = _score(found.cell(row, column))
            stands = standings[column.name][row]
            if row in stands.tied:
                text += " ="
            if stands.leader == row:
                bold.add((i, len(line)))
            line.append(text)
        rows.append(tuple(line))
    untested = [name for name, by_row in standings.items() if not any(one.tested for one in by_row.values())]
    notes = [CELLS, BOTH]
    if len(untested) < len(standings):
        notes.append(TESTING)
    if untested:
        everywhere = len(untested) == len(standings)
        notes.append(UNTESTED.format(columns="this table" if everywhere else "; ".join(untested)))
    notes += own_optimisers(found.training_setups)
    apart = [row in found.table.apart for row in found.rows]
    if any(apart):
        notes.append("Rows between two rules train under another schedule, and are compared with each other alone.")
    return Table(
        name=f"{found.table.name}-{found.on}",
        title=f"{found.table.title}, on {found.on}.",
        notes=tuple(notes),
        header=("Method", *own, *(column.name for column in found.columns)),
        rows=tuple(rows),
        rules=frozenset(i for i in range(1, len(rows)) if apart[i] != apart[i - 1]),
        left=1 + len(own),
        bold=frozenset(bold),
    )


def _score(cell: TableCell) -> str:
    counts = {"failed": cell.failed, "unfinished": cell.unfinished}
    lost = [f"{count} {word}" for word, count in counts.items() if count]
    if cell.runs.empty:
        return ", ".join(lost) or ABSENT
    both = " / ".join(map(_mean, (cell.accuracy, cell.balanced)))
    return f"{both} ({'; '.join([str(len(cell.runs)), *lost])})"


def _mean(values: pd.Series[float]) -> str:
    """``36.6 ± 2.8``: mean and deviation over seeds; a dash where a seed's value is unknown."""
    mean, deviation = values.mean(skipna=False), values.std(ddof=1, skipna=False)
    if math.isnan(mean):
        return ABSENT
    return f"{100 * mean:.1f}" + ("" if math.isnan(deviation) else f" ± {100 * deviation:.1f}")


def _beside_the_paper(found: FilledTable) -> list[Table]:
    """The paper's numbers with gap and verdict where the data are the same, else its gains beside ours."""
    tables = [_published(found)] if found.paper else []
    return tables + [gains for method, name in REFERENCES.items() if (gains := _gains(found, method, name)) is not None]


def _published(found: FilledTable) -> Table:
    def text(row: str, column: TableColumn) -> str:
        paper = found.paper.get((row.removesuffix(", as published"), column.published))
        if paper is None:
            return ABSENT
        cell = found.cell(row, column)
        if not column.same or cell.runs.empty:
            return f"{paper.value:.1f}"
        judged = _gap(cell.accuracy, paper.value)
        balanced = "" if cell.balanced.isna().any() else f"; balanced {_gap(cell.balanced, paper.value)}"
        return f"{paper.value:.1f} (gap {judged}{balanced})"

    same = any(column.same for column in found.columns)
    notes = (
        "Gap: ours minus the paper's, in points, and after ± how far one more run of ours would, at 95 %, lie from our "
        "mean (prediction interval from our seeds): a gap within it agrees. The paper prints no spread. It does not "
        "say which accuracy it prints, so its number is compared with ours and with our balanced accuracy."
        if same
        else "On the paper's own data, which are not these: shown for the order of rows, not to compare accuracies.",
    )
    return Table(
        name=f"{found.table.name}-{found.on}-paper",
        title="What the paper prints (%).",
        notes=notes,
        header=("Method", *(column.published for column in found.columns)),
        rows=tuple((row, *(text(row, column) for column in found.columns)) for row in found.table.rows),
    )


def _gap(values: pd.Series[float], paper: float) -> str:
    """Ours minus the paper's, how far chance carries, and a word."""
    judged = compare_with_paper(values, paper)
    reach = "" if math.isnan(judged.reach) else f" of ±{judged.reach:.1f}"
    return f"{judged.gap:+.1f}{reach}: {judged.words}"


def _gains(found: FilledTable, method: str, name: str) -> Table | None:
    """Points over the row of ``method``, the paper's in brackets; None where there is no such row with runs."""
    base = next((row for row, own in found.table.rows.items() if own == method), None)
    compared = next((rows for rows in found.groups if base in rows), [])
    if base is None or all(found.cell(base, column).runs.empty for column in found.columns):
        return None

    def text(row: str, column: TableColumn) -> str:
        cells = [found.cell(one, column) for one in (row, base)]
        ours = ABSENT
        if not any(cell.runs.empty for cell in cells):
            gain = paired_difference(*(correct_counts(found.runs, cell.runs) for cell in cells))
            balanced = (cells[0].balanced - cells[1].balanced).dropna()
            if gain is not None:
                ours = f"{_gain(gain.mean, gain.std)} / {_gain(balanced.mean(), balanced.std(ddof=1))}"
        printed = [found.paper.get((one.removesuffix(", as published"), column.published)) for one in (row, base)]
        theirs = f" [{printed[0].value - printed[1].value:+.1f}]" if printed[0] and printed[1] else ""
        return ours + theirs

    rows = [row for row in compared if row != base]
    return Table(
        name=f"{found.table.name}-{found.on}-over-{method}",
        title=f"Gain over {name}, in points.",
        notes=(f"{GAINS}; in square brackets the paper's gain." if found.paper else f"{GAINS}.",),
        header=("Method", *(column.name for column in found.columns)),
        rows=tuple((row, *(text(row, column) for column in found.columns)) for row in rows),
    )


def _gain(mean: float, std: float) -> str:
    """A difference in points; a dash where it is unknown."""
    if math.isnan(mean):
        return ABSENT
    return f"{100 * mean:+.1f}" + ("" if math.isnan(std) else f" ± {100 * std:.1f}")


def _ranks(found: FilledTable, ranking: Ranking, number: int) -> Table:
    """Our mean ranks, and the paper's over the rows that both have; ``number`` is the group's."""
    printed = [column.published for column in found.columns if column.name in ranking.by_column]
    rows = [row for row in found.table.rows if row in ranking.ranks and all((row, c) in found.paper for c in printed)]
    measured = [str(row) for row in ranking.ranks.index]
    balanced = found.means_over_common_seeds(measured, balanced=True)[[*ranking.by_column]]
    shown = {"Ours": ranking.ranks}
    if balanced.notna().all(axis=None):
        shown["Ours, balanced"] = mean_ranks(balanced).ranks
    if rows and len(rows) < len(measured):  # ranks among more rows are no match for the paper's
        shown["Ours, its rows"] = mean_ranks(
            found.means_over_common_seeds(measured)[[*ranking.by_column]].loc[rows]
        ).ranks
    if rows:
        shown["Paper"] = mean_ranks(_printed(found.paper, rows, printed)).ranks
    notes = "A difference of ranks is no test."
    if "Paper" in shown:
        notes = f"The paper's ranks are over the rows and columns that both have. {notes}"
    return Table(
        name=f"{found.table.name}-{found.on}-ranks{number or ''}",
        title="Mean ranks (1 is best)" + (" of the rows that are set apart." if number else "."),
        notes=(notes,),
        header=("Method", *shown),
        rows=tuple(
            (str(row), *(f"{ranks[row]:.2f}" if row in ranks else ABSENT for ranks in shown.values()))
            for row in ranking.ranks.sort_values(kind="stable").index
        ),
    )


def _printed(paper: dict[tuple[str, str], PrintedNumber], rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({c: {row: paper[row, c].value for row in rows} for c in columns})
