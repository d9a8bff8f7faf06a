"""Augmented views of a frame cache's clips as tensors of pixels (:mod:`ssmar_bench.clips.normalise` comes after).

Every draw comes from a generator named after what is drawn and whom for, so a view sees the same frames, crop and
operations whatever other views are asked for: two methods that both look at a weak view look at the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssmar_bench.clips.augmentation_catalog import augment, load_augmentation
from ssmar_bench.clips.encoding import JpegFrames
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.segments import view_segments
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.seeds import generator

Key = tuple[str | int, ...]
Floats = npt.NDArray[np.float64]

_CENTRE = 0.5
_FLIPPED = 0.5
"""Draws below it mirror the clip."""


def temporal_gradient(frames: Frames, following: Frames) -> Frames:
    """The difference of frames to those that follow them as a picture: (frame - next + 255) / 2, halves upwards.

    Grey (128) where nothing changes. Both (T, H, W, 3) uint8 (Xiao et al., CVPR 2022).
    """
    return ((frames.astype(np.int16) - following + 256) >> 1).astype(np.uint8)


class FrameSource(Protocol):
    """Where frames lie: a frame cache, or one clip of a video in memory (:mod:`ssmar_bench.clips.video_clip`)."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Clip ids by row."""
        ...

    def clip(self, row: int) -> Frames | JpegFrames:
        """A clip's stored frames, (T', H, W, 3) uint8 RGB, as many as the frame cache's config has."""
        ...


class ViewMaker:
    """Makes views (B, T, C, size, size) uint8 of a frame cache's clips.

    Args:
        frame_cache: where the frames lie.
        config: how views are made.
        cache_config: how many segments, candidates and neighbours the frame cache holds.
        seed: the run's seed.
        on_device: leave augmentations that a GPU can do, too, to :meth:`augment_moved`.
    """

    def __init__(
        self,
        frame_cache: FrameSource,
        config: ClipConfig,
        cache_config: FrameCacheConfig,
        seed: int,
        on_device: bool = False,
    ) -> None:
        self._frame_cache = frame_cache
        self._recipe = config
        self._stored = cache_config
        self._seed = seed
        self._on_device = on_device
        self._augmentation = cache(load_augmentation)

    def views(self, rows: Sequence[int], views: Mapping[str, View], key: Key) -> dict[str, Tensor]:
        """Views of some clips.

        Args:
            rows: rows of the frame cache, B of them; a row may occur twice and then gets two draws.
            views: the views by name. Equal ``time`` share frames, equal ``space`` (but ``own``) share crop and flip;
                T is what a view asks for, or the frame cache's segments.
            key: names the draws, for instance the pool and the step; with the seed it decides them all.

        Returns:
            name -> (B, T, C, size, size) uint8 RGB.

        Raises:
            UserError: a clip's frames are smaller than the crop, or an augmentation is unknown or gives no clip.
        """
        return {name: self._view(rows, name, view, key) for name, view in views.items()}

    def augment_moved(self, pixels: Mapping[str, Tensor], views: Mapping[str, View], key: Key) -> None:
        """Do, in place and on the device where they are, what :meth:`views` has left out of ``pixels``.

        ``views`` and ``key`` decide the draws in any process, so nothing but pixels travels.

        Raises:
            UserError: an augmentation gives no clip.
        """
        for name, view in views.items():
            if self._later(view):
                self._augment(pixels[name], name, view, key)

    def test_batches(self, rows: Sequence[int], batch: int) -> Iterator[Tensor]:
        """The deterministic test views of ``rows``, ``batch`` clips at a time, (<= batch, T, C, size, size) uint8."""
        for start in range(0, len(rows), batch):
            yield self._view(rows[start : start + batch], "test", View("test"), ())

    def _view(self, rows: Sequence[int], name: str, view: View, key: Key) -> Tensor:
        frames = self._frames(len(rows), view, key)
        places = self._places(len(rows), name, view, key)
        size = self._recipe.size
        pixels = torch.empty((*frames.shape, 3, size, size), dtype=torch.uint8)
        for clip, row, shown, place in zip(pixels, rows, frames, places, strict=True):
            clip[:] = torch.from_numpy(self._crop(row, shown, place[:2], view.modality)).permute(0, 3, 1, 2)
            if self._recipe.flip and place[2] < _FLIPPED:
                clip[:] = clip.flip(-1)
        if not self._later(view):
            self._augment(pixels, name, view, key)
        return pixels

    def _later(self, view: View) -> bool:
        return self._on_device and self._augmentation(view.aug).changes_pixels_on_device()

    def _augment(self, pixels: Tensor, name: str, view: View, key: Key) -> None:
        """Give clips (B, T, C, size, size) the pixels of their view, in place."""
        augmentation = self._augmentation(view.aug)
        if augmentation.changes_pixels():
            rng = generator("augmentation", self._seed, *key, view.aug, name)
            for clip in pixels:
                clip[:] = augment(view.aug, augmentation, clip, rng, self._recipe)

    def _frames(self, clips: int, view: View, key: Key) -> npt.NDArray[np.int64]:
        """Places in the frame cache of the frames to show, (clips, T): one frame of each part of the clip."""
        parts, held = view_segments(self._stored, view)
        first = np.arange(parts) * held
        if not self._augmentation(view.aug).random_frames:
            frames = np.broadcast_to(first + held // 2, (clips, parts))
        else:
            rng = generator("augmentation", self._seed, *key, "time", view.time)
            frames = first + rng.integers(held, size=(clips, parts))
        return frames * (1 + self._stored.neighbours)

    def _places(self, clips: int, name: str, view: View, key: Key) -> Floats:
        """Crop and flip, (clips, 3) in [0, 1): how far down and across the crop lies, and whether it is mirrored."""
        if not self._augmentation(view.aug).random_crop:
            return np.full((clips, 3), _CENTRE)
        whose = ("own", name) if view.space == "own" else ("shared", view.space)
        return generator("augmentation", self._seed, *key, "space", *whose).random((clips, 3))

    def _crop(self, row: int, frames: npt.NDArray[np.int64], place: Floats, modality: str) -> Frames:
        """Frames (T, size, size, 3) of a clip, or their gradients."""
        clip, size = self._frame_cache.clip(row), self._recipe.size
        height, width = clip.shape[1:3]
        if min(height, width) < size:
            raise UserError(
                f"The clip '{self._frame_cache.ids[row]}' is stored with {width} x {height} pixels, smaller than the "
                "crop of "
                f"{size} (clips.size); raise frame_cache.short_side or lower clips.size."
            )
        down, across = place
        top, left = int(down * (height - size + 1)), int(across * (width - size + 1))
        rows, columns = slice(top, top + size), slice(left, left + size)
        shown: Frames = clip[frames, rows, columns]
        return shown if modality == "rgb" else temporal_gradient(shown, clip[frames + 1, rows, columns])
