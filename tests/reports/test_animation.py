"""The moving clips of a report: which are shown, their frames in order, and when there are none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from _records import Fake, say
from PIL import Image

from ssmar_bench.reports.animation import CLIPS, COLUMN, FRAMES, MARGIN, SIDE, animation
from ssmar_bench.results.clip_predictions import strip_file
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.summary_builder import summarise

SHADES = np.linspace(20, 230, FRAMES).round().astype(int).tolist()
NAME = "micro-motion-12"


def _strip(path: Path) -> None:
    strip = Image.new("RGB", (8 * 33 - 1, 32), "white")
    for place, shade in enumerate(SHADES):
        strip.paste((shade, 0, 0), (33 * place, 0, 33 * place + 32, 32))
    path.parent.mkdir(parents=True, exist_ok=True)
    strip.save(path, "WEBP", lossless=True)


def _records(root: Path, clips: int) -> None:
    lines = [f"{clip:012x},p{clip},{clip % 3},{clip % 2},0.5,0" for clip in range(clips)]
    text = "\n".join(["clip,subject,label,prediction,confidence,prediction_ema", *lines]) + "\n"
    for method in ("supervised", "fixmatch"):
        say(Fake(method, benchmark=NAME).write(root), text)


def test_a_clip_of_each_class_moves_frame_after_frame(tmp_path: Path) -> None:
    _records(tmp_path, clips=9)
    for clip in (1, 2, 4, 5):  # of classes 1, 2, 1, 2: none of class 0 has frames
        _strip(strip_file(tmp_path, NAME, f"{clip:012x}"))
    content = animation(summarise(load_runs(tmp_path), paper=False).benchmarks[0])
    assert content is not None
    with Image.open(io.BytesIO(content)) as moving:
        assert getattr(moving, "n_frames", 1) == FRAMES
        assert moving.width == 2 * MARGIN + 2 * COLUMN < 2 * MARGIN + CLIPS * COLUMN
        for number, shade in enumerate(SHADES):
            moving.seek(number)
            for column in range(2):
                red = np.asarray(moving.convert("RGB"))[MARGIN + SIDE // 2, MARGIN + column * COLUMN + SIDE // 2, 0]
                assert abs(int(red) - shade) < 12


def test_without_frames_nothing_moves(tmp_path: Path) -> None:
    _records(tmp_path, clips=3)
    assert animation(summarise(load_runs(tmp_path), paper=False).benchmarks[0]) is None
