"""Which of a clip's stored frames a view chooses from, and whether a frame cache can serve it at all."""

from __future__ import annotations

from ssmar_bench.clips.augmentation_catalog import check_augmentation
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.contract import View, Views


def check_views(views: Views, stored: FrameCacheConfig) -> None:
    """Raise ``ValueError`` with what to do if a frame cache of the config ``stored`` cannot serve ``views``."""
    if views.neighbours > stored.neighbours:
        raise ValueError(
            "it looks at temporal gradients, for which the frame cache must hold the frame behind each frame: "
            "set frame_cache.neighbours: 1 in the config's overrides"
        )
    for view in views:
        check_augmentation(view.aug)
        view_segments(stored, view)


def view_segments(stored: FrameCacheConfig, view: View) -> tuple[int, int]:
    """Into how many equal parts the stored frames fall for ``view``, and how many of them each part has.

    Raises:
        ValueError: they do not fall into so many equal parts.
    """
    held = stored.segments * stored.candidates
    parts = view.frames or stored.segments
    if held % parts:
        raise ValueError(
            f"it looks at {parts} frames, into which the frame cache's {stored.segments} segments of "
            f"{stored.candidates} "
            f"frames do not divide: set frame_cache.candidates so that {parts} divides their product"
        )
    return parts, held // parts
