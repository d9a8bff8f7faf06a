"""``run --methods table2`` ends with the rows of Table 2: methods for videos, each with its own network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core import method_set
from ssmar_bench.core import recipe as recipes
from tests.conftest import Finished

NETWORKS = {"micro-tsm": 3, "micro-r3d": 3, "timesformer-micro": 3}


@pytest.mark.slow
def test_it_ends_with_the_rows_of_table_2(tiny: Path, tmp_path: Path, call: Callable[..., Finished]) -> None:
    short = ("--set", "train.epochs=5", "--set", "train.batch=20")
    ended = call("run", "--benchmark", tiny, "--methods", "table2", "--ratios", "0.5", *short, "--out", tmp_path)
    assert ended.status == 0, ended.err
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ended.out.splitlines() if line[:1] == "|"]
    header, _, *rows = lines[: 2 + len(method_set.read("table2").methods)]
    assert header == ["Method", "Network", "Initial weights", "50 %"]
    assert {row[0] for row in rows} == {recipes.read(name)[0].label for name in method_set.read("table2").methods}
    assert {name: sum(row[1] == name for row in rows) for name in NETWORKS} == NETWORKS
    assert {row[2] for row in rows} == {"from scratch"}
    assert all(row[3].endswith("(1)") for row in rows)
