"""How a clip's frames are stored: as they are, or each as a JPEG."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ssmar_bench.clips.scaler import Frames

QUALITY = 95
"""Of libjpeg-turbo, with 4:2:0 chroma. Another one would be another encoding."""
SHARE = 0.24
"""Bytes of a JPEG over those of its frame, to plan with; plain backgrounds take half of it."""
_KEPT = 256
"""Decoded frames that are kept, because the views of a step show the same ones."""

Places = tuple[npt.NDArray[np.int64], slice, slice]
"""Which frames, rows and columns of a clip."""


def encode(frames: Frames) -> tuple[Frames, list[int]]:
    """JPEGs (bytes,) of frames (T, H, W, 3), one behind the other, and where each of them ends."""
    import torch
    from torchvision.io import encode_jpeg

    pictures = [encode_jpeg(torch.from_numpy(frame).permute(2, 0, 1), QUALITY).numpy() for frame in frames]
    return np.concatenate([*pictures, np.zeros(0, np.uint8)]), list(accumulate(map(len, pictures)))


class JpegFrames:
    """Frames (T, H, W, 3) that are decoded when they are asked for: ``clip[numbers, rows, columns]``.

    Args:
        stored: their JPEGs, one behind the other.
        ends: where each of them ends.
        shape: of the frames.
    """

    def __init__(self, stored: Frames, ends: Iterable[int], shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._jpegs = np.split(stored, [*ends][:-1])

    def __getitem__(self, places: Places) -> Frames:
        numbers, rows, columns = places
        return np.stack([_decode(self, number)[rows, columns] for number in numbers.tolist()])

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Frames:
        return self[np.arange(self.shape[0]), slice(None), slice(None)]

    def decode(self, number: int) -> Frames:
        """One frame (H, W, 3)."""
        import torch
        from torchvision.io import ImageReadMode, decode_jpeg

        pixels: Frames = decode_jpeg(torch.from_numpy(self._jpegs[number].copy()), ImageReadMode.RGB).numpy()
        return pixels.transpose(1, 2, 0)


@lru_cache(maxsize=_KEPT)
def _decode(clip: JpegFrames, number: int) -> Frames:
    return clip.decode(number)
