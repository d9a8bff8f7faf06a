"""Render what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.reports.render import comparison_text, render


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
        UserError: there are no runs (of such a benchmark), or a record is damaged.
    """
    return render(Path(results), Path(reports), benchmarks)


def table(results: Path | str, benchmark: str) -> str:
    """The comparison table of ``benchmark`` (test accuracy in %) from the records under ``results``, as Markdown.

    Raises:
        UserError: it has no runs, or a record is damaged.
    """
    return comparison_text(Path(results), benchmark)
