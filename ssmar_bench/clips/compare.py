"""Where decord shows other frames of a clip than the default decoder does."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssmar_bench.clips.decode import BadVideoError, Decoded, Frames, decode_parts
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.shards import ClipFile
from ssmar_bench.clips.stored_frames import NO_FRAMES, Taken, positions
from ssmar_bench.clips.taking import take
from ssmar_bench.core.definition import StoreRecipe
from ssmar_bench.core.processes import apart_from_main, end_with_parent

_ALIKE = 1.0
"""Mean difference of two frames (of 255) below which decoders' roundings cannot be told from another frame."""


@dataclass(frozen=True)
class Comparison:
    """A clip as two decoders read it.

    Attributes:
        clip_id: the clip.
        frames: frames of it that there are by pyav, and by decord.
        asked, shown: numbers of the stored frames within the clip, and of the frames that decord's look like.
        difference: mean absolute difference of the stored frames' pixels, in 0..255.
        problem: why there is nothing to compare: what either decoder says of the clip.
    """

    clip_id: str
    frames: tuple[int, int]
    asked: tuple[int, ...] = ()
    shown: tuple[int, ...] = ()
    difference: float = 0.0
    problem: str = ""

    @property
    def alike(self) -> bool:
        """Whether both decoders show the same frames of the clip."""
        return not self.problem and self.frames[0] == self.frames[1] and self.asked == self.shown


def compare(
    clips: Sequence[ClipFile], recipe: StoreRecipe, processes: int, tell: Callable[[int], None]
) -> list[Comparison]:
    """Compare the decoders on every clip, sorted by clip id; ``tell`` hears how many are done.

    Raises:
        UserError: decord is not installed.
    """
    decord_module()
    by_video: defaultdict[Path, list[ClipFile]] = defaultdict(list)
    for clip in clips:
        by_video[clip.path].append(clip)
    found: list[Comparison] = []
    for compared in _by_processes(list(by_video.values()), recipe, processes):
        found += compared
        tell(len(found))
    return sorted(found, key=lambda one: one.clip_id)


def _by_processes(videos: Sequence[list[ClipFile]], recipe: StoreRecipe, processes: int) -> Iterator[list[Comparison]]:
    if processes <= 1 or len(videos) <= 1:
        for clips in videos:
            yield _of_video(clips, recipe)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(videos)), context, initializer=end_with_parent) as pool:
        with apart_from_main():
            compared = pool.map(_of_video, videos, [recipe] * len(videos), chunksize=4)
        yield from compared


def _of_video(clips: Sequence[ClipFile], recipe: StoreRecipe) -> list[Comparison]:
    parts = [(clip.start, clip.end) for clip in clips]
    path = clips[0].path
    try:
        ours = dict(decode_parts(path, parts, recipe.short_side))
    except BadVideoError as error:
        ours = dict.fromkeys(range(len(clips)), Decoded(NO_FRAMES, 0, 0, error.reason))
    try:
        theirs = dict(take(path, parts, recipe.model_copy(update={"decoder": "decord"})))
    except BadVideoError as error:
        theirs = dict.fromkeys(range(len(clips)), Taken(NO_FRAMES, 0, 0, error.reason))
    return [_of_clip(clip, ours[number], theirs[number], recipe) for number, clip in enumerate(clips)]


def _of_clip(clip: ClipFile, ours: Decoded, theirs: Taken, recipe: StoreRecipe) -> Comparison:
    frames = len(ours.frames), theirs.decoded
    said = [("pyav", ours.problem), ("decord", theirs.problem)]
    problem = "; ".join(f"{decoder}: {text}" for decoder, text in said if text)
    if problem:
        return Comparison(clip.clip_id, frames, problem=problem)
    asked = positions(len(ours.frames), recipe)
    if ours.frames.shape[1:] != theirs.frames.shape[1:]:
        return Comparison(clip.clip_id, frames, problem="decord: frames of another shape, as of a turned video")
    shown = [_number_of(image, int(number), ours.frames) for image, number in zip(theirs.frames, asked, strict=True)]
    difference = float(np.abs(ours.frames[asked].astype(np.int16) - theirs.frames).mean())
    return Comparison(clip.clip_id, frames, tuple(asked.tolist()), tuple(shown), difference)


def _number_of(image: Frames, asked: int, frames: Frames) -> int:
    """The number of the frame that ``image`` looks like; ``asked`` if no other one is clearly nearer."""
    distances = np.array([np.abs(frame.astype(np.int16) - image).mean() for frame in frames])
    nearest = int(distances.argmin())
    return nearest if distances[asked] > distances[nearest] + _ALIKE else asked
