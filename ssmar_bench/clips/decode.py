"""Videos into RGB frames: PyAV, sequentially, from the first frame on, in one thread.

Seeking and random access return wrong frames on files that were cut without re-encoding or that have a variable frame
rate (facts: anchors 4.2). Decoding a whole file in order does not, so that is all this module does.
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
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from ssmar_bench.core.errors import UserError

Frames = npt.NDArray[np.uint8]

# Without these two flags swscale's pixels depend on the processor's instruction set.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT


@dataclass(frozen=True)
class Decoded:
    """What came out of a file.

    Attributes:
        frames: (N, H, W, 3) uint8 RGB, N >= 1, in the order in which they are shown.
        header_frames: frames that there should be: the header's count for a whole file (0 where the header does not
            say), the asked number for a part of a file.
        fps: average frames a second by the header, 0 where unknown.
        problem: why decoding ended early; "" if it did not.
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
        UserError: the file is missing or no video, or none of the asked frames can be decoded. A file that ends too
            early is no error: it gives fewer frames than ``header_frames``.
    """
    return next(iter(decode_parts(path, [(start, end)], short_side)))[1]


def decode_parts(
    path: Path, parts: Sequence[tuple[int, int]], short_side: int | None = None
) -> Iterator[tuple[int, Decoded]]:
    """Decode several parts of one file in one pass, for data sets that cut clips out of long recordings.

    Yields the number of a part in ``parts`` and its frames, as soon as the part's last frame has been decoded; parts
    may overlap. Arguments and errors as in :func:`decode`.
    """
    for start, end in parts:
        if 0 <= end < start:
            raise UserError(f"A clip of the video {path} ends (frame {end}) before it starts (frame {start}).")
    with _open(path) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or 0)
        problems: list[str] = []
        waiting = [_Part(number, start, end, stream.frames) for number, (start, end) in enumerate(parts)]
        read = 0
        for image in _images(container, stream, short_side, problems):
            for part in waiting:
                part.offer(read, image)
            read += 1
            for part in waiting:
                if part.ends_at(read):
                    yield part.number, Decoded(part.stacked(path, read, problems), part.announced, fps)
            waiting = [part for part in waiting if not part.ends_at(read)]
            if not waiting:
                return
        for part in waiting:
            frames = part.stacked(path, read, problems)
            yield part.number, Decoded(frames, part.announced, fps, "; ".join(problems))


def probe(path: Path) -> Probe:
    """Read a video's header alone; a quarter turn in its metadata is not looked for.

    Raises:
        UserError: the file is missing or no video.
    """
    with _open(path) as container:
        stream = container.streams.video[0]
        return Probe(stream.width, stream.height, stream.frames)


@dataclass(eq=False)
class _Part:
    """Frames ``start`` to ``end`` of a file with ``header`` frames, collected while it is decoded."""

    number: int
    start: int
    end: int
    header: int
    images: list[Frames] = field(default_factory=list)

    @property
    def announced(self) -> int:
        """Frames that there should be; 0: unknown."""
        return max((self.header if self.end < 0 else self.end + 1) - max(self.start, 0), 0)

    def offer(self, position: int, image: Frames) -> None:
        if position >= self.start and (self.end < 0 or position <= self.end):
            self.images.append(image)

    def ends_at(self, read: int) -> bool:
        return 0 <= self.end < read

    def stacked(self, path: Path, read: int, problems: Sequence[str]) -> Frames:
        if self.images:
            return np.stack(self.images)
        why = f" ({'; '.join(problems)})" if problems else ""
        if read == 0:
            raise UserError(f"No frame of the video {path} can be decoded{why}; replace the file.")
        raise UserError(
            f"The video {path} has no frame {self.start}: only {read} can be decoded{why}; "
            "replace the file or correct the clip's frame numbers."
        )


def _open(path: Path) -> InputContainer:
    """Open ``path`` and make sure that there is a video stream in it."""
    try:
        container = av.open(str(path), "r")
    except FileNotFoundError:
        raise UserError(f"The video {path} does not exist; check the data set's folder.") from None
    except (av.error.InvalidDataError, av.error.EOFError):
        raise UserError(f"The file {path} is not a video, or it is truncated; replace the file.") from None
    except (OSError, av.error.FFmpegError) as error:
        raise UserError(f"The video {path} cannot be opened: {error.strerror or error}.") from None
    if not container.streams.video:
        container.close()
        raise UserError(f"The file {path} holds no video stream; replace the file.")
    return container


def _images(
    container: InputContainer, stream: VideoStream, short_side: int | None, problems: list[str]
) -> Iterator[Frames]:
    """Every frame (H, W, 3) as it is shown: scaled, turned as the metadata ask."""
    reformatter = VideoReformatter()  # kept for the whole file: a new one would set up swscale for each frame
    width = height = 0
    method = _EXACT
    for frame in _decoded(container, stream, problems):
        if not width:
            width, height = _scaled(frame.width, frame.height, short_side)
            # AREA averages over all source pixels of a target pixel: no aliasing; it is no good for enlarging.
            method |= Interpolation.AREA if width < frame.width else Interpolation.BICUBIC
        rgb = reformatter.reformat(frame, width, height, "rgb24", interpolation=method, threads=1)
        image = cast("Frames", rgb.to_ndarray())
        turns = round(frame.rotation / 90) % 4
        yield np.rot90(image, turns) if turns else image


def _decoded(container: InputContainer, stream: VideoStream, problems: list[str]) -> Iterator[av.VideoFrame]:
    """Every frame that can be decoded, in order; a damaged file ends early and leaves its reason in ``problems``."""
    stream.codec_context.thread_count = 1
    try:
        for packet in container.demux(stream):
            yield from packet.decode()
    except av.error.FFmpegError as error:
        problems.append(error.strerror or str(error))
        with contextlib.suppress(av.error.FFmpegError):
            yield from stream.codec_context.decode(None)  # frames that were waiting to be put in order


def _scaled(width: int, height: int, short_side: int | None) -> tuple[int, int]:
    """Width and height with the shorter side at ``short_side``, aspect kept to the nearest pixel."""
    if short_side is None:
        return width, height
    scale = short_side / min(width, height)
    return max(short_side, round(width * scale)), max(short_side, round(height * scale))
