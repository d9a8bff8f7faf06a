"""Renders everything in ``reports/`` from ``results/`` alone."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.files import write_text
from ssmar_bench.reports import benchmark_figures, grid_table, overview, paper, result_tables, summary_findings
from ssmar_bench.reports.formatting import damage
from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.line_styles import drawing
from ssmar_bench.reports.panels import save
from ssmar_bench.reports.tables import Table, csv_text, markdown, markdown_page
from ssmar_bench.reports.web import page as web
from ssmar_bench.reports.web.page_data import BenchmarkView
from ssmar_bench.results import plot_selection, table_order
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.comparison import comparison, unfinished_runs
from ssmar_bench.results.comparison import levels as compare_levels
from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.records import Runs, load_runs

LEVELS = {"micro-motion-easy": "Easy", "micro-motion-12": "Medium", "micro-motion-hard": "Hard"}
"""One benchmark at three levels of difficulty; their results are always shown together."""


@dataclass(frozen=True)
class _Job:
    """What every step of a rendering needs."""

    runs: Runs
    reports: Path
    ranked: dict[str, list[str]]
    curves: dict[str, pd.DataFrame]
    frames: dict[str, pd.DataFrame]
    paper: list[paper.PaperSection]


def render(
    results: Path, reports: Path, benchmarks: Sequence[str] | None = None, with_paper: bool = True
) -> list[Path]:
    """Write the tables and figures of ``benchmarks`` (all that have runs, if None) and return their paths.

    Per benchmark ``<reports>/<benchmark>/``: ``comparison.md``, ``.tex`` and ``.csv``; for each labelled ratio
    ``pseudo-labels-r10``, ``validation-r10`` and, for methods with offline pseudo-labels, ``aplt-threshold-r10`` as
    ``.png`` and ``.pdf``; figures of classes, calibration and cost. Where several levels of one benchmark have runs,
    ``levels.md``, ``.tex`` and ``.csv``. In ``<reports>/paper/``, if asked for,
    the paper's tables, claims and figures. And ``README.md`` and ``index.html``, which show them all and carry the
    digest of ``results``. Equal records give equal files.

    Raises:
        UserError: nothing to report, a benchmark without runs, or a symbolic link in ``reports``.

    A damaged record is left out, and the pages say so.
    """
    runs = load_runs(results)
    known = _benchmarks(runs)
    for name in (
        *known,
        paper.FOLDER,
        "README.md",
        web.INDEX,
        web.FOLDER,
        *(f"levels.{kind}" for kind in ("md", "tex", "csv")),
    ):
        links.refuse(reports, name)
    chosen = [_known(name, known) for name in benchmarks] if benchmarks is not None else known
    job = _job(runs, reports, known, with_paper)
    paths: list[Path] = []
    for name in chosen:
        paths += _tables(job, name) + _figures(job, name)
    if len(set(known) & set(LEVELS)) > 1 and set(chosen) & set(LEVELS):
        paths += _levels(job)
    if with_paper:
        paths += paper.write_sections(job.paper, reports) + paper.draw_paper_figures(runs, job.paper, reports)
    return [*paths, *_pages(job)]


def html(results: Path) -> str:
    """The text of ``index.html`` alone.

    Raises:
        UserError: nothing to report.
    """
    runs = load_runs(results)
    return _page(_job(runs, Path(), _benchmarks(runs)), input_digest(results))[web.INDEX]


def _benchmarks(runs: Runs) -> list[str]:
    """The benchmarks that have runs, levels first, from easy to hard."""
    found = set(runs.runs["benchmark"])
    if not found:
        lost = f" but {len(runs.damage)} with damaged records, for instance {runs.damage[0].why}" if runs.damage else (
            "; start some with `ssmar-bench run`."
        )  # fmt: skip
        raise UserError(f"There are no runs under {runs.root / 'runs'}{lost}")
    return [*(name for name in LEVELS if name in found), *sorted(found - set(LEVELS))]


def _job(runs: Runs, reports: Path, known: list[str], with_paper: bool = True) -> _Job:
    """What is read once, for tables, figures and the page."""
    return _Job(
        runs,
        reports,
        {name: plot_selection.ranked_methods(runs, name) for name in known},
        {name: runs.curves(name) for name in known},
        {name: comparison(runs, name) for name in known},
        paper.paper_sections(runs) if with_paper else [],
    )


def comparison_text(results: Path, benchmark: str, folders: Collection[str] | None = None) -> str:
    """Test accuracy of every method at every ratio with its gain over labelled-only, as plain text for a terminal.

    Args:
        results: the folder that holds ``runs/``.
        benchmark: its name.
        folders: names of the runs that are shown; None for all.

    Raises:
        UserError: the benchmark has no runs.
    """
    runs = load_runs(results)
    benchmark = _known(benchmark, sorted(set(runs.runs["benchmark"])))
    shown = set(runs.of(benchmark)["folder"]) if folders is None else set(folders)
    table = grid_table.accuracy_and_gain(runs, benchmark, shown)
    own = runs if folders is None else grid_table.only(runs, folders)
    lost = unfinished_runs(own, benchmark)
    notes = [f"\n{markdown(result_tables.gaps(lost))}"] if len(lost) else []
    notes += [f"\n{text}\n" for text in damage(own.damage_of(benchmark))]
    return "".join([markdown(table), *notes])


def _known(name: str, known: list[str]) -> str:
    if meant(name, known) not in known:
        raise UserError(f"Benchmark '{name}' has no runs{nearest(name, known)}")
    return meant(name, known)


def _contents(job: _Job, benchmark: str) -> tuple[list[Table], list[Table]]:
    """The tables of a benchmark, and those of its runs without a result and of damaged records, if there are any."""
    frame, facts = job.frames[benchmark], caption_facts(job.runs, benchmark)
    lost = unfinished_runs(job.runs, benchmark)
    tables = [
        result_tables.accuracy(frame, facts),
        result_tables.measures(frame, facts),
        result_tables.costs(frame, facts),
    ]
    damaged = job.runs.damage_of(benchmark)
    further = [result_tables.gaps(lost)] if len(lost) else []
    return tables, [*further, result_tables.damaged(damaged)] if damaged else further


def _tables(job: _Job, benchmark: str) -> list[Path]:
    tables, gaps = _contents(job, benchmark)
    return _write(
        job.reports / benchmark / "comparison",
        {
            "md": markdown_page(benchmark, [*tables, *gaps]),
            "tex": "\n".join(latex(table, f"{benchmark}-{table.name}") for table in tables),
            "csv": csv_text(job.frames[benchmark]),
        },
    )


def _pages(job: _Job) -> list[Path]:
    """``README.md`` and the page, which always show all benchmarks that have runs."""
    digest = input_digest(job.runs.root)
    readme = job.reports / "README.md"
    write_text(readme, overview.page(job.runs, job.reports, list(job.frames), LEVELS, digest))
    return [readme, *web.write_page(_page(job, digest), job.reports)]


def _page(job: _Job, digest: str) -> dict[str, str]:
    """The files of the page by their paths."""
    runs, known = job.runs, list(job.frames)
    titles = {name: f"{name} ({LEVELS[name].lower()})" if name in LEVELS else name for name in known}
    ordered = pd.concat(
        [table_order.sort_runs(runs.of(name).sort_values(["ratio", "seed"], kind="stable")) for name in known]
    )
    answer = summary_findings.summary_findings(runs, job.frames, titles)
    parts = web.page_parts(
        runs,
        job.curves,
        job.ranked,
        [BenchmarkView(name, titles[name], tuple(itertools.chain(*_contents(job, name)))) for name in known],
        result_tables.runs(ordered, titles),
        [part.section for part in job.paper],
    )
    return web.page_files(replace(answer, limits=(*damage(runs.damage), *answer.limits)), parts, digest)


def _levels(job: _Job) -> list[Path]:
    frame = compare_levels(job.runs, list(LEVELS))
    facts = {name: caption_facts(job.runs, name) for name in LEVELS if len(job.runs.of(name))}
    table = result_tables.levels(frame, LEVELS, facts)
    texts = {
        "md": markdown_page("Levels of difficulty", [table]),
        "tex": latex(table, "levels"),
        "csv": csv_text(frame),
    }
    return _write(job.reports / "levels", texts)


def _write(stem: Path, texts: dict[str, str]) -> list[Path]:
    paths = []
    for kind, text in texts.items():
        paths.append(stem.with_name(f"{stem.name}.{kind}"))
        write_text(paths[-1], text)
    return paths


def _figures(job: _Job, benchmark: str) -> list[Path]:
    paths: list[Path] = []
    with drawing():
        for name, figure in benchmark_figures.draw(job.runs, benchmark, job.curves[benchmark], job.ranked[benchmark]):
            paths += save(figure, job.reports / benchmark / name)
    return paths
