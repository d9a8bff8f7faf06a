"""A grid on a real SLURM ends as it does on this machine, whatever happens to its jobs and nodes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.api.run_watch import Watcher
from ssmar_bench.core.event_file import Tail
from ssmar_bench.core.events import Event
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.slurm import submitted
from tests.cluster.conftest import Slurm, ask, processes, run_unseen
from tests.conftest import METHODS, Commands, records, small_disk, until

pytest.importorskip("submitit", reason="submitit is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.minutes]
RUN = ("--methods", "supervised", "--set", "train.epochs=40")
LONG = (*RUN, "--seeds", "0-3")
SHORT = ("--methods", "supervised", "--set", "train.epochs=1", "--seeds", "0,1")


def assert_same(out: Path, reference: Path, part: str = "") -> None:
    """All records are those of ``reference``, or of the runs there whose names hold ``part``."""
    ours, theirs = records(out, "timings.json"), records(reference, "timings.json")
    theirs = {name: content for name, content in theirs.items() if part in name}
    assert sorted(ours) == sorted(theirs)
    for name, content in theirs.items():
        assert ours[name] == content, name


@pytest.fixture(scope="module")
def reference(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grid ``LONG``, trained by this machine itself."""
    out, commands = tmp_path_factory.mktemp("reference"), Commands()
    try:
        ended = commands.run("run", "--benchmark", tiny, *LONG, "--out", out, "--jobs", 2)
    finally:
        commands.close()
    assert ended.status == 0, ended.err
    return out


@pytest.fixture
def impatient(slurm: Slurm) -> Iterator[None]:
    """Jobs that are queued again start at once."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(1):
            slurm.do_not_wait()

    thread = threading.Thread(target=hurry)
    thread.start()
    yield
    over.set()
    thread.join()


def test_a_detached_grid_records_itself(
    slurm: Slurm, commands: Commands, tiny: Path, trained: Any, tmp_path: Path
) -> None:
    """Several runs in a job, more of everything for one method, a line of setup, clips on a disk of the node's own.

    Nobody waits for the jobs.
    """
    out, options = tmp_path / "out", tmp_path / "site.yaml"
    options.write_text(
        "partition: main\ntime: 00:30:00\nruns_per_job: 2\n"
        f"setup: [echo $SLURM_JOB_ID >> {tmp_path}/setup, 'export OWN_DISK={tmp_path}/own']\n"
        "methods:\n  aplt: {mem: 1G, time: 01:00:00}\n"
    )
    grid = ("run", "--benchmark", tiny, "--methods", ",".join(METHODS), "--ratios", "0.5,1", "--out", out)
    words = (*grid, "--engine", "slurm", "--slurm", options, "--stage-to", "$OWN_DISK")
    ended = commands.run(*words, "--detach")
    assert ended.status == 0, ended.err
    number = len(submitted(out))
    assert re.search(rf"note +{number} runs submitted as SLURM job \d+, \d+; `ssmar-bench watch {out}`", ended.err)
    assert not records(out, "spec.json", "method.json")
    limits = ask("squeue", "--noheader", "--array", "--format=%l").split()
    assert {"30:00", "1:00:00"} <= set(limits)
    assert Watcher(out).look().counts.keys() <= {"queued", "running"}
    until(lambda: not slurm.tasks(), "all jobs", 600)
    assert (out / "reports" / "index.html").exists()
    assert_same(out, trained.out)
    assert Watcher(out).look().counts == {"done": number}
    assert len([*tmp_path.glob("own/*/frame_caches/*/frame_cache.json")]) == 1, "the runs share one copy of the clips"
    assert len((tmp_path / "setup").read_text().split()) == len(set(submitted(out).values())) + 1

    again = commands.run(*words)
    assert again.status == 0, again.err
    assert api.table(trained.out, "tiny-motion") in again.out
    assert "submitted" not in again.err


@pytest.mark.usefixtures("impatient")
def test_killed_jobs_and_nodes_cost_nothing_but_time(
    slurm: Slurm, commands: Commands, tiny: Path, reference: Path, tmp_path: Path
) -> None:
    """One job is killed, one cancelled, and a node dies under two."""
    out = tmp_path / "out"
    words = ("run", "--benchmark", tiny, *LONG)
    slurm_words = ("--engine", "slurm", "--slurm", "time=30")
    process = commands.start(*words, *slurm_words, "--out", out)
    until(lambda: len([*out.rglob("checkpoint-odd.pt")]) == 4, "an epoch of all runs", 300)
    places: dict[str, list[str]] = {"n1": [], "n2": []}
    for task, (_, node) in slurm.tasks().items():
        places[node].append(task)
    assert [len(tasks) for tasks in places.values()] == [2, 2]

    killed, cancelled = places["n1"]
    commands.kill(process)  # and the command that waits is closed, as a laptop is
    slurm.kill_node("n2")
    job = f"SLURM_ARRAY_TASK_ID={killed.partition('_')[2]} "
    for pid, line, environment in processes():
        if "submitit" in line and job in environment and f"SLURM_CONF={slurm.folder}/" in environment:
            os.kill(pid, signal.SIGKILL)
    subprocess.run(["scancel", cancelled], check=True)
    until(lambda: killed not in slurm.tasks() and cancelled not in slurm.tasks(), "the end of two jobs", 120)
    assert not [*out.rglob("outcome.json")], "it was too late"
    counts = Watcher(out).look().counts
    assert counts["waiting"] == 2
    assert counts.get("queued", 0) + counts.get("running", 0) == 2

    again = commands.run(*words, *slurm_words, "--out", out)
    assert again.status == 0, again.err
    assert "2 runs of former commands are in SLURM's queue; they go on." in again.err
    assert "2 runs submitted as SLURM job" in again.err
    restarts = re.findall(r"Restarts=(\d+)", ask("scontrol", "show", "job"))
    assert max(map(int, restarts)) >= 1, "no job was queued again"
    assert_same(out, reference)
    slurm.start_node("n2")


@pytest.mark.usefixtures("impatient")
def test_a_time_limit_ends_in_a_checkpoint_and_the_job_goes_on(
    slurm: Slurm, commands: Commands, tiny: Path, tmp_path: Path
) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--set", "train.epochs=100000")
    process = commands.start(*words, "--engine", "slurm", "--slurm", "time=1,signal-seconds=35", "--out", tmp_path)
    until(lambda: [*tmp_path.rglob("checkpoint-*.pt")], "the first epoch", 300)
    (task,) = slurm.tasks()
    until(lambda: "Restarts=1" in ask("scontrol", "show", "job", task), "the end of its time", 90)
    (folder,) = map(RunFolder, tmp_path.glob("runs/*"))
    told = Tail.end(folder.events)
    until(lambda: slurm.tasks()[task][0] == "RUNNING", "its second job", 120)
    news: list[Event] = []

    def epochs() -> list[Event]:
        news.extend(told.new())
        return [event for event in news if event.kind == "epoch"]

    until(epochs, "its next epoch", 300)
    assert epochs()[0].done > 5, "it began anew"
    subprocess.run(["scancel", task], check=True)
    ended = commands.end(process)
    assert ended.status == 1
    assert not folder.held()
    assert f"SLURM job {task} was cancelled; the same command goes on from the last checkpoint" in ended.err


def test_why_a_job_waits_is_told_once(slurm: Slurm, commands: Commands, tiny: Path, tmp_path: Path) -> None:
    ask("scontrol", "update", "partitionname=main", "state=down")
    try:
        process = commands.start("run", "--benchmark", tiny, *SHORT, "--out", tmp_path, "--engine", "slurm")
        until(lambda: len(slurm.tasks()) == 2, "two jobs", 120)
        (job,) = {task.partition("_")[0] for task in slurm.tasks()}
        time.sleep(8)  # several looks at the queue
        ask("scontrol", "hold", job)
        time.sleep(8)
        ask("scontrol", "release", job)
    finally:
        ask("scontrol", "update", "partitionname=main", "state=up")
    ended = commands.end(process)
    assert ended.status == 0, ended.err
    told = f"SLURM job {job} waits (PartitionDown); it starts once that is over, or cancel it and give other --slurm."
    assert ended.err.count(told) == 1
    holds = rf"SLURM holds job {job} \(JobHeld\w+\); `scontrol release {job}` lets it go on\."
    assert len(re.findall(holds, ended.err)) == 1


def test_a_full_disk_costs_nothing_but_time(
    slurm: Slurm, commands: Commands, tiny: Path, reference: Path, tmp_path: Path
) -> None:
    words = ("run", "--benchmark", tiny, *RUN, "--seeds", "0", "--engine", "slurm", "--slurm", "time=30", "--out")
    with small_disk(tmp_path / "disk", 32 * 1024) as disk:
        process = commands.start(*words, disk / "out")
        until(lambda: [*disk.rglob("checkpoint-odd.pt")], "an epoch", 300)
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:  # the run writes as well
            while shutil.disk_usage(disk).free > 200 * 1024:  # a checkpoint takes a million
                file.write(bytes(64 * 1024))
        ended = commands.end(process)
        assert ended.status == 1
        assert "cannot be written: No space left on device; mend that, and the same command goes on" in ended.err
        assert Watcher(disk / "out").look().counts == {"failed": 1}
        (folder,) = map(RunFolder, disk.glob("out/runs/*"))
        told = Tail.end(folder.events)
        ballast.unlink()
        again = commands.run(*words, disk / "out")
        assert again.status == 0, again.err
        assert next(event for event in told.new() if event.kind == "epoch").done > 1, "it began anew"
        assert_same(disk / "out", reference, "_s0_")


@pytest.mark.usefixtures("slurm")
def test_a_folder_that_nodes_do_not_see_is_told(tiny: Path, tmp_path: Path) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--engine", "slurm", "--out", tmp_path / "out")
    ended = run_unseen(tmp_path, *words)
    assert ended.status == 1
    assert re.search(
        r"SLURM job \d+(_0)? could not write its log on node n[12]; give --out a folder that all nodes share under the "
        "same path",
        ended.err,
    )


REFUSED = {
    "partition=gpu": "SLURM refuses it: invalid partition specified: gpu; its partitions: main.",
    "time=soon": "SLURM refuses it: Invalid --time specification.",
    "nodes=5": "SLURM refuses it: allocation failure: Requested node configuration is not available.",
    "colour=red": "SLURM refuses it: unrecognized option '--colour=red'.",
    "array=0-3": "this is set by ssmar-bench itself; leave it out.",
    "runs-per-job=0": "expected a whole number above 0.",
}


@pytest.mark.usefixtures("slurm")
@pytest.mark.parametrize("options", REFUSED)
def test_wrong_options_are_told_before_any_work(call: Any, tiny: Path, tmp_path: Path, options: str) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out")
    ended = call(*words, "--engine", "slurm", "--slurm", options)
    name = "array" if options.startswith("array") else options
    assert (ended.status, ended.err.splitlines()[-1]) == (2, f"ssmar-bench: --slurm {name}: {REFUSED[options]}")
    assert not (tmp_path / "out" / "runs").exists()
