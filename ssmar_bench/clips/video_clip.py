"""Clips of any videos, decoded now and exactly as for a frame cache, so that a network sees the same of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.video_file import BadVideoError, why_missing
from ssmar_bench.core.benchmark_config import FrameCacheConfig


@dataclass(frozen=True)
class VideoClips:
    """Clips in memory, with the face that a frame cache shows to a :class:`ssmar_bench.clips.views.ViewMaker`.

    Attributes:
        ids: their names.
        frames: of each, (segments * candidates, H, W, 3) uint8 RGB, whose H and W may differ.
    """

    ids: tuple[str, ...]
    frames: tuple[Frames, ...]

    def clip(self, row: int) -> Frames:
        """The frames of one."""
        return self.frames[row]


def decode_video_clip(path: Path, config: FrameCacheConfig, start: int = -1, end: int = -1) -> Frames:
    """Decode frames ``start`` to ``end`` of a video (0-based, inclusive; -1 and -1: all of it) under ``config``.

    Returns:
        (segments * candidates, H, W, 3) uint8 RGB.

    Raises:
        BadVideoError: there is no such file, it is no video or damaged, or has fewer frames than are asked for.
        UserError: the clip ends before it starts or has a number below 0, or the config's decoder is not installed.
    """
    if missing := why_missing(path):
        raise BadVideoError(path, missing, "check its name")
    ((_, taken),) = sample_frames(path, [(start, end)], config)
    problem = taken.problem
    if not problem and end >= 0 and taken.decoded < taken.header:
        problem = f"it has no frame {end}: only {max(start, 0) + taken.decoded} can be decoded"
    if problem:
        whole = start < 0 and end < 0
        advice = "replace the file" if whole else "choose other frames, or replace the file"
        raise BadVideoError(path, problem, advice)
    return taken.frames
