"""Which frames of a clip are stored, whatever decoder takes them out of its video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssmar_bench.clips.frame_times import FrameTimes, shown_at_centres
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.core.benchmark_config import FrameCacheConfig


@dataclass(frozen=True)
class SampledClip:
    """The frames of a clip that are stored.

    Attributes:
        frames: (config.frames, H, W, 3) uint8 RGB, or no frame at all where there is a ``problem``.
        decoded, header: frames that there are, and frames that there should be (0: unknown).
        problem: why the clip cannot be used, "" if it can.
        numbers: the numbers of these frames in the clip, from 0.
        by_time: whether they were chosen by the times at which they are shown, and not by their numbers.
    """

    frames: Frames
    decoded: int
    header: int
    problem: str
    numbers: tuple[int, ...] = ()
    by_time: bool = False


def centre_frames(frames: int, pieces: int) -> npt.NDArray[np.int64]:
    """The centre frames (pieces,) of so many equal pieces of a clip; short clips repeat frames."""
    return ((2 * np.arange(pieces, dtype=np.int64) + 1) * frames) // (2 * pieces)


def frame_positions(frames: int, config: FrameCacheConfig) -> npt.NDArray[np.int64]:
    """Frames to store of a clip of ``frames`` frames at a constant rate, (config.frames,).

    The clip is divided into ``segments`` equal parts (TSN) and each of them into ``candidates`` equal pieces; a
    piece's centre is taken. Short clips repeat frames; a clip of segments * candidates frames gives each of them once.

    With neighbours, the last frame is left out of this division, because nothing follows it, and each frame that is
    taken is followed by the next one of the video. A clip of one frame gives that frame alone.
    """
    return _followed(centre_frames(max(frames - config.neighbours, 1), _pieces(config)), frames, config)


def positions_in_time(times: FrameTimes, config: FrameCacheConfig) -> tuple[npt.NDArray[np.int64], bool]:
    """Frames to store of a clip, (config.frames,), and whether their times decide and not their numbers.

    As :func:`frame_positions`, but where the frame rate varies the pieces are equal in time, and the frame that is
    shown in the middle of a piece is taken. At a constant rate that is the same frame.
    """
    bounds = times.variable() if config.sampling == "time" else None
    if bounds is None:
        return frame_positions(len(times), config), False
    divided = max(len(times) - config.neighbours, 1)
    return _followed(shown_at_centres(bounds[: divided + 1], _pieces(config)), len(times), config), True


def _pieces(config: FrameCacheConfig) -> int:
    return config.segments * config.candidates


def _followed(taken: npt.NDArray[np.int64], frames: int, config: FrameCacheConfig) -> npt.NDArray[np.int64]:
    """Each number with those of its neighbours behind it, none beyond the clip's last frame."""
    followed = taken[:, None] + np.arange(1 + config.neighbours, dtype=np.int64)
    return followed.clip(max=frames - 1).ravel()
