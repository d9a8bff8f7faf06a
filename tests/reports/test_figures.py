from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _records import LABELS, Fake
from matplotlib.figure import Figure
from matplotlib.text import Text

from ssmar_bench.reports import figures
from ssmar_bench.reports.line_styles import drawing, line_styles
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.records import load_runs


@pytest.fixture(autouse=True)
def _drawing() -> Iterator[None]:
    with drawing():
        yield


def summary(root: Path, methods: list[str], seeds: int = 2) -> pd.DataFrame:
    for method in methods:
        for seed in range(seeds):
            Fake(method, seed=seed).write(root)
    return over_seeds(load_runs(root).curves("micro-motion-12"))


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_every_method_looks_different() -> None:
    found = line_styles([str(i) for i in range(40)])
    assert len({(look.color, look.marker) for look in found.values()}) == 40


def test_many_methods_carry_no_bands_and_the_legend_says_so(tmp_path: Path) -> None:
    rows = summary(tmp_path, list(LABELS))
    figure = figures.validation(rows, line_styles(list(LABELS.values())))
    assert not figure.axes[0].collections
    assert figure.legends[0].get_title().get_text() == "mean over 2 seeds"


def test_few_methods_carry_bands(tmp_path: Path) -> None:
    rows = summary(tmp_path, ["fixmatch", "aplt"])
    figure = figures.validation(rows, line_styles(["FixMatch", "APLT"]))
    assert len(figure.axes[0].collections) == 2
    assert figure.legends[0].get_title().get_text() == "mean, band: ± 1 std over 2 seeds"


def test_the_legend_says_where_lines_are_of_fewer_seeds(tmp_path: Path) -> None:
    summary(tmp_path, ["fixmatch"], seeds=1)
    rows = summary(tmp_path, ["aplt"], seeds=3)
    figure = figures.validation(rows, line_styles(["FixMatch", "APLT"]))
    assert figure.legends[0].get_title().get_text() == "mean, band: ± 1 std over 1 to 3 seeds"


def test_one_seed_is_called_one_seed(tmp_path: Path) -> None:
    figure = figures.pseudo_labels(summary(tmp_path, ["fixmatch"], seeds=1), line_styles(["FixMatch"]))
    assert figure.legends[0].get_title().get_text() == "one seed"


def test_a_method_with_offline_labels_has_one_line_in_a_panel(tmp_path: Path) -> None:
    rows = summary(tmp_path, ["fixmatch", "aplt"])
    figure = figures.pseudo_labels(rows, line_styles(["FixMatch", "APLT"]))
    used = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("(c)"))
    offline = rows[
        (rows["label"] == "APLT") & (rows["series"] == "offline") & (rows["quantity"] == "accuracy_selected")
    ]
    assert len(used.lines) == 2
    assert np.asarray(used.lines[1].get_ydata()).tolist() == pytest.approx(list(100 * offline["mean"]))


def test_the_threshold_is_shown_before_and_after(tmp_path: Path) -> None:
    figure = figures.threshold(summary(tmp_path, ["fixmatch", "aplt"]), line_styles(["FixMatch", "APLT"]))
    assert legend(figure) == ["APLT, before threshold", "APLT, after threshold"]
    assert len(figure.axes[0].lines) == 2


def panels(figure: Figure) -> list[str]:
    """Letters of the panels, every one of which has a line."""
    assert all(axes.lines for axes in figure.axes)
    return [axes.get_title(loc="left")[:3] for axes in figure.axes]


def test_where_nothing_was_trained_on_there_is_no_empty_panel_and_the_legend_says_why(tmp_path: Path) -> None:
    figure = figures.pseudo_labels(summary(tmp_path, ["supervised"]), line_styles(["Supervised"]))
    assert panels(figure) == ["(a)", "(b)", "(e)"]
    assert figure.legends[0].get_title().get_text().endswith("; trained on: no pseudo-labels")


def test_where_nobody_knows_the_truth_there_is_no_empty_panel_and_the_legend_says_why(tmp_path: Path) -> None:
    rows = summary(tmp_path, ["fixmatch", "aplt"])
    rows = rows[~rows["quantity"].str.startswith("accuracy") | (rows["series"] == "validation")]
    styles = line_styles(["FixMatch", "APLT"])
    for figure, letters in ((figures.pseudo_labels(rows, styles), ["(d)"]), (figures.threshold(rows, styles), ["(b)"])):
        assert panels(figure) == letters
        assert figure.legends[0].get_title().get_text().endswith("; accuracy is unknown: no true labels")
    assert not figures.has_pseudo_labels(rows[rows["series"] == "validation"])


def test_all_panels_are_there_where_there_is_something_in_each(tmp_path: Path) -> None:
    figure = figures.pseudo_labels(summary(tmp_path, ["fixmatch"]), line_styles(["FixMatch"]))
    assert sorted(panels(figure)) == ["(a)", "(b)", "(c)", "(d)", "(e)"]
    assert figure.legends[0].get_title().get_text() == "mean, band: ± 1 std over 2 seeds"


def test_words_are_readable_at_column_width_and_inside_the_figure(tmp_path: Path) -> None:
    label = "FixMatch [train.epochs=400, train.batch=128, x.y=1]"
    figure = figures.pseudo_labels(summary(tmp_path, ["fixmatch"]).assign(label=label), line_styles([label]))
    figure.draw_without_rendering()
    words = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in words) >= 7
    assert figure.get_figwidth() == 3.3
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
