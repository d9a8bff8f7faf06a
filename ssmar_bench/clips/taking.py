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
        frames: (segments * candidates, H, W, 3) uint8 RGB, or no frame at all where there is a ``problem``.
        decoded, header: frames that there are, and frames that there should be (0: unknown).
        problem: why the clip cannot be used, "" if it can.
    """

    frames: Frames
    decoded: int
    header: int
    problem: str


def positions(frames: int, segments: int, candidates: int) -> npt.NDArray[np.int64]:
    """Frames to store of a clip of ``frames`` frames: (segments * candidates,), ascending.

    The clip is divided into ``segments`` equal parts (TSN) and each of them into ``candidates`` equal pieces; a
    piece's centre is taken. Short clips repeat frames; frames = segments * candidates takes each frame once.
    """
    pieces = segments * candidates
    return ((2 * np.arange(pieces, dtype=np.int64) + 1) * frames) // (2 * pieces)


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
            frames = decoded.frames[positions(len(decoded.frames), recipe.segments, recipe.candidates)]
        yield number, Taken(frames, len(decoded.frames), decoded.header_frames, decoded.problem)
