"""How long a preparation is going to take, from decoding a little of a few of its videos."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.clips.clip_file import ClipFile
from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.video_header import read_header
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

_VIDEOS = 4
_FRAMES = 50


def expected_seconds(clips: Sequence[ClipFile], config: FrameCacheConfig, processes: int) -> float | None:
    """Seconds that decoding ``clips`` takes, a video each once and up to its last clip; None where none can be tried.

    The first frames of a few videos are decoded for it. It knows nothing of a disk that is slower than the processor.
    """
    ends: dict[Path, int] = {}  # last frame that is needed, -1: the whole video
    for clip in clips:
        known = ends.get(clip.path, clip.end)
        ends[clip.path] = -1 if min(clip.end, known) < 0 else max(clip.end, known)
    videos = sorted(ends)
    seconds, decoded, lengths = 0.0, 0, []
    for path in videos[:: max(1, len(videos) // _VIDEOS)]:
        with contextlib.suppress(UserError):
            begun = time.perf_counter()
            tried = decode(path, 0, _FRAMES - 1, config.short_side)
            seconds += time.perf_counter() - begun
            decoded += len(tried.frames)
            lengths.append(read_header(path).frames or len(tried.frames))
    if not decoded:
        return None
    typical = sum(lengths) / len(lengths)
    frames = sum(end + 1 if end >= 0 else typical for end in ends.values())
    return seconds / decoded * frames / max(1, min(processes, len(videos)))
