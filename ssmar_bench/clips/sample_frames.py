"""The stored frames of clips, by the decoder that a recipe names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ssmar_bench.clips.decode import decode_parts
from ssmar_bench.clips.decord_reader import take_with_decord
from ssmar_bench.clips.frame_positions import NO_FRAMES, Taken, positions_in_time
from ssmar_bench.core.benchmark_config import StoreRecipe


def take(path: Path, parts: Sequence[tuple[int, int]], recipe: StoreRecipe) -> Iterator[tuple[int, Taken]]:
    """The stored frames of several parts of one video, each with its number in ``parts``, in any order.

    Args:
        path: the video.
        parts: first and last frame of each part (0-based, inclusive; -1 and -1: the whole video).
        recipe: which frames, how large, and by which decoder.

    Raises:
        BadVideoError: the video is missing or no video, or is to be shown as it cannot be: nothing of it can be taken.
        UserError: the decoder is not installed, or a part ends before it starts.
    """
    if recipe.decoder == "decord":
        yield from take_with_decord(path, parts, recipe)
        return
    for number, decoded in decode_parts(
        path, parts, recipe.short_side, lambda times: positions_in_time(times, recipe)[0].tolist()
    ):
        if decoded.problem:
            yield number, Taken(NO_FRAMES, len(decoded.times), decoded.header_frames, decoded.problem)
        else:
            numbers, by_time = positions_in_time(decoded.times, recipe)
            counts = len(decoded.times), decoded.header_frames
            yield number, Taken(decoded.frames, *counts, "", tuple(numbers.tolist()), by_time)
