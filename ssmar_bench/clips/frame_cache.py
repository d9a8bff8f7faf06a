"""A frame cache: the uint8 frames of all clips of a benchmark, decoded once, read by memory map.

Each clip is a file (:mod:`ssmar_bench.clips.stored_clip`), which is whole or not there, so an interrupted preparation
goes on where it stopped, and two of them can fill one frame cache. ``frame_cache.json`` is written last: it says that
the frame cache is whole, and holds the entry of each clip with its checksum, those included that cannot be used and
that no run may train on. Frame caches of former versions are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ssmar_bench.clips.clip_file import ClipFile, size_in_bytes, unchanged
from ssmar_bench.clips.encoding import JpegFrames
from ssmar_bench.clips.preparation import (
    FILE,
    CacheSize,
    FrameMismatch,
    LeftOut,
    PreparationReport,
    cache_size,
    prepare_frame_cache,
    read_list,
)
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.stored_clip import FORMAT, Entry, has_size, identity_of, map_frames
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
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

_MAPS = 8192
"""Files that are kept mapped; the system allows a process some 65,000."""


def cache_location(root: Path, name: str, config: FrameCacheConfig, clips: Sequence[ClipFile]) -> Path:
    """The folder of the frame cache of ``clips`` under ``config``: ``<root>/<name>-<digest>``, whatever their order."""
    cut = sorted([clip.clip_id, clip.start, clip.end] for clip in clips)
    return root / f"{name}-{digest([FORMAT, config.to_config(), cut])}"


def left_out_clips(folder: Path) -> dict[str, str] | None:
    """Why clips are left out of the frame cache in ``folder``, by their ids; None without a complete frame cache."""
    return FrameCache.open(folder).left_out if (folder / FILE).is_file() else None


def pixels(folder: Path, clips: Sequence[ClipFile], config: FrameCacheConfig) -> str:
    """Fingerprint of the frame cache in ``folder``, "" where it is not whole or was decoded from other videos.

    No frame is read: it says what :func:`prepare_frame_cache` has found.
    """
    known = read_list(folder)
    entries = {entry["id"]: entry for entry in known[1]} if known else {}
    if entries.keys() != {clip.clip_id for clip in clips}:
        return ""
    for clip in clips:
        entry = entries[clip.clip_id]
        if entry["identity"] != identity_of(clip, config) or not unchanged(clip, entry):
            return ""
    if known is None or not all(has_size(folder, entry) for entry in known[1]):
        return ""
    return FrameCache(folder, *known).fingerprint()


class FrameCache:
    """A whole frame cache, opened for reading. Rows are numbered from 0 in the order of the clips' ids.

    Attributes:
        ids: clip ids by row.
        left_out: why clips that were asked for are not in it, by their ids.
    """

    def __init__(self, folder: Path, config: FrameCacheConfig, entries: Sequence[Entry]) -> None:
        self.folder = folder
        self.config = config
        self._held = sorted((entry for entry in entries if not entry["problem"]), key=lambda entry: str(entry["id"]))
        self.ids: tuple[str, ...] = tuple(entry["id"] for entry in self._held)
        self.left_out = {entry["id"]: entry["problem"] for entry in entries if entry["problem"]}
        self._maps: dict[int, Frames | JpegFrames] = {}

    @classmethod
    def open(cls, folder: Path, pixels: str = "") -> FrameCache:
        """Open a frame cache; the frames are neither read nor verified (:func:`prepare_frame_cache` does that).

        Args:
            folder: the frame cache.
            pixels: the fingerprint that it must have, "" for any.

        Raises:
            UserError: there is no whole frame cache in ``folder``, or one of other clips.
        """
        known = read_list(folder)
        if known is None or not all(has_size(folder, entry) for entry in known[1]):
            raise UserError(f"There is no whole frame cache of clips in {folder}; prepare the benchmark's data.")
        frame_cache = cls(folder, *known)
        if pixels and frame_cache.fingerprint() != pixels:
            raise UserError(f"The frame cache {folder} holds other clips by now; give the command again.")
        return frame_cache

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

    def clip(self, row: int) -> Frames | JpegFrames:
        """A clip's frames, (config.frames, H, W, 3) uint8 RGB: a read-only view of the file on the disk.

        JPEGs are decoded when they are asked for.

        With neighbours, each frame is followed by its neighbour.

        Raises:
            UserError: the file has been removed since the frame cache was opened.
        """
        frames = self._maps.get(row)
        if frames is None:
            if len(self._maps) >= _MAPS:
                self._maps.clear()
            try:
                frames = self._maps[row] = map_frames(self.folder, self._held[row])
            except (OSError, ValueError) as error:
                raise UserError(
                    f"The clip '{self.ids[row]}' of the frame cache {self.folder} cannot be read ({error}); "
                    "give the command again, which decodes it."
                ) from None
        return frames

    def fingerprint(self) -> str:
        """Digest of all clips' ids, shapes and pixels, whatever their order."""
        return digest([[entry["id"], entry["shape"], entry["sha256"]] for entry in self._held])

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {clip_id: row for row, clip_id in enumerate(self.ids)}
