"""Names that configs, commands and Python calls had before version 0.2, and what they are called now."""

from __future__ import annotations

RENAMED = {
    "store": "frame_cache",
    "knobs": "options",
    "train_people": "train_subjects",
    "test_people": "test_subjects",
    "people_overlap": "subject_overlap",
    "people": "subjects",
    "person": "subject",
    "centred": "mean_subtracted",
    "gradient_norm": "gradient_clipping",
    "parity": "reference_check",
    "oracle": "reference",
    "stream": "series",
    "probe": "full_pool",
    "manifest": "split",
    "clips_forwarded": "forward_passes",
    "counterfeit": "mock",
    "RECIPE": "METHOD_CONFIG",
    "--train-people": "--train-subjects",
    "--test-people": "--test-subjects",
    "--people-overlap": "--subject-overlap",
    "Definition": "BenchmarkConfig",
    "Recipe": "MethodConfig",
    "Built": "SplitSet",
    "Check": "SourceCheck",
    "Summary": "SplitSummary",
    "MicroMotion": "SyntheticOptions",
    "Planned": "PlanEntry",
    "PlannedStore": "PlannedFrameCache",
    "Prepared": "PreparedFrameCache",
    "StoreOptions": "FrameCacheOptions",
    "Described": "MethodDescription",
    "Broken": "BrokenPlugin",
    "Listed": "TableRun",
    "Request": "TableRequest",
    "compared": "reference_of",
    "counterfeit_source": "mock_source",
    "examinations": "run_checks",
    "listing": "list_methods",
    "origin": "provider",
    "plan_stores": "plan_frame_caches",
    "synthesize": "render_synthetic",
}
"""Old name -> new name: keys, sections, words and options of commands, names of :mod:`ssmar_bench.api`."""


def renamed_note(name: str) -> str:
    """``; it is called 'frame_cache' since 0.2`` for an old name, "" for any other."""
    return f"; it is called '{RENAMED[name]}' since 0.2" if name in RENAMED else ""
