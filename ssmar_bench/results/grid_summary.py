"""What a command ends with: the comparison of its own runs, and their gain over labelled-only training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.caption_facts import CaptionFacts, caption_facts
from ssmar_bench.results.comparability import Comparability
from ssmar_bench.results.comparison_table import UPPER, compare_rows, comparison, unfinished_runs
from ssmar_bench.results.records import Damage, Runs
from ssmar_bench.results.variants import SHARED


@dataclass(frozen=True)
class GridSummary:
    """Some runs of one benchmark.

    Attributes:
        comparison, facts, comparability, unfinished, damage: as of a whole benchmark.
        gains: (label, ratio) -> accuracy over the labelled-only method there, mean of common seeds, in [-1, 1].
    """

    comparison: pd.DataFrame
    facts: CaptionFacts
    comparability: Comparability
    unfinished: pd.DataFrame
    damage: tuple[Damage, ...]
    gains: Mapping[tuple[str, float], float]


def summarise_grid(runs: Runs, benchmark: str, folders: Collection[str] | None = None) -> GridSummary:
    """The runs of some folders of a benchmark; all of them if None.

    Raises:
        UserError: the benchmark has no runs.
    """
    known = sorted(set(runs.runs["benchmark"]))
    benchmark = meant(benchmark, known)
    if benchmark not in known:
        raise UserError(f"Benchmark '{benchmark}' has no runs{nearest(benchmark, known)}")
    own = runs if folders is None else _only(runs, folders)
    frame, facts = comparison(own, benchmark), caption_facts(own, benchmark)
    return GridSummary(
        frame,
        facts,
        compare_rows(frame, facts),
        unfinished_runs(own, benchmark),
        tuple(own.damage_of(benchmark)),
        _gains(runs, own.of(benchmark)),
    )


def _only(runs: Runs, folders: Collection[str]) -> Runs:
    """The runs of some folders, and their damaged records."""
    frame = runs.runs[runs.runs["folder"].isin(list(folders))]
    return replace(runs, runs=frame, damage=tuple(one for one in runs.damage if one.folder in folders))


def _gains(runs: Runs, own: pd.DataFrame) -> dict[tuple[str, float], float]:
    """Gains of the finished runs ``own`` over ``supervised`` in the same split, network and schedule."""
    done = runs.runs[(runs.runs["state"] == "done") & (runs.runs["method"] == UPPER[0])]
    baseline = {_conditions(runs.specs[row["folder"]]): float(row["test_accuracy"]) for row in done.to_dict("records")}
    points: dict[tuple[str, float], list[float]] = {}
    for row in own[(own["state"] == "done") & (own["method"] != UPPER[0])].to_dict("records"):
        labelled_only = baseline.get(_conditions(runs.specs[row["folder"]]))
        if labelled_only is not None:
            gain = float(row["test_accuracy"]) - labelled_only
            points.setdefault((str(row["label"]), float(row["ratio"])), []).append(gain)
    return {key: sum(gains) / len(gains) for key, gains in points.items()}


def _conditions(spec: RunSpec) -> str:
    """What two runs must have in common to be compared: all but the method."""
    settings = spec.to_json()
    return repr([settings.get(name) for name in ("benchmark", "split", "ratio", "seed", *SHARED)])
