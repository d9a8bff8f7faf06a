"""A clip of any video, decoded now and exactly as for a frame cache, so that a network sees the same of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError


@dataclass(frozen=True)
class VideoClip:
    """One clip in memory, with the face that a frame cache shows to a :class:`ssmar_bench.clips.views.ViewMaker`.

    Attributes:
        ids: its name.
        frames: (segments * candidates, H, W, 3) uint8 RGB.
    """

    ids: tuple[str]
    frames: Frames

    def clip(self, row: int) -> Frames:  # noqa: ARG002 - there is one
        """Its frames."""
        return self.frames


def decode_video_clip(path: Path, config: FrameCacheConfig, start: int = -1, end: int = -1) -> VideoClip:
    """Decode frames ``start`` to ``end`` of a video (0-based, inclusive; -1 and -1: all of it) under ``config``.

    Raises:
        BadVideoError: the file is no video or damaged, or has fewer frames than are asked for.
        UserError: there is no such file, the clip ends before it starts or has a number below 0, or the config's
            decoder is not installed.
    """
    if not path.is_file():
        raise UserError(f"There is no video file {path}.")
    ((_, taken),) = sample_frames(path, [(start, end)], config)
    problem = taken.problem
    if not problem and end >= 0 and taken.decoded < taken.header:
        problem = f"it has no frame {end}: only {max(start, 0) + taken.decoded} can be decoded"
    if problem:
        whole = start < 0 and end < 0
        advice = "replace the file" if whole else "choose other frames, or replace the file"
        raise BadVideoError(path, problem, advice)
    return VideoClip((path.name,), taken.frames)
