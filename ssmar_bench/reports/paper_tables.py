"""The paper's tables filled from our runs: accuracies, the paper's beside them, gains, ranks, what is lacking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ssmar_bench.core import definition as definitions
from ssmar_bench.core import published
from ssmar_bench.core.published import Column, PaperTable, Printed
from ssmar_bench.reports.footing import own_columns, own_optimisers
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.tables import Table
from ssmar_bench.reports.words import ABSENT, footnotes
from ssmar_bench.results.footing import Footing, planned
from ssmar_bench.results.paired import PEOPLE, SEEDS, Difference, Standing, difference, hits, standing
from ssmar_bench.results.ranking import DATA_SETS, Ranking, friedman, rank, why_not
from ssmar_bench.results.records import Runs
from ssmar_bench.results.table_cells import Cell, fill
from ssmar_bench.results.verdict import verdict

KINDS = ("micro-motion", "real")
REFERENCES = {"supervised": "labelled clips alone", "fixmatch": "FixMatch"}
TESTING = (
    "Bold: separable from every other row of its column. Methods are compared by seed on the same test clips; seeds "
    "and people, not clips, are drawn anew (2000 times), p-values follow Student's t with Satterthwaite's degrees of "
    "freedom and are corrected by Holm over all pairs of a column, at 5 %. = marks rows that the best cannot be told "
    "from."
)
UNTESTED = (
    f"No cell is bold in {{columns}}: with fewer than {SEEDS} seeds common to all rows, or test clips of fewer than "
    f"{PEOPLE} people, no significance is claimed."
)


@dataclass(frozen=True)
class Filled:
    """A table with its cells on one kind of data; ``columns`` and ``rows`` in order."""

    runs: Runs
    table: PaperTable
    on: str
    cells: dict[tuple[str, str], Cell]
    rows: dict[str, str]
    columns: tuple[Column, ...]
    paper: dict[tuple[str, str], Printed]

    @cached_property
    def footings(self) -> dict[str, Footing]:
        """Every row's footing in the first column, if the rows' recipes do not all leave it to the benchmark."""
        first = self.columns[0]
        found = planned(first.benchmark, first.backbone, list(self.rows.values()))
        return {row: found[method] for row, method in self.rows.items() if method in found}

    def cell(self, row: str, column: Column) -> Cell:
        """The cell of a row and column."""
        return self.cells[row, column.name]

    @property
    def empty(self) -> bool:
        """Whether not one run has finished."""
        return all(cell.runs.empty for cell in self.cells.values())

    @property
    def means(self) -> pd.DataFrame:
        """Mean accuracy, rows x columns, NaN where nothing finished."""
        return pd.DataFrame(
            {c.name: {row: self.cell(row, c).accuracy.mean() for row in self.rows} for c in self.columns}
        )

    @property
    def alike(self) -> pd.DataFrame:
        """Like ``means``, but over the seeds that every row with runs in the column has; NaN where there is none."""
        found = {}
        for column in self.columns:
            cells = {row: self.cell(row, column) for row in self.rows}
            common = set.intersection(*([{*cell.seeds} for cell in cells.values() if cell.seeds] or [set()]))
            found[column.name] = {
                row: cell.accuracy[cell.accuracy.index.isin(common)].mean() for row, cell in cells.items()
            }
        return pd.DataFrame(found)


def filled(runs: Runs, table: PaperTable, on: str) -> Filled:
    """``table`` with the runs that fill it; the authors' likely rows are there if any has a run."""
    cells = fill(runs, table, on, as_published=True)
    started = {cell.row for cell in cells if len(cell.runs) or cell.failed or cell.unfinished}
    always = table.methods()
    rows = {row: method for row, method in table.methods(as_published=True).items() if row in always or row in started}
    return Filled(
        runs,
        table,
        on,
        {(cell.row, cell.column.name): cell for cell in cells},
        rows,
        tuple(table.of(on)),
        published.printed(table.name),
    )


def section(found: Filled) -> Section:
    """Everything that is said of one table."""
    standings = {column.name: _standing(found, column) for column in found.columns}
    ranking = rank(found.alike)
    tables = [_accuracy(found, standings), *_beside_the_paper(found)]
    if ranking.columns and len(ranking.ranks) > 1:
        tables.append(_ranks(found, ranking))
    words = [_data(found), *_lacking(found), *_tests(found, ranking)]
    return Section(f"{found.table.name}-{found.on}", f"{found.table.title}, {found.on}", tuple(words), tuple(tables))


# ---- what is said


def _data(found: Filled) -> str:
    if all(column.same for column in found.columns):
        kind = "The paper's data and networks, as far as the paper states them."
    elif found.on == "micro-motion":
        kind = (
            "Other data than the paper's: these are synthetic clips and small networks. Only gains and rank orders can "
            "be compared with the paper, not accuracies."
        )
    else:
        kind = "Real data; the paper prints no figures for these cells."
    return " ".join([kind, found.table.notes.get(found.on, "")]).strip()


def _lacking(found: Filled) -> list[str]:
    """What a reduced table leaves out."""
    there = found.means.notna()
    rows = [row for row in found.rows if not there.loc[row].any()]
    columns = [column.name for column in found.columns if not there[column.name].any()]
    single = int((~there.drop(index=rows, columns=columns)).to_numpy().sum())
    parts = [
        f"rows {'; '.join(rows)}" if rows else "",
        f"columns {'; '.join(columns)}" if columns else "",
        f"{single} further cell{'s'[: single != 1]}" if single else "",
    ]
    said = [part for part in parts if part]
    told = [f"Not measured, and therefore missing here: {'. Also '.join(said)}."] if said else []
    if fewer := _fewer_seeds(found):
        told.append(f"Fewer seeds than the benchmark's definition names: {fewer} of the measured cells.")
    return told


def _fewer_seeds(found: Filled) -> int:
    """Measured cells that lack seeds of their benchmark's definition."""
    seeds = {column.benchmark: {*definitions.read(column.benchmark).seeds} for column in found.columns}
    cells = [found.cell(row, column) for row in found.rows for column in found.columns]
    return sum(1 for cell in cells if cell.seeds and seeds[cell.column.benchmark] - {*cell.seeds})


def _tests(found: Filled, ranking: Ranking) -> list[str]:
    sources = {
        str(found.runs.specs[folder].source["name"]) for cell in found.cells.values() for folder in cell.runs["folder"]
    }
    words = []
    tested = friedman(_by_source(found)) if len(sources) >= DATA_SETS else None
    if tested is not None:
        words.append(
            f"Friedman's test over {len(sources)} data sets: chi-squared {tested.statistic:.2f}, p = {tested.p:.3g}; "
            f"two mean ranks differ by Nemenyi's test if they are {tested.critical_difference:.2f} apart."
        )
    else:
        words.append(why_not(sources))
    if ranking.columns:
        words.append(
            "Mean ranks are taken over the columns in which every measured row has a run, and there over the seeds "
            f"that all rows have; columns: {ranking.columns}."
        )
    return words


def _by_source(found: Filled) -> pd.DataFrame:
    """Mean accuracy by method and source: one value a data set, complete rows alone."""
    means: dict[str, dict[str, list[float]]] = {}
    for cell in found.cells.values():
        for folder in cell.runs["folder"][:1]:
            source = str(found.runs.specs[folder].source["name"])
            means.setdefault(source, {}).setdefault(cell.row, []).append(float(cell.accuracy.mean()))
    frame = pd.DataFrame({source: {row: sum(v) / len(v) for row, v in rows.items()} for source, rows in means.items()})
    return frame.dropna()


# ---- tables


def _standing(found: Filled, column: Column) -> Standing:
    cells = [found.cell(row, column) for row in found.rows]
    return standing({cell.row: hits(found.runs, cell.runs) for cell in cells if len(cell.runs)})


def _accuracy(found: Filled, standings: dict[str, Standing]) -> Table:
    rows, bold = [], set()
    own = own_columns(found.footings)
    for i, row in enumerate(found.rows):
        line = [row, *(column.get(row, ABSENT) for column in own.values())]
        for j, column in enumerate(found.columns, len(own)):
            text = _score(found.cell(row, column))
            if row in standings[column.name].tied:
                text += " ="
            if standings[column.name].leader == row:
                bold.add((i, j + 1))
            line.append(text)
        rows.append(tuple(line))
    untested = [name for name, standing_ in standings.items() if not standing_.tested]
    notes = [
        "Test accuracy in %: mean ± standard deviation over seeds, in brackets the number of seeds; — means not run."
    ]
    notes += footnotes(cell.stale for cell in found.cells.values())
    if len(untested) < len(standings):
        notes.append(TESTING)
    if untested:
        everywhere = len(untested) == len(standings)
        notes.append(UNTESTED.format(columns="this table" if everywhere else "; ".join(untested)))
    notes += own_optimisers(found.footings)
    return Table(
        name=f"{found.table.name}-{found.on}",
        title=f"{found.table.title}, on {found.on}.",
        notes=tuple(notes),
        header=("Method", *own, *(column.name for column in found.columns)),
        rows=tuple(rows),
        left=1 + len(own),
        bold=frozenset(bold),
    )


def _score(cell: Cell) -> str:
    counts = {"stale": cell.stale, "failed": cell.failed, "unfinished": cell.unfinished}
    lost = [f"{count} {word}" for word, count in counts.items() if count]
    if cell.runs.empty:
        return ", ".join(lost) or ABSENT
    deviation = cell.accuracy.std(ddof=1)
    spread = "" if math.isnan(deviation) else f" ± {100 * deviation:.1f}"
    return f"{100 * cell.accuracy.mean():.1f}{spread} ({'; '.join([str(len(cell.runs)), *lost])})"


def _beside_the_paper(found: Filled) -> list[Table]:
    """The paper's numbers with gap and verdict where the data are the same, else its gains beside ours."""
    tables = [_published(found)] if found.paper else []
    return tables + [gains for method, name in REFERENCES.items() if (gains := _gains(found, method, name)) is not None]


def _published(found: Filled) -> Table:
    def text(row: str, column: Column) -> str:
        paper = found.paper.get((row.removesuffix(", as published"), column.published))
        if paper is None:
            return ABSENT
        cell = found.cell(row, column)
        if not column.same or cell.runs.empty:
            return f"{paper.value:.1f}"
        judged = verdict(cell.accuracy, paper.value)
        reach = "" if math.isnan(judged.reach) else f" of ±{judged.reach:.1f}"
        return f"{paper.value:.1f} (gap {judged.gap:+.1f}{reach}: {judged.words})"

    same = any(column.same for column in found.columns)
    notes = (
        "Gap: ours minus the paper's, in points, and after ± how far one more run of ours would, at 95 %, lie from our "
        "mean (prediction interval from our seeds): a gap within it agrees. The paper prints no spread."
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


def _gains(found: Filled, method: str, name: str) -> Table | None:
    """Points over the row of ``method``, the paper's in brackets; None where there is no such row with runs."""
    base = next((row for row, own in found.table.rows.items() if own == method), None)
    if base is None or all(found.cell(base, column).runs.empty for column in found.columns):
        return None

    def text(row: str, column: Column) -> str:
        cells = [found.cell(one, column) for one in (row, base)]
        ours = None
        if not any(cell.runs.empty for cell in cells):
            ours = difference(*(hits(found.runs, cell.runs) for cell in cells))
        printed = [found.paper.get((one.removesuffix(", as published"), column.published)) for one in (row, base)]
        theirs = f" [{printed[0].value - printed[1].value:+.1f}]" if printed[0] and printed[1] else ""
        return (ABSENT if ours is None else _gain(ours)) + theirs

    rows = [row for row in found.rows if row != base]
    return Table(
        name=f"{found.table.name}-{found.on}-over-{method}",
        title=f"Gain over {name}, in points.",
        notes=("Mean ± standard deviation of the differences by seed; in square brackets the paper's gain.",),
        header=("Method", *(column.name for column in found.columns)),
        rows=tuple((row, *(text(row, column) for column in found.columns)) for row in rows),
    )


def _gain(found: Difference) -> str:
    spread = "" if math.isnan(found.std) else f" ± {100 * found.std:.1f}"
    return f"{100 * found.mean:+.1f}{spread}"


def _ranks(found: Filled, ranking: Ranking) -> Table:
    """Our mean ranks, and the paper's over the same rows and columns."""
    printed = [column.published for column in found.columns if column.name in ranking.by_column]
    rows = [row for row in found.table.rows if row in ranking.ranks and all((row, c) in found.paper for c in printed)]
    theirs = rank(_printed(found.paper, rows, printed)).ranks.to_dict() if rows else {}
    ours = {str(row): value for row, value in ranking.ranks.sort_values(kind="stable").items()}
    return Table(
        name=f"{found.table.name}-{found.on}-ranks",
        title="Mean ranks (1 is best).",
        notes=("The paper's ranks are over the same rows and columns; a difference of ranks is no test.",),
        header=("Method", "Ours", "Paper"),
        rows=tuple(
            (row, f"{value:.2f}", f"{theirs[row]:.2f}" if row in theirs else ABSENT) for row, value in ours.items()
        ),
    )


def _printed(paper: dict[tuple[str, str], Printed], rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({c: {row: paper[row, c].value for row in rows} for c in columns})
