"""Reports of a folder's records, as the tests of drawing ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ssmar_bench.core import published_tables
from ssmar_bench.reports import paper
from ssmar_bench.reports import render as rendering
from ssmar_bench.reports.grid_table import grid_text
from ssmar_bench.reports.paper import PaperSection
from ssmar_bench.reports.paper_figures import draw_figures
from ssmar_bench.results.claims import ClaimResult, evaluate_claims
from ssmar_bench.results.examples import find_examples
from ssmar_bench.results.filled_table import fill_table
from ssmar_bench.results.grid_summary import summarise_grid
from ssmar_bench.results.paper_summary import filled_tables, paper_summaries
from ssmar_bench.results.records import Runs, load_runs
from ssmar_bench.results.summary_builder import summarise


def render(results: Path, reports: Path, benchmarks: Sequence[str] | None = None) -> list[Path]:
    return rendering.render(summarise(load_runs(results)), reports, benchmarks)


def page(results: Path) -> dict[str, str]:
    return rendering.page(summarise(load_runs(results)))


def html(results: Path) -> str:
    return page(results)["index.html"]


def comparison_text(results: Path, benchmark: str, folders: Sequence[str] | None = None) -> str:
    return grid_text(summarise_grid(load_runs(results), benchmark, folders))


def paper_sections(runs: Runs) -> list[PaperSection]:
    return paper.paper_sections(paper_summaries(runs))


def table_text(runs: Runs, name: str, on: str) -> str:
    found = fill_table(runs, published_tables.read_paper_table(name), on)
    return paper.table_text(found, find_examples(runs, found) if name == published_tables.FIGURE_4 else None)


def claims(runs: Runs, on: str) -> list[ClaimResult]:
    return evaluate_claims(runs, {table.table.name: table for table in filled_tables(runs, on)})


def write_sections(runs: Runs, reports: Path) -> list[Path]:
    """The paper's sections as files."""
    paths = []
    for name, text in paper.texts(paper_sections(runs)):
        paths.append(reports / name)
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def paper_figures(runs: Runs, on: str) -> dict[str, Figure]:
    """The paper's figures by name."""
    return {name: draw() for one in paper_summaries(runs) if one.on == on for name, draw in draw_figures(one)}
