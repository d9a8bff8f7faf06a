"""How clips are laid out in shards, so that no two processes ever decode the same video."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from ssmar_bench.clips.shards import ClipFile, Shard, size_in_bytes
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

CLIPS_A_SHARD = 64
_BYTES_A_SHARD = 128 << 20

Task = list[Shard]
"""Shards that one process builds: one, or all those that one long video is cut into."""


def tasks_of(folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig) -> list[Task]:
    """The shards of a frame cache of ``clips``, as tasks.

    Videos follow one another by their smallest clip id, and so do the clips of one video within a shard. A video's
    clips share a shard, or are alone in shards of their own, in the order in which a sequential reader comes to the
    clips' ends.

    Raises:
        UserError: two clips have one id.
    """
    _require_unique(clips)
    limit = max(1, min(CLIPS_A_SHARD, _BYTES_A_SHARD // size_in_bytes(1, config)))
    numbers = itertools.count()
    return [
        [Shard(folder / f"shard-{next(numbers):05d}", tuple(held), config) for held in task]
        for task in _packed(_by_video(clips), limit)
    ]


def _packed(videos: Sequence[list[ClipFile]], limit: int) -> Iterator[list[list[ClipFile]]]:
    """The clips of each task's shards, at most ``limit`` a shard."""
    open_shard: list[ClipFile] = []
    for clips in videos:
        if open_shard and len(open_shard) + len(clips) > limit:
            yield [open_shard]
            open_shard = []
        if len(clips) > limit:
            yield [_by_id(clips[start : start + limit]) for start in range(0, len(clips), limit)]
        else:
            open_shard = [*open_shard, *_by_id(clips)]
    if open_shard:
        yield [open_shard]


def _by_video(clips: Sequence[ClipFile]) -> list[list[ClipFile]]:
    videos: defaultdict[Path, list[ClipFile]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        videos[clip.path].append(clip)  # videos are in the order of their first clip
    return [sorted(cut, key=_end_and_start) for cut in videos.values()]


def _by_id(clips: Sequence[ClipFile]) -> list[ClipFile]:
    """In time, neighbours would tell what follows what in a video."""
    return sorted(clips, key=lambda clip: clip.clip_id)


def _end_and_start(clip: ClipFile) -> tuple[float, int]:
    return (clip.end if clip.end >= 0 else math.inf), clip.start


def _require_unique(clips: Sequence[ClipFile]) -> None:
    seen: dict[str, ClipFile] = {}
    for clip in clips:
        other = seen.setdefault(clip.clip_id, clip)
        if other is not clip:
            raise UserError(f"The clip id '{clip.shown}' names two clips ({other.path} and {clip.path}).")
