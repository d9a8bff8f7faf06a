"""One shard of a store: the frames of some clips in a flat file, and a sidecar that says what lies where.

``shard-00007.bin`` holds uint8 frames, clip after clip; ``shard-00007.json`` holds the shard's identity and each
clip's entry. Both come out of a draft (:mod:`ssmar_bench.clips.draft`): a shard without both does not exist.

An entry has ``id``, ``shape`` (frames, H, W, 3), ``offset`` (bytes), ``sha256`` of the frames, ``decoded`` and
``header`` (frames there are and frames announced), ``problem`` (why the clip is left out; "" if it is not), ``by_time``
(whether its frames were chosen by their times, because its frame rate varies), and the video's ``source_size`` and
``source_mtime_ns``, by which a change is noticed.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ssmar_bench.core.definition import StoreRecipe
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.identity import digest

FORMAT = 2
"""Raised when the meaning or the pixels of a shard change: stores of another format are not used."""


@dataclass(frozen=True)
class ClipFile:
    """Where a clip lies: frames ``start`` to ``end`` of a video file (0-based, inclusive; -1 and -1: all of it)."""

    clip_id: str
    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class Shard:
    """A shard to be: its two files (without their ending) and its clips."""

    stem: Path
    clips: tuple[ClipFile, ...]
    recipe: StoreRecipe

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
        return recipe_digest(self.recipe, self.clips)


def recipe_digest(recipe: StoreRecipe, clips: Sequence[ClipFile]) -> str:
    """Digest of a recipe and of the clips' ids and frame numbers."""
    return digest([FORMAT, recipe.told(), [[clip.clip_id, clip.start, clip.end] for clip in clips]])


def size_in_bytes(clips: int, recipe: StoreRecipe, aspect: float = 16 / 9) -> int:
    """Bytes that a store of ``clips`` clips takes; ``aspect`` is the frames' longer side over the shorter one."""
    pixels = recipe.short_side * round(recipe.short_side * aspect)
    return clips * recipe.frames * pixels * 3


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a failure of the file system (full, read-only, ...) into a ``UserError`` that names the store."""
    try:
        yield
    except OSError as error:
        raise UserError(f"The store {folder} cannot be written: {error.strerror or error}.") from None


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
    if any(source_of(clip) != recorded(entry) for clip, entry in zip(shard.clips, entries, strict=True)):
        return None
    with shard.data.open("rb") as file:
        for entry in entries:
            if hashlib.sha256(file.read(math.prod(entry["shape"]))).hexdigest() != entry["sha256"]:
                return None
    return entries


def source_of(clip: ClipFile) -> tuple[int, int]:
    """Size and time of the last change of a clip's video; (-1, -1) where it is missing."""
    try:
        stat = clip.path.stat()
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


def recorded(entry: dict[str, Any]) -> tuple[int, int]:
    """:func:`source_of` an entry's clip when it was decoded."""
    return entry["source_size"], entry["source_mtime_ns"]
