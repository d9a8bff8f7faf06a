"""A contact sheet of a synthetic data set: what a user looks at before trusting it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.synthetic.dataset import SyntheticOptions, plan_clips, read_options, render_clip
from ssmar_bench.sources.synthetic.drawing import Frames
from ssmar_bench.sources.synthetic.motion import ACTIONS

if TYPE_CHECKING:
    from PIL import Image

COLUMNS = 8
CLIPS = 2
_GAP = 4
_CAPTION = 196


def write_contact_sheet(source: SyntheticOptions | Path, out_png: Path, side: int = 96) -> None:
    """Writes a picture with a row a class: its name and eight frames of each of two clips by different subjects.

    Args:
        source: options, or the folder of a written data set, whose options say the same.
        out_png: the file to write.
        side: pixels a frame takes in the sheet.

    Raises:
        UserError: the folder holds no data set of this source.
    """
    from PIL import Image, ImageDraw, ImageFont  # as below: every command would load it

    options = source if isinstance(source, SyntheticOptions) else read_options(source)
    names = read_facts("ma52.yaml").names
    rows = {label: _examples(options, label) for label in sorted(ACTIONS)}
    width = _CAPTION + CLIPS * (COLUMNS * side + 2 * _GAP)
    sheet = Image.new("RGB", (width, len(rows) * (side + _GAP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for row, (label, clips) in enumerate(rows.items()):
        y = row * (side + _GAP)
        pen.text((6, y + side // 2 - 8), f"{label} {names[label]}", fill="black", font=font)
        for column, clip in enumerate(clips):
            sheet.paste(_strip(clip, side), (_CAPTION + column * (COLUMNS * side + 2 * _GAP), y))
    sheet.save(out_png)


def _examples(options: SyntheticOptions, label: int) -> Sequence[Frames]:
    """Up to two clips of a class, of different subjects where there are some."""
    clips = [clip for clip in plan_clips(options) if clip.label == label and clip.part == "train"]
    clips.sort(key=lambda clip: (clip.name.split("_", 1)[1], clip.number))
    return [render_clip(options, clip) for clip in clips[:CLIPS]]


def _strip(frames: Frames, side: int) -> Image.Image:
    """Evenly spaced frames of a clip ``(T, H, W, 3)`` beside each other."""
    from PIL import Image

    chosen = frames[np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int)]
    strip = Image.new("RGB", (COLUMNS * side, side))
    for i, picture in enumerate(chosen):
        strip.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC), (i * side, 0))
    return strip
