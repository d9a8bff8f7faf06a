"""Which methods are compared with each other, and which of them a figure of one column's width has room for."""

from __future__ import annotations

from functools import cache

from ssmar_bench.core import published_tables
from ssmar_bench.results import table_order
from ssmar_bench.results.competing import competing
from ssmar_bench.results.records import Runs

LINES = 7
"""Methods that a reader can still distinguish in one small figure: one for each colour."""


@cache
def ablations() -> frozenset[str]:
    """Methods that are only in the paper's tables of ablations, below a table, or for what its authors likely ran.

    They are many relatives of one method: among them the luckiest would often come first.
    """
    tables = [published_tables.read_paper_table(name) for name in published_tables.TABLES.names()]
    competing = {method for table in tables if not table.ablation for method in table.rows.values()}
    others = {method for table in tables if table.ablation for method in table.rows.values()}
    below = {method for table in tables for method in (*table.further.values(), *table.as_published.values())}
    return frozenset((others | below) - competing)


def compared_methods(runs: Runs, benchmark: str) -> list[str]:
    """Labels of the methods that compete on a benchmark, in table order.

    Each by its main setting; with a finished run where methods compete.
    """
    rows = runs.of(benchmark)
    there = (rows["state"] == "done") & competing(rows) & rows["main"].astype(bool)
    return table_order.ordered_labels(rows[there & ~rows["method"].isin(ablations())])


def drawn_methods(runs: Runs, benchmark: str) -> list[str]:
    """At most ``LINES`` of :func:`compared_methods`: those of Fig. 2b first, then the best on validation.

    How well a method validates is its distance from the mean of all at the same ratio and seed, averaged over its runs
    and ratios: the test part chooses nothing. A method that lacks seeds which others have comes after those that have
    them: its mean is of other draws of the labelled clips.
    """
    labels = compared_methods(runs, benchmark)
    rows = runs.of(benchmark)
    rows = rows[rows["label"].isin(labels) & (rows["state"] == "done") & competing(rows)]
    by_method = rows.drop_duplicates("method").set_index("method")["label"]
    first = [
        by_method[method]
        for method in published_tables.read_paper_table(published_tables.FIGURE_2B).rows.values()
        if method in by_method
    ]
    score = rows["validation_accuracy"]
    distance = score - score.groupby([rows["ratio"], rows["seed"]]).transform("mean")
    cells = rows.assign(distance=distance).groupby(["label", "ratio"]).agg({"distance": "mean", "seed": "nunique"})
    whole = cells["seed"] == cells["seed"].groupby("ratio").transform("max")
    by_label = cells.assign(whole=whole).groupby("label").agg({"whole": "all", "distance": "mean"}).drop(first)
    ordered = by_label.sort_values(["whole", "distance"], ascending=False, kind="stable").index
    best = ordered[: max(0, LINES - len(first))]
    return [*first, *(label for label in labels if label in set(best))]


def ranked_methods(runs: Runs, benchmark: str) -> list[str]:
    """All of :func:`compared_methods`, those first that are :func:`drawn_methods`."""
    first = drawn_methods(runs, benchmark)
    return [*first, *(label for label in compared_methods(runs, benchmark) if label not in first)]
