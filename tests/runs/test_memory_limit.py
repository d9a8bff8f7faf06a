"""No more runs are side by side than the memory of a device and of its machine holds; one always is."""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from ssmar_bench.backbones.build import build_backbone, build_outline
from ssmar_bench.core.benchmark_config import read_benchmark_config
from ssmar_bench.core.events import Event
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import memory_limit
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.local import LocalEngine
from ssmar_bench.runs.memory_limit import CONTEXT, HOST, PROCESS, MemoryPool, free_bytes, needs_of
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.runs.step_memory import COPIES, SLACK, network_bytes, step_bytes

GB = 10**9


def most_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], free: dict[str, int | None]
) -> tuple[Counter[str], list[str]]:
    """The most runs on a device at once, of runs of these sizes on two devices; and what was told."""
    told: list[Event] = []
    pool = MemoryPool(lambda place: free.get(place, 10**12))
    engine = LocalEngine(Execution(jobs=8, devices=("cuda:0", "cuda:1")), memory=pool)
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def process(device: str, folder: RunFolder, *_: Any) -> tuple[int, bool, str]:
        now[device] += 1
        most[device] = max(most[device], now[device])
        threading.Event().wait(0.05)
        now[device] -= 1
        (folder.work / "outcome.json").write_text("{}")
        return 0, True, ""

    monkeypatch.setattr(engine, "_process_on", process)
    folders = [RunFolder(tmp_path / str(number)) for number in range(len(sizes))]
    for folder, size in zip(folders, sizes, strict=True):
        folder.keep({"launch.json": {"device": "cuda", "memory": size}})
    states = [state for _, state in engine.run([(folder, 1) for folder in folders], told.append, lambda _: None)]
    assert states == ["done"] * len(sizes)
    return most, [event.text for event in told]


def test_what_fits_is_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, told = most_together(tmp_path, monkeypatch, [2 * GB] * 16, {"cuda:0": 40 * GB, "cuda:1": 40 * GB})
    assert (most, told) == ({"cuda:0": 4, "cuda:1": 4}, [])


def test_each_device_has_as_many_as_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = 2 * GB + CONTEXT
    most, told = most_together(tmp_path, monkeypatch, [2 * GB] * 16, {"cuda:0": 2 * one, "cuda:1": 3 * one})
    assert most == {"cuda:0": 2, "cuda:1": 3}
    assert len(told) == 1
    assert told[0].startswith("Runs wait for others to end: one takes about 2.6 GB of cuda:")


def test_a_run_that_is_too_large_is_tried_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, _ = most_together(tmp_path, monkeypatch, [90 * GB] * 4, {"cuda:0": 40 * GB, "cuda:1": 40 * GB})
    assert most == {"cuda:0": 1, "cuda:1": 1}


def test_the_machines_own_memory_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, told = most_together(tmp_path, monkeypatch, [0] * 8, {HOST: 3 * PROCESS})
    assert max(most.values()) <= 3
    assert f" of {HOST}, and " in told[0]


def test_what_nobody_knows_bounds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, told = most_together(tmp_path, monkeypatch, [90 * GB] * 8, {"cuda:0": None, "cuda:1": None})
    assert (most, told) == ({"cuda:0": 4, "cuda:1": 4}, [])


def test_a_wait_ends_with_the_command() -> None:
    pool, stopping = MemoryPool(lambda _: 1), threading.Event()
    with pool.taken({"cuda:0": 1}, stopping, lambda _: None):
        threading.Timer(0.1, stopping.set).start()
        with pool.taken({"cuda:0": 1}, stopping, lambda _: None):
            assert stopping.is_set()


def test_a_run_on_the_processor_takes_all_of_the_machine() -> None:
    launch = {"device": "cpu", "workers": 2, "memory": 5}
    assert needs_of(launch) == {HOST: 3 * PROCESS + 5}
    assert needs_of(launch, "cuda:1") == {HOST: 3 * PROCESS, "cuda:1": CONTEXT + 5}


def test_memory_is_asked_of_the_machine_and_of_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = free_bytes(HOST)
    assert found is not None
    assert 0 < found < 2**50
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\necho 1024\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert free_bytes("cuda:1") == 2**30
    assert program.with_suffix(".asked").read_text().endswith("-i 5\n")
    program.write_text("#!/bin/sh\nexit 9\n")
    assert free_bytes("cuda:0") is None


def test_a_container_may_hold_less_than_its_machine(tmp_path: Path) -> None:
    assert memory_limit._control_group(tmp_path) > 2**60
    files = {"memory.max": "1000\n", "memory.current": "900\n", "memory.stat": "anon 400\nactive_file 200\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert memory_limit._control_group(tmp_path) == 300
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_limit._control_group(tmp_path) > 2**60


@pytest.mark.parametrize("name", ["micro-tsm", "tsm:resnet18", "r3d18", "timesformer-micro"])
def test_what_a_network_keeps_is_reckoned_without_memory(name: str) -> None:
    config = read_benchmark_config("micro-motion-12")
    backbone = config.backbone.model_copy(update={"name": name, "weights": "none"})
    real = network_bytes(build_backbone(backbone, 4, 12, 0, 32), torch.zeros(2, 4, 3, 32, 32))
    with torch.device("meta"):
        assert network_bytes(build_outline(backbone, 4, 12, 32), torch.empty(2, 4, 3, 32, 32)) == real
    assert real[1] > 4 * 3 * 32 * 32 * 4


def test_more_views_and_larger_batches_take_more(tiny: Path) -> None:
    def bytes_of(method: str, **sets: Any) -> int:
        return step_bytes(resolve(Grid(str(tiny), [method], sets=sets)).methods[0])

    assert 0 < bytes_of("supervised") < bytes_of("fixmatch")
    weights = bytes_of("supervised", **{"train.batch": 10})
    twice = bytes_of("supervised", **{"train.batch": 20})
    assert weights < twice < 2 * weights
    assert SLACK * COPIES > 4
    assert memory_limit.POLL_SECONDS <= 1
