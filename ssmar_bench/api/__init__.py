"""What the command line calls, for scripts and notebooks.

from pathlib import Path
from ssmar_bench import api

grid = api.Grid("micro-motion-12", ["supervised", "fixmatch", "aplt"], ratios=[0.1, 0.5], seeds=[0])
states = api.run(grid, api.Execution(Path("results"), roots={}))
api.report(Path("results"), Path("reports"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssmar_bench.api.catalogue import methods
    from ssmar_bench.api.data import benchmark_name, benchmarks, check_source, counterfeit_source, sources, synthesize
    from ssmar_bench.api.grids import expected_seconds, plan, report, run, table
    from ssmar_bench.core.definition import Definition
    from ssmar_bench.core.recipe import Recipe
    from ssmar_bench.runs.execute import Execution, Overwrite, Planned
    from ssmar_bench.runs.plan import Grid
    from ssmar_bench.sources import Source
    from ssmar_bench.sources.check import Check
    from ssmar_bench.sources.micro_motion import MicroMotion

__all__ = [
    "Check",
    "Definition",
    "Execution",
    "Grid",
    "MicroMotion",
    "Overwrite",
    "Planned",
    "Recipe",
    "Source",
    "benchmark_name",
    "benchmarks",
    "check_source",
    "counterfeit_source",
    "expected_seconds",
    "methods",
    "plan",
    "report",
    "run",
    "sources",
    "synthesize",
    "table",
]

_MODULES = ("api.data", "api.catalogue", "api.grids", "runs.execute")  # from light to heavy

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What ``__all__`` names, from the lightest module that has it: a listing must not wait for torch."""
        if name in __all__:
            for module in _MODULES:
                loaded = import_module(f"ssmar_bench.{module}")
                if hasattr(loaded, name):
                    return getattr(loaded, name)
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
