"""One panel of a figure: lines with bands on an axis, and what surrounds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ssmar_bench.core.files import write_bytes
from ssmar_bench.reports.line_styles import WIDTH, LineStyle

BANDED = 5
"""More lines than this carry no bands: they would hide each other."""

LONGEST = 46
"""Characters of a legend's line that fit a column."""

RESOLUTION = 300
"""Dots an inch of a PNG."""

MANY, NARROW = 8, 22
"""More methods than ``MANY`` are listed in two columns, in lines of ``NARROW`` characters."""

MARKS = 8
"""About how many markers a line carries."""


def canvas(height: float, entries: Sequence[Line2D], margin: float = 0.03) -> Figure:
    """An empty figure of a column's width: ``height`` inches and what the legend of ``entries`` takes.

    ``margin``: inches above and below what is drawn.
    """
    lines = sum(1 + str(entry.get_label()).count("\n") for entry in entries)
    height += 0.15 * -(-lines // _columns(entries)) if lines else 0
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=margin, wspace=0.03, hspace=0.02)
    figure = Figure(figsize=(WIDTH, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def lines(
    axes: Axes, rows: pd.DataFrame, line_styles: Mapping[str, LineStyle], x: str = "epoch", dashes: str | None = None
) -> None:
    """Draw the mean of every label in ``rows`` in per cent, with a band of one standard deviation where it is known.

    Args:
        axes: where to draw.
        rows: columns label, ``x``, mean, std.
        line_styles: label -> line.
        x: the column of ``rows`` that runs to the right.
        dashes: one line style for all, instead of each label's own.
    """
    crowded = rows["label"].nunique() > BANDED
    for number, (label, line_style) in enumerate(line_styles.items()):
        own = rows[rows["label"] == label].sort_values(x)
        if own.empty:
            continue
        mean, std = 100 * own["mean"], 100 * own["std"]
        every = max(1, len(own) // MARKS)
        axes.plot(
            own[x],
            mean,
            color=line_style.color,
            linestyle=dashes or line_style.dashes,
            linewidth=1.2,
            marker=line_style.marker,
            markersize=3.2,
            # Each line has its marks at other epochs, so that lines that meet can still be significant.
            markevery=(number % every, every),
            markeredgewidth=0.4,
            markeredgecolor="white",
        )
        if std.notna().any() and not crowded:
            low, high = (mean - std).clip(lower=0), (mean + std).clip(upper=100)
            axes.fill_between(own[x], low, high, color=line_style.color, alpha=0.15, linewidth=0)


def finish(axes: Axes, title: str, x: str = "Epoch", y: str = "") -> None:
    """Title and axis labels; there are no half epochs."""
    axes.set_title(title, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if x == "Epoch":
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))


def limits(axes: list[Axes]) -> None:
    """One range of accuracy for panels that are read against each other, in steps of ten, within 0 to 100."""
    low = min(panel.dataLim.y0 for panel in axes)
    high = max(panel.dataLim.y1 for panel in axes)
    if not low <= high:  # nothing was drawn
        low, high = 0.0, 100.0
    for panel in axes:
        panel.set_ylim(max(0.0, 10 * (low // 10)) - 2, min(100.0, 10 * -(-high // 10)) + 2)


def empty(axes: Axes, words: str) -> None:
    """Say in the panel why nothing is drawn."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="#555555")


def handles(line_styles: Mapping[str, LineStyle]) -> list[Line2D]:
    """What the legend shows of every method."""
    longest = NARROW if len(line_styles) > MANY else LONGEST
    return [entry(line_style, label, line_style.dashes, longest) for label, line_style in line_styles.items()]


def entry(line_style: LineStyle, label: str, dashes: Any, longest: int = LONGEST) -> Line2D:
    """One line of a legend; a label of more than ``longest`` characters is broken."""
    label = "\n".join(wrap(label, longest))
    label = f" {label}" if label.startswith("_") else label  # matplotlib hides what begins so
    return Line2D(
        [],
        [],
        color=line_style.color,
        linestyle=dashes,
        linewidth=1.2,
        marker=line_style.marker,
        markersize=3.5,
        label=label,
    )


def legend(figure: Figure, entries: list[Line2D], note: str) -> None:
    """The legend below the panels, and under it what the bands are."""
    figure.legend(
        handles=entries,
        loc="outside lower center",
        ncols=_columns(entries),
        title=note,
        handlelength=2.4,
        columnspacing=1.0,
        labelspacing=0.3,
        borderpad=0.1,
    )


def _columns(entries: Sequence[Line2D]) -> int:
    """As many columns as the longest label leaves room for."""
    longest = max((len(line) for entry in entries for line in str(entry.get_label()).split("\n")), default=0)
    return max(1, min(len(entries), 3 if longest <= 11 else 2 if longest <= NARROW else 1))


def band_note(*panels: pd.DataFrame) -> str:
    """What the bands of some panels are, in the words of a legend; lines may be of different numbers of seeds."""
    counts = {int(count) for rows in panels for count in rows.groupby("label")["seeds"].max()}
    most = max(counts, default=0)
    if most <= 1:
        return "one seed"
    seeds = f"{most} seeds" if len(counts) == 1 else f"{min(counts)} to {most} seeds"
    if len({label for rows in panels for label in rows["label"]}) > BANDED:
        return f"mean over {seeds}"
    return f"mean, band: ± 1 std over {seeds}"


KINDS = ("png", "pdf")
"""Files of a figure."""


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write ``stem.png`` and ``stem.pdf``, without dates, so that equal figures are equal files."""
    figure.set_dpi(RESOLUTION)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # the places are found: once for both files, since it takes most of the time
    paths = [stem.with_name(f"{stem.name}.{kind}") for kind in KINDS]
    for path, metadata in zip(paths, ({"Software": None}, {"CreationDate": None}), strict=True):
        buffer = BytesIO()
        figure.savefig(buffer, format=path.suffix[1:], metadata=metadata)
        write_bytes(path, buffer.getvalue())
    return paths
