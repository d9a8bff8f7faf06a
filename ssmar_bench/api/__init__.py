"""What the command line calls, for scripts and notebooks (docs/python.md walks through it).

from ssmar_bench import api

grid = api.Grid("micro-motion-12", ["supervised", "fixmatch", "aplt"], ratios=[0.1, 0.5], seeds=[0])
api.run(grid)
print(api.results()[["method", "ratio", "accuracy"]])
print(api.load_model("micro-motion-12_aplt_r50_s0").predict("video.mp4").label)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ssmar_bench.core.renamed import renamed_note

if TYPE_CHECKING:
    from ssmar_bench.api.archives import check_results, export_results, publish_results
    from ssmar_bench.api.cache import CacheRemoval, cache_list, clean_cache
    from ssmar_bench.api.data import (
        benchmark_name,
        benchmarks,
        broken_sources,
        check_source,
        mock_source,
        render_synthetic,
        sources,
    )
    from ssmar_bench.api.example_frames import record_frames
    from ssmar_bench.api.frame_caches import (
        FrameCacheOptions,
        PlannedFrameCache,
        PreparedFrameCache,
        compare_decoders,
        plan_frame_caches,
        plan_preparation,
        prepare,
    )
    from ssmar_bench.api.grids import expected_seconds, plan, run
    from ssmar_bench.api.initial_weights import PretrainedWeights, pretrain
    from ssmar_bench.api.method_list import (
        MethodDescription,
        describe,
        list_methods,
        methods,
        reference_of,
        run_checks,
        set_notes,
    )
    from ssmar_bench.api.models import Model, load_model
    from ssmar_bench.api.own_videos import OwnBenchmark, new_benchmark, own_benchmark
    from ssmar_bench.api.plugins import BrokenPlugin, broken_benchmarks, broken_methods, provider, use_plugin
    from ssmar_bench.api.records import curves, results
    from ssmar_bench.api.report_state import GridAnswer, grid_answer, report_is_current
    from ssmar_bench.api.reports import PageFrames, RenderedReport, damaged_records, render_report, report, table
    from ssmar_bench.api.reproduce import (
        TableRequest,
        TableRun,
        default_jobs,
        paper_table,
        plan_table,
        tables,
        train_table,
    )
    from ssmar_bench.api.run_list import RunFacts, list_runs, remove_runs, show_run
    from ssmar_bench.api.run_predictions import compare, confusion, predictions
    from ssmar_bench.api.run_trust import trust
    from ssmar_bench.api.run_verify import SecondTraining, verify_run
    from ssmar_bench.api.scaffold import TEMPLATES, new_method
    from ssmar_bench.api.splits import SplitOptions, build_split, export_split, show_split, verify_split
    from ssmar_bench.api.video_predictions import Prediction
    from ssmar_bench.core.benchmark_config import BenchmarkConfig
    from ssmar_bench.core.errors import UserError
    from ssmar_bench.core.method_config import MethodConfig
    from ssmar_bench.results.verification import Verification
    from ssmar_bench.runs.archived_runs import archive_notes
    from ssmar_bench.runs.execute import renamed_runs
    from ssmar_bench.runs.execution_options import Execution, Overwrite
    from ssmar_bench.runs.grid import Grid
    from ssmar_bench.runs.plan import PlanEntry
    from ssmar_bench.runs.resolve import Resolved, resolve
    from ssmar_bench.runs.step_data import StepData, step_data
    from ssmar_bench.sources import Source
    from ssmar_bench.sources.source_check import SourceCheck
    from ssmar_bench.sources.synthetic import SyntheticOptions
    from ssmar_bench.splits.split_set import SplitSet
    from ssmar_bench.splits.summary import SplitSummary

_HOMES = {
    "api.method_list": (
        "MethodDescription",
        "reference_of",
        "describe",
        "run_checks",
        "list_methods",
        "methods",
        "set_notes",
    ),
    "api.archives": ("check_results", "export_results", "publish_results"),
    "api.cache": ("CacheRemoval", "cache_list", "clean_cache"),
    "api.data": (
        *("benchmark_name", "benchmarks", "broken_sources", "check_source", "mock_source"),
        *("sources", "render_synthetic"),
    ),
    "api.example_frames": ("record_frames",),
    "api.own_videos": ("OwnBenchmark", "new_benchmark", "own_benchmark"),
    "api.grids": ("expected_seconds", "plan", "run"),
    "api.models": ("Model", "load_model"),
    "api.video_predictions": ("Prediction",),
    "api.plugins": ("BrokenPlugin", "broken_benchmarks", "broken_methods", "provider", "use_plugin"),
    "api.initial_weights": ("PretrainedWeights", "pretrain"),
    "api.records": ("curves", "results"),
    "api.run_predictions": ("compare", "confusion", "predictions"),
    "api.run_list": ("RunFacts", "list_runs", "remove_runs", "show_run"),
    "api.run_trust": ("trust",),
    "api.run_verify": ("SecondTraining", "verify_run"),
    "api.scaffold": ("TEMPLATES", "new_method"),
    "api.report_state": ("GridAnswer", "grid_answer", "report_is_current"),
    "api.reports": ("PageFrames", "RenderedReport", "damaged_records", "render_report", "report", "table"),
    "api.reproduce": ("TableRun", "TableRequest", "default_jobs", "paper_table", "plan_table", "tables", "train_table"),
    "api.splits": ("SplitOptions", "build_split", "export_split", "show_split", "verify_split"),
    "api.frame_caches": (
        "PlannedFrameCache",
        "PreparedFrameCache",
        "FrameCacheOptions",
        "compare_decoders",
        "plan_preparation",
        "plan_frame_caches",
        "prepare",
    ),
    "core.benchmark_config": ("BenchmarkConfig",),
    "core.errors": ("UserError",),
    "core.method_config": ("MethodConfig",),
    "results.verification": ("Verification",),
    "runs.archived_runs": ("archive_notes",),
    "runs.execute": ("renamed_runs",),
    "runs.execution_options": ("Execution", "Overwrite"),
    "runs.grid": ("Grid",),
    "runs.plan": ("PlanEntry",),
    "runs.resolve": ("Resolved", "resolve"),
    "runs.step_data": ("StepData", "step_data"),
    "sources": ("Source",),
    "sources.source_check": ("SourceCheck",),
    "sources.synthetic": ("SyntheticOptions",),
    "splits.split_set": ("SplitSet",),
    "splits.summary": ("SplitSummary",),
}
"""Module -> what it offers; imported when it is asked for: a listing must not wait for torch."""

__all__ = [
    "TEMPLATES",
    "BenchmarkConfig",
    "BrokenPlugin",
    "CacheRemoval",
    "Execution",
    "FrameCacheOptions",
    "Grid",
    "GridAnswer",
    "MethodConfig",
    "MethodDescription",
    "Model",
    "Overwrite",
    "OwnBenchmark",
    "PageFrames",
    "PlanEntry",
    "PlannedFrameCache",
    "Prediction",
    "PreparedFrameCache",
    "PretrainedWeights",
    "RenderedReport",
    "Resolved",
    "RunFacts",
    "SecondTraining",
    "Source",
    "SourceCheck",
    "SplitOptions",
    "SplitSet",
    "SplitSummary",
    "StepData",
    "SyntheticOptions",
    "TableRequest",
    "TableRun",
    "UserError",
    "Verification",
    "archive_notes",
    "benchmark_name",
    "benchmarks",
    "broken_benchmarks",
    "broken_methods",
    "broken_sources",
    "build_split",
    "cache_list",
    "check_results",
    "check_source",
    "clean_cache",
    "compare",
    "compare_decoders",
    "confusion",
    "curves",
    "damaged_records",
    "default_jobs",
    "describe",
    "expected_seconds",
    "export_results",
    "export_split",
    "grid_answer",
    "list_methods",
    "list_runs",
    "load_model",
    "methods",
    "mock_source",
    "new_benchmark",
    "new_method",
    "own_benchmark",
    "paper_table",
    "plan",
    "plan_frame_caches",
    "plan_preparation",
    "plan_table",
    "predictions",
    "prepare",
    "pretrain",
    "provider",
    "publish_results",
    "record_frames",
    "reference_of",
    "remove_runs",
    "renamed_runs",
    "render_report",
    "render_synthetic",
    "report",
    "report_is_current",
    "resolve",
    "results",
    "run",
    "run_checks",
    "set_notes",
    "show_run",
    "show_split",
    "sources",
    "step_data",
    "table",
    "tables",
    "train_table",
    "trust",
    "use_plugin",
    "verify_run",
    "verify_split",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What ``__all__`` names, from its module."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"ssmar_bench.{module}"), name)
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'{renamed_note(name)}")

    def __dir__() -> list[str]:
        """What a notebook offers to complete."""
        return list(__all__)
