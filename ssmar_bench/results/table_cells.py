"""The finished runs that fill a table of the paper, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import pandas as pd
from pydantic import ValidationError

from ssmar_bench.core import definition as definitions
from ssmar_bench.core import recipe as recipes
from ssmar_bench.core.definition import Definition, Section
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.published import Column, PaperTable
from ssmar_bench.core.recipe import Recipe
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.setting import SECTIONS, settle
from ssmar_bench.results.records import Runs


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        row: the paper's name of the row.
        runs: finished runs, one a seed in the order of seeds; columns of ``Runs.runs``.
        failed, unfinished: how many runs gave no result.
    """

    row: str
    column: Column
    method: str
    runs: pd.DataFrame
    failed: int
    unfinished: int

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the finished runs."""
        return tuple(int(seed) for seed in self.runs["seed"])

    @property
    def accuracy(self) -> pd.Series[float]:
        """Test accuracy in [0, 1] by seed."""
        return self.runs.set_index("seed")["test_accuracy"]


def fill(runs: Runs, table: PaperTable, on: str, as_published: bool = False) -> list[Cell]:
    """Every cell of ``table`` on one kind of data, row by row; one without a run is there and empty.

    A run counts if it is of the benchmark as it is defined and of the recipe as it stands: a run under another
    profile, ``--set`` or earlier definition is another experiment.

    Raises:
        UserError: two finished runs of one cell and seed (their splits differ).
    """
    groups = {key: frame for key, frame in runs.runs.groupby(["benchmark", "method", "ratio"])}  # noqa: C416
    return [
        _cell(runs, groups.get((_name(column.benchmark), method, column.ratio), runs.runs[:0]), row, column, method)
        for row, method in table.methods(as_published).items()
        for column in table.of(on)
    ]


def _cell(runs: Runs, frame: pd.DataFrame, row: str, column: Column, method: str) -> Cell:
    if len(frame):
        wanted = _wanted(column.benchmark, column.backbone, method)
        keep = [wanted is not None and _is(runs.specs[folder], *wanted) for folder in frame["folder"]]
        frame = frame[keep]
    done = frame[frame["state"] == "done"].sort_values("seed")
    twins = done[done["seed"].duplicated(keep=False)]
    if len(twins):
        raise UserError(
            f"{' and '.join(twins['folder'])} are the same cell and seed on different splits (the data or their split "
            "has changed); move one of them out of results/runs."
        )
    counts = frame["state"].value_counts()
    return Cell(row, column, method, done, int(counts.get("failed", 0)), int(counts.get("unfinished", 0)))


def _name(benchmark: str) -> str:
    """The name of a benchmark, or of the one that the path of a ``.yaml`` file defines."""
    return definitions.read(benchmark).name if benchmark.endswith(".yaml") else benchmark


@lru_cache(maxsize=1024)
def _wanted(benchmark: str, backbone: str | None, method: str) -> tuple[Definition, Recipe] | None:
    """Benchmark and recipe as they stand now; None where this installation does not have them."""
    known = benchmark.endswith(".yaml") or benchmark in definitions.BENCHMARKS.names()
    if not known or method not in recipes.RECIPES.names():
        return None
    recipe, source = recipes.read(method)
    sets = {} if backbone is None else {"backbone.name": backbone}
    return settle(benchmark, None, recipe, sets, source), recipe


def _is(spec: RunSpec, definition: Definition, recipe: Recipe) -> bool:
    """Whether ``spec`` is a run of this benchmark and recipe."""
    sections = [(getattr(spec, name), getattr(definition, name)) for name in (*SECTIONS, "source")]
    values = recipe.values()
    return (
        all(_says(then, now) for then, now in sections)
        and spec.algorithm == recipe.algorithm
        and set(values) == set(spec.hyperparameters)
        and all(_number(value) == _number(spec.hyperparameters[name]) for name, value in values.items())
    )


def _says(then: dict[str, Any], now: Section) -> bool:
    """Whether a record's section is this one; what is no section of today's definitions is another's."""
    try:
        return type(now).model_validate(then) == now
    except ValidationError:
        return False


def _number(value: Any) -> Any:
    """``15/55`` and ``3/11`` are one number, and so are 1 and 1.0."""
    try:
        return Fraction(value) if isinstance(value, str) and "/" in value else value
    except ValueError:
        return value
