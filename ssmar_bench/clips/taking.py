"""Which frames of a clip are stored, and the decoder that takes them out of its video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ssmar_bench.clips.decode import Frames, decode_parts
from ssmar_bench.core.definition import StoreRecipe

NO_FRAMES: Frames = np.zeros((0, 0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Taken:
    """The frames of a clip that are stored.

    Attributes:
        frames: (recipe.frames, H, W, 3) uint8 RGB, or no frame at all where there is a ``problem``.
        decoded, header: frames that there are, and frames that there should be (0: unknown).
        problem: why the clip cannot be used, "" if it can.
    """

    frames: Frames
    decoded: int
    header: int
    problem: str


def centres(frames: int, pieces: int) -> npt.NDArray[np.int64]:
    """The centre frames (pieces,) of so many equal pieces of a clip; short clips repeat frames."""
    return ((2 * np.arange(pieces, dtype=np.int64) + 1) * frames) // (2 * pieces)


def positions(frames: int, recipe: StoreRecipe) -> npt.NDArray[np.int64]:
    """Frames to store of a clip of ``frames`` frames, (recipe.frames,).

    The clip is divided into ``segments`` equal parts (TSN) and each of them into ``candidates`` equal pieces; a
    piece's centre is taken. Short clips repeat frames; a clip of segments * candidates frames gives each of them once.

    With neighbours, the last frame is left out of this division, because nothing follows it, and each frame that is
    taken is followed by the next one of the video. A clip of one frame gives that frame alone.
    """
    taken = centres(max(frames - recipe.neighbours, 1), recipe.segments * recipe.candidates)
    followed = taken[:, None] + np.arange(1 + recipe.neighbours, dtype=np.int64)
    return followed.clip(max=frames - 1).ravel()


def take(path: Path, parts: Sequence[tuple[int, int]], recipe: StoreRecipe) -> Iterator[tuple[int, Taken]]:
    """The stored frames of several parts of one video, each with its number in ``parts``, in any order.

    Args:
        path: the video.
        parts: first and last frame of each part (0-based, inclusive; -1 and -1: the whole video).
        recipe: which frames, how large, and by which decoder.

    Raises:
        BadVideoError: the video is missing or no video: nothing of it can be taken.
        UserError: the decoder is not installed, or a part ends before it starts.
    """
    if recipe.decoder == "decord":
        from ssmar_bench.clips.decord_reader import take_with_decord

        yield from take_with_decord(path, parts, recipe)
        return
    for number, decoded in decode_parts(path, parts, recipe.short_side):
        frames = NO_FRAMES
        if not decoded.problem:
            frames = decoded.frames[positions(len(decoded.frames), recipe)]
        yield number, Taken(frames, len(decoded.frames), decoded.header_frames, decoded.problem)
