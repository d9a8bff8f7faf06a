"""Generated videos of many kinds: every frame is the one that ffmpeg, the program, shows, and the right ones are taken.

The rates, times, display matrices, containers, pixel formats and sizes are drawn by hypothesis, the same each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.frame_positions import centre_frames
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.core.benchmark_config import FrameCacheConfig

from .conftest import Shown, fault, numbered, numbers_of, shown_by_ffmpeg

KINDS = [  # ending, encoder, pixel format, whether sides must be even, finest unit of time that all its files can hold
    ("mp4", "libx264", "yuv420p", True, 1000),
    ("mp4", "libx264", "yuv444p", False, 1000),
    ("mp4", "libx264", "yuv422p10le", True, 1000),
    ("mov", "libx264", "yuv420p", True, 600),
    ("mov", "mjpeg", "yuvj444p", False, 600),
    ("mp4", "mpeg4", "yuv420p", True, 1000),
    ("mkv", "libx264", "yuv420p", True, 1000),
    ("mkv", "ffv1", "yuv444p", False, 1000),
    ("mkv", "ffv1", "bgr0", False, 1000),
    ("webm", "libvpx", "yuv420p", True, 1000),
    ("avi", "mpeg4", "yuv420p", True, 0),
    ("avi", "ffv1", "gray", False, 0),
    ("ts", "libx264", "yuv420p", True, 90000),
]
"""A unit of 0: files that have a constant rate alone."""


@dataclass(frozen=True)
class Made:
    """How a video is made; times are in ``unit`` parts of a second."""

    kind: tuple[str, str, str, bool, int]
    height: int
    width: int
    times: tuple[int, ...]
    rate: int
    reordered: bool
    rotation: int
    mirrored: tuple[bool, bool]


@st.composite
def videos(draw: st.DrawFn) -> Made:
    kind = draw(st.sampled_from(KINDS))
    sides = [draw(st.integers(16, 48)) * 2 + (not kind[3] and draw(st.integers(0, 1))) for _ in range(2)]
    count = draw(st.integers(10 if kind[0] == "ts" else 1, 40))  # a shorter .ts is recognised by nobody
    rate = draw(st.sampled_from([8, 12, 24, 25, 30, 50]))
    unit = kind[4] or rate
    how = draw(st.sampled_from(["constant", "any", "two rates", "a gap"])) if kind[4] else "constant"
    step = unit // rate
    steps = {
        "constant": st.just([step] * count),
        "any": st.lists(st.integers(max(1, step // 8), 4 * step), min_size=count, max_size=count),
        "two rates": st.integers(0, count).map(lambda cut: [step] * cut + [5 * step] * (count - cut)),
        "a gap": st.integers(0, count - 1).map(lambda cut: [step * (12 if n == cut else 1) for n in range(count)]),
    }[how]
    first = draw(st.sampled_from([0, 0, 7 * step])) if kind[4] else 0
    times = first + np.cumsum([0, *draw(steps)])[:-1]
    turned = kind[0] in ("mp4", "mov")
    return Made(
        kind,
        sides[0],
        sides[1],
        tuple(times.tolist()),
        rate,
        reordered=kind[1] == "libx264" and draw(st.booleans()),
        rotation=draw(st.sampled_from([0, 90, 180, 270])) if turned else 0,
        mirrored=(draw(st.booleans()), draw(st.booleans())) if turned else (False, False),
    )


def write(path: Path, made: Made) -> None:
    """Encode numbered frames with a gradient across them, so that no turn and no mirroring looks like another."""
    _, codec, form, _, unit = made.kind
    slope = np.linspace(0.5, 1, made.height)[:, None, None]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=made.rate)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = made.height, made.width, form
        stream.codec_context.thread_count = 1
        base = Fraction(1, unit or made.rate)
        if unit:
            stream.codec_context.time_base = base
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "qp": "4", "bf": "3" if made.reordered else "0"}
        elif codec != "ffv1":
            stream.bit_rate = 8_000_000
        if made.rotation or any(made.mirrored):
            stream.set_display_rotation(made.rotation, *made.mirrored)
        for number, time in enumerate(made.times):
            image = np.resize(numbered(number), (made.height, 96, 3))[:, np.arange(made.width) * 96 // made.width]
            frame = av.VideoFrame.from_ndarray((image * slope).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = time, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


_TIE = Fraction(2, 1000)
"""Seconds by which a last frame's length may be rounded in a file."""


def shown_in_the_middles(shown: Shown, numbers: Sequence[int]) -> bool:
    """Whether these frames are shown in the middle of equal pieces of time, in exact fractions."""
    first, span = shown.starts[0], shown.ends[-1] - shown.starts[0]
    middles = [first + Fraction(2 * piece + 1, 2 * len(numbers)) * span for piece in range(len(numbers))]
    return all(
        shown.starts[number] - _TIE <= middle <= shown.ends[number] + _TIE
        for number, middle in zip(numbers, middles, strict=True)
    )


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), database=None)
@given(made=videos(), pieces=st.integers(1, 9))
def test_frames_are_those_of_ffmpeg(made: Made, pieces: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{made.kind[0]}"
        write(path, made)
        shown = shown_by_ffmpeg(path)
        found = decode(path)
        assert found.problem == fault(path) == ""
        assert found.frames.shape == shown.frames.shape
        assert len(found.frames) == len(made.times)
        differences = np.abs(found.frames.astype(np.int16) - shown.frames).mean(axis=(1, 2, 3))
        assert differences.max() < 4
        config = FrameCacheConfig(
            decoder="pyav", short_side=min(made.height, made.width), segments=pieces, candidates=1
        )
        ((_, taken),) = sample_frames(path, [(-1, -1)], config)
        assert np.array_equal(taken.frames, found.frames[list(taken.numbers)])
        places = np.array([float(start - shown.starts[0]) for start in shown.starts])
        step = places[-1] / max(len(places) - 1, 1)
        off = np.abs(places - step * np.arange(len(places))).max()
        last = float(shown.ends[-1] - shown.starts[-1])
        if taken.by_time:
            assert off > 0.49 * step or last > 1.49 * step
            assert shown_in_the_middles(shown, taken.numbers)
        else:
            assert off < 0.51 * step or len(places) == 1
            assert list(taken.numbers) == centre_frames(len(places), pieces).tolist()
        if not made.rotation and not any(made.mirrored):
            assert numbers_of(found.frames) == list(range(len(made.times)))
