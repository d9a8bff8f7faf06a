"""How lines look: a palette that colour-blind readers distinguish, with line styles and markers as a second sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import style

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette without its yellow, which is lost on white paper."""

DARK = ("#4DA6E0", "#FF8F4D", "#2EC4A0", "#E6A5CB", "#F5B83D", "#9AD7F7", "#FFFFFF")
"""The same colours, in the same order, on a dark screen."""

DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 1.5, 1, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
WIDTH = 3.3
"""Inches: a column of a two-column paper."""

TEXT = {
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.title_fontsize": 7,
    "figure.titlesize": 8,
    "text.parse_math": False,  # a label is a text, whatever signs it has
    "text.usetex": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # shipped with matplotlib: the same anywhere
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.linewidth": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "axes.axisbelow": True,
    "axes.labelpad": 2,
    "axes.titlepad": 3,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
    "figure.dpi": 100,
}


@dataclass(frozen=True)
class LineStyle:
    """One method's line."""

    color: str
    dashes: Any
    marker: str

    def marks(self, size: float) -> dict[str, Any]:
        """Colour and marks of ``size`` points with a white edge, as arguments of matplotlib."""
        return {
            "color": self.color,
            "marker": self.marker,
            "markersize": size,
            "markeredgecolor": "white",
            "markeredgewidth": 0.3,
        }


def line_styles(labels: Sequence[str]) -> dict[str, LineStyle]:
    """A look for every label; colours repeat after seven, with other dashes and markers."""
    return {
        label: LineStyle(
            OKABE_ITO[i % len(OKABE_ITO)],
            DASHES[(i + i // len(OKABE_ITO)) % len(DASHES)],
            MARKERS[i % len(MARKERS)],
        )
        for i, label in enumerate(labels)
    }


@contextmanager
def drawing() -> Iterator[None]:
    """Draw and save in here: matplotlib's own defaults and ``TEXT``, whatever the user's settings are."""
    with style.context(["default", TEXT]):
        yield
