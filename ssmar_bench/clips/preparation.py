"""The preparation of a store: which shards are missing or stale, and decoding them in several processes."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import filelock

from ssmar_bench.clips.decode import probe
from ssmar_bench.clips.shards import FORMAT, ClipFile, Shard, build, size_in_bytes, verified, writing
from ssmar_bench.core.definition import StoreRecipe
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener, silence
from ssmar_bench.core.files import write_json
from ssmar_bench.core.processes import end_with_parent

_CLIPS_A_SHARD = 64
_BYTES_A_SHARD = 128 << 20
"""A shard is held in memory while it is built, by each process one."""
_MARGIN = 64 << 20
"""Bytes to be left free on the disk: sidecars, and whatever else is written meanwhile."""

Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Audit:
    """A clip whose video does not hold what its header (or the clip's frame numbers) says, and what FFmpeg said."""

    clip_id: str
    decoded: int
    header: int
    problem: str


@dataclass(frozen=True)
class Report:
    """What a preparation did: clips decoded now, clips found decoded, and the clips to look at."""

    decoded: int
    reused: int
    audit: list[Audit]


def prepare(
    folder: Path,
    clips: Sequence[ClipFile],
    recipe: StoreRecipe,
    processes: int,
    listener: Listener = silence,
) -> Report:
    """Bring the store in ``folder`` to hold exactly ``clips`` under ``recipe``; decode only what is not there yet.

    Every shard that is there is verified: one whose frames do not match their checksums, or whose videos have
    another size or time of change than when they were decoded, is built anew. Of two preparations of one folder the
    second waits for the first.

    Args:
        folder: the store (:func:`ssmar_bench.clips.store.location`); made if need be.
        clips: the clips, with unique ids, in any order.
        recipe: which frames are stored, and how large.
        processes: processes that decode (started by ``spawn``: the caller's script needs a ``__main__`` guard);
            1 decodes in this process.
        listener: hears an event ``prepare`` after each shard, counted in clips.

    Raises:
        UserError: a video is missing or cannot be read, or the disk has too little space.
    """
    shards = _plan(folder, clips, recipe)
    _require_videos(clips)
    if not folder.exists():
        _require_space(folder, shards)  # before anything is written
    with _alone(folder, listener):
        found = _verify(shards, processes, listener)
        stale = [shard for shard, entries in zip(shards, found, strict=True) if entries is None]
        if stale:
            _require_space(folder, stale)
            (folder / "store.json").unlink(missing_ok=True)
        _remove_leftovers(folder, shards)
        reused = sum(len(entries) for entries in found if entries is not None)
        built = _decode(stale, processes, reused, listener)
        audit = _audit([entries or built[shard.stem.name] for shard, entries in zip(shards, found, strict=True)])
        _finish(folder, recipe, shards, audit)
        return Report(sum(map(len, built.values())), reused, audit)


def _plan(folder: Path, clips: Sequence[ClipFile], recipe: StoreRecipe) -> list[Shard]:
    ordered = sorted(clips, key=lambda clip: clip.clip_id)
    for one, other in itertools.pairwise(ordered):
        if one.clip_id == other.clip_id:
            raise UserError(f"The clip id '{one.clip_id}' names two clips ({one.path} and {other.path}).")
    clips_a_shard = max(1, min(_CLIPS_A_SHARD, _BYTES_A_SHARD // size_in_bytes(1, recipe)))
    starts = range(0, len(ordered), clips_a_shard)
    return [
        Shard(folder / f"shard-{number:05d}", tuple(ordered[start : start + clips_a_shard]), recipe)
        for number, start in enumerate(starts)
    ]


def _require_videos(clips: Iterable[ClipFile]) -> None:
    """A missing file is told now, not after hours of decoding."""
    for path in sorted({clip.path for clip in clips}):
        if not path.is_file():
            raise UserError(f"The video {path} does not exist; check the data set's folder.")


def _require_space(folder: Path, shards: Sequence[Shard]) -> None:
    """Raise if the frames of ``shards`` do not fit on the disk; sizes are guessed from the first clip's header."""
    if not shards:
        return
    recipe = shards[0].recipe
    first = probe(shards[0].clips[0].path)
    aspect = max(first.width, first.height) / min(first.width, first.height)
    clips = sum(len(shard.clips) for shard in shards)
    needed = size_in_bytes(clips, recipe, aspect) + _MARGIN
    there = next(place for place in [folder, *folder.parents] if place.exists())
    # A stale shard stays until the new one replaces it, so its space is not counted as free.
    free = shutil.disk_usage(there).free
    if free < needed:
        raise UserError(
            f"The store {folder} needs {needed / 1e9:.1f} GB for {clips} clips, but only {free / 1e9:.1f} GB are free "
            "on its disk; free some space, or choose another cache folder (SSMAR_BENCH_CACHE)."
        )


@contextlib.contextmanager
def _alone(folder: Path, listener: Listener) -> Iterator[None]:
    """Make the folder and hold its lock for a ``with`` block; the system frees it if this process is killed."""
    lock = filelock.FileLock(folder / ".lock")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
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
    """Remove files of interrupted writers, and shards beyond the last one."""
    wanted = {path.name for shard in shards for path in (shard.data, shard.sidecar)}
    for path in [*folder.glob(".*.tmp"), *folder.glob("shard-*")]:
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _decode(shards: Sequence[Shard], processes: int, reused: int, listener: Listener) -> dict[str, Entries]:
    """Build ``shards``; their entries by name."""
    total = reused + sum(len(shard.clips) for shard in shards)
    built: dict[str, Entries] = {}
    done, begun = 0, time.monotonic()
    for shard, entries in _built(shards, processes):
        built[shard.stem.name] = entries
        done += len(entries)
        rate = done / max(time.monotonic() - begun, 1e-9)
        listener(Event("", "prepare", "decoding clips", reused + done, total, rate))
    return built


def _built(shards: Sequence[Shard], processes: int) -> Iterator[tuple[Shard, Entries]]:
    """Each shard with its entries once it is built, in any order."""
    if processes <= 1 or len(shards) <= 1:
        for shard in shards:
            yield shard, build(shard)
        return
    context = multiprocessing.get_context("spawn")  # threads and locks of this process do not survive a fork
    pool = ProcessPoolExecutor(min(processes, len(shards)), context, initializer=end_with_parent)
    try:
        tasks = {pool.submit(build, shard): shard for shard in shards}
        for task in as_completed(tasks):
            yield tasks[task], task.result()
    except BrokenProcessPool:
        raise UserError(
            "A decoding process ended by itself: the memory was full, or the program that prepares clips lacks an "
            "'if __name__ == \"__main__\"'; use fewer processes, or 1."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _audit(shards: Iterable[Entries]) -> list[Audit]:
    """Clips with more or fewer frames than announced (a header that announces nothing, 0, is no mismatch)."""
    return [
        Audit(entry["id"], entry["decoded"], entry["header"], entry["problem"])
        for entries in shards
        for entry in entries
        if entry["problem"] or entry["header"] not in (0, entry["decoded"])
    ]


def _finish(folder: Path, recipe: StoreRecipe, shards: Sequence[Shard], audit: Sequence[Audit]) -> None:
    about = {
        "format": FORMAT,
        "recipe": recipe.model_dump(),
        "shards": [shard.stem.name for shard in shards],
        "decoder": {"pyav": av.__version__, "ffmpeg": ".".join(map(str, av.library_versions["libavcodec"]))},
    }
    with writing(folder):
        write_json(folder / "audit.json", [asdict(clip) for clip in audit])
        write_json(folder / "store.json", about)
