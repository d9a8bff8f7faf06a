"""Methods for videos on a mock data set of MA-52, from its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Finished


@pytest.mark.slow
def test_methods_for_videos_are_trained_on_a_mock_data_set_of_ma_52(
    tmp_path: Path, call: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on a network of its own kind; the other rows of Table 2 have the same three networks."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    assert call("data", "mock", "ma52", "--out", tmp_path / "data").status == 0
    source = ("--benchmark", "ma-12", "--data", f"ma52={tmp_path / 'data'}", "--profile", "smoke", "--seeds", 0)
    short = ("--set", "train.epochs=5", "--set", "train.batch=50", "--out", tmp_path / "out")
    ended = call("run", *source, "--methods", "tcl,ltg,svformer", "--ratios", "0.1", *short)
    assert ended.status == 0, ended.err
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ended.out.splitlines() if line[:1] == "|"]
    _, _, *rows = lines[:5]
    assert [[row[0].partition(" [")[0], row[1]] for row in rows] == [
        ["TCL", "micro-tsm"], ["LTG", "micro-r3d"], ["SVFormer", "timesformer-micro"],
    ]  # fmt: skip
    assert all("(1)" in row[3] for row in rows)
