"""A record that is readable and yet not what was written is reported by its file's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from _records import Fake

from ssmar_bench.core import digests
from ssmar_bench.core.errors import UserError
from ssmar_bench.results.records import load_runs


def told(results: Path) -> str:
    """What is said of damaged records, "" if nothing."""
    try:
        found = load_runs(results)
    except UserError as error:
        return str(error)
    return " ".join(map(str, getattr(found, "damage", ())))


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Of a run whose record has digests."""
    record = Fake(clips=True).write(tmp_path) / "record"
    digests.write_files(record, {path.name: path.read_bytes() for path in sorted(record.iterdir())})
    assert told(tmp_path) == ""
    return record


@pytest.mark.parametrize("name", ["metrics.json", "timings.json", "curves.csv", "predictions.csv"])
def test_another_digit_is_damage(record: Path, tmp_path: Path, name: str) -> None:
    path = record / name
    text = path.read_text()
    changed = text.replace("5", "6", 1)
    assert changed != text
    path.write_text(changed)
    said = told(tmp_path)
    assert str(path) in said
    assert digests.DIFFERENT in said


@pytest.mark.parametrize("name", ["metrics.json", "timings.json", "curves.csv", "predictions.csv"])
def test_a_lost_file_is_damage(record: Path, tmp_path: Path, name: str) -> None:
    (record / name).unlink()
    said = told(tmp_path)
    assert str(record / name) in said
    assert digests.MISSING in said


def test_a_cut_list_of_digests_is_damage(record: Path, tmp_path: Path) -> None:
    path = record / digests.FILE
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert digests.UNLISTED in told(tmp_path)
