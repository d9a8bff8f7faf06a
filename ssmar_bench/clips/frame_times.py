"""When frames are shown, by packets or frames of a file, whether at a constant rate, and which at asked times."""

from __future__ import annotations

import contextlib
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from ssmar_bench.clips.video_file import main_stream, open_video

_LONG, _SHARE = 1.5, 0.1
"""A last frame that is longer than so many frames and than this share of the others is no part of an even rate."""


@dataclass(frozen=True)
class FrameTimes:
    """When the frames of a clip are shown.

    Attributes:
        starts: when each frame begins to be shown, in any unit, in the order in which they are shown; NaN: not known.
        last: how long the last one is shown, in the same unit; 0: not known, so as long as the others in the mean.
    """

    starts: Sequence[float]
    last: float = 0

    def __len__(self) -> int:
        return len(self.starts)

    def variable(self) -> npt.NDArray[np.float64] | None:
        """Start of each frame and end of the last one, (frames + 1,), from 0 on; None if a frame's number tells more.

        So it is at a constant rate: each frame begins less than half a frame from where an even rate puts it, and the
        last one is not shown much longer than they (its length in files is often that of an encoder's default rate).
        So it is, too, where times are missing, all the same or go back.
        """
        if len(self) < 2:
            return None
        starts = np.array(self.starts, np.float64)
        starts -= starts[0]
        step = starts[-1] / (len(self) - 1)
        if not step > 0 or not (np.diff(starts) >= 0).all():  # NaN is neither
            return None
        even = np.abs(starts - step * np.arange(len(self))).max() < step / 2
        if even and self.last <= max(_LONG * step, _SHARE * starts[-1]):
            return None
        return np.append(starts, starts[-1] + (self.last if self.last > 0 else step))


def shown_at_centres(bounds: npt.NDArray[np.float64], pieces: int) -> npt.NDArray[np.int64]:
    """The frames (pieces,) that are shown in the middle of so many equal pieces of time.

    Args:
        bounds: start of each frame and end of the last one, (frames + 1,), from 0 on and never falling.
        pieces: how many.
    """
    middles = (2 * np.arange(pieces) + 1) / (2 * pieces) * bounds[-1]
    shown: npt.NDArray[np.int64] = np.searchsorted(bounds[:-1], middles, side="right") - 1
    return shown


@dataclass
class VideoTimes:
    """When the frames of a file begin to be shown (NaN: unknown), and how long the last of them is; in seconds."""

    starts: array[float] = field(default_factory=lambda: array("d"))
    last: float = 0

    def part(self, start: int, end: int) -> FrameTimes:
        """The times of frames ``start`` to ``end`` (-1: all that follow). A part's last frame counts as the others."""
        if end < 0:
            return FrameTimes(self.starts[start:], self.last)
        return FrameTimes(self.starts[start : end + 1])


def packet_times(path: Path) -> VideoTimes:
    """The times of the frames that the file's packets promise; nothing of it is decoded."""
    starts, latest, last = array("d"), -math.inf, 0.0
    with open_video(path) as container, contextlib.suppress(av.error.FFmpegError):
        for packet in container.demux(main_stream(container)):
            if packet.size and not packet.is_discard:
                start = seconds(packet.dts if packet.pts is None else packet.pts, packet.time_base)
                starts.append(start)
                if start >= latest:
                    latest, last = start, seconds(packet.duration or 0, packet.time_base)
    return VideoTimes(array("d", sorted(starts)), last)


def seconds(stamp: int | None, unit: Fraction | None) -> float:
    """A time stamp in seconds, NaN where there is none."""
    return math.nan if stamp is None or unit is None else stamp * unit.numerator / unit.denominator
