"""Whether a grid's runs would wait for their clips: what making a step's views takes, beside what a step takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ssmar_bench.clips.encoding import JpegFrames, encode
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.contract import Views, method_without_network
from ssmar_bench.core.processes import default_workers
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.plan import PlanEntry, steps_of, to_train
from ssmar_bench.runs.resolve import Resolved
from ssmar_bench.runs.step_guess import TIMED

_ASPECT = 1.2
"""Longer side of a frame over the shorter one; what a crop takes hardly depends on it."""
_CLIPS = 2
_TRIES = 3


@dataclass(frozen=True)
class StepData:
    """What a step of a method needs.

    Attributes:
        method: its name.
        making: seconds in which one process makes the step's clips, with frames that are in memory.
        workers: processes that make them ahead; 0: the training process does, within a step.
        step: seconds of a step in finished runs, of this method or of others; None where there are none.
    """

    method: str
    making: float
    workers: int
    step: float | None

    @property
    def waits(self) -> bool | None:
        """Whether more workers would make training faster; None: nobody knows yet."""
        return None if self.step is None else self.making / max(self.workers, 1) > self.step


def step_data(resolved: Resolved, execution: Execution, planned: Sequence[PlanEntry]) -> list[StepData]:
    """What a step of each method of a grid needs, measured here on random frames; nothing is decoded or written.

    Args:
        resolved: the grid.
        execution: how it is executed.
        planned: its runs; methods of which none is to be trained are left out.
    """
    todo, jobs = to_train(planned, execution)
    if not todo:
        return []
    workers = default_workers(resolved.grid.device, jobs) if execution.workers is None else execution.workers
    found = []
    for method in resolved.methods:
        name = method.method_config.name
        entries = [entry for entry in todo if entry.planned_run.spec.method == name]
        if entries:
            steps = [
                entry.seconds / steps_of(entry.planned_run)
                for entry in entries
                if entry.seconds is not None and entry.guess != TIMED  # such a step makes no clips
            ]
            views = method_without_network(method.algorithm, method.hyperparameters).views()
            making = making_seconds(method.benchmark_config, views)
            found.append(StepData(name, making, workers, statistics.median(steps) if steps else None))
    return found


def making_seconds(config: BenchmarkConfig, views: Views) -> float:
    """Seconds in which one process makes the views of a step: the fastest of a few tries, on a few clips.

    What a run leaves to its device is not among them.
    """
    maker = ViewMaker(_RandomClips(config), config.clips, config.frame_cache, 0, config.train.augment_on_device)
    rows, threads = list(range(_CLIPS)), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        taken = []
        for number in range(_TRIES):
            begun = time.process_time()  # other programs may use the core meanwhile
            maker.views(rows, views.labelled, ("labelled", number))
            for again in range(config.train.unlabelled_per_labelled):
                maker.views(rows, views.unlabelled, ("unlabelled", number, again))
            taken.append(time.process_time() - begun)
        return min(taken) * config.train.batch / _CLIPS
    finally:
        torch.set_num_threads(threads)


class _RandomClips:
    """Clips of random pixels, stored as a benchmark config says."""

    def __init__(self, config: BenchmarkConfig) -> None:
        self.ids = tuple(map(str, range(_CLIPS)))
        stored, side = config.frame_cache, config.frame_cache.short_side
        shape = (stored.frames, side, round(_ASPECT * side), 3)
        self._clips: list[Frames | JpegFrames] = []
        for number in range(_CLIPS):
            frames = np.random.default_rng(number).integers(0, 256, shape, np.uint8)
            self._clips.append(JpegFrames(*encode(frames), shape) if stored.encoding == "jpeg" else frames)

    def clip(self, row: int) -> Frames | JpegFrames:
        """A clip's stored frames."""
        return self._clips[row]
