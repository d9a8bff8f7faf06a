"""The stored frames of clips, by the decoder that a recipe names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ssmar_bench.clips.decode import decode_parts
from ssmar_bench.clips.decord_reader import take_with_decord
from ssmar_bench.clips.stored_frames import NO_FRAMES, Taken, positions
from ssmar_bench.core.definition import StoreRecipe


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
        yield from take_with_decord(path, parts, recipe)
        return
    for number, decoded in decode_parts(path, parts, recipe.short_side):
        frames = NO_FRAMES
        if not decoded.problem:
            frames = decoded.frames[positions(len(decoded.frames), recipe)]
        yield number, Taken(frames, len(decoded.frames), decoded.header_frames, decoded.problem)
