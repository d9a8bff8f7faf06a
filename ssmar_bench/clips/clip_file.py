"""Where clips lie in videos, the space that their frames take, and how a change of a video is noticed."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ssmar_bench.clips.encoding import SHARE
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import digest


@dataclass(frozen=True)
class ClipFile:
    """Where a clip lies: frames ``start`` to ``end`` of a video file (0-based, inclusive; -1 and -1: all of it).

    ``clip_id`` names it in the frame cache, and ``name``, if there is one, in messages: it is the source's own id.
    """

    clip_id: str
    path: Path
    start: int
    end: int
    name: str = ""

    @property
    def shown(self) -> str:
        """What a user calls it."""
        return self.name or self.clip_id


Video = tuple[ClipFile, ...]
"""The clips of one video, in the order in which a sequential reader comes to their ends."""


def by_video(clips: Sequence[ClipFile]) -> list[Video]:
    """The clips by their videos, which follow one another by their smallest clip id.

    Raises:
        UserError: two clips have one id.
    """
    seen: dict[str, ClipFile] = {}
    videos: defaultdict[Path, list[ClipFile]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        other = seen.setdefault(clip.clip_id, clip)
        if other is not clip:
            raise UserError(f"The clip id '{clip.shown}' names two clips ({other.path} and {clip.path}).")
        videos[clip.path].append(clip)
    return [tuple(sorted(cut, key=_end_and_start)) for cut in videos.values()]


def _end_and_start(clip: ClipFile) -> tuple[float, int]:
    return (clip.end if clip.end >= 0 else math.inf), clip.start


def size_in_bytes(clips: int, config: FrameCacheConfig, aspect: float = 16 / 9) -> int:
    """Bytes of the frames of ``clips`` clips; ``aspect`` is a frame's longer side over the shorter one."""
    pixels = config.short_side * round(config.short_side * aspect)
    return round(clips * config.frames * pixels * 3 * (SHARE if config.encoding == "jpeg" else 1))


def source_of(clip: ClipFile) -> str:
    """Digest of the size and of the times of change of a clip's video, "" where it is missing.

    A copy can be given the time of another file, but not its time of change of status.
    """
    try:
        stat = clip.path.stat()
    except OSError:
        return ""
    return digest([stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns])


def content_of(clip: ClipFile) -> str:
    """Digest of the bytes of a clip's video, "" where it cannot be read."""
    return _content(clip.path, source_of(clip))


@lru_cache(maxsize=64)
def _content(path: Path, source: str) -> str:  # noqa: ARG001  # many clips may be cut out of one video
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def unchanged(clip: ClipFile, entry: Mapping[str, Any]) -> bool:
    """Whether a clip's video is what it was when it was decoded; its bytes are read only where its times differ."""
    return bool(entry["source"] == source_of(clip)) or bool(entry["content"] == content_of(clip))
