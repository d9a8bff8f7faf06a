"""The preparation of a frame cache: which shards are missing or stale, and decoding them in several processes."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import filelock

from ssmar_bench.clips.build import Entries, bad_clip, build_shards
from ssmar_bench.clips.decode import read_header
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.draft import DRAFT
from ssmar_bench.clips.layout import Task, tasks_of
from ssmar_bench.clips.pool import built_by_processes
from ssmar_bench.clips.shards import FORMAT, ClipFile, Shard, entries_of, size_in_bytes, verified, writing
from ssmar_bench.clips.video_file import why_missing
from ssmar_bench.core import links, paths
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.files import write_json

_MARGIN = 64 << 20
"""Bytes to be left free on the disk: sidecars, and whatever else is written meanwhile."""
_RECENT_SECONDS = 30
"""What the rate is the mean over."""
_LOOKED_AT = 10
"""Headers that are read to guess the frames' shape."""


@dataclass(frozen=True)
class FrameMismatch:
    """A clip that is used, though its video does not hold as many frames as its header says."""

    clip_id: str
    decoded: int
    header: int


@dataclass(frozen=True)
class LeftOut:
    """A clip that cannot be used, and why ("it is not a video"), without its video's name."""

    clip_id: str
    path: str
    reason: str


@dataclass(frozen=True)
class PreparationReport:
    """What a preparation did: clips decoded now and found decoded, clips to look at, clips that are left out."""

    decoded: int
    reused: int
    audit: list[FrameMismatch]
    left_out: list[LeftOut]


def prepare_frame_cache(
    folder: Path,
    clips: Sequence[ClipFile],
    config: FrameCacheConfig,
    processes: int,
    listener: Listener = ignore_events,
    skip_bad: bool = False,
) -> PreparationReport:
    """Make the frame cache in ``folder`` hold exactly ``clips`` under ``config``; decode only what is missing.

    Every shard that is there is verified: one whose frames do not match their checksums, or whose videos have
    another size or time of change than when they were decoded, is built again. Of two preparations of one folder the
    second waits for the first.

    Args:
        folder: the frame cache (:func:`ssmar_bench.clips.frame_cache.cache_location`); made if need be.
        clips: the clips, with unique ids, in any order.
        config: which frames are stored, and how large.
        processes: processes that decode; 1 decodes in this process.
        listener: hears events ``prepare``, counted in clips.
        skip_bad: leave clips out that cannot be used (``left_out.json`` names them), instead of stopping at the
            first.

    Raises:
        UserError: a clip cannot be used and is not to be skipped, or the disk has too little space.
    """
    tasks = tasks_of(folder, clips, config)
    shards = [shard for task in tasks for shard in task]
    if not skip_bad:
        _require_videos(clips)
    if not folder.exists():
        _require_space(folder, shards)  # before anything is written
    with _alone(folder, listener):
        found = dict(zip(shards, _verify(shards, processes, listener), strict=True))
        if not skip_bad:
            _require_none_bad(found)
        stale = [[shard for shard in task if found[shard] is None] for task in tasks]
        stale = [task for task in stale if task]
        if stale:
            _require_space(folder, [shard for task in stale for shard in task])
            (folder / "frame_cache.json").unlink(missing_ok=True)
        _remove_leftovers(folder, shards)
        reused = sum(len(entries) for entries in found.values() if entries is not None)
        decoded, built = _decode(stale, processes, skip_bad, reused, listener)
        entries = [entry for shard in shards for entry in found[shard] or built[shard]]
        audit, left_out = _judged(entries, clips)
        _finish(folder, config, shards, entries)
        return PreparationReport(decoded, len(entries) - decoded - len(left_out), audit, left_out)


@dataclass(frozen=True)
class CacheSize:
    """What a preparation needs.

    Attributes:
        total, to_write: bytes of the whole frame cache, and of what is missing of it.
        free: bytes free on its disk.
        clips: how many clips it holds.
        left: clips that are to be decoded.
    """

    total: int
    to_write: int
    free: int
    clips: int
    left: list[ClipFile]


def cache_size(folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig) -> CacheSize:
    """How large the frame cache in ``folder`` is going to be; what is there is looked at, not verified."""
    shards = [shard for task in tasks_of(folder, clips, config) for shard in task]
    left = [clip for shard in shards if entries_of(shard) is None for clip in shard.clips]
    one = size_in_bytes(1, config, _aspect(clips))
    return CacheSize(one * len(clips), one * len(left), _free(folder), len(clips), left)


def _require_videos(clips: Sequence[ClipFile]) -> None:
    """A missing file is reported now, not after hours of decoding."""
    for clip in sorted({clip.path: clip for clip in clips}.values(), key=lambda clip: clip.path):
        reason = why_missing(clip.path)
        if reason:
            raise bad_clip(clip, reason)


def _require_space(folder: Path, shards: Sequence[Shard]) -> None:
    """Raise if the frames of ``shards`` do not fit on the disk; sizes are guessed from a few clips' headers."""
    if not shards:
        return
    clips = [clip for shard in shards for clip in shard.clips]
    needed = size_in_bytes(len(clips), shards[0].config, _aspect(clips)) + _MARGIN
    free = _free(folder)  # a stale shard stays until the new one replaces it, so its space is not counted as free
    if free < needed:
        raise UserError(
            f"The frame cache {folder} needs {needed / 1e9:.1f} GB for {len(clips)} clips, but only {free / 1e9:.1f} "
            "GB are "
            "free on its disk; free some space, or choose another cache folder (SSMAR_BENCH_CACHE)."
        )


def _free(folder: Path) -> int:
    """Bytes free on the disk where ``folder`` is or will be."""
    return shutil.disk_usage(next(place for place in [folder, *folder.parents] if place.exists())).free


def _aspect(clips: Sequence[ClipFile]) -> float:
    """Longer side over the shorter one of the frames, the mean of a few clips that can be opened."""
    found = []
    for clip in clips[:: max(1, len(clips) // _LOOKED_AT)]:
        with contextlib.suppress(UserError):
            header = read_header(clip.path)
            found.append(max(header.width, header.height) / min(header.width, header.height))
    return sum(found) / len(found) if found else 16 / 9


def _require_none_bad(found: dict[Shard, Entries | None]) -> None:
    """A frame cache that was prepared with bad clips left out does not do where they shall stop the preparation."""
    for shard, entries in found.items():
        for clip, entry in zip(shard.clips, entries or [], strict=False):
            if entry["problem"]:
                raise bad_clip(clip, entry["problem"])


@contextlib.contextmanager
def _alone(folder: Path, listener: Listener) -> Iterator[None]:
    """Make the folder and hold its lock for a ``with`` block; the system frees it if this process is killed."""
    lock = filelock.FileLock(folder / ".lock")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        top = paths.cache_folder() if folder.is_relative_to(paths.cache_folder()) else folder
        links.refuse(top, *folder.relative_to(top).parts)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:  # an OSError too
            listener(Event("", "prepare", "waiting for another process that prepares the same clips"))
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _verify(shards: Sequence[Shard], processes: int, listener: Listener) -> list[Entries | None]:
    """Each shard's entries, None where it is missing or stale."""
    total = sum(len(shard.clips) for shard in shards)
    found: list[Entries | None] = []
    done = 0
    with ThreadPoolExecutor(max(processes, 1)) as pool:  # threads do: hashing lets go of Python's lock
        for entries in pool.map(verified, shards):
            found.append(entries)
            if entries is not None:
                done += len(entries)
                listener(Event("", "prepare", "verifying stored clips", done, total))
    return found


def _remove_leftovers(folder: Path, shards: Sequence[Shard]) -> None:
    """Remove files of interrupted writers, and shards beyond the last one; drafts of shards to come are kept."""
    wanted = {shard.stem.with_suffix(ending).name for shard in shards for ending in (".bin", ".json", *DRAFT)}
    for path in [*folder.glob(".*.tmp"), *folder.glob("shard-*")]:
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _decode(
    tasks: Sequence[Task], processes: int, skip_bad: bool, reused: int, listener: Listener
) -> tuple[int, dict[Shard, Entries]]:
    """Build the shards of ``tasks``; how many clips were decoded for it, and the shards' entries."""
    total = reused + sum(len(shard.clips) for task in tasks for shard in task)
    recent: deque[tuple[float, int]] = deque()  # what a killed writer had finished is reported at once: no rate of ours

    def tell(done: int) -> None:
        recent.append((time.monotonic(), done))
        while recent[-1][0] - recent[0][0] > _RECENT_SECONDS and len(recent) > 2:
            recent.popleft()
        seconds, clips = (recent[-1][i] - recent[0][i] for i in (0, 1))
        listener(Event("", "prepare", "decoding clips", reused + done, total, clips / seconds if seconds else 0.0))

    decoded = 0
    built: dict[Shard, Entries] = {}
    for task, entries, count in _built(tasks, processes, skip_bad, tell):
        decoded += count
        built.update(zip(task, entries, strict=True))
    return decoded, built


def _built(
    tasks: Sequence[Task], processes: int, skip_bad: bool, tell: Callable[[int], None]
) -> Iterator[tuple[Task, list[Entries], int]]:
    """Each task with its shards' entries and the number of clips decoded for it, in any order."""
    if processes > 1 and len(tasks) > 1:
        yield from built_by_processes(tasks, processes, skip_bad, tell)
        return
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        tell(done)

    for task in tasks:
        entries, decoded = build_shards(task, skip_bad, count)
        yield task, entries, decoded


def _judged(entries: Sequence[dict[str, Any]], clips: Sequence[ClipFile]) -> tuple[list[FrameMismatch], list[LeftOut]]:
    """The clips to look at, and those that are left out."""
    files = {clip.clip_id: clip for clip in clips}
    audit = [
        FrameMismatch(files[entry["id"]].shown, entry["decoded"], entry["header"]) for entry in entries if _odd(entry)
    ]
    left_out = [
        LeftOut(files[entry["id"]].shown, str(files[entry["id"]].path), entry["problem"])
        for entry in entries
        if entry["problem"]
    ]
    return audit, left_out


def _odd(entry: dict[str, Any]) -> bool:
    """Whether a clip's video holds more or fewer frames than is announced; 0 announces nothing."""
    return not entry["problem"] and entry["header"] not in (0, entry["decoded"])


def _finish(folder: Path, config: FrameCacheConfig, shards: Sequence[Shard], entries: Entries) -> None:
    audit = [
        {"clip_id": entry["id"], **{key: entry[key] for key in ("decoded", "header")}}
        for entry in entries
        if _odd(entry)
    ]
    left_out = [{"clip_id": entry["id"], "reason": entry["problem"]} for entry in entries if entry["problem"]]
    timed = [entry["id"] for entry in entries if entry["by_time"]]
    decoder = {"pyav": av.__version__, "ffmpeg": ".".join(map(str, av.library_versions["libavcodec"]))}
    if config.decoder == "decord":
        decoder["decord"] = decord_module().__version__
    about = {
        "format": FORMAT,
        "config": config.model_dump(),
        "shards": [shard.stem.name for shard in shards],
        "decoder": decoder,
        "sampled_by_time": timed,
    }
    with writing(folder):
        for shard in shards:
            shard.stem.with_suffix(".lock").unlink(missing_ok=True)
        write_json(folder / "audit.json", audit)  # neither a name nor a path: a training process may read them
        write_json(folder / "left_out.json", left_out)
        write_json(folder / "frame_cache.json", about)
