"""Render what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.reports.render import comparison_text, render
from ssmar_bench.results.records import load_runs


def report(
    results: Path | str = "results", reports: Path | str = "reports", benchmarks: Sequence[str] | None = None
) -> list[Path]:
    """Render tables, figures and the page from the records under ``results`` alone.

    Args:
        results: the folder that holds ``runs/``.
        reports: where they are written.
        benchmarks: names; None for all that have runs.

    Returns:
        The files written.

    Raises:
        UserError: there are no runs (of such a benchmark), or there is a symbolic link in ``reports``.

    A damaged record is left out: the pages say so, and :func:`damaged_records` says why.
    """
    return render(Path(results), Path(reports), benchmarks)


def damaged_records(results: Path | str = "results") -> list[str]:
    """Why each damaged record under ``results`` is in no report: a sentence with the file and what to do."""
    return [one.why for one in load_runs(Path(results)).damage]


def table(results: Path | str, benchmark: str) -> str:
    """The comparison table of ``benchmark`` (test accuracy in %) from the records under ``results``, as Markdown.

    Raises:
        UserError: it has no runs.
    """
    return comparison_text(Path(results), benchmark)
