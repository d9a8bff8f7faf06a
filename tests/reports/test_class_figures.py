from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _records import Fake
from matplotlib.text import Text

from ssmar_bench.reports import class_figures, level_figures
from ssmar_bench.reports.line_styles import drawing, line_styles
from ssmar_bench.results.clip_counts import BINS
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.run_groups import RunGroup, class_names, run_groups

B = "micro-motion-12"
LOOKS = line_styles(["FixMatch", "APLT"])


@pytest.fixture(autouse=True)
def _drawing() -> Iterator[None]:
    with drawing():
        yield


def cell(label: str, counts: list[list[int]], ratio: float = 0.1, **changed: float) -> RunGroup:
    numbers: dict[str, Any] = {"mean": 0.5, "std": 0.1, "forward_passes": 4000.0, **changed}
    bins = np.zeros((3, BINS))
    bins[:, 7] = 10, 7.5, 6
    return RunGroup(label.lower(), label, ratio, confusion=np.array(counts), calibration=bins, **numbers)


def test_cells_pool_the_seeds(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.5, 0.7)):
        Fake(seed=seed, accuracy=accuracy, clips=True).write(tmp_path)
    Fake("aplt", 1.0, clips=True).write(tmp_path)
    runs = load_runs(tmp_path)
    first, second = run_groups(runs, B)
    assert class_names(runs, B)[0] == "class 0"
    assert (first.label, first.ratio, second.label, second.ratio) == ("FixMatch", 0.1, "APLT", 1.0)
    assert (first.confusion.sum(), np.trace(first.confusion)) == (400, 100 + 140)
    assert first.calibration[:, 7].tolist() == [80, 60, 60]
    assert not second.calibration.any()
    assert first.mean == pytest.approx(0.6)


def test_gain_is_the_difference_of_recalls() -> None:
    pair = (cell("APLT", [[3, 1], [0, 2]]), cell("FixMatch", [[1, 3], [1, 1]]))
    figure = class_figures.gain({"10 %": pair}, ["wave", "nod"])
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx([50, 50])  # type: ignore[attr-defined]
    assert "APLT over FixMatch" in figure.get_suptitle()


def test_a_class_without_clips_has_no_recall() -> None:
    assert cell("APLT", [[3, 1], [0, 0]]).recall.tolist() == [0.75, pytest.approx(np.nan, nan_ok=True)]


def test_confusion_shows_shares_of_rows() -> None:
    figure = class_figures.confusion([cell("APLT", [[3, 1], [0, 0]])], ["wave", "nod"])
    assert figure.axes[0].images[0].get_array().tolist() == [[75, 25], [0, 0]]
    assert "0 wave; 1 nod" in figure.get_supxlabel()


def test_reliability_leaves_out_bins_of_few() -> None:
    counts = np.zeros((3, BINS))
    counts[:, 2], counts[:, 9] = (4, 1, 4), (10, 9.5, 5)
    confidence, right = replace(cell("APLT", [[1]]), calibration=counts).reliability
    assert (confidence.tolist(), right.tolist()) == ([0.95], [0.5])


def test_cost_has_a_point_a_method_and_no_bar_for_one_seed() -> None:
    shown = [cell("APLT", [[1, 0], [0, 1]]), cell("FixMatch", [[1, 0], [0, 1]], std=np.nan, forward_passes=8000.0)]
    axes = class_figures.cost({0.1: shown}, LOOKS).axes[0]
    assert [container.lines[0].get_xydata().tolist() for container in axes.containers] == [[[4, 50]], [[8, 50]]]  # type: ignore[attr-defined]
    assert len(axes.collections) == 1


def test_levels_draw_what_each_of_them_has(tmp_path: Path) -> None:
    for name in (B, "micro-motion-hard"):
        for seed in (0, 1):
            Fake("fixmatch", seed=seed, benchmark=name).write(tmp_path)
    Fake("aplt", benchmark=B).write(tmp_path)
    runs = load_runs(tmp_path)
    summaries = {title: over_seeds(runs.curves(name)) for title, name in (("Medium", B), ("Hard", "micro-motion-hard"))}
    figure = level_figures.levels(summaries, LOOKS)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["FixMatch", "APLT"]
    assert [len(axes.lines) for axes in figure.axes] == [2, 1] * 3
    assert all(axes.collections for axes in figure.axes)


def test_levels_of_other_numbers_of_seeds_say_so(tmp_path: Path) -> None:
    for name, seeds in ((B, 5), ("micro-motion-hard", 3)):
        for seed in range(seeds):
            Fake("fixmatch", seed=seed, benchmark=name).write(tmp_path)
    runs = load_runs(tmp_path)
    figure = level_figures.levels({name: over_seeds(runs.curves(name)) for name in (B, "micro-motion-hard")}, LOOKS)
    assert figure.legends[0].get_title().get_text() == "mean, band: ± 1 std over 3 to 5 seeds"


@pytest.mark.parametrize("size", [12, 52])
def test_figures_of_classes_are_readable_at_column_width(size: int) -> None:
    counts = np.eye(size, dtype=int).tolist()
    own = [
        cell("FixMatch", counts),
        cell("APLT", counts),
        cell("A very long label of a method, that must wrap", counts),
    ]
    names = [f"a micro-action, number {i}" for i in range(size)]
    for figure in (class_figures.gain({"10 %": (own[0], own[1])}, names), class_figures.confusion(own, names)):
        figure.draw_without_rendering()
        words = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert min(text.get_fontsize() for text in words) >= 7
        assert figure.get_figwidth() == 3.3
