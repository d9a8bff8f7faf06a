"""The paper's tables and claims against our runs: sections of the report, and files below ``reports/paper``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ssmar_bench.core import published
from ssmar_bench.core.files import write_text
from ssmar_bench.reports.paper_tables import KINDS, Filled, filled, section
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.tables import Table, csv, latex, page
from ssmar_bench.reports.words import ABSENT
from ssmar_bench.results.claims import Answer, evaluate
from ssmar_bench.results.records import Runs

FOLDER = "paper"
VERDICTS = (
    "Supported and contradicted are said of tested differences alone (five or more seeds, people resampled, Holm's "
    "correction within the claim). Agrees and disagrees speak of the sign of the mean alone. Differences are points, "
    "mean ± standard deviation over seeds."
)


def sections(runs: Runs) -> list[Section]:
    """The paper's tables that have runs, then its claims, on each kind of data."""
    found = []
    for on in KINDS:
        tables = [section(one) for one in _with_runs(runs, on)]
        if tables:
            found += [*tables, _claims(evaluate(runs, on), on)]
    return found


def write(runs: Runs, reports: Path) -> list[Path]:
    """Writes every section as Markdown, LaTeX and CSV into ``reports/paper``; the files written."""
    paths: list[Path] = []
    for on in KINDS:
        known = _with_runs(runs, on)
        for one in known:
            paths += _write(reports, section(one), _frame(one))
        if known:
            answers = evaluate(runs, on)
            paths += _write(reports, _claims(answers, on), _claims_frame(answers))
    return paths


def text(runs: Runs, name: str, on: str) -> str:
    """The section of one table (a name, or the path of a definition) as Markdown, whether or not it has runs."""
    return _markdown(section(filled(runs, published.read(name), on)))


def _with_runs(runs: Runs, on: str) -> list[Filled]:
    tables = [filled(runs, published.read(name), on) for name in published.TABLES.names()]
    return [one for one in tables if not one.empty]


def _write(reports: Path, one: Section, frame: pd.DataFrame) -> list[Path]:
    stem = reports / FOLDER / one.name
    texts = {
        "md": _markdown(one),
        "tex": "\n".join(latex(table, table.name) for table in one.tables),
        "csv": csv(frame),
    }
    paths = []
    for kind, content in texts.items():
        paths.append(stem.with_name(f"{stem.name}.{kind}"))
        write_text(paths[-1], content)
    return paths


def _markdown(one: Section) -> str:
    head, _, tables = page(one.title, one.tables).partition("\n")
    return "\n\n".join([head, *one.words]) + f"\n{tables}"


def _frame(found: Filled) -> pd.DataFrame:
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
                    "paper": None if paper is None else paper.value,
                    "same_data": column.same,
                }
            )
    return pd.DataFrame(rows)


def _claims(answers: list[Answer], on: str) -> Section:
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
        wraps=frozenset({0, 1, 2}),
    )
    return Section(f"claims-{on}", f"The paper's claims, {on}", (), (table,))


def _seen(answer: Answer) -> str:
    """What was seen, column by column."""
    by_column: dict[str, list[str]] = {}
    for one in answer.seen:
        by_column.setdefault(one.column, []).append(one.words)
    return "; ".join(f"{column}: {', '.join(words)}" for column, words in by_column.items()) or ABSENT


def _claims_frame(answers: list[Answer]) -> pd.DataFrame:
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
