"""The synthetic source ``micro-motion``: subjects' micro-actions, rendered as video files; this is its one door."""

from __future__ import annotations

from ssmar_bench.sources.synthetic.dataset import (
    NAMES,
    REVISION,
    SOURCE,
    TRAIN_COUNTS,
    SyntheticClip,
    SyntheticOptions,
    class_counts,
    draw_subject,
    encode_video,
    plan_clips,
    read_options,
    render_clip,
    write_dataset,
    write_outline,
)

__all__ = [
    "NAMES",
    "REVISION",
    "SOURCE",
    "TRAIN_COUNTS",
    "SyntheticClip",
    "SyntheticOptions",
    "class_counts",
    "draw_subject",
    "encode_video",
    "plan_clips",
    "read_options",
    "render_clip",
    "write_dataset",
    "write_outline",
]
