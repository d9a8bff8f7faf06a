"""What a scheduler starts on a machine: it sees its runs or says so, and ends without endless tries."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones.build import pretext_weights
from ssmar_bench.core import catalog
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import engines, failure, worker
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.node_job import TRIES, NodeJob
from tests.conftest import folder_of
from tests.plugins.conftest import FILE


def test_a_folder_that_this_machine_does_not_see(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not seen by machine .*; give --out a folder that all machines share"):
        NodeJob([(str(tmp_path / "run"), 1)])()


def test_clips_that_this_machine_does_not_see(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {"frame_cache": str(tmp_path / "none")}})
    with pytest.raises(UserError, match=r"The decoded clips in .*none are not seen by machine .* SSMAR_BENCH_CACHE"):
        NodeJob([(str(folder.path), 1)])()


def test_initial_weights_that_this_machine_does_not_see(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {"frame_cache": str(tmp_path), "weights": str(tmp_path / "none.pth")}})
    with pytest.raises(UserError, match=r"weights .*none.pth are not seen by machine .*; the same command puts"):
        NodeJob([(str(folder.path), 1)])()


class Elsewhere:
    """An engine whose machines see the results and the clips, and no other file of the user's."""

    hidden: Sequence[Path] = ()

    def __init__(self, execution: Execution) -> None:
        pass

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        for path in self.hidden:
            path.rename(path.with_suffix(".hidden"))
        NodeJob([(str(folder.path), threads) for folder, threads in folders])()
        for path in self.hidden:
            path.with_suffix(".hidden").rename(path)
        for folder, _ in folders:
            yield folder, failure.recorded(folder, finish, listener) if folder.ended() else "failed"


@pytest.mark.slow
def test_plugins_configs_and_weights_reach_a_machine_that_does_not_see_them(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark, plugin = Path(shutil.copy(tiny, tmp_path / "own.yaml")), tmp_path / "mine.py"
    plugin.write_text(FILE)
    weights = Path(shutil.copy(pretext_weights("micro-tsm"), tmp_path / "first.safetensors"))
    monkeypatch.setattr(Elsewhere, "hidden", (benchmark, plugin, weights))
    monkeypatch.setattr(engines.ENGINES, "things", {**engines.ENGINES.things, "slurm": Elsewhere})
    catalog.use_plugin_file(plugin)
    try:
        sets = {"train.epochs": 1, "backbone.weights": str(weights)}
        grid = api.Grid(str(benchmark), ["mine"], sets=sets, device="cpu", elsewhere=True)
        states = api.run(grid, api.Execution(tmp_path / "out", engine="slurm"))
    finally:
        catalog.forget_plugin_files()
    (run,) = (tmp_path / "out" / "runs").iterdir()
    assert states == {run.name: "done"}, RunFolder(run).failure()
    assert (run / "work" / "plugins" / "0.py").read_text() == FILE
    (copy,) = (tmp_path / "out" / "initial_weights").glob("*/first.safetensors")
    assert copy.parent.name == RunFolder(run).spec().weights
    assert copy.read_bytes() == weights.read_bytes()


def test_a_machine_without_the_plugins_package_is_told(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RunFolder(folder_of(trained.out, "fixmatch")).spec()
    others = {name: thing for name, thing in ALGORITHMS.things.items() if name != "fixmatch"}
    monkeypatch.setattr(ALGORITHMS, "things", others)
    with pytest.raises(UserError, match=r"Machine \S+ has no algorithm 'fixmatch'; install the package that brings it"):
        worker._use_plugins((), spec)


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
