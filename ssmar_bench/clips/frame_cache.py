"""A store: the uint8 frames of all clips of a benchmark, decoded once, read by memory map.

The frames lie in shards (:mod:`ssmar_bench.clips.shards`), each of which is whole or not there, so an interrupted
preparation goes on where it stopped. ``audit.json`` lists clips whose videos hold more or fewer frames than their
headers say, ``left_out.json`` those that cannot be used and that no run may train on; ``store.json`` is written last,
says that the store is whole, and names the clips whose frames were chosen by time (``sampled_by_time``).
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
from ssmar_bench.clips.preparation import Audit, LeftOut, Report, Sizes, prepare, sizes
from ssmar_bench.clips.shards import FORMAT, ClipFile, bytes_of, entries_of, recipe_digest, size_in_bytes, unchanged
from ssmar_bench.core.benchmark_config import StoreRecipe
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.identity import digest

__all__ = [
    "Audit",
    "ClipFile",
    "LeftOut",
    "Report",
    "Sizes",
    "Store",
    "left_out",
    "location",
    "pixels",
    "prepare",
    "size_in_bytes",
    "sizes",
]


def location(root: Path, name: str, recipe: StoreRecipe, clips: Sequence[ClipFile]) -> Path:
    """The folder of the store of ``clips`` under ``recipe``: ``<root>/<name>-<digest>``, whatever their order."""
    return root / f"{name}-{recipe_digest(recipe, sorted(clips, key=lambda clip: clip.clip_id))}"


def left_out(folder: Path) -> dict[str, str] | None:
    """Why clips are left out of the store in ``folder``, by their ids; None where there is no whole store."""
    return Store.open(folder).left_out if (folder / "store.json").is_file() else None


def pixels(folder: Path, clips: Sequence[ClipFile], recipe: StoreRecipe) -> str:
    """Fingerprint of the store in ``folder``, "" where it is not whole or was decoded from other videos.

    No frame is read: it says what :func:`prepare` has found.
    """
    for shard in (shard for task in tasks_of(folder, clips, recipe) for shard in task):
        entries = entries_of(shard)
        if entries is None or not all(map(unchanged, shard.clips, entries)):
            return ""
    try:
        return Store.open(folder).fingerprint()
    except UserError:
        return ""


@dataclass(frozen=True)
class _Row:
    """Where a clip's frames lie: number of the shard, first byte, shape (frames, H, W, 3)."""

    shard: int
    offset: int
    shape: tuple[int, int, int, int]


class Store:
    """A whole store, opened for reading. Rows are numbered from 0 in the order of the clips' ids.

    Attributes:
        ids: clip ids by row.
        left_out: why clips that were asked for are not in it, by their ids.
    """

    def __init__(self, folder: Path, recipe: StoreRecipe, shards: Sequence[Sequence[dict[str, Any]]]) -> None:
        self.folder = folder
        self.recipe = recipe
        held = [(number, entry) for number, entries in enumerate(shards) for entry in entries if not entry["problem"]]
        held.sort(key=lambda pair: pair[1]["id"])
        self.ids: tuple[str, ...] = tuple(entry["id"] for _, entry in held)
        self.left_out = {entry["id"]: entry["problem"] for entries in shards for entry in entries if entry["problem"]}
        self._checksums = [[entry["id"], entry["shape"], entry["sha256"]] for _, entry in held]
        self._rows = [_Row(number, entry["offset"], tuple(entry["shape"])) for number, entry in held]
        self._maps: dict[int, np.memmap[Any, np.dtype[np.uint8]]] = {}

    @classmethod
    def open(cls, folder: Path, pixels: str = "") -> Store:
        """Open a prepared store; the frames are neither read nor verified (:func:`prepare` does that).

        Args:
            folder: the store.
            pixels: the fingerprint that it must have, "" for any.

        Raises:
            UserError: there is no whole store in ``folder``, or one of other clips.
        """
        store = cls._open(folder)
        if pixels and store.fingerprint() != pixels:
            raise UserError(f"The store {folder} holds other clips by now; give the command again.")
        return store

    @classmethod
    def _open(cls, folder: Path) -> Store:
        try:
            about = read_json(folder / "store.json")
            shards = [read_json(folder / f"{name}.json")["clips"] for name in about["shards"]]
            sizes = [(folder / f"{name}.bin").stat().st_size for name in about["shards"]]
            if about["format"] == FORMAT and sizes == [bytes_of(entries) for entries in shards]:
                return cls(folder, StoreRecipe.model_validate(about["recipe"]), shards)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # one sentence for all that can be wrong
        raise UserError(f"There is no whole store of clips in {folder}; prepare the benchmark's data.")

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, clip_id: str) -> int:
        """The row of a clip.

        Raises:
            UserError: the store does not hold it.
        """
        try:
            return self._row_of[clip_id]
        except KeyError:
            raise UserError(f"The store {self.folder} holds no clip '{clip_id}'; prepare it again.") from None

    def clip(self, row: int) -> Frames:
        """A clip's frames, (recipe.frames, H, W, 3) uint8 RGB: a read-only view of the file on the disk.

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
