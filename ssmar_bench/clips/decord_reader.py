"""Videos by decord's random access, as many other pipelines read them: to compare with those, never the default.

decord seeks to each asked frame, and on files that were cut without re-encoding it returns other frames than those.
Sizes and turns are as in :mod:`ssmar_bench.clips.decode`, but that decord does not turn frames.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from ssmar_bench.clips.decode import check_ranges
from ssmar_bench.clips.frame_positions import SampledClip, positions_in_time
from ssmar_bench.clips.frame_times import FrameTimes
from ssmar_bench.clips.scaler import NO_FRAMES, Frames, Scaler
from ssmar_bench.clips.video_file import BadVideoError, open_video, why_missing
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

_PLACE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")  # [08:16:27] /github/workspace/src/video/video_reader.cc:151:


def decord_module() -> Any:
    """The module decord, or a ``UserError`` that says how to install it."""
    try:
        return importlib.import_module("decord")
    except (ImportError, OSError, RuntimeError) as error:  # it loads a library of its own, in its own ways
        raise UserError(
            f"The decoder decord cannot be loaded ({error}); install it with: pip install 'ssmar-bench[decord]', "
            "or use the default decoder pyav."
        ) from None


def sample_with_decord(
    path: Path, parts: Sequence[tuple[int, int]], config: FrameCacheConfig
) -> Iterator[tuple[int, SampledClip]]:
    """As :func:`ssmar_bench.clips.sample_frames.sample_frames`, by decord."""
    decord = decord_module()
    check_ranges(path, parts)
    reason = why_missing(path)
    if reason:
        raise BadVideoError(path, reason)
    try:
        reader = decord.VideoReader(str(path.absolute()), num_threads=1)
        length = len(reader)
        ends = np.asarray(reader.get_frame_timestamp(range(length)), np.float64).reshape(-1, 2)
    except (RuntimeError, IndexError, decord.DECORDError) as error:
        raise BadVideoError(path, f"decord cannot open it ({_first_line(error)})") from None
    open_video(path).close()  # decord takes a cover picture for a video
    for number, (start, end) in enumerate(parts):
        first = max(start, 0)
        announced = max((length if end < 0 else end + 1) - first, 0)
        found = max(min(first + announced, length) - first, 0)
        if found < 1 or 2 * found < announced:
            lacking = first if found < 1 else end
            yield number, SampledClip(NO_FRAMES, found, announced, f"it has no frame {lacking}: decord counts {length}")
        else:
            times = FrameTimes(ends[first : first + found, 0].tolist(), float(np.diff(ends[-1])[0]) if end < 0 else 0)
            chosen, by_time = positions_in_time(times, config)
            taken = _taken(decord, reader, path, first + chosen, config, found)
            yield number, replace(taken, header=announced, numbers=tuple(chosen.tolist()), by_time=by_time)


def _taken(decord: Any, reader: Any, path: Path, wanted: Any, config: FrameCacheConfig, found: int) -> SampledClip:
    try:
        images = reader.get_batch(wanted.tolist()).asnumpy()
    except (RuntimeError, IndexError, decord.DECORDError) as error:
        return SampledClip(NO_FRAMES, 0, found, f"decord cannot decode it ({_first_line(error)})")
    return SampledClip(_scaled(path, images, config.short_side), found, found, "")


def _scaled(path: Path, images: Frames, short_side: int) -> Frames:
    """Frames (N, H, W, 3) scaled by the same method as the default decoder's."""
    scaler = Scaler(path, short_side)
    return np.stack([scaler.image(av.VideoFrame.from_ndarray(image, format="rgb24")) for image in images])


def _first_line(error: Exception) -> str:
    """The message without time and place in decord's source, and without the video's path: records carry it."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return _PLACE.sub("", line.rpartition("Error: ")[2]).partition(" /")[0][:120]
