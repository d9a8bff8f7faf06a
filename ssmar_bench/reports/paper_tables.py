"""The paper's tables filled from our runs: accuracies, the paper's beside them, gains, ranks."""

from __future__ import annotations

import math

import pandas as pd

from ssmar_bench.core.published_tables import TableColumn
from ssmar_bench.reports.formatting import ABSENT
from ssmar_bench.reports.paper_notes import table_notes
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.summary import (
    MIN_SEEDS,
    MIN_SUBJECTS,
    FilledTable,
    Gains,
    PaperComparison,
    Ranks,
    TableCell,
)

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
    f"than {MIN_SUBJECTS} subjects, no significance is claimed."
)

APART = "Rows between two rules train under another schedule, and are compared with each other alone."
SAME = (
    "Gap: ours minus the paper's, in points, and after ± how far one more run of ours would, at 95 %, lie from our "
    "mean (prediction interval from our seeds): a gap within it agrees. The paper prints no spread. It does not say "
    "which accuracy it prints, so its number is compared with ours and with our balanced accuracy."
)
OTHER = "On the paper's own data, which are not these: shown for the order of rows, not to compare accuracies."


def section(found: FilledTable) -> Section:
    """Everything that is said of one table."""
    tables = [_accuracy(found), *([_published(found)] if found.paper else []), *(_gains(found, g) for g in found.gains)]
    tables += [_ranks(found, ranks, number) for number, ranks in enumerate(found.ranks) if ranks is not None]
    title = f"{found.table.title}, {found.on}"
    return Section(_name(found), title, tuple(table_notes(found)), tuple(tables))


def _name(found: FilledTable) -> str:
    return f"{found.table.name}-{found.on}"


def _accuracy(found: FilledTable) -> Table:
    rows, bold = [], set()
    own = found.comparability.columns
    for i, row in enumerate(found.rows):
        line = [row, *(column.get(row, ABSENT) for column in own.values())]
        for column in found.columns:
            standing = found.standings[row, column.name]
            if standing.leader == row:
                bold.add((i, len(line)))
            line.append(_score(found.cell(row, column)) + (" =" if row in standing.tied else ""))
        rows.append(tuple(line))
    apart = [row in found.table.apart for row in found.rows]
    return Table(
        name=_name(found),
        title=f"{found.table.title}, on {found.on}.",
        notes=(CELLS, BOTH, *_tests(found), *found.comparability.notes, *([APART] if any(apart) else [])),
        header=("Method", *own, *(column.name for column in found.columns)),
        rows=tuple(rows),
        rules=frozenset(i for i in range(1, len(rows)) if apart[i] != apart[i - 1]),
        left=1 + len(own),
        bold=frozenset(bold),
    )


def _tests(found: FilledTable) -> list[str]:
    """How columns were tested, and which were not."""
    tested = {name for (_, name), standing in found.standings.items() if standing.tested}
    untested = [column.name for column in found.columns if column.name not in tested]
    notes = [TESTING] if tested else []
    return [*notes, UNTESTED.format(columns="; ".join(untested) if tested else "this table")] if untested else notes


def _score(cell: TableCell) -> str:
    counts = {"failed": cell.failed, "unfinished": cell.unfinished}
    lost = [f"{count} {word}" for word, count in counts.items() if count]
    if cell.runs.empty:
        return ", ".join(lost) or ABSENT
    both = " / ".join(_spread(*spread, "") for spread in (cell.accuracy_spread, cell.balanced_spread))
    return f"{both} ({'; '.join([str(len(cell.runs)), *lost])})"


def _spread(mean: float, std: float, sign: str) -> str:
    """``36.6 ± 2.8``: a fraction and its deviation over seeds in per cent; a dash where it is unknown."""
    if math.isnan(mean):
        return ABSENT
    return f"{100 * mean:{sign}.1f}" + ("" if math.isnan(std) else f" ± {100 * std:.1f}")


def _published(found: FilledTable) -> Table:
    def text(row: str, column: TableColumn) -> str:
        printed, gap = found.printed(row, column), found.gaps.get((row, column.name))
        if printed is None:
            return ABSENT
        if gap is None:
            return f"{printed.value:.1f}"
        balanced = "" if gap.balanced is None else f"; balanced {_gap(gap.balanced)}"
        return f"{printed.value:.1f} (gap {_gap(gap.accuracy)}{balanced})"

    return Table(
        name=f"{_name(found)}-paper",
        title="What the paper prints (%).",
        notes=(SAME if any(column.same for column in found.columns) else OTHER,),
        header=("Method", *(column.published for column in found.columns)),
        rows=tuple((row, *(text(row, column) for column in found.columns)) for row in found.table.rows),
    )


def _gap(judged: PaperComparison) -> str:
    """Ours minus the paper's, how far chance carries, and a word."""
    reach = "" if math.isnan(judged.reach) else f" of ±{judged.reach:.1f}"
    return f"{judged.gap:+.1f}{reach}: {judged.words}"


def _gains(found: FilledTable, gains: Gains) -> Table:
    """Points over the row of a reference, the paper's in square brackets."""

    def text(row: str, column: TableColumn) -> str:
        gain = gains.cells[row, column.name]
        ours = ABSENT
        if gain.accuracy is not None:
            ours = f"{_spread(gain.accuracy.mean, gain.accuracy.std, '+')} / {_spread(*gain.balanced, '+')}"
        return ours if gain.paper is None else f"{ours} [{gain.paper:+.1f}]"

    return Table(
        name=f"{_name(found)}-over-{gains.method}",
        title=f"Gain over {gains.name}, in points.",
        notes=(f"{GAINS}; in square brackets the paper's gain." if found.paper else f"{GAINS}.",),
        header=("Method", *(column.name for column in found.columns)),
        rows=tuple((row, *(text(row, column) for column in found.columns)) for row in gains.rows),
    )


def _ranks(found: FilledTable, ranks: Ranks, number: int) -> Table:
    """Our mean ranks beside the paper's; ``number`` is the group's."""
    every = {"Ours": ranks.ours, "Ours, balanced": ranks.balanced, "Ours, its rows": ranks.papers_rows}
    shown = {name: own for name, own in {**every, "Paper": ranks.paper}.items() if own is not None}
    paper = "The paper's ranks are over the rows and columns that both have. " if "Paper" in shown else ""
    return Table(
        name=f"{_name(found)}-ranks{number or ''}",
        title="Mean ranks (1 is best)" + (" of the rows that are set apart." if number else "."),
        notes=(f"{paper}A difference of ranks is no test.",),
        header=("Method", *shown),
        rows=tuple(
            (str(row), *(f"{own[row]:.2f}" if row in own else ABSENT for own in shown.values()))
            for row in ranks.ours.index
        ),
    )


def table_frame(found: FilledTable) -> pd.DataFrame:
    """One row a cell: ours and the paper's, in per cent."""
    rows = []
    for row, method in found.rows.items():
        for column in found.columns:
            cell, printed = found.cell(row, column), found.printed(row, column)
            scores = {"": cell.accuracy_spread, "balanced_": cell.balanced_spread}
            rows.append(
                {
                    "row": row,
                    "column": column.name,
                    "method": method,
                    "benchmark": column.benchmark,
                    "ratio": column.ratio,
                    "seeds": len(cell.runs),
                    **{f"{key}{name}": 100 * value for key, spread in scores.items()
                       for name, value in zip(("mean", "std"), spread, strict=True)},
                    "paper": None if printed is None else printed.value,
                    "same_data": column.same,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
