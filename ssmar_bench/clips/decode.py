"""Videos into RGB frames: PyAV, sequentially, from the first frame on, in one thread.

Seeking and random access return wrong frames on files that were cut without re-encoding or that have a variable frame
rate. Decoding a whole file in order does not, so that is all this module does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from ssmar_bench.core.errors import UserError

Frames = npt.NDArray[np.uint8]

# Without these two flags swscale's pixels depend on the processor's instruction set.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT


class BadVideoError(UserError):
    """A video that cannot be used; ``reason`` says why without naming it ("it is not a video")."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The video {path} cannot be used: {reason}; replace the file.")
        self.reason = reason


@dataclass(frozen=True)
class Decoded:
    """What came out of a file.

    Attributes:
        frames: (N, H, W, 3) uint8 RGB in the order in which they are shown; N = 0 only with a ``problem``.
        header_frames: frames that there should be: the header's count for a whole file (0 where the header does not
            say), the asked number for a part of a file.
        fps: average frames a second by the header, 0 where unknown.
        problem: why these frames should not be used: the file is damaged before their end, or more than half of the
            frames that there should be are missing; "" if they are sound. A header that counts more frames than are
            shown is no problem: files that were cut without re-encoding hold frames that are never shown.
    """

    frames: Frames
    header_frames: int
    fps: float
    problem: str = ""


@dataclass(frozen=True)
class Probe:
    """What a file's header says: width and height in pixels as shown, frames (0 where unknown)."""

    width: int
    height: int
    frames: int


def decode(path: Path, start: int = -1, end: int = -1, short_side: int | None = None) -> Decoded:
    """Decode frames ``start`` to ``end`` of a video (0-based, inclusive; -1 and -1: all of it).

    Args:
        path: the video file.
        start: first frame.
        end: last frame.
        short_side: scale frames so that their shorter side has this many pixels; None keeps them as they are.

    Raises:
        BadVideoError: the file is missing or no video, or none of the asked frames can be decoded. A file that ends too
            early is no error: it gives fewer frames than ``header_frames``, and a ``problem``.
    """
    decoded = next(iter(decode_parts(path, [(start, end)], short_side)))[1]
    if not len(decoded.frames):
        raise BadVideoError(path, decoded.problem)
    return decoded


def decode_parts(
    path: Path, parts: Sequence[tuple[int, int]], short_side: int | None = None
) -> Iterator[tuple[int, Decoded]]:
    """Decode several parts of one file in one pass, for data sets that cut clips out of long recordings.

    Yields the number of a part in ``parts`` and its frames, as soon as the part's last frame has been decoded; parts
    may overlap, and frames that no part asks for are neither converted nor kept. A part without any frame is yielded
    with its ``problem``. Arguments as in :func:`decode`.

    Raises:
        BadVideoError: the file is missing or no video.
        UserError: a part ends before it starts.
    """
    for start, end in parts:
        if 0 <= end < start:
            raise UserError(f"A clip of the video {path} ends (frame {end}) before it starts (frame {start}).")
    with _open(path) as container:
        reading = _Reading(container)
        scaler = Scaler(short_side)
        # The latest start last, so that the next part to begin is popped off the end.
        later = [_Part(number, max(start, 0), end) for number, (start, end) in enumerate(parts)]
        later.sort(key=lambda part: (part.start, part.number), reverse=True)
        active: list[_Part] = []
        read = 0
        for frame in reading:
            while later and later[-1].start == read:
                active.append(later.pop())
            if active:
                image = scaler.image(frame)
                for part in active:
                    part.images.append(image)
            read += 1
            ended = sorted((part for part in active if part.end == read - 1), key=lambda part: part.number)
            if ended:
                active = [part for part in active if part.end != read - 1]
                for part in ended:
                    yield part.number, part.decoded(reading, read)
                if not active and not later:
                    return
        for part in sorted([*active, *later], key=lambda part: part.number):
            yield part.number, part.decoded(reading, read)


def probe(path: Path) -> Probe:
    """Read a video's header alone; a quarter turn in its metadata is not looked for.

    Raises:
        BadVideoError: the file is missing or no video.
    """
    with _open(path) as container:
        stream = _video(container)
        return Probe(stream.width, stream.height, stream.frames)


class _Reading:
    """Every frame of a file that can be decoded, in order, once; a damaged file ends early.

    Attributes:
        header: frames by the header, 0 where unknown.
        fps: frames a second by the header, 0 where unknown.
        packets: encoded frames found so far, those that are never shown included.
        problem: what FFmpeg said of the damage, "" so far.
    """

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._stream = _video(container)
        self._stream.codec_context.thread_count = 1
        self.header = self._stream.frames
        self.fps = float(self._stream.average_rate or 0)
        self.packets = 0
        self.problem = ""

    def __iter__(self) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                self.packets += packet.size > 0
                yield from packet.decode()
        except av.error.FFmpegError as error:
            self.problem = error.strerror or str(error)
            with contextlib.suppress(av.error.FFmpegError):
                yield from self._stream.codec_context.decode(None)  # frames that were waiting to be put in order


class Scaler:
    """Frames as they are shown, (H, W, 3): scaled, turned as the metadata ask."""

    def __init__(self, short_side: int | None) -> None:
        self._short_side = short_side
        self._size: tuple[int, int] | None = None
        self._method = _EXACT
        self._reformatter = VideoReformatter()  # kept for the whole file: each would set up swscale anew

    def image(self, frame: av.VideoFrame) -> Frames:
        """The frame in the size of the first one; its shorter side has ``short_side`` pixels."""
        if self._size is None:
            self._size = scaled(frame.width, frame.height, self._short_side)
            # AREA averages over all source pixels of a target pixel: no aliasing; it is no good for enlarging.
            self._method |= Interpolation.AREA if self._size[0] < frame.width else Interpolation.BICUBIC
        rgb = self._reformatter.reformat(frame, *self._size, "rgb24", interpolation=self._method, threads=1)
        image = cast("Frames", rgb.to_ndarray())
        turns = round(frame.rotation / 90) % 4
        return np.rot90(image, turns) if turns else image


@dataclass(eq=False)
class _Part:
    """Frames ``start`` to ``end`` of a file (-1: to its end), collected while it is decoded."""

    number: int
    start: int
    end: int
    images: list[Frames] = field(default_factory=list)

    def decoded(self, reading: _Reading, read: int) -> Decoded:
        """What has been collected, after ``read`` frames of the file."""
        frames = np.stack(self.images) if self.images else np.zeros((0, 0, 0, 3), np.uint8)
        last = reading.header if self.end < 0 else self.end + 1
        there_should_be = max(last - self.start, 0)
        return Decoded(frames, there_should_be, reading.fps, self._problem(reading, read, there_should_be))

    def _problem(self, reading: _Reading, read: int, there_should_be: int) -> str:
        why = f" ({reading.problem})" if reading.problem else ""
        if not read:
            return f"none of its frames can be decoded{why}"
        if not self.images:
            return f"it has no frame {self.start}: only {read} can be decoded{why}"
        # A file's header counts packets, some of which may never be shown; a part's frame numbers count what is shown.
        found = len(self.images) if self.end >= 0 else reading.packets - self.start
        cut_short = len(self.images) < there_should_be if self.end >= 0 else True
        if (reading.problem and cut_short) or 2 * found < there_should_be:
            of = f" of {there_should_be}" if there_should_be else ""
            return f"only {len(self.images)}{of} frames can be decoded{why}"
        return ""


def _open(path: Path) -> InputContainer:
    """Open ``path`` and make sure that there is a video stream in it."""
    reason = missing(path)
    if reason:
        raise BadVideoError(path, reason)
    try:
        container = av.open(str(path), "r")
    except (av.error.InvalidDataError, av.error.EOFError):
        raise BadVideoError(path, "it is not a video, or it is truncated") from None
    except (OSError, av.error.FFmpegError) as error:
        raise BadVideoError(path, f"it cannot be opened ({error.strerror or error})") from None
    if not container.streams.video:
        container.close()
        raise BadVideoError(path, "it holds no video stream")
    return container


def missing(path: Path) -> str:
    """Why there is nothing at ``path``, without naming it; "" if there is something."""
    if path.exists():
        return ""
    return "it is a link to a file that does not exist" if path.is_symlink() else "it does not exist"


def _video(container: InputContainer) -> VideoStream:
    """The first video stream that is no cover picture."""
    streams = container.streams.video
    return next((stream for stream in streams if not stream.disposition & Disposition.attached_pic), streams[0])


def scaled(width: int, height: int, short_side: int | None) -> tuple[int, int]:
    """Width and height with the shorter side at ``short_side``, aspect kept to the nearest pixel."""
    if short_side is None:
        return width, height
    scale = short_side / min(width, height)
    return max(short_side, round(width * scale)), max(short_side, round(height * scale))
