"""What a video's header says, of which nothing decides what is trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import av

from ssmar_bench.clips.video_file import BadVideoError, main_stream, open_video


@dataclass(frozen=True)
class VideoHeader:
    """What a header says.

    Attributes:
        width, height: in pixels; a quarter turn in the metadata is not looked for.
        frames: how many, 0 where unknown.
        seconds: how long it is shown, NaN where unknown.
        fps: frames a second, NaN where unknown.
    """

    width: int
    height: int
    frames: int
    seconds: float
    fps: float


def read_header(path: Path) -> VideoHeader:
    """Read a video's header; no frame of it is decoded.

    Raises:
        BadVideoError: the file is missing or no video.
    """
    with open_video(path) as container:
        stream = main_stream(container)
        fps = float(stream.average_rate or math.nan)
        seconds = (stream.frames or math.nan) / fps
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / av.time_base
        return VideoHeader(stream.width, stream.height, stream.frames, seconds, fps)


def duration_and_rate(path: Path) -> tuple[float, float]:
    """Seconds and frames a second that a video's header announces; NaN where it does not say or is no video."""
    try:
        header = read_header(path)
    except (BadVideoError, av.error.FFmpegError, OSError):
        return math.nan, math.nan
    return header.seconds, header.fps
