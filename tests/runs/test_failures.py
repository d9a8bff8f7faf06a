"""A run that fails is reported, kept apart and tried again; the others go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_folder import RunFolder
from tests.conftest import Finished, folder_of, timings, until, workers

pytestmark = pytest.mark.slow
WILD = """\
extends: supervised
name: wild
label: Wild
overrides:
  train.lr: 1e9
"""


def test_a_diverging_run_fails_alone_and_is_tried_again(
    tiny: Path, tmp_path: Path, call: Callable[..., Finished]
) -> None:
    (tmp_path / "wild.yaml").write_text(WILD)
    methods = f"{tmp_path / 'wild.yaml'},supervised"
    words = ("run", "--benchmark", tiny, "--methods", methods, "--set", "train.epochs=2", "--out", tmp_path)
    first = call(*words)
    wild = RunFolder(folder_of(tmp_path, "wild"))
    sentence = "loss/labelled_weak became infinite or not a number in epoch 1; try a lower train.lr."
    assert first.status == 1
    assert [line for line in first.err.splitlines() if "failed  tiny-motion_wild_r50_s0" in line and sentence in line]
    assert f"failed: {wild.path.name}: {sentence} (see {wild.work / 'failure.txt'})" in first.err
    assert "Traceback" not in first.err + first.out
    (row, gap) = (line.split("|") for line in first.out.splitlines() if line.startswith("| Wild"))
    assert row[2].strip() == "1 failed"
    assert gap[4].strip() == "failed"
    assert gap[5].strip().endswith(sentence)
    assert wild.failure().startswith("Traceback")
    assert sentence in wild.failure()
    assert RunFolder(folder_of(tmp_path, "supervised")).done()
    assert not wild.done()

    failed_at, finished = (wild.work / "failure.txt").stat().st_mtime_ns, timings(tmp_path)
    second = call(*words, "--verbose")
    assert second.status == 1
    assert (wild.work / "failure.txt").stat().st_mtime_ns > failed_at
    assert "cached  tiny-motion_supervised_r50_s0" in second.err
    assert timings(tmp_path) == finished


def test_an_endless_run_is_ended_by_its_time_limit(tiny: Path, tmp_path: Path, call: Callable[..., Finished]) -> None:
    words = ("--set", "train.epochs=100000", "--time-limit", "0.03", "--out", tmp_path)
    ended = call("run", "--benchmark", tiny, "--methods", "supervised", *words)
    assert ended.status == 1
    reason = RunFolder(folder_of(tmp_path, "supervised")).failure()
    assert re.fullmatch(r"stopped by the time limit after \d+ s; raise --time-limit or shorten the run", reason)
    assert [line for line in ended.err.splitlines() if line.startswith("  failed  ") and line.endswith(reason)]
    assert reason in ended.out
    assert workers(tmp_path) == []


def test_a_worker_that_is_killed_is_failed_with_its_status(
    tiny: Path, tmp_path: Path, call: Callable[..., Finished]
) -> None:
    def kill() -> None:
        until(lambda: [*tmp_path.rglob("checkpoint-*.pt")], "the first epoch")
        for worker in workers(tmp_path):
            os.kill(worker, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    words = ("--set", "train.epochs=100000", "--time-limit", "5", "--out", tmp_path)
    ended = call("run", "--benchmark", tiny, "--methods", "supervised", *words)
    thread.join()
    assert ended.status == 1
    reason = "its process was ended by SIGKILL, for instance because memory was short"
    assert RunFolder(folder_of(tmp_path, "supervised")).failure() == f"{reason}\n"
    assert reason in ended.out
    assert f": {reason} (see " in ended.err
    assert RunFolder(folder_of(tmp_path, "supervised")).started(), "what it learned is kept"


@pytest.fixture
def holder(request: pytest.FixtureRequest) -> Iterator[Callable[[Path], None]]:
    """Holds a run's lease in another process."""
    code = (
        "import pathlib, sys; from ssmar_bench.core.run_folder import RunFolder\n"
        "with RunFolder(pathlib.Path(sys.argv[1])).lease(): print('held', flush=True); sys.stdin.read()"
    )
    holders: list[subprocess.Popen[str]] = []

    def hold(folder: Path) -> None:
        words = [sys.executable, "-P", "-c", code, str(folder)]
        holders.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout is not None
        assert holders[-1].stdout.readline() == "held\n"

    yield hold
    for process in holders:
        process.communicate()


def test_nothing_is_overwritten_while_another_process_holds_a_run(
    tiny: Path, trained: Any, tmp_path: Path, holder: Callable[[Path], None], call: Callable[..., Finished]
) -> None:
    out = trained.copy(tmp_path, "supervised", "fixmatch")
    held = folder_of(out, "fixmatch")

    def files() -> dict[Path, bytes]:
        paths = (path for path in out.rglob("*") if path.is_file() and not path.name.startswith("lease-"))
        return {path: path.read_bytes() for path in paths}

    before = files()
    holder(held)
    words = ("run", "--benchmark", tiny, "--methods", "supervised,fixmatch", "--overwrite", "always", "--out", out)
    ended = call(*words)
    assert ended.status == 2
    assert ended.err.splitlines()[-1] == (
        f"ssmar-bench: Run {held.name} is held by another process; wait for it or stop it."
    )
    assert files() == before
