"""Records into the one :class:`~ssmar_bench.results.summary.Summary` from which a report is drawn."""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.benchmark_summary import BenchmarkSummary, summarise_benchmark
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.comparison_table import ALL_LABELS, LEVELS, levels
from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.paper_summary import paper_summaries
from ssmar_bench.results.records import Runs
from ssmar_bench.results.summary import Summary

OWN_VIDEOS = frozenset({"videos"})
"""The source of a user's own videos: other clips, or other labels of the same, are another benchmark."""
MOST_BYTES = 400_000
"""Of frames in one page; clips beyond it are shown without frames."""


def summarise(runs: Runs, paper: bool = True) -> Summary:
    """The summary of all runs of a results folder; a damaged record is left out, and named in it.

    Args:
        runs: of :func:`ssmar_bench.results.records.load_runs`.
        paper: with the paper's tables, claims and figures.

    Raises:
        UserError: there are no runs, or two finished runs that may not be averaged.
    """
    benchmarks: list[BenchmarkSummary] = []
    left = MOST_BYTES
    names = _benchmarks(runs)
    for name in names:
        one = summarise_benchmark(runs, name, len(names), left)
        if one.examples:
            left -= sum(len(data) for own in (one.examples.strips, one.examples.pool_strips) for data in own.values())
        benchmarks.append(one)
    tries = [one.name for one in benchmarks if one.sources == OWN_VIDEOS]
    benchmarks = [replace(one, is_try=len(tries) > 1 and one.name in tries) for one in benchmarks]
    by_level = {one.name: one.comparison for one in benchmarks if one.level}
    compared = levels(by_level) if len(by_level) > 1 else None
    labels = [] if compared is None else [label.removesuffix(ALL_LABELS) for label in compared["label"]]
    return Summary(
        input_digest(runs.root),
        tuple(benchmarks),
        compared,
        tuple(caption_facts(runs, name, labels) for name in by_level),
        paper_summaries(runs) if paper else (),
        runs.damage,
    )


def _benchmarks(runs: Runs) -> list[str]:
    found = set(runs.runs["benchmark"])
    if not found:
        lost = f" but {len(runs.damage)} with damaged records, for instance {runs.damage[0].why}" if runs.damage else (
            "; start some with `ssmar-bench run`."
        )  # fmt: skip
        raise UserError(f"There are no runs under {runs.root / 'runs'}{lost}")
    return [*(name for name in LEVELS if name in found), *sorted(found - set(LEVELS))]
