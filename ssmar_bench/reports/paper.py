"""The paper's tables and claims against our runs: sections of the report, and files below ``reports/paper``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ssmar_bench.core import published_tables
from ssmar_bench.core.files import write_text
from ssmar_bench.reports import paper_figures, rank_figure
from ssmar_bench.reports.filled_table import KINDS, FilledTable, fill_table
from ssmar_bench.reports.formatting import ABSENT
from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.line_styles import drawing
from ssmar_bench.reports.panels import save
from ssmar_bench.reports.paper_notes import friedman_test
from ssmar_bench.reports.paper_tables import section
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.tables import Table, csv_text, escape_markdown, markdown_page
from ssmar_bench.results.claim_rules import ColumnEvidence
from ssmar_bench.results.claims import ClaimResult, evaluate_claims
from ssmar_bench.results.examples import examples
from ssmar_bench.results.ranking import Friedman
from ssmar_bench.results.records import Runs

FOLDER = "paper"
VERDICTS = (
    "Supported and contradicted are said of tested differences alone (five or more seeds, subjects resampled, Holm's "
    "correction within the claim). Agrees and disagrees speak of the sign of the mean alone, mixed of several signs; "
    "0.0 agrees with nothing. Differences are points, mean ± standard deviation over seeds. A comparison could "
    "not be made where a run is missing or too few pseudo-labels passed the threshold."
)


MANY = 3
"""Comparisons in a column beyond which the page of claims shows the extremes; the CSV has all."""


@dataclass(frozen=True)
class PaperSection:
    """A section, the same as a frame, and Friedman's test of its rows if there are data sets enough."""

    section: Section
    frame: pd.DataFrame
    test: Friedman | None = None


def paper_sections(runs: Runs) -> list[PaperSection]:
    """The paper's claims, and its tables that have runs, on each kind of data.

    Raises:
        UserError: a damaged record.
    """
    found = []
    for on in KINDS:
        tables = [fill_table(runs, published_tables.read_paper_table(name), on) for name in _names()]
        known = [one for one in tables if not one.empty]
        if known:
            answers = evaluate_claims(runs, on)
            found.append(PaperSection(_claims(answers, on), _claims_frame(answers)))
            found += [PaperSection(_section(one), _frame(one), friedman_test(one)) for one in known]
    return found


def write_sections(found: Sequence[PaperSection], reports: Path) -> list[Path]:
    """Writes every section as Markdown, LaTeX and CSV into ``reports/paper``; the files written."""
    paths: list[Path] = []
    for part in found:
        paths += _write(reports, part.section, part.frame)
    return paths


def draw_paper_figures(runs: Runs, found: Sequence[PaperSection], reports: Path) -> list[Path]:
    """Draws the paper's figures that have runs, and tested ranks, into ``reports/paper``; the files written."""
    paths: list[Path] = []
    with drawing():
        for part in found:
            if part.test is not None:
                paths += save(rank_figure.ranks(part.test), reports / FOLDER / f"{part.section.name}-ranks")
        for on in KINDS:
            for name, figure in paper_figures.draw_figures(runs, on):
                paths += save(figure, reports / FOLDER / name)
    return paths


def table_text(runs: Runs, name: str, on: str) -> str:
    """The section of one table (a name, or the path of a table config) as Markdown, whether or not it has runs."""
    return _markdown(_section(fill_table(runs, published_tables.read_paper_table(name), on)))


def _names() -> list[str]:
    """The paper's tables, then its figures and what we add."""
    return sorted(published_tables.TABLES.names(), key=lambda name: (not name.startswith("table"), name))


def _section(found: FilledTable) -> Section:
    """A table's section; that of Fig. 4 shows clips, too."""
    one = section(found)
    if found.table.name != published_tables.FIGURE_4:
        return one
    words = paper_figures.selection_note(examples(found.runs, found.on))
    return replace(one, words=(*one.words, words), pictures=paper_figures.pictures(found.runs, found.on))


def _write(reports: Path, one: Section, frame: pd.DataFrame) -> list[Path]:
    stem = reports / FOLDER / one.name
    texts = {
        "md": _markdown(one),
        "tex": "\n".join(latex(table, table.name) for table in one.tables),
        "csv": csv_text(frame),
    }
    paths = []
    for kind, content in texts.items():
        paths.append(stem.with_name(f"{stem.name}.{kind}"))
        write_text(paths[-1], content)
    return paths


def _markdown(one: Section) -> str:
    head, _, tables = markdown_page(one.title, one.tables).partition("\n")
    return "\n\n".join([head, *map(escape_markdown, one.words)]) + f"\n{tables}"


def _frame(found: FilledTable) -> pd.DataFrame:
    """One row a cell: ours and the paper's, in per cent."""
    rows = []
    for row, method in found.rows.items():
        for column in found.columns:
            cell = found.cell(row, column)
            paper = found.paper.get((row.removesuffix(", as published"), column.published))
            rows.append(
                {
                    "row": row,
                    "column": column.name,
                    "method": method,
                    "benchmark": column.benchmark,
                    "ratio": column.ratio,
                    "seeds": len(cell.runs),
                    "mean": 100 * cell.accuracy.mean(),
                    "std": 100 * cell.accuracy.std(ddof=1),
                    "balanced_mean": 100 * cell.balanced.mean(skipna=False),
                    "balanced_std": 100 * cell.balanced.std(ddof=1, skipna=False),
                    "paper": None if paper is None else paper.value,
                    "same_data": column.same,
                }
            )
    return pd.DataFrame(rows)


def _claims(answers: list[ClaimResult], on: str) -> Section:
    rows = tuple(
        (
            answer.claim.claim,
            f"{answer.claim.where}. {answer.claim.note}".strip(),
            _seen(answer),
            answer.verdict,
        )
        for answer in answers
    )
    table = Table(
        name=f"claims-{on}",
        title=f"What the paper claims, and what is seen on {on}.",
        notes=(VERDICTS,),
        header=("Claim", "Where", "Ours", "Verdict"),
        rows=rows,
        left=4,
        wraps=frozenset({0, 1, 2, 3}),
    )
    return Section(f"claims-{on}", f"The paper's claims, {on}", (), (table,))


def _seen(answer: ClaimResult) -> str:
    """What was seen, column by column; of many comparisons how many agree, and the two extremes."""
    by_column: dict[str, list[ColumnEvidence]] = {}
    for one in answer.seen:
        by_column.setdefault(one.column, []).append(one)
    sentences = []
    for column, own in by_column.items():
        words = ", ".join(one.words for one in own)
        if len(own) > MANY:
            ends = sorted(own, key=lambda one: one.value)
            words = f"{sum(one.agrees for one in own)} of {len(own)} agree, from {ends[0].words} to {ends[-1].words}"
        sentences.append(f"{column}: {words}")
    return "; ".join(sentences) or ABSENT


def _claims_frame(answers: list[ClaimResult]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "claim": answer.claim.claim,
                "column": one.column,
                "seen": one.words,
                "agrees": one.agrees,
                "seeds": one.seeds,
                "p": one.p,
                "verdict": answer.verdict,
            }
            for answer in answers
            for one in answer.seen
        ],
        columns=["claim", "column", "seen", "agrees", "seeds", "p", "verdict"],
    )
