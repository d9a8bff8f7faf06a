"""Runs are spread over the devices of a machine: each has one to itself, or its share."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.local import LocalEngine
from tests.conftest import Finished


@pytest.mark.parametrize(("jobs", "share"), [(None, 1), (4, 2)])
def test_no_device_has_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int | None, share: int
) -> None:
    engine = LocalEngine(Execution(jobs=jobs, devices=("cuda:0", "cuda:1")))
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    together = threading.Barrier(2 * share, timeout=30)  # passes only if all devices are used at once

    def process(device: str, folder: RunFolder, *_: Any) -> tuple[int, bool, str]:
        now[device] += 1
        most[device] = max(most[device], now[device])
        together.wait()
        now[device] -= 1
        (folder.work / "outcome.json").write_text("{}")
        return 0, True, ""

    monkeypatch.setattr(engine, "_process_on", process)
    folders = [RunFolder(tmp_path / str(number)) for number in range(8)]
    for folder in folders:
        folder.keep({"launch.json": {}})
    states = [*engine.run([(folder, 1) for folder in folders], lambda _: None, lambda _: None)]
    assert sorted(state for _, state in states) == ["done"] * 8
    assert most == {"cuda:0": share, "cuda:1": share}


@pytest.mark.slow
def test_the_worker_takes_the_device_that_it_is_given(tiny: Path, tmp_path: Path, call: Any) -> None:
    ended: Finished = call("run", "--benchmark", tiny, "--methods", "supervised", "--devices", "cpu", "--out", tmp_path)
    assert ended.status == 0, ended.err


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--devices", "cuda:0,cpu"), "--devices cuda:0,cpu: expected devices of one kind, for --engine local."),
        (("--devices", "cpu", "--engine", "ray"), "--devices cpu: expected devices of one kind, for --engine local."),
        (("--devices", "tpu:0"), "--device tpu:0: expected auto, cpu, cuda or cuda:N."),
    ],
)
def test_devices_that_cannot_be(tiny: Path, tmp_path: Path, call: Any, words: Any, fault: str) -> None:
    ended: Finished = call("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out", *words)
    assert (ended.status, ended.err) == (2, f"ssmar-bench: {fault}\n")
