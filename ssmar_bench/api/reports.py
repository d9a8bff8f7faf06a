"""Render what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.reports.render import comparison_text, render
from ssmar_bench.results.records import load_runs


def report(
    results: Path | str = RESULTS, reports: Path | str | None = None, benchmarks: Sequence[str] | None = None
) -> list[Path]:
    """Render tables, figures and the page from the records under ``results`` alone.

    Args:
        results: the folder that ``run`` wrote in.
        reports: where they are written; None for ``reports`` in ``results``.
        benchmarks: names; None for all that have runs.

    Returns:
        The files written.

    Raises:
        UserError: there are no runs (of such a benchmark), or there is a symbolic link in ``reports``.

    A damaged record is left out: the pages say so, and :func:`damaged_records` says why.
    """
    return render(results_of(results), Path(results) / "reports" if reports is None else Path(reports), benchmarks)


def damaged_records(results: Path | str = RESULTS) -> list[str]:
    """Why each damaged record under ``results`` is in no report: a sentence with the file and what to do."""
    return [one.why for one in load_runs(results_of(results)).damage]


def table(results: Path | str, benchmark: str) -> str:
    """The comparison table of ``benchmark`` (test accuracy in %) from the records under ``results``, as Markdown.

    Raises:
        UserError: it has no runs.
    """
    return comparison_text(results_of(results), benchmark)
