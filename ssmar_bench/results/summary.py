"""Everything that a report shows, computed from records: frozen values, and nothing of it is a text for readers.

This is the one module of ``results`` that ``reports`` imports. :mod:`ssmar_bench.results.summary_builder` makes a
:class:`Summary`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ssmar_bench.core.published_tables import FIGURE_2B as FIGURE_2B
from ssmar_bench.core.published_tables import FIGURE_4 as FIGURE_4
from ssmar_bench.results.benchmark_summary import BenchmarkSummary as BenchmarkSummary
from ssmar_bench.results.benchmark_summary import ExampleClips as ExampleClips
from ssmar_bench.results.caption_facts import CaptionFacts as CaptionFacts
from ssmar_bench.results.claim_rules import ColumnEvidence as ColumnEvidence
from ssmar_bench.results.claims import ClaimResult as ClaimResult
from ssmar_bench.results.clip_predictions import Answers as Answers
from ssmar_bench.results.clip_predictions import MethodAnswers as MethodAnswers
from ssmar_bench.results.clip_pseudo_labels import PoolAnswers as PoolAnswers
from ssmar_bench.results.clip_pseudo_labels import PoolHistory as PoolHistory
from ssmar_bench.results.comparability import Comparability as Comparability
from ssmar_bench.results.comparison_table import LEVELS as LEVELS
from ssmar_bench.results.comparison_table import measures as measures
from ssmar_bench.results.curve_statistics import matched_coverage as matched_coverage
from ssmar_bench.results.curve_statistics import select_curve as select_curve
from ssmar_bench.results.examples import Example as Example
from ssmar_bench.results.examples import Examples as Examples
from ssmar_bench.results.filled_table import KINDS as KINDS
from ssmar_bench.results.filled_table import FilledTable as FilledTable
from ssmar_bench.results.filled_table import Gains as Gains
from ssmar_bench.results.filled_table import Ranks as Ranks
from ssmar_bench.results.findings import Setting as Setting
from ssmar_bench.results.grid_summary import GridSummary as GridSummary
from ssmar_bench.results.intervals import SMALL as SMALL
from ssmar_bench.results.method_groups import GROUPS as GROUPS
from ssmar_bench.results.paired_test import MIN_SEEDS as MIN_SEEDS
from ssmar_bench.results.paired_test import MIN_SUBJECTS as MIN_SUBJECTS
from ssmar_bench.results.paper_cells import TableCell as TableCell
from ssmar_bench.results.paper_summary import PaperSummary as PaperSummary
from ssmar_bench.results.plot_selection import LINES as LINES
from ssmar_bench.results.ranking import DATA_SETS as DATA_SETS
from ssmar_bench.results.ranking import Friedman as Friedman
from ssmar_bench.results.records import Damage as Damage
from ssmar_bench.results.run_details import RunDetails as RunDetails
from ssmar_bench.results.run_groups import RunGroup as RunGroup
from ssmar_bench.results.verdict import PaperComparison as PaperComparison


@dataclass(frozen=True)
class Summary:
    """Everything that a report shows.

    Attributes:
        digest: of all files that it was made from.
        benchmarks: those that have runs: levels of difficulty first, from easy to hard.
        levels: the comparisons of the levels of difficulty below each other; None where fewer than two have runs.
        level_facts: of each level, about the rows of that table.
        paper: the paper's tables, claims and figures; empty where nobody asked for them.
        damage: records that are left out.
    """

    digest: str
    benchmarks: tuple[BenchmarkSummary, ...]
    levels: pd.DataFrame | None
    level_facts: tuple[CaptionFacts, ...]
    paper: tuple[PaperSummary, ...]
    damage: tuple[Damage, ...]
