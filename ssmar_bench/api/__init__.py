"""What the command line calls, for scripts and notebooks (docs/python.md walks through it).

from ssmar_bench import api

grid = api.Grid("micro-motion-12", ["supervised", "fixmatch", "aplt"], ratios=[0.1, 0.5], seeds=[0])
api.run(grid)
print(api.results()[["method", "ratio", "accuracy", "macro_f1"]])
print(api.load_model("micro-motion-12_aplt_r50_s0").predict("video.mp4").label)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssmar_bench.api.data import (
        benchmark_name,
        benchmarks,
        broken_sources,
        check_source,
        counterfeit_source,
        sources,
        synthesize,
    )
    from ssmar_bench.api.example_frames import record_frames
    from ssmar_bench.api.frame_caches import (
        PlannedStore,
        Prepared,
        StoreOptions,
        compare_decoders,
        plan_preparation,
        plan_stores,
        prepare,
    )
    from ssmar_bench.api.grids import expected_seconds, plan, run
    from ssmar_bench.api.method_list import Described, compared, describe, examinations, listing, methods, set_notes
    from ssmar_bench.api.models import Model, Prediction, load_model
    from ssmar_bench.api.plugins import Broken, broken_benchmarks, broken_methods, origin, use_plugin
    from ssmar_bench.api.records import curves, results
    from ssmar_bench.api.reports import damaged_records, report, table
    from ssmar_bench.api.reproduce import Listed, Request, default_jobs, paper_table, plan_table, tables, train_table
    from ssmar_bench.api.scaffold import TEMPLATES, new_method
    from ssmar_bench.api.splits import SplitOptions, build_split, export_split, show_split, verify_split
    from ssmar_bench.core.benchmark_config import Definition
    from ssmar_bench.core.errors import UserError
    from ssmar_bench.core.method_config import Recipe
    from ssmar_bench.runs.execute import Execution, Overwrite, Planned, renamed_runs
    from ssmar_bench.runs.plan import Grid
    from ssmar_bench.sources import Source
    from ssmar_bench.sources.source_check import Check
    from ssmar_bench.sources.synthetic import MicroMotion
    from ssmar_bench.splits.split_set import Built
    from ssmar_bench.splits.summary import Summary

_HOMES = {
    "api.method_list": ("Described", "compared", "describe", "examinations", "listing", "methods", "set_notes"),
    "api.data": (
        *("benchmark_name", "benchmarks", "broken_sources", "check_source", "counterfeit_source"),
        *("sources", "synthesize"),
    ),
    "api.example_frames": ("record_frames",),
    "api.grids": ("expected_seconds", "plan", "run"),
    "api.models": ("Model", "Prediction", "load_model"),
    "api.plugins": ("Broken", "broken_benchmarks", "broken_methods", "origin", "use_plugin"),
    "api.records": ("curves", "results"),
    "api.scaffold": ("TEMPLATES", "new_method"),
    "api.reports": ("damaged_records", "report", "table"),
    "api.reproduce": ("Listed", "Request", "default_jobs", "paper_table", "plan_table", "tables", "train_table"),
    "api.splits": ("SplitOptions", "build_split", "export_split", "show_split", "verify_split"),
    "api.frame_caches": (
        "PlannedStore",
        "Prepared",
        "StoreOptions",
        "compare_decoders",
        "plan_preparation",
        "plan_stores",
        "prepare",
    ),
    "core.benchmark_config": ("Definition",),
    "core.errors": ("UserError",),
    "core.method_config": ("Recipe",),
    "runs.execute": ("Execution", "Overwrite", "Planned", "renamed_runs"),
    "runs.plan": ("Grid",),
    "sources": ("Source",),
    "sources.source_check": ("Check",),
    "sources.synthetic": ("MicroMotion",),
    "splits.split_set": ("Built",),
    "splits.summary": ("Summary",),
}
"""Module -> what it offers; imported when it is asked for: a listing must not wait for torch."""

__all__ = [
    "TEMPLATES",
    "Broken",
    "Built",
    "Check",
    "Definition",
    "Described",
    "Execution",
    "Grid",
    "Listed",
    "MicroMotion",
    "Model",
    "Overwrite",
    "Planned",
    "PlannedStore",
    "Prediction",
    "Prepared",
    "Recipe",
    "Request",
    "Source",
    "SplitOptions",
    "StoreOptions",
    "Summary",
    "UserError",
    "benchmark_name",
    "benchmarks",
    "broken_benchmarks",
    "broken_methods",
    "broken_sources",
    "build_split",
    "check_source",
    "compare_decoders",
    "compared",
    "counterfeit_source",
    "curves",
    "damaged_records",
    "default_jobs",
    "describe",
    "examinations",
    "expected_seconds",
    "export_split",
    "listing",
    "load_model",
    "methods",
    "new_method",
    "origin",
    "paper_table",
    "plan",
    "plan_preparation",
    "plan_stores",
    "plan_table",
    "prepare",
    "record_frames",
    "renamed_runs",
    "report",
    "results",
    "run",
    "set_notes",
    "show_split",
    "sources",
    "synthesize",
    "table",
    "tables",
    "train_table",
    "use_plugin",
    "verify_split",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What ``__all__`` names, from its module."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"ssmar_bench.{module}"), name)
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")

    def __dir__() -> list[str]:
        """What a notebook offers to complete."""
        return list(__all__)
