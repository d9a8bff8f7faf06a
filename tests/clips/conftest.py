"""Tiny videos whose frames carry their number, and clips whose pixels carry their place."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest

from ssmar_bench.clips.decode import decode, no_frame
from ssmar_bench.clips.frame_cache import ClipFile
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig

HEIGHT, WIDTH, BITS = 64, 96, 8
Image = npt.NDArray[np.uint8]


def numbered(number: int) -> Image:
    """A frame whose eight columns, 12 pixels wide, are the bits of ``number``, lowest first."""
    bits = (number >> np.arange(BITS)) & 1
    row = np.repeat(np.where(bits, 220, 30), WIDTH // BITS)
    return np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3)).astype(np.uint8)


def number_of(frame: Image) -> int:
    """The number in a frame of :func:`numbered`, at whatever size."""
    width = frame.shape[1] / BITS
    columns = [frame[:, int((bit + 0.25) * width) : int((bit + 0.75) * width)].mean() for bit in range(BITS)]
    return sum(1 << bit for bit, mean in enumerate(columns) if mean > 125)


def numbers_of(frames: npt.ArrayLike) -> list[int]:
    return [number_of(frame) for frame in np.asarray(frames)]


def write_video(path: Path, images: Sequence[Image], movflags: str = "", **options: str) -> Path:
    """Encode ``images`` as H.264; a constant frame rate of 25, ``options`` go to the encoder."""
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "ultrafast", **options}
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def ffmpeg(*words: object) -> str:
    """What ffmpeg, the program, says on its standard error; it must succeed."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stderr


@dataclass(frozen=True)
class Shown:
    """A video as ffmpeg, the program, shows it: (N, H, W, 3) RGB, and when each frame begins and ends, in seconds."""

    frames: Image
    starts: tuple[Fraction, ...]
    ends: tuple[Fraction, ...]


def shown_by_ffmpeg(path: Path) -> Shown:
    """Every frame of a video in order, turned and mirrored as its metadata ask."""
    raw = path.with_name("shown-by-ffmpeg.rgb")
    out = ("-f", "rawvideo", "-pix_fmt", "rgb24", raw)
    said = ffmpeg("-i", f"file:{path}", "-fps_mode", "passthrough", "-vf", "showinfo", *out)
    base = Fraction(re.findall(r"config in time_base: (\d+/\d+)", said)[0])
    found = re.findall(r"n: *\d+ pts: *(-?\d+) .*? duration: *(\d+) .*? s:(\d+)x(\d+) ", said)
    width, height = (int(side) for side in found[0][2:])
    starts = tuple(int(pts) * base for pts, *_ in found)
    last = int(found[-1][1]) * base or (starts[-1] - starts[0]) / max(len(starts) - 1, 1)  # 0: not known
    ends = (*starts[1:], starts[-1] + last)
    return Shown(np.fromfile(raw, np.uint8).reshape(-1, height, width, 3), starts, ends)


def fault(path: Path) -> str:
    """Why a video cannot be used, "" if it can."""
    try:
        return decode(path, choice=no_frame).problem
    except BadVideoError as error:
        return error.reason


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 60 numbered frames with B-frames and a keyframe every 24."""
    path = tmp_path_factory.mktemp("videos") / "sixty.mp4"
    options = {"preset": "veryfast", "bf": "3", "g": "24", "sc_threshold": "0"}
    return write_video(path, [numbered(number) for number in range(60)], **options)


@pytest.fixture
def clips(tmp_path: Path) -> Callable[[int], list[ClipFile]]:
    """Makes that many clips, in files of their own, of 24 to 26 frames; clip n's first frame carries n."""

    def make(count: int) -> list[ClipFile]:
        folder = tmp_path / "videos"
        folder.mkdir(exist_ok=True)
        made = []
        for number in range(count):
            images = [numbered(number)] + [numbered(place) for place in range(1, 24 + number % 3)]
            path = write_video(folder / f"{number:03d}.mp4", images)
            made.append(ClipFile(f"clip-{number:03d}", path, -1, -1))
        return made

    return make


@pytest.fixture
def config() -> FrameCacheConfig:
    """Every frame of a clip of 24, scaled down by two."""
    return FrameCacheConfig(decoder="pyav", short_side=32, segments=8, candidates=3)
