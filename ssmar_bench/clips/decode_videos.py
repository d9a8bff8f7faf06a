"""Decodes videos into the files of their clips, each video once and in order, in one process or several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import filelock

from ssmar_bench.clips.clip_file import ClipFile, Video, content_of, source_of
from ssmar_bench.clips.frame_positions import NO_FRAMES, SampledClip
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.stored_clip import Entry, entry_of, sound, write_clip, writing
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.processes import apart_from_main, broken_pool, end_with_parent

_NEWS_SECONDS = 0.5

_shared: dict[str, Any] = {}
"""In a worker: ``finished``, how many clips all workers have finished, and ``stop``, set when they shall stop."""


def bad_clip(clip: ClipFile, reason: str) -> UserError:
    """The error that stops a preparation at a clip that cannot be used."""
    advice = "replace the file" if clip.end < 0 else "correct its frame numbers, replace the file"
    return UserError(
        f"The video {clip.path} of the clip '{clip.shown}' cannot be used: {reason}; {advice}, or leave such clips "
        "out with --on-bad-clip skip."
    )


def lock_path(folder: Path, video: Video) -> Path:
    """The lock of whoever decodes a video; the system frees it if that process is killed."""
    return folder / f".{min(clip.clip_id for clip in video).replace('/', '%2F')}.lock"


def decode_video(
    folder: Path, video: Video, config: FrameCacheConfig, skip_bad: bool, tell: Callable[[], None], patient: bool
) -> tuple[list[Entry], int] | None:
    """Decode clips of one video into their files.

    Args:
        folder: the frame cache.
        video: the clips that are missing.
        config: which frames, and how large.
        skip_bad: a clip that cannot be used is kept as an entry without frames, instead of being an error.
        tell: called whenever a clip is finished.
        patient: wait for another process that decodes the same video.

    Returns:
        The clips' entries, and how many of them were decoded now; None where another process is at it.

    Raises:
        UserError: a clip cannot be used, or the disk is full.
    """
    with writing(folder):
        lock = filelock.FileLock(lock_path(folder, video))
        try:
            lock.acquire(timeout=-1 if patient else 0)
        except filelock.Timeout:  # an OSError too
            return None
        try:
            return _decoded(folder, video, config, skip_bad, tell)
        finally:
            lock.release()


def _decoded(
    folder: Path, video: Video, config: FrameCacheConfig, skip_bad: bool, tell: Callable[[], None]
) -> tuple[list[Entry], int]:
    """Entries, and how many clips were decoded; what another process has just finished is taken as it is."""
    entries: list[Entry] = []
    todo: list[ClipFile] = []
    for clip in video:
        entry = entry_of(folder, clip, config)
        if entry is None or not sound(folder, clip, entry):
            todo.append(clip)
            continue
        if entry["problem"] and not skip_bad:
            raise bad_clip(clip, entry["problem"])
        entries.append(entry)
        tell()
    decoded = 0
    for clip, taken, source in _sampled(todo, config):
        if taken.problem and not skip_bad:
            raise bad_clip(clip, taken.problem)
        entries.append(write_clip(folder, clip, config, taken, source))
        decoded += not taken.problem
        tell()
    return entries, decoded


def _sampled(
    clips: Sequence[ClipFile], config: FrameCacheConfig
) -> Iterator[tuple[ClipFile, SampledClip, tuple[str, str]]]:
    """Each clip with its frames and its video's two digests, as soon as it is decoded."""
    if not clips:
        return
    source = source_of(clips[0]), content_of(clips[0])
    left = dict(enumerate(clips))
    try:
        for number, taken in sample_frames(clips[0].path, [(clip.start, clip.end) for clip in clips], config):
            yield left.pop(number), taken, source
    except BadVideoError as error:
        for clip in left.values():
            yield clip, SampledClip(NO_FRAMES, 0, 0, error.reason), source


def decode_videos(
    folder: Path,
    videos: Sequence[Video],
    config: FrameCacheConfig,
    processes: int,
    skip_bad: bool,
    tell: Callable[[int], None],
) -> tuple[list[Entry], int]:
    """Decode the clips of ``videos``; their entries in any order, and how many of them were decoded now.

    Videos that another preparation of the same folder is decoding are left to the end, and then taken from there.

    Args:
        folder: the frame cache.
        videos: the missing clips of each video.
        config: which frames, and how large.
        processes: how many processes decode.
        skip_bad: as in :func:`decode_video`.
        tell: called now and then with the number of clips that are finished.

    Raises:
        UserError: the first error; the other processes then stop after the clip that they are at.
    """
    run = _in_processes if processes > 1 and len(videos) > 1 else _here
    entries: list[Entry] = []
    decoded, finished = 0, 0
    for patient in (False, True):
        held: list[Video] = []
        later = partial(_count_on, tell, finished)
        for video, found in run(folder, videos, config, processes, skip_bad, later, patient):
            if found is None:
                held.append(video)
            else:
                entries += found[0]
                decoded += found[1]
                finished += len(found[0])
        videos = held
        if not videos:
            break
    return entries, decoded


def _count_on(tell: Callable[[int], None], before: int, done: int) -> None:
    tell(before + done)


_Found = tuple[Video, tuple[list[Entry], int] | None]


def _here(
    folder: Path,
    videos: Sequence[Video],
    config: FrameCacheConfig,
    processes: int,  # noqa: ARG001 - as _in_processes
    skip_bad: bool,
    tell: Callable[[int], None],
    patient: bool,
) -> Iterator[_Found]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        tell(done)

    for video in videos:
        yield video, decode_video(folder, video, config, skip_bad, count, patient)


def _in_processes(
    folder: Path,
    videos: Sequence[Video],
    config: FrameCacheConfig,
    processes: int,
    skip_bad: bool,
    tell: Callable[[int], None],
    patient: bool,
) -> Iterator[_Found]:
    context = multiprocessing.get_context("spawn")  # threads and locks of this process do not survive a fork
    finished, stop = context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(min(processes, len(videos)), context, initializer=_begin, initargs=(finished, stop))
    try:
        with apart_from_main():
            waiting = {pool.submit(_work, folder, video, config, skip_bad, patient): video for video in videos}
        reported = 0
        while waiting:
            ended, _ = wait(waiting, _NEWS_SECONDS, FIRST_COMPLETED)
            if finished.value > reported:
                reported = finished.value
                tell(reported)
            for future in ended:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        raise broken_pool("decoding") from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begin(finished: Any, stop: Any) -> None:
    end_with_parent()
    _shared.update(finished=finished, stop=stop)


def _work(
    folder: Path, video: Video, config: FrameCacheConfig, skip_bad: bool, patient: bool
) -> tuple[list[Entry], int] | None:
    return decode_video(folder, video, config, skip_bad, _count, patient)


def _count() -> None:
    with _shared["finished"].get_lock():
        _shared["finished"].value += 1
    if _shared["stop"].is_set():
        raise UserError("Stopped.")  # another process has met an error, which is the one that is reported
