"""What the command line calls, for scripts and notebooks.

from pathlib import Path
from ssmar_bench import api

grid = api.Grid("micro-motion-12", ["supervised", "fixmatch", "aplt"], ratios=[0.1, 0.5], seeds=[0])
states = api.run(grid, api.Execution(Path("results"), roots={}))
api.report(Path("results"), Path("reports"))
"""

from __future__ import annotations

from ssmar_bench.api.catalogue import methods
from ssmar_bench.api.data import benchmark_name, benchmarks, synthesize
from ssmar_bench.api.grids import expected_seconds, plan, report, run, table
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.recipe import Recipe
from ssmar_bench.runs.execute import Execution, Overwrite, Planned
from ssmar_bench.runs.plan import Grid
from ssmar_bench.sources.micro_motion import MicroMotion

__all__ = [
    "Definition",
    "Execution",
    "Grid",
    "MicroMotion",
    "Overwrite",
    "Planned",
    "Recipe",
    "benchmark_name",
    "benchmarks",
    "expected_seconds",
    "methods",
    "plan",
    "report",
    "run",
    "synthesize",
    "table",
]
