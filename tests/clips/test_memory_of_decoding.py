"""Decoding needs little memory, however long a video and however large its frames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ffmpeg

MEASURE = """
import re, sys
from pathlib import Path
from ssmar_bench.clips.video_clip import decode_video_clip
from ssmar_bench.core.benchmark_config import FrameCacheConfig
method_config = FrameCacheConfig(decoder="pyav", short_side=240, segments=8, candidates=1)
assert decode_video_clip(Path(sys.argv[1]), method_config).shape == (8, 240, 427, 3)
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def peak(path: Path) -> int:
    """Megabytes that a process needs at most to take eight frames of a video, Python and its libraries included."""
    command = [sys.executable, "-c", MEASURE, str(path)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process alone is read from /proc")
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "color=gray:s=1920x1080:r=30:d=2")
    short = tmp_path / "short.mp4"
    ffmpeg(*source, "-c:v", "libx264", "-preset", "ultrafast", short)
    ffmpeg("-stream_loop", 29, "-i", short, "-c", "copy", tmp_path / "long.mp4")
    ffmpeg("-stream_loop", 1, "-i", short, "-c", "copy", tmp_path / "twice.mp4")
    long, twice = peak(tmp_path / "long.mp4"), peak(tmp_path / "twice.mp4")
    assert long < 300
    assert long < twice + 30  # 1800 frames of 240 x 427 pixels are 553 MB
