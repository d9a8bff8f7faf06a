"""Decoded frames into RGB of the size, and turned and mirrored, as a video is to be shown."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation, VideoReformatter

from ssmar_bench.clips.orientation import Orientation, UnknownOrientationError, orientation_of
from ssmar_bench.clips.video_file import BadVideoError

Frames = npt.NDArray[np.uint8]
NO_FRAMES: Frames = np.zeros((0, 0, 0, 3), np.uint8)

# Without these two flags swscale's pixels depend on the processor's instruction set.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT


class Scaler:
    """Frames as they are shown, (H, W, 3): scaled, turned and mirrored as the metadata ask."""

    def __init__(self, path: Path, short_side: int | None) -> None:
        self._path = path
        self._short_side = short_side
        self._size: tuple[int, int] | None = None
        self._orientation = Orientation()
        self._method = _EXACT
        self._reformatter = VideoReformatter()  # kept for the whole file: each would set up swscale again

    def begin(self, frame: av.VideoFrame) -> None:
        """Take size and orientation of a file's first frame for all of them.

        Raises:
            BadVideoError: it is to be shown as it cannot be.
        """
        try:
            self._orientation = orientation_of(frame)
        except UnknownOrientationError as error:
            raise BadVideoError(self._path, f"{error}, which is not done here") from None
        self._size = scaled_size(frame.width, frame.height, self._short_side)
        # AREA averages over all source pixels of a target pixel: no aliasing; it is no good for enlarging.
        self._method |= Interpolation.AREA if self._size[0] < frame.width else Interpolation.BICUBIC

    def image(self, frame: av.VideoFrame) -> Frames:
        """The frame in the size of the first one; its shorter side has ``short_side`` pixels."""
        if self._size is None:
            self.begin(frame)
        assert self._size is not None
        rgb = self._reformatter.reformat(frame, *self._size, "rgb24", interpolation=self._method, threads=1)
        return self._orientation.apply(cast("Frames", rgb.to_ndarray()))


def scaled_size(width: int, height: int, short_side: int | None) -> tuple[int, int]:
    """Width and height with the shorter side at ``short_side``, aspect kept to the nearest pixel."""
    if short_side is None:
        return width, height
    scale = short_side / min(width, height)
    return max(short_side, round(width * scale)), max(short_side, round(height * scale))
