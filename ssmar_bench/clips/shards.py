"""One shard of a frame cache: the frames of some clips in a flat file, and a sidecar that says what lies where.

``shard-00007.bin`` holds uint8 frames, clip after clip; ``shard-00007.json`` holds the shard's identity and each
clip's entry. Both come out of a draft (:mod:`ssmar_bench.clips.draft`): a shard without both does not exist.

An entry has ``id``, ``shape`` (frames, H, W, 3), ``offset`` (bytes), ``sha256`` of the frames, ``decoded`` and
``header`` (frames there are and frames announced, both 0 where these agree), ``problem`` (why the clip is left out; ""
if it is not), ``by_time`` (whether its frames were chosen by their times, because its frame rate varies), and two
digests by which a change of the video is noticed: ``source``, of the file's size and times, which takes no time to
compare, and ``content``, of its bytes, which is compared where the former differs. A training process may read all of
this, so neither a path, a length, a size nor a time is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.identity import digest

FORMAT = 3
"""Raised when the meaning or the pixels of a shard change: frame caches of another format are not used."""


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


@dataclass(frozen=True)
class Shard:
    """A shard to be: its two files (without their ending) and its clips."""

    stem: Path
    clips: tuple[ClipFile, ...]
    config: FrameCacheConfig

    @property
    def data(self) -> Path:
        """The file of frames."""
        return self.stem.with_suffix(".bin")

    @property
    def sidecar(self) -> Path:
        """The file of entries."""
        return self.stem.with_suffix(".json")

    def identity(self) -> str:
        """Digest of what the shard must hold; the videos' whereabouts are left out, so data sets can be moved."""
        return config_digest(self.config, self.clips)


def config_digest(config: FrameCacheConfig, clips: Sequence[ClipFile]) -> str:
    """Digest of a config and of the clips' ids and frame numbers."""
    return digest([FORMAT, config.to_config(), [[clip.clip_id, clip.start, clip.end] for clip in clips]])


def size_in_bytes(clips: int, config: FrameCacheConfig, aspect: float = 16 / 9) -> int:
    """Bytes that a frame cache of ``clips`` clips takes; ``aspect`` is the frames' longer side over the shorter one."""
    pixels = config.short_side * round(config.short_side * aspect)
    return clips * config.frames * pixels * 3


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a failure of the file system (full, read-only, ...) into a ``UserError`` that names the frame cache."""
    try:
        yield
    except OSError as error:
        raise UserError(f"The frame cache {folder} cannot be written: {error.strerror or error}.") from None


def bytes_of(entries: Sequence[dict[str, Any]]) -> int:
    """Size of the file that a sidecar's entries describe."""
    return sum(math.prod(entry["shape"]) for entry in entries)


def entries_of(shard: Shard) -> list[dict[str, Any]] | None:
    """The sidecar's entries, or None if the shard is missing, is another one or has damage that shows at a glance."""
    try:
        sidecar = read_json(shard.sidecar)
        entries = sidecar["clips"]
        sound = sidecar["identity"] == shard.identity() and sidecar["digest"] == digest(entries)
        whole = shard.data.stat().st_size == bytes_of(entries)
        return cast("list[dict[str, Any]]", entries) if sound and whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def verified(shard: Shard) -> list[dict[str, Any]] | None:
    """Entries of a shard whose sources have not changed and whose frames match their checksums, otherwise None."""
    entries = entries_of(shard)
    if entries is None:
        return None
    changed = [entry["source"] != source_of(clip) for clip, entry in zip(shard.clips, entries, strict=True)]
    if not all(unchanged(clip, entry) for clip, entry in zip(shard.clips, entries, strict=True)):
        return None
    with shard.data.open("rb") as file:
        for entry in entries:
            if hashlib.sha256(file.read(math.prod(entry["shape"]))).hexdigest() != entry["sha256"]:
                return None
    if any(changed):  # the same videos, copied or touched: the next look need not read them again
        entries = [entry | {"source": source_of(clip)} for clip, entry in zip(shard.clips, entries, strict=True)]
        with writing(shard.stem.parent):
            write_sidecar(shard, entries)
    return entries


def write_sidecar(shard: Shard, entries: list[dict[str, Any]]) -> None:
    """Write the shard's entries."""
    write_json(shard.sidecar, {"identity": shard.identity(), "digest": digest(entries), "clips": entries})


def unchanged(clip: ClipFile, entry: dict[str, Any]) -> bool:
    """Whether a clip's video is what it was when it was decoded; its bytes are read only where its times differ."""
    try:
        return bool(entry["source"] == source_of(clip)) or bool(entry["content"] == content_of(clip))
    except KeyError:
        return False


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
