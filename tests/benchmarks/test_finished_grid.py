"""How long a finished grid takes that is typed again: a new process, from the words to the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.conftest import Commands, Trained


@pytest.mark.slow
def test_a_finished_grid_typed_again(
    benchmark: BenchmarkFixture, trained: Trained, tiny: Path, tmp_path: Path, commands: Commands
) -> None:
    out = trained.copy(tmp_path / "out", "supervised", "fixmatch", "aplt")
    words = ("run", "-b", tiny, "-m", "supervised,fixmatch,aplt", "-o", out)
    first = commands.run(*words)
    again = benchmark.pedantic(commands.run, args=words, rounds=3)
    assert (again.status, again.out) == (0, first.out)
