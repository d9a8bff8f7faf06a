"""Render what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ssmar_bench.api.example_frames import record_page_frames
from ssmar_bench.api.report_state import mark_current, reports_of, unmark
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.short_list import ShortList, short
from ssmar_bench.reports.grid_table import grid_text
from ssmar_bench.reports.render import render
from ssmar_bench.results.grid_summary import summarise_grid
from ssmar_bench.results.records import Runs, load_runs
from ssmar_bench.results.summary_builder import summarise


@short
@dataclass(frozen=True)
class PageFrames:
    """Where a report finds the videos of which its page shows frames.

    Attributes:
        roots: folders of sources by name.
        include: also write frames of data sets that others own.
        configs: benchmarks that are no shipped ones.
    """

    roots: Mapping[str, Path] = field(default_factory=dict)
    include: bool = False
    configs: Sequence[BenchmarkConfig] = ()


@short
@dataclass(frozen=True)
class RenderedReport:
    """What was rendered, and what is left out.

    Attributes:
        files: those of the report.
        damage: why each damaged record is left out, a sentence each.
        without_frames: why a benchmark has no frames, a sentence each, where they were asked for.
    """

    files: list[Path]
    damage: list[str]
    without_frames: list[str]


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
    return render_report(results, reports, benchmarks, paper).files


def render_report(
    results: Path | str = RESULTS,
    reports: Path | str | None = None,
    benchmarks: Sequence[str] | None = None,
    paper: bool | None = None,
    frames: PageFrames | None = None,
) -> RenderedReport:
    """Render as :func:`report` does, and say what is left out; every record is read once.

    Args:
        results: the folder that ``run`` wrote in.
        reports: as of :func:`report`.
        benchmarks: as of :func:`report`.
        paper: as of :func:`report`.
        frames: first write the frames that the page shows below ``results``, if they are not there.

    Raises:
        UserError: as of :func:`report`.
    """
    found, out = results_of(results), reports_of(results, reports)
    if paper is None:
        paper = any((folder / "paper").is_dir() for folder in (found, out))
    runs = load_runs(found)
    why = record_page_frames(runs, frames.roots, frames.include, frames.configs) if frames else []
    written = render(summarise(runs, paper), out, benchmarks)
    if out == reports_of(results):
        unmark(results) if benchmarks else mark_current(results)
    return RenderedReport(ShortList(written), _why(runs), ShortList(why))


def damaged_records(results: Path | str = RESULTS) -> list[str]:
    """Why each damaged record under ``results`` is in no report: a sentence with the file and what to do."""
    return _why(load_runs(results_of(results)))


def _why(runs: Runs) -> list[str]:
    return ShortList(one.why for one in runs.damage)


def table(results: Path | str, benchmark: str, runs: Collection[str] | None = None) -> str:
    """The comparison table of ``benchmark`` (test accuracy in %, gain in points over labelled-only), as Markdown.

    Args:
        results: the folder that ``run`` wrote in.
        benchmark: its name.
        runs: names of the runs that are shown, as :func:`run` gives them; None for all.

    Raises:
        UserError: it has no runs.
    """
    return table_and_damage(results, benchmark, runs)[0]


def table_and_damage(results: Path | str, benchmark: str, runs: Collection[str] | None = None) -> tuple[str, list[str]]:
    """:func:`table` and :func:`damaged_records`, of records that are read once."""
    loaded = load_runs(results_of(results))
    return grid_text(summarise_grid(loaded, benchmark, runs)), _why(loaded)
