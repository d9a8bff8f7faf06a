"""A frame cache: the uint8 frames of all clips of a benchmark, decoded once, read by memory map.

The frames lie in shards (:mod:`ssmar_bench.clips.shards`), each of which is whole or not there, so an interrupted
preparation goes on where it stopped. ``audit.json`` lists clips whose videos hold more or fewer frames than their
headers say, ``left_out.json`` those that cannot be used and that no run may train on; ``frame_cache.json`` is written
last, says that the frame cache is whole, and names the clips whose frames were chosen by time (``sampled_by_time``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ssmar_bench.clips.decode import Frames
from ssmar_bench.clips.layout import tasks_of
from ssmar_bench.clips.preparation import (
    CacheSize,
    FrameMismatch,
    LeftOut,
    PreparationReport,
    cache_size,
    prepare_frame_cache,
)
from ssmar_bench.clips.shards import FORMAT, ClipFile, bytes_of, config_digest, entries_of, size_in_bytes, unchanged
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.identity import digest

__all__ = [
    "CacheSize",
    "ClipFile",
    "FrameCache",
    "FrameMismatch",
    "LeftOut",
    "PreparationReport",
    "cache_location",
    "cache_size",
    "left_out_clips",
    "pixels",
    "prepare_frame_cache",
    "size_in_bytes",
]


def cache_location(root: Path, name: str, config: FrameCacheConfig, clips: Sequence[ClipFile]) -> Path:
    """The folder of the frame cache of ``clips`` under ``config``: ``<root>/<name>-<digest>``, whatever their order."""
    return root / f"{name}-{config_digest(config, sorted(clips, key=lambda clip: clip.clip_id))}"


def left_out_clips(folder: Path) -> dict[str, str] | None:
    """Why clips are left out of the frame cache in ``folder``, by their ids; None without a complete frame cache."""
    return FrameCache.open(folder).left_out if (folder / "frame_cache.json").is_file() else None


def pixels(folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig) -> str:
    """Fingerprint of the frame cache in ``folder``, "" where it is not whole or was decoded from other videos.

    No frame is read: it says what :func:`prepare_frame_cache` has found.
    """
    for shard in (shard for task in tasks_of(folder, clips, config) for shard in task):
        entries = entries_of(shard)
        if entries is None or not all(map(unchanged, shard.clips, entries)):
            return ""
    try:
        return FrameCache.open(folder).fingerprint()
    except UserError:
        return ""


@dataclass(frozen=True)
class _Row:
    """Where a clip's frames lie: number of the shard, first byte, shape (frames, H, W, 3)."""

    shard: int
    offset: int
    shape: tuple[int, int, int, int]


class FrameCache:
    """A whole frame cache, opened for reading. Rows are numbered from 0 in the order of the clips' ids.

    Attributes:
        ids: clip ids by row.
        left_out: why clips that were asked for are not in it, by their ids.
    """

    def __init__(self, folder: Path, config: FrameCacheConfig, shards: Sequence[Sequence[dict[str, Any]]]) -> None:
        self.folder = folder
        self.config = config
        held = [(number, entry) for number, entries in enumerate(shards) for entry in entries if not entry["problem"]]
        held.sort(key=lambda pair: pair[1]["id"])
        self.ids: tuple[str, ...] = tuple(entry["id"] for _, entry in held)
        self.left_out = {entry["id"]: entry["problem"] for entries in shards for entry in entries if entry["problem"]}
        self._checksums = [[entry["id"], entry["shape"], entry["sha256"]] for _, entry in held]
        self._rows = [_Row(number, entry["offset"], tuple(entry["shape"])) for number, entry in held]
        self._maps: dict[int, np.memmap[Any, np.dtype[np.uint8]]] = {}

    @classmethod
    def open(cls, folder: Path, pixels: str = "") -> FrameCache:
        """Open a frame cache; the frames are neither read nor verified (:func:`prepare_frame_cache` does that).

        Args:
            folder: the frame cache.
            pixels: the fingerprint that it must have, "" for any.

        Raises:
            UserError: there is no whole frame cache in ``folder``, or one of other clips.
        """
        frame_cache = cls._open(folder)
        if pixels and frame_cache.fingerprint() != pixels:
            raise UserError(f"The frame cache {folder} holds other clips by now; give the command again.")
        return frame_cache

    @classmethod
    def _open(cls, folder: Path) -> FrameCache:
        try:
            about = read_json(folder / "frame_cache.json")
            shards = [read_json(folder / f"{name}.json")["clips"] for name in about["shards"]]
            sizes = [(folder / f"{name}.bin").stat().st_size for name in about["shards"]]
            if about["format"] == FORMAT and sizes == [bytes_of(entries) for entries in shards]:
                return cls(folder, FrameCacheConfig.model_validate(about["config"]), shards)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # one sentence for all that can be wrong
        raise UserError(f"There is no whole frame cache of clips in {folder}; prepare the benchmark's data.")

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, clip_id: str) -> int:
        """The row of a clip.

        Raises:
            UserError: the frame cache does not hold it.
        """
        try:
            return self._row_of[clip_id]
        except KeyError:
            raise UserError(f"The frame cache {self.folder} holds no clip '{clip_id}'; prepare it again.") from None

    def clip(self, row: int) -> Frames:
        """A clip's frames, (config.frames, H, W, 3) uint8 RGB: a read-only view of the file on the disk.

        With neighbours, each frame is followed by its neighbour.
        """
        where = self._rows[row]
        frames = self._map(where.shard)[where.offset : where.offset + math.prod(where.shape)]
        return frames.reshape(where.shape)

    def fingerprint(self) -> str:
        """Digest of all clips' ids, shapes and pixels, whatever their order."""
        return digest(self._checksums)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {clip_id: row for row, clip_id in enumerate(self.ids)}

    def _map(self, shard: int) -> np.memmap[Any, np.dtype[np.uint8]]:
        if shard not in self._maps:
            self._maps[shard] = np.memmap(self.folder / f"shard-{shard:05d}.bin", np.uint8, "r")
        return self._maps[shard]
