"""Everything that a report says of one benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from ssmar_bench.results import plot_selection
from ssmar_bench.results.caption_facts import CaptionFacts, caption_facts
from ssmar_bench.results.clip_predictions import Answers, read_answers, strip_file
from ssmar_bench.results.clip_pseudo_labels import PoolAnswers, clips_with_frames, read_pools
from ssmar_bench.results.comparability import Comparability
from ssmar_bench.results.comparison_table import LEVELS, compare_rows, comparison, unfinished_runs
from ssmar_bench.results.competing import competing
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.findings import MethodRank, Setting, find_settings, incomplete_methods, rank_methods
from ssmar_bench.results.intervals import with_run_intervals
from ssmar_bench.results.method_groups import group_of
from ssmar_bench.results.records import Damage, Runs
from ssmar_bench.results.run_details import RunDetails, run_details
from ssmar_bench.results.run_groups import RunGroup, class_names, run_groups
from ssmar_bench.results.table_order import sort_runs


@dataclass(frozen=True)
class MethodEntry:
    """A method as lists show it: its name, its group, and in what it is not its method config (text, or "")."""

    method: str
    group: str
    departures: str


@dataclass(frozen=True)
class ExampleClips:
    """Clips with what methods said of them, and frames of some as WebP, as far as they were recorded.

    Attributes:
        answers: of the test clips; ``strips`` are their frames by clip.
        pools: of the unlabelled clips of each ratio; ``pool_strips`` are their frames by clip.
    """

    answers: Answers
    strips: Mapping[str, bytes]
    pools: tuple[PoolAnswers, ...] = ()
    pool_strips: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class BenchmarkSummary:
    """The results of one benchmark.

    Attributes:
        name: its name; ``level`` is its level of difficulty, "" if it has none.
        facts: for captions; ``competing_facts``: of the methods that compete alone.
        sources: names of the data sets.
        comparison: of :func:`ssmar_bench.results.comparison_table.comparison`.
        comparability: in what its rows differ.
        unfinished: runs without a result.
        damage: records that are left out.
        runs: all runs in the order of tables: columns of ``Runs.runs``, and the intervals of
            :func:`ssmar_bench.results.intervals.with_run_intervals`.
        classes: names.
        ranked: labels of the methods that compete, those first of which curves are drawn.
        methods: label -> entry of every method with a finished run, in the order of tables.
        curves: means over seeds, of ``curve_statistics.over_seeds``.
        groups: every method and ratio with a finished run, by ratio, then in the order of tables.
        competing_ratios: ratios at which methods compete.
        settings: who comes first where; ``ranks`` over all settings; ``incomplete`` methods are in none.
        examples: None where no run kept predictions.
        details: every run.
        is_try: whether it is one of several benchmarks of a user's own videos, which may be tries of the same ones.
    """

    name: str
    level: str
    facts: CaptionFacts
    competing_facts: CaptionFacts
    sources: frozenset[str]
    comparison: pd.DataFrame
    comparability: Comparability
    unfinished: pd.DataFrame
    damage: tuple[Damage, ...]
    runs: pd.DataFrame
    classes: tuple[str, ...]
    ranked: tuple[str, ...]
    methods: Mapping[str, MethodEntry]
    curves: pd.DataFrame
    groups: tuple[RunGroup, ...]
    competing_ratios: frozenset[float]
    settings: tuple[Setting, ...]
    ranks: tuple[MethodRank, ...]
    incomplete: tuple[str, ...]
    examples: ExampleClips | None
    details: tuple[RunDetails, ...]
    is_try: bool = False

    @property
    def ended(self) -> str:
        """When the newest of its runs did, in UTC as ``2026-11-26T12:00:00Z``; "" where no record says it."""
        return max(map(str, self.runs["ended"]), default="")

    @property
    def title(self) -> str:
        """Its name with its level; where there are several tries, with the time of its newest run."""
        if self.is_try and self.ended:
            return f"{self.name} (trained {self.ended[:10]} {self.ended[11:16]} UTC)"
        return f"{self.name} ({self.level.lower()})" if self.level else self.name

    @property
    def ratios(self) -> list[float]:
        """Ratios with a finished run."""
        return sorted({group.ratio for group in self.groups})


def summarise_benchmark(runs: Runs, name: str, benchmarks: int, most: int) -> BenchmarkSummary:
    """The summary of one benchmark that has runs.

    Args:
        runs: all runs.
        name: the benchmark.
        benchmarks: among how many the clips with frames of a page are divided.
        most: bytes of frames, at most.

    Raises:
        UserError: two finished runs that may not be averaged.
    """
    frame, facts = comparison(runs, name), caption_facts(runs, name)
    rows = runs.of(name)
    names = class_names(runs, name)
    settings = find_settings(runs, name, frame)
    groups = run_groups(runs, name)
    return BenchmarkSummary(
        name=name,
        level=LEVELS.get(name, ""),
        facts=facts,
        competing_facts=caption_facts(_competing(runs, name), name),
        sources=frozenset(runs.specs[folder].source.name for folder in rows["folder"]),
        comparison=frame,
        comparability=compare_rows(frame, facts),
        unfinished=unfinished_runs(runs, name),
        damage=tuple(runs.damage_of(name)),
        runs=with_run_intervals(runs, sort_runs(rows.sort_values(["ratio", "seed"], kind="stable"))),
        classes=tuple(names),
        ranked=tuple(plot_selection.ranked_methods(runs, name)),
        methods=_methods(runs, name),
        curves=over_seeds(runs.curves(name)),
        groups=tuple(groups),
        competing_ratios=frozenset(rows.loc[competing(rows), "ratio"]),
        settings=tuple(settings),
        ranks=tuple(rank_methods(settings)) if settings else (),
        incomplete=tuple(incomplete_methods(runs, name, settings)),
        examples=_examples(runs, name, benchmarks, most),
        details=run_details(runs, name, len(names)),
    )


def _competing(runs: Runs, benchmark: str) -> Runs:
    """The runs of a benchmark's competing methods alone; all of them where none has finished."""
    own = runs.of(benchmark)
    rows = own[own["label"].isin(plot_selection.compared_methods(runs, benchmark))]
    return replace(runs, runs=rows if len(rows) else own)


def _methods(runs: Runs, benchmark: str) -> dict[str, MethodEntry]:
    rows = runs.of(benchmark)
    found = {}
    for row in sort_runs(rows[rows["state"] == "done"].drop_duplicates("label")).to_dict("records"):
        words = runs.facts[row["folder"]].departures_text
        found[str(row["label"])] = MethodEntry(row["method"], group_of(row["method"], row["main"]), words)
    return found


def _examples(runs: Runs, name: str, benchmarks: int, most: int) -> ExampleClips | None:
    answers = read_answers(runs, name)
    if answers is None:
        return None
    pools = read_pools(runs, name)
    tested, unlabelled = clips_with_frames(answers, pools, benchmarks)
    strips = _frames(runs.root, name, tested, most)
    left = most - sum(map(len, strips.values()))
    return ExampleClips(answers, strips, pools, _frames(runs.root, name, unlabelled, left))


def _frames(root: Path, benchmark: str, clips: list[str], most: int) -> dict[str, bytes]:
    """The frames that were recorded, up to ``most`` bytes."""
    found: dict[str, bytes] = {}
    for clip in clips:
        path = strip_file(root, benchmark, clip)
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= most:
            found[clip] = path.read_bytes()
            most -= len(found[clip])
    return found
