"""A grid that is killed, stopped or shared by two commands ends as one that is not."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results.comparison_table import comparison
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.local import LocalEngine
from tests.conftest import Commands, Finished, folder_of, records, timings, until, workers

pytestmark = pytest.mark.slow
PREPARE = ("data", "prepare", "--jobs", 1)
ENDLESS = ("--set", "train.epochs=100000")


def begun(out: Path, method: str) -> bool:
    """Whether a run has ended an epoch (and, the tests being quick, is in the middle of another)."""
    return bool([*(out / "runs").rglob(f"*_{method}_r50_*/*/checkpoint-*.pt")])


def assert_same(out: Path, reference: Path) -> None:
    """The same records and the same comparison, timings apart."""
    ours, theirs = records(out, "timings.json"), records(reference, "timings.json")
    assert sorted(ours) == sorted(theirs)
    for name, content in theirs.items():
        assert ours[name] == content, name
    mine, other = (
        comparison(load_runs(path), "tiny-motion").drop(columns="train_seconds") for path in (out, reference)
    )
    pd.testing.assert_frame_equal(mine, other)
    assert api.table(out, "tiny-motion") == api.table(reference, "tiny-motion")


def test_killed_in_the_middle_of_runs_and_grid(commands: Commands, tiny: Path, trained: Any, tmp_path: Path) -> None:
    reference = trained.copy(tmp_path / "reference", "supervised", "aplt")
    out = tmp_path / "out"
    words = ("run", "--benchmark", tiny, "--methods", "supervised,aplt", "--jobs", 1, "--out", out)

    for method in ("supervised", "aplt"):
        process = commands.start(*words)
        until(lambda method=method: begun(out, method), f"the first epochs of {method}")  # type: ignore[misc]
        assert len(workers(out)) == 1
        commands.kill(process)
        until(lambda: not workers(out), "the worker to die with its parent", 60)
        assert not (folder_of(out, method) / "work" / "outcome.json").exists(), "it was killed too late"

    finished = timings(out)
    assert list(finished) == [folder_of(out, "supervised").name]
    ended = commands.run(*words)
    assert ended.status == 0, ended.err
    assert_same(out, reference)
    assert api.table(reference, "tiny-motion") in ended.out
    assert {run: timings(out)[run] for run in finished} == finished, "a finished run was trained again"


def test_two_commands_share_a_grid(commands: Commands, tiny: Path, trained: Any, tmp_path: Path) -> None:
    reference = trained.copy(tmp_path / "reference", "supervised", "fixmatch")
    out = tmp_path / "out"
    words = ("run", "--benchmark", tiny, "--methods", "supervised,fixmatch", "--jobs", 1, "--out", out)
    both = [commands.start(*words, cache=tmp_path / "cache") for _ in range(2)]  # they share a new cache, too
    written: dict[str, set[int]] = {}

    def ended() -> bool:
        for path in (out / "runs").rglob("outcome.json"):
            written.setdefault(path.parts[-3], set()).add(path.stat().st_mtime_ns)
        return all(process.poll() is not None for process in both)

    until(ended, "two commands")
    for process in both:
        finished = commands.end(process)
        assert finished.status == 0, finished.err
        assert api.table(reference, "tiny-motion") in finished.out
    assert_same(out, reference)
    assert [len(times) for times in written.values()] == [1, 1], "a run was trained by both"


def test_killed_between_training_and_record(
    tiny: Path, trained: Any, tmp_path: Path, call: Callable[..., Finished]
) -> None:
    """Two such moments: before the predictions, and before the record is whole."""
    out = trained.copy(tmp_path / "out", "supervised", "aplt")
    early, late = folder_of(out, "supervised"), folder_of(out, "aplt")
    (early / "work" / "outcome.json").unlink()
    (early / "work" / "predictions.npz").unlink()
    for folder in (early, late):
        for name in ("metrics.json", "timings.json", "environment.json"):
            (folder / "record" / name).unlink()
    trained_at = {folder: (folder / "work" / "checkpoint-even.pt").stat().st_mtime_ns for folder in (early, late)}

    assert call("run", "--benchmark", tiny, "--methods", "supervised,aplt", "--out", out).status == 0
    assert_same(out, trained.copy(tmp_path / "reference", "supervised", "aplt"))
    for folder, when in trained_at.items():
        assert (folder / "work" / "checkpoint-even.pt").stat().st_mtime_ns == when, "an epoch was trained again"


def test_ctrl_c_ends_everything_and_fails_nothing(commands: Commands, tiny: Path, tmp_path: Path) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised,fixmatch", "--jobs", 1, "--out", tmp_path, *ENDLESS)
    process = commands.start(*words)
    until(lambda: begun(tmp_path, "supervised"), "the first epoch")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    ended = commands.end(process)
    assert ended.status == 130
    assert ended.err.splitlines()[-1] == "ssmar-bench: interrupted; the same command continues where it stopped."
    assert "Traceback" not in ended.err
    assert workers(tmp_path) == []
    for folder in map(RunFolder, (tmp_path / "runs").iterdir()):
        assert folder.failure() == ""
        assert not folder.held()
    assert RunFolder(folder_of(tmp_path, "supervised")).started()


def test_a_run_that_would_start_while_all_are_stopped_is_left_alone(tmp_path: Path) -> None:
    engine = LocalEngine(Execution(jobs=1))
    engine._stopping.set()
    folder = RunFolder(tmp_path / "run")
    assert [*engine.run([(folder, 1)], lambda event: None, lambda folder: None)] == [(folder, "held")]
    engine._stopping.set()
    status, _, _ = engine._process(folder, 1, lambda event: None)  # past the check, as a thread may be at that moment
    assert status == -signal.SIGKILL
    assert not folder.path.exists()


@pytest.fixture
def killed_renderer(commands: Commands, tiny: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """A command that was killed while it rendered into ``tmp_path / "cache"``."""
    process = commands.start(*PREPARE, tiny, cache=tmp_path / "cache")
    until(lambda: [*tmp_path.glob("cache/sources/.*.partial/videos_train/*.mp4")], "the first video")
    commands.kill(process)
    return process


def test_killed_while_rendering_leaves_no_process(commands: Commands, killed_renderer: subprocess.Popen[str]) -> None:
    until(lambda: not commands.left(killed_renderer), "the rendering processes to die with their parent", 15)


@pytest.mark.usefixtures("killed_renderer")
def test_killed_while_rendering_renders_again(commands: Commands, tiny: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    ended = commands.run(*PREPARE, tiny, cache=cache)
    assert ended.status == 0, ended.err
    (rendered,) = (path.parent for path in cache.glob("sources/micro-motion-*/micro-motion.json"))
    assert len([*rendered.glob("videos_*/*.mp4")]) == 84
