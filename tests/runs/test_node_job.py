"""What a scheduler starts on a machine: it sees its runs or says so, and ends without endless tries."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.node_job import TRIES, NodeJob
from tests.conftest import folder_of


def test_a_folder_that_this_machine_does_not_see(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not seen by machine .*; give --out a folder that all machines share"):
        NodeJob([(str(tmp_path / "run"), 1)])()


def test_clips_that_this_machine_does_not_see(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {"frame_cache": str(tmp_path / "none")}})
    with pytest.raises(UserError, match=r"The decoded clips in .*none are not seen by machine .* SSMAR_BENCH_CACHE"):
        NodeJob([(str(folder.path), 1)])()


@pytest.mark.slow
def test_runs_that_have_ended_are_left_alone(trained: Any, tmp_path: Path) -> None:
    out = trained.copy(tmp_path, "supervised")
    folder = folder_of(out, "supervised")
    before = (folder / "work" / "outcome.json").stat().st_mtime_ns
    assert NodeJob([(str(folder), 1)])() == {}
    assert (folder / "work" / "outcome.json").stat().st_mtime_ns == before


def test_jobs_that_never_end_an_epoch_are_not_tried_for_ever(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {}})
    job = NodeJob([(str(folder.path), 1)], grace=0)
    for last in [False] * (TRIES - 1) + [True]:
        job._begun = job._checkpoints()
        assert job.stop() is not last
        assert bool(folder.failure()) is last
    assert folder.reason() == "the time limit of its job ended it before its first epoch, twice; give its job more time"


def test_a_job_that_has_ended_an_epoch_goes_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {}})
    job = NodeJob([(str(folder.path), 1)], grace=0)
    for number in range(2 * TRIES):
        job._begun = job._checkpoints()
        folder.keep({"checkpoint-even.pt": str(number).encode()})
        assert job.stop()
    shutil.rmtree(folder.path)
