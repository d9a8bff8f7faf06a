"""The paper's figures from made-up records."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from _page_data import parts_of
from _records import Real
from _reports import html, paper_figures, render, table_text
from matplotlib.text import Text
from PIL import Image

from ssmar_bench.reports.line_styles import drawing
from ssmar_bench.reports.paper_figures import pictures, selection_note
from ssmar_bench.results.examples import examples, picture
from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.records import Runs, load_runs

LEVELS = ("micro-motion-easy", "micro-motion-12", "micro-motion-hard")


@pytest.fixture(autouse=True)
def _drawing() -> Iterator[None]:
    with drawing():
        yield


def write(root: Path) -> Runs:
    for benchmark in LEVELS:
        for method, accuracy in (("supervised", 0.4), ("fixmatch", 0.5), ("aplt", 0.6)):
            for seed in (0, 1):
                Real(method, 0.5, seed, accuracy, benchmark=benchmark).write(root)
    Real("supervised", 0.5, 0, epochs=55).write(root)  # another schedule must not push the line out of the figure
    return load_runs(root)


def record(runs: Runs) -> None:
    found = examples(runs, "micro-motion")
    assert found is not None
    for one in found.chosen:
        buffer = io.BytesIO()
        Image.new("RGB", (519, 64), "green").save(buffer, "JPEG")
        path = picture(runs.root, found.benchmark, one.clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())


def test_figure_2b_has_all_methods_levels_and_bands(tmp_path: Path) -> None:
    figure = paper_figures(write(tmp_path), "micro-motion")["fig2b-micro-motion"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "Baseline (Labeled Only)", "FixMatch", "APLT (Ours)",
    ]  # fmt: skip
    assert [len(axes.lines) for axes in figure.axes] == [3, 3, 3, 2, 2, 2, 2, 2, 2]
    assert all(axes.collections for axes in figure.axes)
    colors = [line.get_color() for line in figure.axes[0].lines]
    assert len(set(colors)) == 3
    assert [axes.get_title(loc="left").split("\n")[-1] for axes in figure.axes[:3]] == ["easy", "medium", "hard"]


def test_figure_4_shows_clips_only_with_recorded_frames(tmp_path: Path) -> None:
    runs = write(tmp_path)
    assert "fig4-micro-motion-clips" not in paper_figures(runs, "micro-motion")
    before = input_digest(tmp_path)
    record(runs)
    assert input_digest(tmp_path) != before
    drawn = paper_figures(runs, "micro-motion")
    clips = drawn["fig4-micro-motion-clips"]
    assert len(clips.axes) == 4
    words = [text.get_text() for text in clips.axes[0].findobj(Text) if text.get_text()]
    assert any(word.startswith("\u2713 APLT (Ours): ") for word in words)
    assert any(word.startswith("\u2717 FixMatch: ") for word in words)
    clips.draw_without_rendering()
    texts = [text for axes in clips.axes for text in axes.findobj(Text) if text in axes.texts or _is_title(text)]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) == 12
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert max(box.y1 for box in boxes) <= clips.bbox.y1
    assert drawn["fig4-micro-motion-classes"].get_suptitle().startswith("APLT (Ours) over FixMatch")


def _is_title(text: Text) -> bool:
    return text.get_fontweight() == "bold" and bool(text.get_text())


def test_the_page_and_the_readme_show_the_clips(tmp_path: Path) -> None:
    runs = write(tmp_path)
    record(runs)
    pictures = [picture for section in parts_of(html(tmp_path))["paper"] for picture in section["pictures"]]
    assert len(pictures) == 4
    assert all(b64decode(jpeg).startswith(b"\xff\xd8") for jpeg, _ in pictures)
    assert all(words.startswith("Eight frames of class ") for _, words in pictures)
    text = table_text(runs, "fig4", "micro-motion")
    assert "not chosen for what they look like" in text
    names = {path.name for path in render(tmp_path, tmp_path / "reports", ["micro-motion-easy"])}
    figures = {"fig2b-micro-motion.png", "fig4-micro-motion-classes.pdf", "fig4-micro-motion-clips.png"}
    assert figures <= names
    readme = (tmp_path / "reports" / "README.md").read_text()
    assert "(paper/fig4-micro-motion-clips.png)" in readme


def test_without_runs_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert paper_figures(load_runs(tmp_path), "micro-motion") == {}
    assert pictures(None, {}) == ()
    assert "no run of the same seed" in selection_note(None)
