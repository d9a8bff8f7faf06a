"""What is said above a table of the paper: which data, what is lacking, which tests there are and why not others."""

from __future__ import annotations

import pandas as pd

from ssmar_bench.reports.filled_table import FilledTable, source_of
from ssmar_bench.results.ranking import Friedman, friedman, mean_ranks, why_untested


def table_notes(found: FilledTable) -> list[str]:
    """The paragraphs above a table."""
    sentences = [_data(found), *_lacking(found), _test(found)]
    rankings = [mean_ranks(found.means_over_common_seeds(rows)) for rows in found.groups]
    if columns := [str(ranking.columns) for ranking in rankings if ranking.columns]:
        sentences.append(
            "Mean ranks are taken over the columns in which every measured row has a run, and there over the seeds "
            f"that all rows have; columns: {', '.join(columns)}."
        )
    return sentences


def _data(found: FilledTable) -> str:
    if all(column.same for column in found.columns):
        kind = "The paper's data and networks, as far as the paper states them."
    elif found.on == "micro-motion":
        kind = (
            "Other data than the paper's: these are synthetic clips and small networks. Only gains and rank orders can "
            "be compared with the paper, not accuracies."
        )
    else:
        kind = "Real data; the paper prints no figures for these cells."
    return " ".join([kind, found.table.notes.get(found.on, "")]).strip()


def _lacking(found: FilledTable) -> list[str]:
    """What a reduced table leaves out."""
    there = found.means.notna()
    rows = [row for row in found.rows if not there.loc[row].any()]
    columns = [column.name for column in found.columns if not there[column.name].any()]
    rest = there.drop(index=rows, columns=columns)
    said = [f"rows {'; '.join(rows)}"] if rows else []
    said += [f"columns {'; '.join(columns)}"] if columns else []
    said += [f"of {name} the rows {'; '.join(rest.index[~rest[name]])}" for name in rest if not rest[name].all()]
    sentences = [f"Not measured, and therefore missing here: {'. Also '.join(said)}."] if said else []
    if fewer := _fewer_seeds(found):
        sentences.append(f"Fewer seeds than the benchmark config names: {fewer} of the measured cells.")
    return sentences


def _fewer_seeds(found: FilledTable) -> int:
    """Measured cells that lack seeds of their benchmark config."""
    cells = [found.cell(row, column) for row in found.rows for column in found.columns]
    wanted = [
        {seed for folder in cell.runs["folder"] for seed in found.runs.facts[folder].benchmark_seeds} for cell in cells
    ]
    return sum(1 for cell, seeds in zip(cells, wanted, strict=True) if seeds - {*cell.seeds})


def friedman_test(found: FilledTable) -> Friedman | None:
    """Friedman's test of the rows that are compared with each other, over independent data sets; None for too few."""
    return friedman(_by_source(found))


def _test(found: FilledTable) -> str:
    result = friedman_test(found)
    if result is None:
        columns = [column for column in found.columns if any(len(found.cell(row, column).runs) for row in found.rows)]
        return why_untested({source_of(found, column) for column in columns})
    return (
        f"Friedman's test over {result.sets} data sets: chi-squared {result.statistic:.2f}, p = {result.p:.3g} (ranks "
        "permuted within data sets); two mean ranks differ by Nemenyi's test, which is approximate for so few, if they "
        f"are {result.critical_difference:.2f} apart."
    )


def _by_source(found: FilledTable) -> pd.DataFrame:
    """Mean accuracy by row and source, one value a data set, over the columns in which every measured row has runs.

    A data set is one, however many ratios and networks were run on it.
    """
    scores = found.means_over_common_seeds(found.groups[0]).dropna(how="all").dropna(axis=1, how="any")
    if scores.empty:
        return scores
    sources = {column.name: source_of(found, column) for column in found.columns if column.name in scores}
    return scores.T.groupby(pd.Series(sources, dtype=str)).mean().T
