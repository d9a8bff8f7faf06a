"""Runs that an archive in the results folder holds are taken as they are, and never trained again unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.runs.archived_runs import ArchivedRuns, archive_notes
from tests.conftest import Finished, Trained

Call = Callable[..., Finished]
pytestmark = pytest.mark.slow

TABLE = """\
name: table
title: A table
rows:
  Supervised: supervised
  FixMatch: fixmatch
columns:
  micro-motion:
    - {{label: Tiny, benchmark: {tiny}, ratio: 0.5}}
"""


@pytest.fixture
def archived(trained: Trained, tmp_path: Path) -> Path:
    """A results folder with an archive of two finished runs, and no folder of a run."""
    api.publish_results([trained.copy(tmp_path / "once", "supervised", "fixmatch")], tmp_path / "results")
    return tmp_path / "results"


def test_a_finished_run_of_an_archive_is_not_trained_again(
    archived: Path, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", "-b", tiny, "-m", "supervised,fixmatch", "-o")
    sentence = f"2 of 2 runs are taken from {archived / 'tiny-motion'}."
    planned = call(*words, archived, "--plan")
    assert [line.split("\t")[3] for line in planned.out.splitlines() if line.endswith("\t")] == ["done", "done"]
    assert sentence in planned.out.splitlines()
    assert "To train: 0 s" in planned.out
    first = call(*words, tmp_path / "once")
    again = call(*words, archived)
    assert again.status == 0, again.err
    assert sentence in again.err
    assert again.out.splitlines()[:-1] == first.out.splitlines()[:-1]  # the table; the last line is the page's path
    assert not (archived / "runs").exists()


def test_other_runs_are_trained(archived: Path, tiny: Path, call: Call) -> None:
    words = ("run", "-b", tiny, "-m", "supervised,fixmatch,aplt", "-o", archived, "--plan")
    some = call(*words)
    assert f"2 of 3 runs are taken from {archived / 'tiny-motion'}." in some.out
    assert "aplt\t0.5\t0\tmissing" in some.out
    others = call(*words, "--set", "train.epochs=20")
    assert "taken from" not in others.out
    assert others.out.count("\tmissing\t") == 3


def test_always_trains_again(archived: Path, tiny: Path) -> None:
    grid = api.Grid(str(tiny), ["supervised", "fixmatch"])
    for word, expected in (("only-missing", 0), ("always", 2)):
        execution = api.Execution(archived, overwrite=word)  # type: ignore[arg-type]
        entries = api.plan(grid, execution)
        todo = [one for one in entries if execution.wants(one.planned_run.state(archived))]
        assert len(todo) == expected


def test_a_damaged_archive_is_no_archive(archived: Path, tiny: Path) -> None:
    path = archived / "tiny-motion" / "runs.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    states = [one.state for one in api.plan(api.Grid(str(tiny), ["supervised"]), api.Execution(archived))]
    assert states == ["missing"]


def test_a_table_says_what_it_takes(archived: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    table = tmp_path / "table.yaml"
    table.write_text(TABLE.format(tiny=tiny))
    planned = call("reproduce", table, "--plan", "-o", archived)
    assert planned.status == 0, planned.err
    assert f"2 of 2 runs are taken from {archived / 'tiny-motion'}." in planned.out.splitlines()
    assert planned.out.splitlines()[-1] == "2 runs, 0 to train"
    ended = call("reproduce", table, "-o", archived)
    assert ended.status == 0, ended.err
    assert "2 of 2 runs are taken" in ended.err
    assert not (archived / "runs").exists()


def test_runs_are_counted_by_archive() -> None:
    assert [*archive_notes(["a", "", "b", "a"])] == [
        "2 of 4 runs are taken from a.", "1 of 4 runs is taken from b.",
    ]  # fmt: skip
    assert archive_notes(["a"]) == ("1 of 1 run is taken from a.",)
    assert archive_notes([""]) == ()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"identity": "0"}'])
def test_what_is_no_record_is_no_run(text: str, archived: Path, tiny: Path) -> None:
    (entry,) = api.plan(api.Grid(str(tiny), ["supervised"]), api.Execution(archived))
    spec = entry.planned_run.spec
    assert not ArchivedRuns({spec.folder(): ("place", text, text)}).place_of(spec, "")
