from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from _records import Fake, Real
from _reports import html, write_sections

from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.records import load_runs


def test_every_change_of_a_record_is_noticed(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    first = input_digest(tmp_path)
    assert first == input_digest(tmp_path)
    (folder / "record" / "metrics.json").write_text("{}")
    changed = input_digest(tmp_path)
    (folder / "record" / "more.csv").write_text("")
    added = input_digest(tmp_path)
    (folder / "record" / "more.csv").rename(folder / "record" / "moved.csv")
    assert len({first, changed, added, input_digest(tmp_path)}) == 4


READ: list[str] = []
WATCHED = [False]


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if WATCHED[0] and event == "open" and isinstance(arguments[0], str):
        READ.append(arguments[0])


def test_everything_that_a_report_reads_is_in_the_digest(tmp_path: Path) -> None:
    """No method config, benchmark config or algorithm is opened, so that none of them can change a table."""
    results = tmp_path / "results"
    for method in ("supervised", "fixmatch", "aplt"):
        for seed in range(2):
            Real(method, 0.5, seed, clips=True).write(results)
    html(results)  # imports what it needs
    sys.addaudithook(watch)
    WATCHED[0] = True
    html(results)
    write_sections(load_runs(results), tmp_path / "reports")
    WATCHED[0] = False
    root = Path(__file__).parents[2]
    ours = {Path(name) for name in READ if name.startswith((f"{root}/", f"{results}/")) and "/.venv/" not in name}
    assert len(ours) > 20
    allowed = (root / "results" / "paper", root / "ssmar_bench" / "reports" / "web", results)
    assert [path for path in ours if not any(path.is_relative_to(place) for place in allowed)] == []


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
