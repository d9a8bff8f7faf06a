"""The check that needs processes: a run that is killed goes on to the result of one that is not."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ssmar_bench.core import catalog
from ssmar_bench.core.contract import method_without_network
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.execute import write_run_inputs
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.local import command, environment
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.testing.check import FailedError, NotApplicableError, register_check
from ssmar_bench.testing.method_under_test import MethodUnderTest
from ssmar_bench.training.pseudo_label_log import name_of

BENCHMARK = Path(__file__).parent / "tiny.yaml"
PATIENCE = 300.0
"""Seconds that a run of the tiny benchmark may take."""


@partial(register_check, slow=True)
def it_survives_kill_9(examined: MethodUnderTest) -> None:
    """A run in a process of its own that is killed and started again ends as one that is not, to the last bit.

    One that restarts is killed three times: at first, at its first restart, and in the epoch after it.
    """
    if not examined.method:
        raise NotApplicableError("only a method with a method config can be trained in a process of its own")
    with TemporaryDirectory() as folder:
        whole, killed = (_laid_out(examined.method, Path(folder) / name) for name in ("whole", "killed"))
        _train(whole)
        for until in _moments(examined, killed):
            _train(killed, until)
            if killed.ended():
                raise NotApplicableError("it ended before it could be killed")
        _train(killed)
        one, other = _produced(whole), _produced(killed)
    for name, content in one.items():
        if other.get(name) != content:
            raise FailedError(
                f"a run that was killed -9 and continued has another {name} than an uninterrupted one; keep what it "
                "remembers in buffers, draw from torch's global generator alone, and iterate over no set."
            )


def _moments(examined: MethodUnderTest, folder: RunFolder) -> Iterator[Callable[[], bool]]:
    """When to kill the run: each is true from some moment on."""
    yield folder.started
    config = examined.algorithm.Config.model_validate(dict(examined.values))
    for first in method_without_network(examined.algorithm, config).restarts(folder.spec().train.epochs)[:1]:
        for epochs in (first, first + 1):
            yield (folder.work / name_of(epochs)).is_file


def _laid_out(method: str, results: Path) -> RunFolder:
    """The folder of a run to be, with everything that a worker reads."""
    resolved = resolve(Grid(str(BENCHMARK), [method]))
    benchmark_config = resolved.benchmark_config
    index = prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    (planned_run,) = plan_runs(resolved, index)
    if planned_run.skip:
        raise NotApplicableError(planned_run.skip)
    own = resolved.frame_caches[planned_run.spec.frame_cache]
    frame_cache = prepare_data.prepare_frame_cache(own, index, planned_run.split, 1, ignore_events)
    folder = planned_run.folder(results)
    plugins = tuple(str(file.path) for file in catalog.plugin_files())
    launch = Launch(str(frame_cache), plugins=plugins, further_weights=planned_run.further_weights)
    write_run_inputs(planned_run, folder, launch)
    return folder


def _train(folder: RunFolder, until: Callable[[], bool] = lambda: False) -> None:
    """Lets a worker train to the end, or kills it as soon as ``until`` is true."""
    with subprocess.Popen(
        command(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(1),
    ) as worker:
        end = time.monotonic() + PATIENCE
        while worker.poll() is None and not until() and time.monotonic() < end:
            time.sleep(0.002)
        worker.kill()
    if folder.failure():
        raise FailedError(f"its run fails: {folder.reason()}")
    if not until() and not folder.ended():
        ended = (
            f"does not end within {PATIENCE:.0f} s" if time.monotonic() >= end else f"ended with {worker.returncode}"
        )
        raise FailedError(f"its run {ended} and says no reason.")


def _produced(folder: RunFolder) -> dict[str, Any]:
    """What a training process leaves behind by what it is, without the time that it took."""
    outcome = read_json(folder.work / "outcome.json")
    del outcome["epoch_seconds"], outcome["ended"]
    files = {"pseudo-label log of pseudo-labels": sorted((folder.work / "pseudo_label_log").iterdir())}
    files["prediction of the test clips"] = [folder.work / "predictions.npz"]
    return {"loss curve": outcome, **{name: [path.read_bytes() for path in paths] for name, paths in files.items()}}
