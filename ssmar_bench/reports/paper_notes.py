"""What is said above a table of the paper: which data, what is lacking, which tests there are and why not others."""

from __future__ import annotations

from ssmar_bench.results.summary import DATA_SETS, FilledTable


def table_notes(found: FilledTable) -> list[str]:
    """The paragraphs above a table."""
    sentences = [_data(found), *_lacking(found), _test(found)]
    if columns := [str(count) for count in found.rank_columns if count]:
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
    lacking = found.lacking
    said = [f"rows {'; '.join(lacking.rows)}"] if lacking.rows else []
    said += [f"columns {'; '.join(lacking.columns)}"] if lacking.columns else []
    said += [f"of {name} the rows {'; '.join(rows)}" for name, rows in lacking.cells.items()]
    sentences = [f"Not measured, and therefore missing here: {'. Also '.join(said)}."] if said else []
    if lacking.fewer_seeds:
        sentences.append(f"Fewer seeds than the benchmark config names: {lacking.fewer_seeds} of the measured cells.")
    return sentences


def _test(found: FilledTable) -> str:
    test = found.test
    if test is None:
        return (
            f"No Friedman or Nemenyi test: they need {DATA_SETS} or more independent data sets, and these columns are "
            f"on {len(found.sources)} ({', '.join(sorted(found.sources)) or 'none'}); ratios, levels and networks on "
            "the same clips are not independent."
        )
    return (
        f"Friedman's test over {test.sets} data sets: chi-squared {test.statistic:.2f}, p = {test.p:.3g} (ranks "
        "permuted within data sets); two mean ranks differ by Nemenyi's test, which is approximate for so few, if they "
        f"are {test.critical_difference:.2f} apart."
    )
