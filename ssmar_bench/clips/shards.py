"""One shard of a store: the frames of some clips in a flat file, and a sidecar that says what lies where.

``shard-00007.bin`` holds uint8 frames, clip after clip; ``shard-00007.json`` holds the shard's identity and each
clip's entry (:func:`build`). The sidecar is written last: a shard without a whole sidecar does not exist.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ssmar_bench.clips.decode import Decoded, Frames, decode_parts
from ssmar_bench.core.definition import StoreRecipe
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json, write_bytes, write_json
from ssmar_bench.core.identity import digest

FORMAT = 1
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
    return digest([FORMAT, recipe.model_dump(), [[clip.clip_id, clip.start, clip.end] for clip in clips]])


def size_in_bytes(clips: int, recipe: StoreRecipe, aspect: float = 16 / 9) -> int:
    """Bytes that a store of ``clips`` clips takes; ``aspect`` is the frames' longer side over the shorter one."""
    pixels = recipe.short_side * round(recipe.short_side * aspect)
    return clips * recipe.segments * recipe.candidates * pixels * 3


def positions(frames: int, segments: int, candidates: int) -> npt.NDArray[np.int64]:
    """Frames to store of a clip of ``frames`` frames: (segments * candidates,), ascending.

    The clip is divided into ``segments`` equal parts (TSN) and each of them into ``candidates`` equal pieces; a
    piece's centre is taken. Short clips repeat frames; frames = segments * candidates takes each frame once.
    """
    pieces = segments * candidates
    return ((2 * np.arange(pieces, dtype=np.int64) + 1) * frames) // (2 * pieces)


def build(shard: Shard) -> list[dict[str, Any]]:
    """Decode a shard's clips and write its files; returns the sidecar's entries.

    An entry has ``id``, ``shape`` (frames, H, W, 3), ``offset`` (bytes), ``sha256`` of the frames, ``decoded`` and
    ``header`` (frames there are and frames announced), ``problem``, and the video's ``source_size`` and
    ``source_mtime_ns``, by which a change is noticed.

    Raises:
        UserError: a video cannot be read, or the disk is full.
    """
    decoded = _decode(shard)
    entries: list[dict[str, Any]] = []
    offset = 0
    for clip, (frames, entry) in zip(shard.clips, decoded, strict=True):
        entries.append({"id": clip.clip_id, "shape": list(frames.shape), "offset": offset} | entry)
        offset += frames.nbytes
    data = b"".join(frames.data for frames, _ in decoded)
    with writing(shard.stem.parent):
        shard.sidecar.unlink(missing_ok=True)
        write_bytes(shard.data, data)
        write_json(shard.sidecar, {"identity": shard.identity(), "digest": digest(entries), "clips": entries})
    return entries


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
    if any(_source(clip) != _recorded(entry) for clip, entry in zip(shard.clips, entries, strict=True)):
        return None
    with shard.data.open("rb") as file:
        for entry in entries:
            if hashlib.sha256(file.read(math.prod(entry["shape"]))).hexdigest() != entry["sha256"]:
                return None
    return entries


def _decode(shard: Shard) -> list[tuple[Frames, dict[str, Any]]]:
    """Stored frames and facts of each clip; a file that several clips are cut from is decoded once."""
    by_file: defaultdict[Path, list[int]] = defaultdict(list)
    for number, clip in enumerate(shard.clips):
        by_file[clip.path].append(number)
    found: dict[int, tuple[Frames, dict[str, Any]]] = {}
    for path, numbers in by_file.items():
        source = _source(shard.clips[numbers[0]])
        parts = [(shard.clips[number].start, shard.clips[number].end) for number in numbers]
        for part, decoded in decode_parts(path, parts, shard.recipe.short_side):
            found[numbers[part]] = _stored(decoded, shard.recipe, source)
    return [found[number] for number in range(len(shard.clips))]


def _stored(decoded: Decoded, recipe: StoreRecipe, source: tuple[int, int]) -> tuple[Frames, dict[str, Any]]:
    taken = positions(len(decoded.frames), recipe.segments, recipe.candidates)
    frames = np.ascontiguousarray(decoded.frames[taken])
    return frames, {
        "sha256": hashlib.sha256(frames.data).hexdigest(),
        "decoded": len(decoded.frames),
        "header": decoded.header_frames,
        "problem": decoded.problem,
        "source_size": source[0],
        "source_mtime_ns": source[1],
    }


def _source(clip: ClipFile) -> tuple[int, int]:
    """Size and time of the last change of a clip's video; (-1, -1) where it is missing."""
    try:
        stat = clip.path.stat()
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


def _recorded(entry: dict[str, Any]) -> tuple[int, int]:
    return entry["source_size"], entry["source_mtime_ns"]
