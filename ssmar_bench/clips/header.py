"""What a video's header says of its length: for summaries, never for training."""

from __future__ import annotations

import math
from pathlib import Path

import av


def length(path: Path) -> tuple[float, float]:
    """Seconds and frames a second that a video's header announces; NaN where it does not say or is no video."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate or math.nan)
            if stream.duration is not None and stream.time_base is not None:
                return float(stream.duration * stream.time_base), fps
            if container.duration is not None:
                return container.duration / av.time_base, fps
            return (stream.frames or math.nan) / fps, fps
    except (av.error.FFmpegError, OSError, IndexError):
        return math.nan, math.nan
