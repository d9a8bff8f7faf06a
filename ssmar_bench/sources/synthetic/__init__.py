"""The synthetic source ``micro-motion``: subjects' micro-actions, rendered as video files; this is its one door."""

from __future__ import annotations

from ssmar_bench.sources.synthetic.dataset import (
    NAMES,
    REVISION,
    SOURCE,
    TRAIN_COUNTS,
    Clip,
    MicroMotion,
    class_counts,
    encode,
    load,
    outline,
    picture,
    plan,
    render,
    write,
)

__all__ = [
    "NAMES",
    "REVISION",
    "SOURCE",
    "TRAIN_COUNTS",
    "Clip",
    "MicroMotion",
    "class_counts",
    "encode",
    "load",
    "outline",
    "picture",
    "plan",
    "render",
    "write",
]
