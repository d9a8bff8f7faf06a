"""Where decord shows other frames of a clip than the default decoder does."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

import numpy as np

from ssmar_bench.clips.clip_file import ClipFile, Video, by_video
from ssmar_bench.clips.decode import each_frame
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.frame_positions import SampledClip
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.scaler import NO_FRAMES, Frames
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.processes import apart_from_main, broken_pool, end_with_parent

_ALIKE = 1.0
"""Mean difference of two frames (of 255) below which decoders' roundings cannot be distinguished from another frame."""


@dataclass(frozen=True)
class DecoderComparison:
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


def compare_clips(
    clips: Sequence[ClipFile], config: FrameCacheConfig, processes: int, tell: Callable[[int], None]
) -> list[DecoderComparison]:
    """Compare the decoders on every clip, sorted by clip id; ``tell`` hears how many are done.

    Raises:
        UserError: decord is not installed.
    """
    decord_module()
    found: list[DecoderComparison] = []
    for compared in _by_processes(by_video(clips), config, processes):
        found += compared
        tell(len(found))
    return sorted(found, key=lambda one: one.clip_id)


def _by_processes(
    videos: Sequence[Video], config: FrameCacheConfig, processes: int
) -> Iterator[list[DecoderComparison]]:
    if processes <= 1 or len(videos) <= 1:
        for clips in videos:
            yield _of_video(clips, config)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(videos)), context, initializer=end_with_parent) as pool:
        with apart_from_main():
            compared = pool.map(_of_video, videos, [config] * len(videos), chunksize=4)
        try:
            yield from compared
        except BrokenProcessPool:
            raise broken_pool("decoding") from None


def _of_video(clips: Sequence[ClipFile], config: FrameCacheConfig) -> list[DecoderComparison]:
    ours, theirs = (_taken(clips, config.model_copy(update={"decoder": name})) for name in ("pyav", "decord"))
    found = [_begun(clip, ours[number], theirs[number]) for number, clip in enumerate(clips)]
    looked_for = {
        number: _FrameSearch(theirs[number].frames, ours[number].numbers)
        for number, comparison in enumerate(found)
        if not comparison.problem
    }
    if looked_for:
        for place, frame in enumerate(each_frame(clips[0].path, config.short_side)):
            for number, images in looked_for.items():
                clip = clips[number]
                if max(clip.start, 0) <= place and (clip.end < 0 or place <= clip.end):
                    images.look(place - max(clip.start, 0), frame)
    for number, images in looked_for.items():
        found[number] = replace(found[number], shown=images.shown())
    return found


def _taken(clips: Sequence[ClipFile], config: FrameCacheConfig) -> dict[int, SampledClip]:
    """What a decoder takes out of a video for each of its clips, by their places."""
    try:
        return dict(sample_frames(clips[0].path, [(clip.start, clip.end) for clip in clips], config))
    except BadVideoError as error:
        return dict.fromkeys(range(len(clips)), SampledClip(NO_FRAMES, 0, 0, error.reason))


def _begun(clip: ClipFile, ours: SampledClip, theirs: SampledClip) -> DecoderComparison:
    """The comparison of a clip but for ``shown``."""
    frames = ours.decoded, theirs.decoded
    said = [("pyav", ours.problem), ("decord", theirs.problem)]
    problem = "; ".join(f"{decoder}: {text}" for decoder, text in said if text)
    if not problem and ours.frames.shape != theirs.frames.shape:
        problem = "decord: frames of another shape, as of a turned video"
    if problem:
        return DecoderComparison(clip.shown, frames, problem=problem)
    difference = float(np.abs(ours.frames.astype(np.int16) - theirs.frames).mean())
    return DecoderComparison(clip.shown, frames, ours.numbers, difference=difference)


class _FrameSearch:
    """Images, and which frames of a clip they look like: those that were asked for if no other is clearly nearer."""

    def __init__(self, images: Frames, asked: Sequence[int]) -> None:
        self._images = images.astype(np.int16)
        self._asked = np.array(asked)
        self._nearest = self._asked.copy()
        self._distance = np.full(len(asked), np.inf)
        self._distance_of_asked = np.full(len(asked), np.inf)

    def look(self, number: int, frame: Frames) -> None:
        """Compare all images with a frame of the clip, whose numbers rise from 0."""
        distance = np.abs(self._images - frame).mean(axis=(1, 2, 3))
        nearer = distance < self._distance
        self._nearest[nearer] = number
        self._distance[nearer] = distance[nearer]
        self._distance_of_asked = np.where(self._asked == number, distance, self._distance_of_asked)

    def shown(self) -> tuple[int, ...]:
        """The numbers of the frames that the images look like."""
        return tuple(np.where(self._distance_of_asked > self._distance + _ALIKE, self._nearest, self._asked).tolist())
