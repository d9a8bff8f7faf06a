"""What a video's header says of its length: for summaries, never for training."""

from __future__ import annotations

import math
from pathlib import Path

import av

from ssmar_bench.clips.video_file import BadVideoError, main_stream, open_video


def duration_and_rate(path: Path) -> tuple[float, float]:
    """Seconds and frames a second that a video's header announces; NaN where it does not say or is no video."""
    try:
        with open_video(path) as container:
            stream = main_stream(container)
            fps = float(stream.average_rate or math.nan)
            if stream.duration is not None and stream.time_base is not None:
                return float(stream.duration * stream.time_base), fps
            if container.duration is not None:
                return container.duration / av.time_base, fps
            return (stream.frames or math.nan) / fps, fps
    except (BadVideoError, av.error.FFmpegError, OSError):
        return math.nan, math.nan
