"""Renders everything in ``reports/`` from a :class:`Summary` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.files import write_changed
from ssmar_bench.reports import benchmark_figures, overview, paper, paper_figures, result_tables
from ssmar_bench.reports.animation import ANIMATION, animation
from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.redraw import Draw, draw_changed
from ssmar_bench.reports.table_formats import Table, csv_text, markdown_page
from ssmar_bench.reports.web import page as web
from ssmar_bench.results.summary import LEVELS, BenchmarkSummary, Summary


def render(summary: Summary, reports: Path, benchmarks: Sequence[str] | None = None) -> list[Path]:
    """Write the tables and figures of ``benchmarks`` (all that have runs, if None) and return their paths.

    Per benchmark ``<reports>/<benchmark>/``: ``comparison.md``, ``.tex`` and ``.csv``; for each labelled ratio
    ``pseudo-labels-r10``, ``validation-r10`` and, for methods with offline pseudo-labels, ``aplt-threshold-r10`` as
    ``.png`` and ``.pdf``; figures of classes, calibration and cost. Where several levels of one benchmark have runs,
    ``levels.md``, ``.tex`` and ``.csv``. In ``<reports>/paper/`` the paper's tables, claims and figures, if the summary
    has them. And ``README.md`` and ``index.html``, which show them all and carry the digest of the records. Equal
    records give equal files; what has not changed is left as it is.

    Raises:
        UserError: a benchmark without runs, or a symbolic link in ``reports``.
    """
    known = {one.name: one for one in summary.benchmarks}
    chosen = [known[_known(name, list(known))] for name in benchmarks] if benchmarks is not None else [*known.values()]
    texts = {name: text for one in chosen for name, text in _tables(one)}
    if summary.levels is not None and any(one.level for one in chosen):
        texts |= _levels(summary, summary.levels)
    sections = paper.paper_sections(summary.paper)
    texts |= dict(paper.texts(sections))
    for name in (*known, paper.FOLDER, "README.md", web.INDEX, web.FOLDER, *texts):
        links.refuse(reports, name.split("/")[0])
    for name, text in texts.items():
        write_changed(reports / name, text)
    figures = [*draw_changed(dict(_figures(summary, chosen)), reports), *_animate(chosen, reports)]
    readme = reports / "README.md"
    write_changed(readme, overview.page(summary, reports))
    files = web.page_files(summary, [one.section for one in sections])
    return [*(reports / name for name in texts), *figures, readme, *web.write_page(files, reports)]


def page(summary: Summary) -> dict[str, str]:
    """The files of the page alone: path below the reports -> text."""
    return web.page_files(summary, [one.section for one in paper.paper_sections(summary.paper)])


def _known(name: str, known: list[str]) -> str:
    if meant(name, known) not in known:
        raise UserError(f"Benchmark '{name}' has no runs{nearest(name, known)}")
    return meant(name, known)


def _tables(found: BenchmarkSummary) -> Iterator[tuple[str, str]]:
    stem = f"{found.name}/comparison"
    tables = result_tables.of_benchmark(found)
    yield f"{stem}.md", markdown_page(found.name, [*tables, *result_tables.without_result(found)])
    yield f"{stem}.tex", "\n".join(latex(table, f"{found.name}-{table.name}") for table in tables)
    yield f"{stem}.csv", csv_text(found.comparison)


def _levels(summary: Summary, frame: pd.DataFrame) -> dict[str, str]:
    table: Table = result_tables.levels(frame, LEVELS, {one.benchmark: one for one in summary.level_facts})
    return {
        "levels.md": markdown_page("Levels of difficulty", [table]),
        "levels.tex": latex(table, "levels"),
        "levels.csv": csv_text(frame),
    }


def _animate(chosen: Sequence[BenchmarkSummary], reports: Path) -> list[Path]:
    moving = {reports / one.name / ANIMATION: animation(one) for one in chosen}
    for path, content in moving.items():
        if content is not None:
            write_changed(path, content)
    return [path for path, content in moving.items() if content is not None]


def _figures(summary: Summary, chosen: Sequence[BenchmarkSummary]) -> Iterator[tuple[str, Draw]]:
    """Path below the reports, without its ending, of every figure, and what draws it."""
    for one in chosen:
        yield from ((f"{one.name}/{name}", draw) for name, draw in benchmark_figures.draw(one))
    for paper_summary in summary.paper:
        yield from ((f"{paper.FOLDER}/{name}", draw) for name, draw in paper_figures.draw_figures(paper_summary))
