"""Test clips that move, with what methods took them for: one animated picture a benchmark."""

from __future__ import annotations

import io
from collections.abc import Iterator

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from ssmar_bench.reports.formatting import percent_text
from ssmar_bench.results.summary import BenchmarkSummary, MethodAnswers

ANIMATION = "examples.webp"
CLIPS, METHODS = 6, 3
FRAMES = 8
SIDE, COLUMN, MARGIN, LINE = 128, 164, 10, 18
"""Pixels: a frame, a clip's column, the border, a line of text."""
MILLISECONDS = 160
RIGHT, WRONG, INK, FAINT = "#00704A", "#B33A00", "#111111", "#666666"
"""Green and vermilion tell apart for colour-blind readers, too; a sign says it as well."""


def animation(found: BenchmarkSummary) -> bytes | None:
    """An animated WebP of ``CLIPS`` test clips, each of another class, with the answers of the first methods.

    The clips are the first of each class by ids that are hashes, so nobody chose them; most of the other clips with
    frames are mistakes. The answers are those at the largest ratio at which methods compete. None where none of
    these clips has frames.
    """
    if found.examples is None or not found.examples.strips or not found.competing_ratios:
        return None
    said = _answers(found, max(found.competing_ratios))
    chosen = list(_chosen(found))
    if not said or not chosen:
        return None
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 11)
    still = Image.new("RGB", (2 * MARGIN + COLUMN * len(chosen), SIDE + LINE * (len(said) + 2) + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(still)
    below = MARGIN + SIDE + 4
    for column, row in enumerate(chosen):
        left = MARGIN + column * COLUMN
        truth = found.examples.answers.labels[row]
        pen.text((left, below), _cut(found.classes[truth], font), INK, font, stroke_width=0.3)
        for line, one in enumerate(said, 1):
            answer = one.prediction[row]
            sign, colour = ("✓", RIGHT) if answer == truth else ("✗", WRONG)
            pen.text((left, below + line * LINE), _cut(f"{sign} {found.classes[answer]}", font), colour, font)
    names = ", ".join(one.label for one in said)
    pen.text(
        (MARGIN, below + (len(said) + 1) * LINE - 2),
        f"Class, then the answers of {names} ({percent_text(said[0].ratio)} labelled)",
        FAINT,
        font,
    )
    strips = [_frames(found.examples.strips[found.examples.answers.clips[row]]) for row in chosen]
    pictures = []
    for moment in range(FRAMES):
        picture = still.copy()
        for column, frames in enumerate(strips):
            picture.paste(frames[moment], (MARGIN + column * COLUMN, MARGIN))
        pictures.append(picture)
    file = io.BytesIO()
    pictures[0].save(
        file, "WEBP", save_all=True, append_images=pictures[1:], duration=MILLISECONDS, loop=0, quality=60, method=4
    )
    return file.getvalue()


def _answers(found: BenchmarkSummary, ratio: float) -> list[MethodAnswers]:
    assert found.examples is not None
    of_ratio = {one.label: one for one in found.examples.answers.methods if one.ratio == ratio}
    return [of_ratio[label] for label in found.ranked if label in of_ratio][:METHODS]


def _chosen(found: BenchmarkSummary) -> Iterator[int]:
    """Rows of the first clip of each class, where they have frames, as many as there is room for."""
    assert found.examples is not None
    answers = found.examples.answers
    seen: set[int] = set()
    for row, clip in enumerate(answers.clips):
        label = int(answers.labels[row])
        if label not in seen and len(seen) < CLIPS:
            seen.add(label)
            if clip in found.examples.strips:
                yield row


def _frames(strip: bytes) -> list[Image.Image]:
    """The frames of a strip, which stand side by side, each ``SIDE`` pixels high and at most as wide."""
    picture = Image.open(io.BytesIO(strip)).convert("RGB")
    step = (picture.width + 1) / FRAMES
    boxes = [(round(step * i), 0, round(step * (i + 1)) - 1, picture.height) for i in range(FRAMES)]
    cut = [picture.crop(box) for box in boxes]
    scale = SIDE / max(cut[0].size)
    size = (round(cut[0].width * scale), round(cut[0].height * scale))
    return [frame.resize(size, Image.Resampling.BICUBIC) for frame in cut]


def _cut(text: str, font: ImageFont.FreeTypeFont) -> str:
    """The text, or as much of it as a column holds, with dots."""
    room = COLUMN - 8
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"
