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


def table(ended: Finished) -> list[list[str]]:
    """The cells of the first table on standard output, its header first."""
    assert ended.status == 0, ended.err
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ended.out.splitlines() if line[:1] == "|"]
    return [lines[0], *lines[2:]]


@pytest.mark.slow
def test_it_ends_with_the_rows_of_table_2(tiny: Path, tmp_path: Path, call: Call) -> None:
    words = ("--methods", "table2", "--ratios", "0.5", *SHORT, "--set", "train.batch=20", "--out", tmp_path)
    header, *rows = table(call("run", "--benchmark", tiny, *words))
    rows = rows[: len(method_set.read("table2").methods)]
    assert header == ["Method", "Network", "Initial weights", "50 %"]
    assert {row[0] for row in rows} == {recipes.read(name)[0].label for name in method_set.read("table2").methods}
    assert {name: sum(row[1] == name for row in rows) for name in NETWORKS} == NETWORKS
    assert {row[2] for row in rows} == {"from scratch"}
    assert all(row[3].endswith("(1)") for row in rows)


@pytest.mark.slow
def test_methods_for_videos_are_trained_on_a_counterfeit_of_ma_52(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its files, each on a network of its own kind; the other rows of Table 2 have the same three networks."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    assert call("data", "counterfeit", "ma52", "--out", tmp_path / "data").status == 0
    source = ("--benchmark", "ma-12", "--data", f"ma52={tmp_path / 'data'}", "--profile", "smoke", "--seeds", 0)
    words = ("--methods", "tcl,ltg,svformer", "--ratios", "0.1", *SHORT, "--set", "train.batch=50")
    _, *rows = table(call("run", *source, *words, "--out", tmp_path / "out"))
    assert [row[:2] for row in rows[:3]] == [
        ["TCL", "micro-tsm"],
        ["LTG", "micro-r3d"],
        ["SVFormer", "timesformer-micro"],
    ]
    assert all(row[3].endswith("(1)") for row in rows[:3])
