"""The finished runs that fill a table of the paper, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import metrics
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.published_tables import PaperTable, TableColumn
from ssmar_bench.results.records import Runs
from ssmar_bench.results.variants import main_variant


@dataclass(frozen=True)
class TableCell:
    """One cell of a table.

    Attributes:
        row: the paper's name of the row.
        runs: finished runs, one a seed in the order of seeds; columns of ``Runs.runs``.
        failed, unfinished: how many runs gave no result.
    """

    row: str
    column: TableColumn
    method: str
    runs: pd.DataFrame
    failed: int
    unfinished: int

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the finished runs."""
        return tuple(int(seed) for seed in self.runs["seed"])

    @cached_property
    def accuracy(self) -> pd.Series[float]:
        """Test accuracy in [0, 1] by seed."""
        return self.runs.set_index("seed")["test_accuracy"]

    @cached_property
    def balanced(self) -> pd.Series[float]:
        """Balanced accuracy on the test part in [0, 1] by seed; NaN in a record that lacks it."""
        return self.runs.set_index("seed")[f"test_{metrics.BALANCED.key}"]

    @property
    def accuracy_spread(self) -> tuple[float, float]:
        """Mean and deviation of :attr:`accuracy`."""
        return mean_and_std(self.accuracy)

    @property
    def balanced_spread(self) -> tuple[float, float]:
        """Mean and deviation of :attr:`balanced`."""
        return mean_and_std(self.balanced)


def mean_and_std(values: pd.Series[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1) over seeds; NaN where a seed's value is unknown."""
    return float(values.mean(skipna=False)), float(values.std(ddof=1, skipna=False))


def fill_cells(runs: Runs, table: PaperTable, on: str, as_published: bool = False) -> list[TableCell]:
    """Every cell of ``table`` on one kind of data, row by row; one without a run is there and empty.

    A run counts if it is of the benchmark as it is defined and of the method config as it is: a run under another
    profile, ``--set`` or earlier benchmark config is another experiment. Runs on other devices or of earlier revisions
    are never mixed: the newest revision counts, and of its devices the one with the most runs.

    Raises:
        UserError: two finished runs of one cell and seed (their splits differ).
    """
    return [
        _cell(runs, runs.cell(_name(column.benchmark), method, column.ratio), row, column, method)
        for row, method in table.methods(as_published).items()
        for column in table.of(on)
    ]


def _cell(runs: Runs, frame: pd.DataFrame, row: str, column: TableColumn, method: str) -> TableCell:
    if frame.empty:  # so are most cells of most tables
        return TableCell(row, column, method, frame, 0, 0)
    specs = {folder: runs.specs[folder] for folder in frame["folder"]}
    own = [runs.facts[name].is_default(spec.backbone.name, column.backbone) for name, spec in specs.items()]
    frame = frame[pd.Series(own, frame.index, dtype=bool)]
    if frame["variant"].nunique() > 1:  # another device, revision or weights: one of them fills the cell
        every = [(name, specs[folder]) for name, folder in zip(frame["variant"], frame["folder"], strict=True)]
        frame = frame[frame["variant"] == main_variant(every, {*frame["variant"]})]
    done = frame[frame["state"] == "done"].sort_values("seed")
    twins = done[done["seed"].duplicated(keep=False)]
    if len(twins):
        raise UserError(
            f"{' and '.join(twins['folder'])} are the same run group and seed on different splits (the data or their "
            "split has changed); move one of them out of runs/."
        )
    counts = frame["state"].value_counts()
    return TableCell(row, column, method, done, int(counts.get("failed", 0)), int(counts.get("unfinished", 0)))


def _name(benchmark: str) -> str:
    """The name of a benchmark, or of the one that the path of a ``.yaml`` file defines."""
    return benchmark_configs.read_benchmark_config(benchmark).name if benchmark.endswith(".yaml") else benchmark
