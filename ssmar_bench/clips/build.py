"""Decodes the clips of some shards, each video once and in order, however many clips and shards are cut out of it."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ssmar_bench.clips.draft import Draft
from ssmar_bench.clips.frame_positions import NO_FRAMES, SampledClip
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.shards import ClipFile, Shard, content_of, source_of, writing
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

Entries = list[dict[str, Any]]


def bad_clip(clip: ClipFile, reason: str) -> UserError:
    """The error that stops a preparation at a clip that cannot be used."""
    advice = "replace the file" if clip.end < 0 else "correct its frame numbers, replace the file"
    return UserError(
        f"The video {clip.path} of the clip '{clip.shown}' cannot be used: {reason}; {advice}, or leave such clips "
        "out with --on-bad-clip skip."
    )


def build_shards(shards: Sequence[Shard], skip_bad: bool, tell: Callable[[], None]) -> tuple[list[Entries], int]:
    """Decode what is not finished of ``shards`` and write their files.

    Args:
        shards: shards whose clips follow one another; no video but theirs is opened.
        skip_bad: a clip that cannot be used is kept as an entry without frames, instead of being an error.
        tell: called whenever a clip is finished, those included that a killed writer had finished.

    Returns:
        Each shard's entries, and the number of clips that were decoded now.

    Raises:
        UserError: a clip cannot be used, or the disk is full.
    """
    decoded = 0
    with writing(shards[0].stem.parent), contextlib.ExitStack() as stack:
        drafts = [stack.enter_context(Draft(shard)) for shard in shards]
        for draft in drafts:
            for clip, entry in zip(draft.shard.clips, draft.entries, strict=False):
                if entry["problem"] and not skip_bad:
                    raise bad_clip(clip, entry["problem"])
                tell()
        todo = [(draft, clip) for draft in drafts for clip in draft.waiting]
        taken = _taken([clip for _, clip in todo], shards[0].config)
        for (draft, clip), (frames, source) in zip(todo, taken, strict=True):
            if frames.problem and not skip_bad:
                raise bad_clip(clip, frames.problem)
            draft.add(frames.frames, _entry(frames, source))
            decoded += not frames.problem
            tell()
        return [draft.finish() for draft in drafts], decoded


def _taken(clips: Sequence[ClipFile], config: FrameCacheConfig) -> Iterator[tuple[SampledClip, tuple[str, str]]]:
    """Each clip's frames and its video's two digests, in order; a video is decoded once for its clips."""
    for path, group in itertools.groupby(clips, key=lambda clip: clip.path):
        cut = list(group)
        source = source_of(cut[0]), content_of(cut[0])
        found: dict[int, SampledClip] = {}
        following = 0
        try:
            for number, taken in sample_frames(path, [(clip.start, clip.end) for clip in cut], config):
                found[number] = taken
                while following in found:
                    yield found.pop(following), source
                    following += 1
        except BadVideoError as error:
            for _ in cut[following:]:
                yield SampledClip(NO_FRAMES, 0, 0, error.reason), source


def _entry(taken: SampledClip, source: tuple[str, str]) -> dict[str, Any]:
    odd = taken.header not in (
        0,
        taken.decoded,
    )  # a training process is not told how long a clip is
    return {
        "sha256": hashlib.sha256(taken.frames.tobytes()).hexdigest(),
        "decoded": taken.decoded if odd else 0,
        "header": taken.header if odd else 0,
        "problem": taken.problem,
        "by_time": taken.by_time,
        "source": source[0],
        "content": source[1],
    }
