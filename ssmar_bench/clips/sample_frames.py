"""The stored frames of clips, by the decoder that a config names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ssmar_bench.clips.decode import decode_ranges
from ssmar_bench.clips.decord_reader import sample_with_decord
from ssmar_bench.clips.frame_positions import SampledClip, positions_in_time
from ssmar_bench.clips.scaler import NO_FRAMES
from ssmar_bench.core.benchmark_config import FrameCacheConfig


def sample_frames(
    path: Path, parts: Sequence[tuple[int, int]], config: FrameCacheConfig
) -> Iterator[tuple[int, SampledClip]]:
    """The stored frames of several parts of one video, each with its number in ``parts``, in any order.

    Args:
        path: the video.
        parts: first and last frame of each part (0-based, inclusive; -1 and -1: the whole video).
        config: which frames, how large, and by which decoder.

    Raises:
        BadVideoError: the video is missing or no video, or is to be shown as it cannot be: nothing of it can be taken.
        UserError: the decoder is not installed, or a part ends before it starts.
    """
    if config.decoder == "decord":
        yield from sample_with_decord(path, parts, config)
        return
    for number, decoded in decode_ranges(
        path, parts, config.short_side, lambda times: positions_in_time(times, config)[0].tolist()
    ):
        if decoded.problem:
            yield number, SampledClip(NO_FRAMES, len(decoded.times), decoded.header_frames, decoded.problem)
        else:
            numbers, by_time = positions_in_time(decoded.times, config)
            counts = len(decoded.times), decoded.header_frames
            yield number, SampledClip(decoded.frames, *counts, "", tuple(numbers.tolist()), by_time)
