"""``run --methods table2`` ends with the rows of Table 2: methods for videos, each with its own network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core import method_set
from ssmar_bench.core import recipe as recipes
from tests.conftest import Finished

Call = Callable[..., Finished]
NETWORKS = {"micro-tsm": 3, "micro-r3d": 3, "timesformer-micro": 3}
SHORT = ("--set", "train.epochs=5")


def is_table_2(ended: Finished, ratio: str) -> None:
    """Standard output begins with all rows of Table 2, each trained once on a network of its own kind."""
    assert ended.status == 0, ended.err
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ended.out.splitlines() if line[:1] == "|"]
    header, _, *rows = lines[: 2 + len(method_set.read("table2").methods)]
    assert header == ["Method", "Network", "Initial weights", ratio]
    assert {row[0] for row in rows} == {recipes.read(name)[0].label for name in method_set.read("table2").methods}
    assert {name: sum(row[1] == name for row in rows) for name in NETWORKS} == NETWORKS
    assert {row[2] for row in rows} == {"from scratch"}
    assert all(row[3].endswith("(1)") for row in rows)


@pytest.mark.slow
def test_it_ends_with_the_rows_of_table_2(tiny: Path, tmp_path: Path, call: Call) -> None:
    words = ("--methods", "table2", "--ratios", "0.5", *SHORT, "--set", "train.batch=20", "--out", tmp_path)
    is_table_2(call("run", "--benchmark", tiny, *words), "50 %")


@pytest.mark.slow
@pytest.mark.minutes
def test_so_it_does_on_a_counterfeit_of_ma_52(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    assert call("data", "counterfeit", "ma52", "--out", tmp_path / "data").status == 0
    source = ("--benchmark", "ma-12", "--data", f"ma52={tmp_path / 'data'}", "--profile", "smoke", "--seeds", 0)
    words = ("--methods", "table2", "--ratios", "0.1", *SHORT, "--set", "train.batch=50", "--out", tmp_path / "out")
    is_table_2(call("run", *source, *words), "10 %")
