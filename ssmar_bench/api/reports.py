"""Render what was measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ssmar_bench.api.report_state import mark_current, reports_of, unmark
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.reports.grid_table import grid_text
from ssmar_bench.reports.render import render
from ssmar_bench.results.grid_summary import summarise_grid
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.summarise import summarise


def report(
    results: Path | str = RESULTS,
    reports: Path | str | None = None,
    benchmarks: Sequence[str] | None = None,
    paper: bool | None = None,
) -> list[Path]:
    """Render tables, figures and the page from the records under ``results`` alone.

    Args:
        results: the folder that ``run`` wrote in.
        reports: where they are written; None for ``reports`` in ``results``.
        benchmarks: names; None for all that have runs.
        paper: with the paper's tables and claims beside what was measured; None: if they were rendered before, as
            ``reproduce`` does, or the published figures are in ``results``.

    Returns:
        The files written.

    Raises:
        UserError: there are no runs (of such a benchmark), or there is a symbolic link in ``reports``.

    A damaged record is left out: the pages say so, and :func:`damaged_records` says why.
    """
    found, out = results_of(results), reports_of(results, reports)
    if paper is None:
        paper = any((folder / "paper").is_dir() for folder in (found, out))
    written = render(summarise(found, paper), out, benchmarks)
    if out == reports_of(results):
        unmark(results) if benchmarks else mark_current(results)
    return ShortList(written)


def damaged_records(results: Path | str = RESULTS) -> list[str]:
    """Why each damaged record under ``results`` is in no report: a sentence with the file and what to do."""
    return ShortList(one.why for one in load_runs(results_of(results)).damage)


def table(results: Path | str, benchmark: str, runs: Collection[str] | None = None) -> str:
    """The comparison table of ``benchmark`` (test accuracy in %, gain in points over labelled-only), as Markdown.

    Args:
        results: the folder that ``run`` wrote in.
        benchmark: its name.
        runs: names of the runs that are shown, as :func:`run` gives them; None for all.

    Raises:
        UserError: it has no runs.
    """
    return grid_text(summarise_grid(load_runs(results_of(results)), benchmark, runs))
