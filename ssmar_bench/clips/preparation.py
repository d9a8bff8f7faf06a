"""The preparation of a frame cache: which clips are missing or stale, decoding them, and the list of all of them."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
from av import library_versions

from ssmar_bench.clips.clip_file import ClipFile, by_video, size_in_bytes, source_of
from ssmar_bench.clips.decode_videos import VideoDecoder, bad_clip, decode_videos
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.stored_clip import FORMAT, Entry, clip_path, entry_of, has_size, identity_of, sound, writing
from ssmar_bench.clips.video_file import why_missing
from ssmar_bench.clips.video_header import read_header
from ssmar_bench.core import links, paths
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.files import json_bytes, read_json, write_bytes
from ssmar_bench.core.identity import digest

FILE = "frame_cache.json"
"""The list of a whole frame cache's clips."""

_MARGIN = 64 << 20
"""Bytes to be left free on the disk: the list of the clips, and whatever else is written meanwhile."""
_RECENT_SECONDS = 30
"""What the rate is the mean over."""
_LOOKED_AT = 10
"""Headers that are read to guess the frames' shape."""
_ABANDONED_SECONDS = 3600
"""Age of a temporary file that nobody writes any more."""


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

    Every clip that is there is verified: one whose frames do not match their checksum, or whose video has changed since
    it was decoded, is decoded again. Two preparations of one folder share the work.

    Args:
        folder: the frame cache (:func:`ssmar_bench.clips.frame_cache.cache_location`); made if need be.
        clips: the clips, with unique ids, in any order.
        config: which frames are stored, and how large.
        processes: processes that decode; 1 decodes in this process.
        listener: hears events ``prepare``, counted in clips.
        skip_bad: leave clips out that cannot be used, instead of stopping at the first.

    Raises:
        UserError: a clip cannot be used and is not to be skipped, or the disk has too little space.
    """
    videos = by_video(clips)
    clips = [clip for video in videos for clip in video]
    if not skip_bad:
        _require_videos(clips)
    if not folder.exists():
        _require_space(folder, clips, config)  # before anything is written
    _make(folder)
    found = _verified(folder, clips, config, processes, listener)
    if not skip_bad:
        for clip in clips:  # one that was prepared with bad clips left out does not do
            if clip.clip_id in found and (problem := found[clip.clip_id]["problem"]):
                raise bad_clip(clip, problem)
    missing = [[clip for clip in video if clip.clip_id not in found] for video in videos]
    todo = [tuple(video) for video in missing if video]
    if todo:
        _require_space(folder, [clip for video in todo for clip in video], config)
        with writing(folder):
            (folder / FILE).unlink(missing_ok=True)
    reused = sum(not entry["problem"] for entry in found.values())
    tell = _Rate(len(found), len(clips), listener)
    made, decoded = decode_videos(VideoDecoder(folder, config, skip_bad), todo, processes, tell)
    found |= {entry["id"]: entry for entry in made}
    entries = [found[clip.clip_id] for clip in sorted(clips, key=lambda clip: clip.clip_id)]
    _finish(folder, config, entries)
    reused += sum(not entry["problem"] for entry in made) - decoded
    return _report(entries, clips, decoded, reused)


class _Rate:
    """Reports finished clips and their rate in the last half minute."""

    def __init__(self, done: int, total: int, listener: Listener) -> None:
        self._done, self._total, self._listener = done, total, listener
        self._recent: deque[tuple[float, int]] = deque()

    def __call__(self, more: int) -> None:
        recent, self._done = self._recent, self._done + more
        recent.append((time.monotonic(), self._done))
        while recent[-1][0] - recent[0][0] > _RECENT_SECONDS and len(recent) > 2:
            recent.popleft()
        seconds, clips = (recent[-1][i] - recent[0][i] for i in (0, 1))
        rate = clips / seconds if seconds else 0.0
        self._listener(Event("", "prepare", "decoding clips", self._done, self._total, rate))


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
    left = [clip for clip in clips if entry_of(folder, clip, config) is None]
    one = size_in_bytes(1, config, _aspect(clips))
    return CacheSize(one * len(clips), one * len(left), _free(folder), len(clips), left)


def read_list(folder: Path) -> tuple[FrameCacheConfig, list[Entry]] | None:
    """Config and entries of a whole frame cache; None where there is none, or one of another format."""
    try:
        about = read_json(folder / FILE)
        entries = cast("list[Entry]", about["clips"])
        if about["format"] != FORMAT or about["digest"] != digest(entries):
            return None
        return FrameCacheConfig.model_validate(about["config"]), entries
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _require_videos(clips: Sequence[ClipFile]) -> None:
    """A missing file is reported now, not after hours of decoding."""
    for clip in sorted({clip.path: clip for clip in clips}.values(), key=lambda clip: clip.path):
        reason = why_missing(clip.path)
        if reason:
            raise bad_clip(clip, reason)


def _require_space(folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig) -> None:
    """Raise if the frames of ``clips`` do not fit on the disk; sizes are guessed from a few clips' headers."""
    if not clips:
        return
    needed = size_in_bytes(len(clips), config, _aspect(clips)) + _MARGIN
    free = _free(folder)  # a stale file stays until the new one replaces it, so its space is not counted as free
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


def _make(folder: Path) -> None:
    """Make the folder, in which no link may be."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    top = paths.cache_folder() if folder.is_relative_to(paths.cache_folder()) else folder
    links.refuse(top, *folder.relative_to(top).parts)


def _verified(
    folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig, processes: int, listener: Listener
) -> dict[str, Entry]:
    """Entries by clip id of the clips that need not be decoded; every one of their frames is read."""
    known = read_list(folder)
    listed = {entry["id"]: entry for entry in known[1]} if known else {}

    def look(clip: ClipFile) -> Entry | None:
        entry = listed.get(clip.clip_id)
        if entry is None or entry["identity"] != identity_of(clip, config):
            entry = entry_of(folder, clip, config)
        if entry is None or not has_size(folder, entry) or not sound(folder, clip, entry):
            return None
        return entry | {"source": source_of(clip)}  # of the same video, copied or touched: not read again next time

    found: dict[str, Entry] = {}
    with ThreadPoolExecutor(max(processes, 1)) as pool:  # threads do: hashing lets go of Python's lock
        for entry in pool.map(look, clips):
            if entry is not None:
                found[entry["id"]] = entry
                listener(Event("", "prepare", "verifying stored clips", len(found), len(clips)))
    return found


def _report(entries: Sequence[Entry], clips: Sequence[ClipFile], decoded: int, reused: int) -> PreparationReport:
    """With the clips to look at, and those that are left out."""
    files = {clip.clip_id: clip for clip in clips}
    audit = [
        FrameMismatch(files[entry["id"]].shown, entry["decoded"], entry["header"])
        for entry in entries
        if not entry["problem"] and entry["header"] not in (0, entry["decoded"])  # 0 announces nothing
    ]
    left_out = [
        LeftOut(files[entry["id"]].shown, str(files[entry["id"]].path), entry["problem"])
        for entry in entries
        if entry["problem"]
    ]
    return PreparationReport(decoded, reused, audit, left_out)


def _finish(folder: Path, config: FrameCacheConfig, entries: list[Entry]) -> None:
    """Write the list of the clips, unless it is there, and remove what is no part of the frame cache."""
    decoder = {"pyav": av.__version__, "ffmpeg": ".".join(map(str, library_versions["libavcodec"]))}
    if config.decoder == "decord":
        decoder["decord"] = decord_module().__version__
    about: dict[str, Any] = {
        "format": FORMAT,
        "config": config.model_dump(),
        "decoder": decoder,
        "digest": digest(entries),
        "clips": entries,
    }
    content = json_bytes(about)
    wanted = {FILE, *(clip_path(folder, entry["id"]).name for entry in entries)}
    with writing(folder):
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another preparation removes the same
                written = path.suffix == ".tmp" and path.lstat().st_mtime > time.time() - _ABANDONED_SECONDS
                if path.name not in wanted and not written:
                    path.unlink()
        with contextlib.suppress(OSError):
            if (folder / FILE).read_bytes() == content:
                return
        write_bytes(folder / FILE, content)
