"""Videos into RGB frames: PyAV, sequentially, from the first frame on, in one thread.

Seeking and random access return wrong frames on files that were cut without re-encoding or that have a variable frame
rate. Decoding a whole file in order does not, so that is all this module does.

Only the frames that are asked for are converted and kept, however long a video is. Which frames those are depends on
how many there are and when they are shown, which is sure only after decoding. So the packets of the file are looked at
first, which tells it nearly always; where it does not, the file is decoded a second time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from ssmar_bench.clips.frame_times import FrameTimes, VideoTimes, packet_times, seconds
from ssmar_bench.clips.scaler import NO_FRAMES, Frames, Scaler
from ssmar_bench.clips.video_file import BadVideoError, main_stream, open_video
from ssmar_bench.core.errors import UserError

Choice = Callable[[FrameTimes], Iterable[int]]
"""Which frames of a clip are asked for: their numbers within it, from 0, some of them more than once."""


def every_frame(times: FrameTimes) -> range:
    """The choice of all frames of a clip; they are all in memory at once."""
    return range(len(times))


@dataclass(frozen=True)
class Decoded:
    """What came out of a file.

    Attributes:
        frames: (N, H, W, 3) uint8 RGB, those that were chosen, as they are shown; N = 0 only with a ``problem``.
        times: when each of the clip's frames is shown, in seconds; ``len(times)`` frames could be decoded.
        header_frames: frames that there should be: the header's count for a whole file (0 where the header does not
            say), the asked number for a part of a file.
        problem: why these frames should not be used: the file is damaged before their end, or more than half of the
            frames that there should be are missing; "" if they are sound. A header that counts more frames than are
            shown is no problem: files that were cut without re-encoding hold frames that are never shown. Nor is a
            part that ends a little after its file: lists are often wrong by some frames.
    """

    frames: Frames
    times: FrameTimes
    header_frames: int
    problem: str = ""


def decode(
    path: Path, start: int = -1, end: int = -1, short_side: int | None = None, choice: Choice = every_frame
) -> Decoded:
    """Decode frames ``start`` to ``end`` of a video (0-based, inclusive; -1 and -1: all of it).

    Args:
        path: the video file.
        start: first frame.
        end: last frame.
        short_side: scale frames so that their shorter side has this many pixels; None keeps them as they are.
        choice: which of these frames are converted and kept.

    Raises:
        BadVideoError: the file is missing or no video, or none of the asked frames can be decoded. A file that ends too
            early is no error: it gives fewer frames than ``header_frames``, and a ``problem``.
    """
    decoded = next(iter(decode_ranges(path, [(start, end)], short_side, choice)))[1]
    if not len(decoded.times):
        raise BadVideoError(path, decoded.problem)
    return decoded


def decode_ranges(
    path: Path, parts: Sequence[tuple[int, int]], short_side: int | None = None, choice: Choice = every_frame
) -> Iterator[tuple[int, Decoded]]:
    """Decode several parts of one file in one pass, for data sets that cut clips out of long recordings.

    Yields the number of a part in ``parts`` and its frames, as soon as the part's last frame has been decoded; parts
    may overlap, and frames that no part asks for are neither converted nor kept. A part without any frame is yielded
    with its ``problem``. Arguments as in :func:`decode`.

    Raises:
        BadVideoError: the file is missing or no video, or is to be shown as it cannot be.
        UserError: a part ends before it starts.
    """
    check_ranges(path, parts)
    shown = packet_times(path)
    asked = [_FrameRange(number, max(start, 0), end, choice) for number, (start, end) in enumerate(parts)]
    for _ in range(2):
        for part in asked:
            part.begin(shown)
        with open_video(path) as container:
            reading = _Reading(container)
            incomplete = []
            for part in _decoded(reading, asked, Scaler(path, short_side)):
                decoded = part.decoded(reading)
                if decoded is None:
                    incomplete.append(part)
                else:
                    yield part.number, decoded
            shown, asked = reading.shown, incomplete
        if not asked:
            return
    raise BadVideoError(path, "it gives other frames each time that it is read")


def each_frame(path: Path, short_side: int | None = None) -> Iterator[Frames]:
    """Every frame of a video that can be decoded, (H, W, 3), one after the other.

    Raises:
        BadVideoError: as :func:`decode_ranges`.
    """
    scaler = Scaler(path, short_side)
    with open_video(path) as container:
        for frame in _Reading(container):
            yield scaler.image(frame)


def no_frame(times: FrameTimes) -> tuple[int, ...]:  # noqa: ARG001 - a choice like any other
    """The choice of no frame: a clip is decoded, and nothing of it is kept."""
    return ()


def check_ranges(path: Path, parts: Sequence[tuple[int, int]]) -> None:
    """Raise a ``UserError`` if a part has frame numbers below 0 (but -1 for none) or ends before it starts."""
    for start, end in parts:
        if min(start, end) < -1:
            raise UserError(f"A clip of the video {path} has the frame number {min(start, end)}; frames count from 0.")
        if 0 <= end < start:
            raise UserError(f"A clip of the video {path} ends (frame {end}) before it starts (frame {start}).")


class _Reading:
    """Every frame of a file that can be decoded, in order, once; a damaged file ends early.

    Attributes:
        header: frames by the header, 0 where unknown.
        still: whether files of this format hold one picture more often than a video.
        packets: encoded frames found so far, those that are never shown included.
        problem: what FFmpeg said of the damage, "" so far.
        shown: the times of the frames so far.
    """

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._stream = main_stream(container)
        self._stream.codec_context.thread_count = 1
        self.header = self._stream.frames
        self.still = container.format.name in ("gif", "apng")
        self.packets = 0
        self.problem = ""
        self.shown = VideoTimes()

    def __iter__(self) -> Iterator[av.VideoFrame]:
        for frame in self._frames():
            self.shown.starts.append(seconds(frame.pts, frame.time_base))
            self.shown.last = seconds(frame.duration or 0, frame.time_base)
            yield frame

    def _frames(self) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                self.packets += packet.size > 0
                yield from packet.decode()
        except av.error.FFmpegError as error:
            self.problem = error.strerror or str(error)
            with contextlib.suppress(av.error.FFmpegError):
                yield from self._stream.codec_context.decode(None)  # frames that were waiting to be put in order


@dataclass(eq=False)
class _FrameRange:
    """Frames ``start`` to ``end`` of a file (-1: to its end), of which some are kept while it is decoded."""

    number: int
    start: int
    end: int
    choice: Choice
    wanted: frozenset[int] = frozenset()
    images: dict[int, Frames] = field(default_factory=dict)

    def begin(self, shown: VideoTimes) -> None:
        """Await a decoding whose frames are going to be ``shown``."""
        self.images.clear()
        self.wanted = frozenset(self._chosen(shown.part(self.start, self.end)))

    def _chosen(self, times: FrameTimes) -> list[int]:
        return list(self.choice(times)) if len(times) else []

    def decoded(self, reading: _Reading) -> Decoded | None:
        """What has been collected; None where other frames should have been kept, now that all times are known."""
        times = reading.shown.part(self.start, self.end)
        chosen = self._chosen(times)
        if not self.images.keys() >= set(chosen):
            return None
        frames = np.stack([self.images[number] for number in chosen]) if chosen else NO_FRAMES
        last = reading.header if self.end < 0 else self.end + 1
        there_should_be = max(last - self.start, 0)
        problem = self._problem(reading, len(times), there_should_be)
        return Decoded(frames, times, there_should_be, problem)

    def _problem(self, reading: _Reading, found: int, there_should_be: int) -> str:
        why = f" ({reading.problem})" if reading.problem else ""
        read = len(reading.shown.starts)
        if not read:
            return f"none of its frames can be decoded{why}"
        if read == 1 and reading.still:
            return "it is a still picture, no video"
        if not found:
            return f"it has no frame {self.start}: only {read} can be decoded{why}"
        # A file's header counts packets, some of which may never be shown; a part's frame numbers count what is shown.
        # Lists are often wrong by some frames: such a clip ends with its video, unless that is damaged.
        there_are = reading.packets - self.start if self.end < 0 else found
        cut_short = 2 * there_are < there_should_be
        if self.end >= 0 and reading.problem:
            cut_short = found < there_should_be
        if self.end >= 0 and cut_short and not reading.problem:
            return f"it has no frame {self.end}: only {read} can be decoded"
        if cut_short or (reading.problem and self.end < 0):
            of = f" of {there_should_be}" if there_should_be else ""
            return f"only {found}{of} frames can be decoded{why}"
        return ""


def _decoded(reading: _Reading, parts: Sequence[_FrameRange], scaler: Scaler) -> Iterator[_FrameRange]:
    """Each part, as soon as its last frame has been decoded; those that the file's end cuts short come last."""
    # The latest start last, so that the next part to begin is popped off the end.
    later = sorted(parts, key=lambda part: (part.start, part.number), reverse=True)
    active: list[_FrameRange] = []
    for read, frame in enumerate(reading):
        if read == 0:
            scaler.begin(frame)
        while later and later[-1].start == read:
            active.append(later.pop())
        keeping = [part for part in active if read - part.start in part.wanted]
        if keeping:
            image = scaler.image(frame)
            for part in keeping:
                part.images[read - part.start] = image
        ended = sorted((part for part in active if part.end == read), key=lambda part: part.number)
        if ended:
            active = [part for part in active if part.end != read]
            yield from ended
            if not active and not later:
                return
    yield from sorted([*active, *later], key=lambda part: part.number)
