"""A grid is watched from its files alone: states, percentages and time left, until all runs have ended."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.api.run_watch import Watcher
from ssmar_bench.core.event_file import append
from ssmar_bench.core.events import Event
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import slurm
from tests.conftest import Finished

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake

Call = Callable[..., Finished]


def trained(folder: Path, epochs: int, seconds: float = 10.0) -> Path:
    """A run whose first ``epochs`` took so many ``seconds`` each."""
    log = folder / "work" / "pseudo_label_log"
    log.mkdir(parents=True)
    for epoch in range(1, epochs + 1):
        (log / f"epoch-{epoch:05d}.npz").touch()
        os.utime(log / f"epoch-{epoch:05d}.npz", (1000 + seconds * epoch,) * 2)
    return folder


def test_a_running_grid_is_seen_with_percentages_and_time_left(tmp_path: Path, call: Call) -> None:
    Fake("supervised").write(tmp_path)
    running = trained(Fake("fixmatch", state="unfinished", epochs=8).write(tmp_path), 2)
    Fake("uda", state="unfinished", epochs=8).write(tmp_path)
    with RunFolder(running).lease():
        seen = Watcher(tmp_path).look()
        ended = call("watch", tmp_path, "--once")
        plain = json.loads(call("watch", tmp_path, "--json").out)
    assert seen.counts == {"done": 1, "running": 1, "waiting": 1}
    first = seen.open[0]
    assert (first.run, first.state, first.done, first.epochs) == (running.name, "running", 2, 8)
    assert seen.seconds_left == pytest.approx(10 * (6 + 8))
    assert (ended.status, ended.out.splitlines()) == (
        0, ["3 runs: 1 done, 1 running, 1 waiting; about 2 min left", f"   25 %  {running.name}  epoch 2/8"],
    )  # fmt: skip
    assert plain["counts"] == seen.counts
    assert plain["seconds_left"] == pytest.approx(140)


def test_a_run_in_the_middle_of_an_epoch_says_so_itself(tmp_path: Path) -> None:
    folder = RunFolder(trained(Fake("fixmatch", state="unfinished", epochs=8).write(tmp_path), 2))
    with folder.lease():
        assert Watcher(tmp_path).look().open[0].share == 2 / 8
        append(folder.events, Event(folder.path.name, "step", done=30, total=80))
        assert Watcher(tmp_path).look().open[0].share == 30 / 80


def test_it_ends_when_all_is_done_and_its_status_tells_of_failures(tmp_path: Path, call: Call) -> None:
    Fake("supervised").write(tmp_path)
    ended = call("watch", tmp_path)
    assert (ended.status, ended.out) == (0, "1 run: 1 done\n")
    Fake("uda", state="failed").write(tmp_path)
    failed = call("watch", tmp_path)
    assert (failed.status, failed.out) == (1, "2 runs: 1 done, 1 failed\n")


def test_a_run_in_slurms_queue_is_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    folder = Fake("uda", state="unfinished", epochs=8).write(tmp_path)
    monkeypatch.setattr(slurm, "queued_runs", lambda _: {folder.name: "PENDING"})
    watcher = Watcher(tmp_path)
    assert [watcher.look().counts for _ in range(2)] == [{"queued": 1}] * 2
    assert call("watch", tmp_path, "--once").out == "1 run: 1 queued\n"


def test_a_run_that_has_ended_is_not_looked_at_again(tmp_path: Path) -> None:
    folder = Fake("supervised").write(tmp_path)
    watcher = Watcher(tmp_path)
    assert watcher.look().counts == {"done": 1}
    (folder / "record" / "metrics.json").unlink()
    assert watcher.look().counts == {"done": 1}


def test_a_folder_without_runs_is_told(tmp_path: Path, call: Call) -> None:
    ended = call("watch", tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert f"There is no run in {tmp_path}" in ended.err
