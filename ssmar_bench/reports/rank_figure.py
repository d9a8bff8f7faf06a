"""The diagram of mean ranks with Nemenyi's critical difference (Demsar, JMLR 2006, Fig. 1)."""

from __future__ import annotations

from textwrap import shorten

from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import OKABE_ITO
from ssmar_bench.reports.panels import canvas
from ssmar_bench.results.summary import Friedman

NAME = 30
"""Characters of a method's name."""


def ranks(found: Friedman) -> Figure:
    """Methods below each other, best first, at their mean ranks; a bar joins those that Nemenyi's test does not part.

    Called within ``style.drawing()``.
    """
    places = found.ranks.sort_values(kind="stable")
    figure = canvas(0.75 + 0.17 * len(places), [])
    axes = figure.subplots()
    axes.plot(places, range(len(places)), "o", color=OKABE_ITO[0], markersize=4)
    for height, (first, last) in enumerate(_alike(list(places), found.critical_difference)):
        x = max(places) + 0.15 + 0.12 * height
        axes.plot([x, x], [first - 0.15, last + 0.15], color=OKABE_ITO[1], linewidth=2.5, solid_capstyle="butt")
    axes.set_yticks(range(len(places)), [shorten(str(name), NAME, placeholder="...") for name in places.index])
    axes.invert_yaxis()
    axes.set_xlabel(f"Mean rank over {found.sets} data sets (1 is best)")
    axes.set_title(f"Joined: less than {found.critical_difference:.2f} apart", loc="left")
    return figure


def _alike(places: list[float], distance: float) -> list[tuple[int, int]]:
    """First and last of every largest run of at least two sorted ``places`` that are less than ``distance`` apart."""
    found: list[tuple[int, int]] = []
    for first, place in enumerate(places):
        last = max(i for i, other in enumerate(places) if other - place < distance)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
