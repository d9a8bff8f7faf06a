"""Figures about classes and confidences: gain by class (Fig. 4, left), confusion, calibration, accuracy against cost.

Every function is called within ``line_styles.drawing()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten, wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import OKABE_ITO, TEXT, LineStyle
from ssmar_bench.reports.panels import LONGEST, canvas, empty, finish, handles, legend
from ssmar_bench.results.summary import RunGroup

NAME = 24
"""Characters of a class's name beside an axis."""

NAMED = 15
"""Classes up to which a confusion matrix says their names; more would not be readable at a column's width."""

TITLE = 17
"""Characters of a panel's title where three are side by side."""


def _panels(figure: Figure, count: int) -> list[Axes]:
    """``count`` panels that share their axes, in rows of :func:`_columns`; each column is labelled at its end."""
    columns = _columns(count)
    grid = figure.subplots(-(-count // columns), columns, sharex=True, sharey=True, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    for axes in panels[count:]:
        axes.set_visible(False)
    for axes in panels[count - columns : count]:
        axes.tick_params(labelbottom=True)
    return panels[:count]


def _columns(count: int) -> int:
    """Panels beside each other: four are two by two."""
    return 2 if count == 4 else min(3, count)


def gain(pairs: Mapping[str, tuple[RunGroup, RunGroup]], classes: Sequence[str]) -> Figure:
    """Recall of each class by one method minus that by another, a panel a setting: the paper's Fig. 4, left.

    Args:
        pairs: a panel's title -> (the method that may gain, the one it is compared with), both with predictions.
        classes: names.
    """
    titles = {title: "\n".join(wrap(title, TITLE)) for title in pairs}
    rows = -(-len(pairs) // _columns(len(pairs)))
    lines = max(text.count("\n") for text in titles.values())
    figure = canvas(0.7 + (0.3 + 0.12 * lines + 0.135 * len(classes)) * rows, [])
    for axes, (title, (better, other)) in zip(_panels(figure, len(pairs)), pairs.items(), strict=True):
        points = 100 * (better.recall - other.recall)
        colors = [OKABE_ITO[0] if value >= 0 else OKABE_ITO[1] for value in points]
        axes.barh(range(len(classes)), np.nan_to_num(points), color=colors, height=0.7)
        axes.axvline(0, color="black", linewidth=0.6)
        finish(axes, titles[title], x="")
        axes.set_yticks(range(len(classes)), [shorten(name, NAME, placeholder="...") for name in classes])
        axes.grid(visible=False, axis="y")
    figure.axes[0].invert_yaxis()
    first, second = next(iter(pairs.values()))
    figure.suptitle("\n".join(wrap(f"{first.label} over {second.label}, by share of labels", LONGEST)))
    figure.supxlabel("Recall gained (points)", fontsize=TEXT["axes.labelsize"])
    return figure


def confusion(cells: Sequence[RunGroup], classes: Sequence[str]) -> Figure:
    """Share of each true class (row) that was given each name, a panel a method; all seeds together."""
    rows = -(-len(cells) // _columns(len(cells)))
    key = "\n".join(wrap("; ".join(f"{i} {name}" for i, name in enumerate(classes)), 58)) if _few(classes) else ""
    titles = ["\n".join(wrap(cell.label, TITLE, max_lines=2, placeholder="...")) for cell in cells]
    above = 0.12 * max(title.count("\n") for title in titles)
    figure = canvas((1.3 + above) * rows + 0.5 + 0.12 * key.count("\n"), [])
    panels = _panels(figure, len(cells))
    for axes, cell, title in zip(panels, cells, titles, strict=True):
        image = axes.imshow(
            100 * cell.shares, cmap="cividis", vmin=0, vmax=100, aspect="equal", interpolation="nearest"
        )
        finish(axes, title, x="")
        axes.grid(visible=False)
        ticks = range(0, len(classes), 2 if _few(classes) else 10)
        axes.set_xticks(ticks, map(str, ticks))
        axes.set_yticks(ticks, map(str, ticks))
    bar = figure.colorbar(image, ax=panels, location="bottom", shrink=0.7, aspect=40, pad=0.02)
    bar.set_label("Share of the true class (row) in %")
    if key:
        figure.supxlabel(key, fontsize=7, linespacing=1.1)
    return figure


def _few(classes: Sequence[str]) -> bool:
    return len(classes) <= NAMED


def calibration(cells: Mapping[float, Sequence[RunGroup]], line_styles: Mapping[str, LineStyle]) -> Figure:
    """Calibration of the full pool's pseudo-labels after the last epoch: accuracy by confidence, a panel a ratio."""
    shown = _shown(cells, line_styles)
    entries = handles(shown)
    figure = canvas(1.75 * -(-len(cells) // _columns(len(cells))), entries)
    panels = _panels(figure, len(cells))
    for axes, (ratio, own) in zip(panels, cells.items(), strict=True):
        axes.plot([0, 100], [0, 100], color="#888888", linewidth=0.6, linestyle=":")
        for cell in own:
            line_style = line_styles[cell.label]
            confidence, right = cell.reliability
            axes.plot(
                100 * confidence,
                100 * right,
                linestyle=line_style.dashes,
                linewidth=1.2,
                **line_style.marks(2.8),
            )
        finish(axes, f"{100 * ratio:g} % labelled", x="Confidence (%)")
        axes.set_xlim(-2, 102)
        axes.set_ylim(-2, 102)
        axes.set_xticks([0, 50, 100])
    panels[0].set_ylabel("Right (%)")
    legend(figure, entries, "dotted: as right as it is sure")
    return figure


def cost(cells: Mapping[float, Sequence[RunGroup]], line_styles: Mapping[str, LineStyle]) -> Figure:
    """Test accuracy (mean, one standard deviation) against the forward passes in training."""
    shown = _shown(cells, line_styles)
    entries = handles(shown)
    for entry in entries:
        entry.set_linestyle("none")
    figure = canvas(1.75 * -(-len(cells) // _columns(len(cells))), entries)
    panels = _panels(figure, len(cells))
    for axes, (ratio, own) in zip(panels, cells.items(), strict=True):
        for cell in own:
            line_style = line_styles[cell.label]
            spread = None if np.isnan(cell.std) else 100 * cell.std
            axes.errorbar(
                cell.forward_passes / 1000,
                100 * cell.mean,
                yerr=spread,
                elinewidth=0.8,
                **line_style.marks(4),
            )
        finish(axes, f"{100 * ratio:g} % labelled", x="Clips (thousands)")
        if not own:
            empty(axes, "no run has finished")
    panels[0].set_ylabel("Test accuracy (%)")
    panels[0].set_xlim(left=0)
    legend(figure, entries, "bar: ± 1 std over seeds")
    return figure


def _shown(cells: Mapping[float, Sequence[RunGroup]], line_styles: Mapping[str, LineStyle]) -> dict[str, LineStyle]:
    found = {cell.label for own in cells.values() for cell in own}
    return {label: line_style for label, line_style in line_styles.items() if label in found}
