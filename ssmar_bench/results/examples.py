"""Clips on which two methods disagree, chosen by a rule and not by taste: the paper's Fig. 4, right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ssmar_bench.core import published_tables
from ssmar_bench.results.filled_table import FilledTable, fill_table
from ssmar_bench.results.paper_cells import TableCell
from ssmar_bench.results.record_logs import predictions
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import class_names

EACH = 2
"""Clips shown of each kind: those that one method alone recognises, and those that the other alone does."""


@dataclass(frozen=True)
class Example:
    """One clip: its salted id, its class and what each of the two methods took it for, by name."""

    clip: str
    label: str
    said: tuple[str, str]


@dataclass(frozen=True)
class Examples:
    """The test clips of one run each of two methods.

    Attributes:
        rows: the paper's names of the two methods; the one that the paper favours is the first.
        column, benchmark, seed: of the runs.
        both, first, second, neither: how many clips both methods recognise, the first alone, the second alone, none.
        chosen: ``EACH`` of ``first``, then ``EACH`` of ``second``; fewer if there are not so many.
    """

    rows: tuple[str, str]
    column: str
    benchmark: str
    seed: int
    both: int
    first: int
    second: int
    neither: int
    chosen: tuple[Example, ...]


def examples(runs: Runs, on: str) -> Examples | None:
    """:func:`find_examples` of the table as it is filled by ``runs`` on one kind of data."""
    return find_examples(runs, fill_table(runs, published_tables.read_paper_table(published_tables.FIGURE_4), on))


def find_examples(runs: Runs, table: FilledTable) -> Examples | None:
    """Of the last column of Fig. 4 in which both methods have a run of one seed; None without any.

    Each kind is shown by its first clips in the order of their ids, which are hashes, no two of one class as long as
    there are others: no clip is chosen for what it looks like.

    Raises:
        UserError: a damaged record.
    """
    second, first = tuple(table.table.rows)
    for column in reversed(table.columns):
        pair = table.cell(first, column), table.cell(second, column)
        common = sorted({*pair[0].seeds} & {*pair[1].seeds})
        if common:
            answers = _answers(runs, pair, common[0])
            if len(answers):
                benchmark = str(pair[0].runs["benchmark"].iloc[0])
                names = class_names(runs, benchmark)
                return _examples(answers, (first, second), column.name, benchmark, common[0], names)
    return None


def picture(root: Path, benchmark: str, clip: str) -> Path:
    """Where the frames of a clip are below a results folder, side by side in one JPEG, if they were recorded."""
    return root / "frames" / benchmark / f"{clip}.jpg"


def _answers(runs: Runs, pair: tuple[TableCell, TableCell], seed: int) -> pd.DataFrame:
    """Test clips with columns clip, label, prediction_0, prediction_1."""
    frames = []
    for number, cell in enumerate(pair):
        folder = cell.runs.loc[cell.runs["seed"] == seed, "folder"].iloc[0]
        frame = predictions(runs.record(folder))[["clip", "label", "prediction"]]
        frames.append(frame.rename(columns={"prediction": f"prediction_{number}"}))
    return frames[0].merge(frames[1], on=["clip", "label"]).sort_values("clip")


def _examples(
    answers: pd.DataFrame, rows: tuple[str, str], column: str, benchmark: str, seed: int, names: list[str]
) -> Examples:
    right = [answers[f"prediction_{number}"] == answers["label"] for number in (0, 1)]
    kinds = [right[0] & ~right[1], right[1] & ~right[0]]
    chosen = [
        Example(
            str(line["clip"]),
            names[line["label"]],
            (names[line["prediction_0"]], names[line["prediction_1"]]),
        )
        for kind in kinds
        for line in _first_of_each_class(answers[kind]).to_dict("records")
    ]
    return Examples(
        rows,
        column,
        benchmark,
        seed,
        both=int((right[0] & right[1]).sum()),
        first=int(kinds[0].sum()),
        second=int(kinds[1].sum()),
        neither=int((~right[0] & ~right[1]).sum()),
        chosen=tuple(chosen),
    )


def _first_of_each_class(answers: pd.DataFrame) -> pd.DataFrame:
    """``EACH`` lines: the first of every class, then the second ones."""
    turn = answers.groupby("label").cumcount()
    return answers.assign(turn=turn).sort_values(["turn", "clip"], kind="stable").head(EACH)
