"""Which videos of a source cannot be decoded: each is decoded as for a frame cache, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssmar_bench.clips.decode import decode_ranges, no_frame
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.processes import cores

WHOLE_FILE = (-1, -1)

Ranges = Sequence[tuple[int, int]]


def undecodable(videos: Mapping[str, Ranges], listener: Listener) -> dict[str, str]:
    """What is wrong with each of ``videos``, "" if it can be decoded.

    Args:
        videos: path -> first and last frame of its clips, -1 and -1 for a whole file.
        listener: hears of every video.
    """
    found = {}
    with ThreadPoolExecutor(cores()) as pool:  # FFmpeg decodes without Python's lock
        reasons = pool.map(_reason, videos, videos.values())
        try:
            for done, (path, reason) in enumerate(zip(videos, reasons, strict=True), start=1):
                found[path] = reason
                listener(Event("", "prepare", "decoding videos", done, len(videos)))
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _reason(path: str, ranges: Ranges) -> str:
    wanted = list(ranges) or [WHOLE_FILE]
    try:
        for number, decoded in decode_ranges(Path(path), wanted, choice=no_frame):
            if decoded.problem:
                start, end = wanted[number]
                return decoded.problem if end < 0 else f"frames {start} to {end}: {decoded.problem}"
    except BadVideoError as error:
        return error.reason
    return ""
