from __future__ import annotations

from pathlib import Path

import pytest
from _records import Fake

from ssmar_bench.results.input_digest import input_digest


def test_every_change_of_a_record_is_noticed(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    first = input_digest(tmp_path)
    assert first == input_digest(tmp_path)
    (folder / "record" / "metrics.json").write_text("{}")
    changed = input_digest(tmp_path)
    (folder / "record" / "more.csv").write_text("")
    added = input_digest(tmp_path)
    (folder / "record" / "more.csv").rename(folder / "record" / "moved.csv")
    (tmp_path / "paper").mkdir()
    moved = input_digest(tmp_path)
    (tmp_path / "paper" / "table1.csv").write_text("x\n")
    assert len({first, changed, added, moved, input_digest(tmp_path)}) == 5


@pytest.mark.parametrize("name", ["work/checkpoint.pt", "work/failure.txt", "record/.curves.csv.7.tmp"])
def test_what_no_report_reads_changes_nothing(tmp_path: Path, name: str) -> None:
    folder = Fake().write(tmp_path)
    first = input_digest(tmp_path)
    (folder / "work").mkdir()
    (folder / name).write_text("x")
    assert input_digest(tmp_path) == first


def test_the_reason_of_a_failure_belongs_to_it(tmp_path: Path) -> None:
    folder = Fake(state="failed").write(tmp_path)
    first = input_digest(tmp_path)
    (folder / "work" / "failure.txt").write_text("another\n")
    assert input_digest(tmp_path) != first


def test_nothing_has_a_digest_too(tmp_path: Path) -> None:
    assert len(input_digest(tmp_path / "none")) == 16
