"""Decodes videos into the files of their clips, each video once and in order, in one process or several."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import filelock

from ssmar_bench.clips.clip_file import ClipFile, Video, content_of, source_of
from ssmar_bench.clips.frame_positions import SampledClip
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.scaler import NO_FRAMES
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


Done = tuple[list[Entry], int]
"""Entries of clips, in any order, and how many of the clips were decoded now."""


@dataclass(frozen=True)
class VideoDecoder:
    """Decodes the clips of a video into their files.

    Attributes:
        folder: the frame cache.
        config: which frames, and how large.
        skip_bad: a clip that cannot be used is kept as an entry without frames, instead of being an error.
    """

    folder: Path
    config: FrameCacheConfig
    skip_bad: bool

    def decode(self, video: Video, tell: Callable[[], None], patient: bool) -> Done | None:
        """The clips of a video; None where another process is at it, for which a ``patient`` one waits.

        Args:
            video: the clips that are missing.
            tell: called whenever a clip is finished.
            patient: wait.

        Raises:
            UserError: a clip cannot be used, or the disk is full.
        """
        lock = filelock.FileLock(lock_path(self.folder, video))
        with writing(self.folder), contextlib.suppress(filelock.Timeout), lock.acquire(-1 if patient else 0):
            return self._decoded(video, tell)
        return None

    def _decoded(self, video: Video, tell: Callable[[], None]) -> Done:
        """What another process has just finished is taken as it is."""
        entries: list[Entry] = []
        todo: list[ClipFile] = []
        for clip in video:
            entry = entry_of(self.folder, clip, self.config)
            if entry is None or not sound(self.folder, clip, entry):
                todo.append(clip)
                continue
            self._refuse(clip, entry["problem"])
            entries.append(entry)
            tell()
        decoded = 0
        for clip, taken, source in _sampled(todo, self.config):
            self._refuse(clip, taken.problem)
            entries.append(write_clip(self.folder, clip, self.config, taken, source))
            decoded += not taken.problem
            tell()
        return entries, decoded

    def _refuse(self, clip: ClipFile, problem: str) -> None:
        if problem and not self.skip_bad:
            raise bad_clip(clip, problem)


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


def decode_videos(decoder: VideoDecoder, videos: Sequence[Video], processes: int, tell: Callable[[int], None]) -> Done:
    """Decode the missing clips of ``videos``.

    Videos that another preparation of the same folder is decoding are left to the end, and then taken from there.

    Args:
        decoder: decodes one.
        videos: the missing clips of each video.
        processes: how many processes decode.
        tell: called now and then with the number of clips that were finished since.

    Raises:
        UserError: the first error; the other processes then stop after the clip that they are at.
    """
    run = _in_processes if processes > 1 and len(videos) > 1 else _here
    entries: list[Entry] = []
    decoded = 0
    for patient in (False, True):
        held: list[Video] = []
        for video, done in run(decoder, videos, processes, tell, patient):
            if done is None:
                held.append(video)
            else:
                entries += done[0]
                decoded += done[1]
        videos = held
        if not videos:
            break
    return entries, decoded


def _here(
    decoder: VideoDecoder,
    videos: Sequence[Video],
    processes: int,  # noqa: ARG001 - as _in_processes
    tell: Callable[[int], None],
    patient: bool,
) -> Iterator[tuple[Video, Done | None]]:
    for video in videos:
        yield video, decoder.decode(video, partial(tell, 1), patient)


def _in_processes(
    decoder: VideoDecoder, videos: Sequence[Video], processes: int, tell: Callable[[int], None], patient: bool
) -> Iterator[tuple[Video, Done | None]]:
    context = multiprocessing.get_context("spawn")  # threads and locks of this process do not survive a fork
    finished, stop = context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(min(processes, len(videos)), context, initializer=_begin, initargs=(finished, stop))
    try:
        with apart_from_main():
            waiting = {pool.submit(_work, decoder, video, patient): video for video in videos}
        told = 0
        while waiting:
            ended, _ = wait(waiting, _NEWS_SECONDS, FIRST_COMPLETED)
            if more := finished.value - told:
                told += more
                tell(more)
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


def _work(decoder: VideoDecoder, video: Video, patient: bool) -> Done | None:
    return decoder.decode(video, _count, patient)


def _count() -> None:
    with _shared["finished"].get_lock():
        _shared["finished"].value += 1
    if _shared["stop"].is_set():
        raise UserError("Stopped.")  # another process has met an error, which is the one that is reported
