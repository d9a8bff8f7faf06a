"""How long a step takes of a method that was never trained here: one step of its network is timed, or of others known.

Steps of one network differ by what a method passes through it: its views. A view that is learned from counts as three
forward passes, one from which labels alone are made as one.
"""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.contract import Views, method_without_network
from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.identity import digest
from ssmar_bench.core.paths import cache_folder
from ssmar_bench.runs.plan import PlanEntry, steps_of
from ssmar_bench.runs.resolve import Resolved, ResolvedMethod
from ssmar_bench.runs.step_timing import time_step

if TYPE_CHECKING:
    from ssmar_bench.core.run_spec import RunSpec

ENDED = ("done", "skipped")
OTHERS, TIMED = "other methods", "a timed step"
LEARNED = 3
"""Forward passes that a forward and a backward pass take."""
TIMED_PASSES = 2 * LEARNED + 1
"""Of what :func:`ssmar_bench.runs.step_timing.time_step` times."""

CLOCK = "time of the processor"
"""What a step on the CPU was timed by."""
FOLDER = "step_times"
"""In the cache: what was timed on this machine."""


def passes(views: Views, segments: int, unlabelled: bool = True, per_labelled: int = 1) -> float:
    """Forward passes of a clip of ``segments`` frames that a step takes for each labelled clip.

    Args:
        views: of the method.
        segments: frames of a clip.
        unlabelled: whether there are unlabelled clips.
        per_labelled: unlabelled clips of a step for each labelled one.
    """
    own = [(view, LEARNED) for view in views.labelled.values()]
    if unlabelled:
        teaches = any(view.aug != "weak" for view in views.unlabelled.values())  # weak views make labels for others
        times = [1 if teaches and view.aug == "weak" else LEARNED for view in views.unlabelled.values()]
        own += [(view, per_labelled * one) for view, one in zip(views.unlabelled.values(), times, strict=True)]
    return sum(times * (view.frames or segments) / segments for view, times in own)


class StepGuesses:
    """Seconds a step of the rows of a grid, where no run of the method says it.

    Args:
        resolved: the grid.
        planned: its runs, of which some may be known; without data there are none.
    """

    def __init__(self, resolved: Resolved, planned: Sequence[PlanEntry] = ()) -> None:
        self._device = resolved.grid.device
        self._rows = {row.method_config.name: row for row in resolved.methods}
        known: dict[tuple[object, ...], list[float]] = defaultdict(list)
        for entry in planned:
            spec = entry.planned_run.spec
            if entry.seconds is not None and spec.method in self._rows:
                seconds = entry.seconds / steps_of(entry.planned_run)
                known[_network(spec)].append(seconds / self._passes(spec.method, _has_unlabelled(entry)))
        self._known: Mapping[tuple[object, ...], float] = {key: statistics.median(own) for key, own in known.items()}
        self._timed: dict[tuple[object, ...], float | None] = {}

    def of(self, method: str, unlabelled: bool) -> tuple[float | None, str]:
        """Seconds a step of a row, and from what they are guessed: ``other methods`` or ``a timed step``.

        None where no step can be made here: the network is too large for this machine.

        Args:
            method: of the row.
            unlabelled: whether there are unlabelled clips.
        """
        config = self._rows[method].benchmark_config
        key = _network(config)
        if key in self._known:
            return self._known[key] * self._passes(method, unlabelled), OTHERS
        if key not in self._timed:
            self._timed[key] = _remembered(config, self._device)
        seconds = self._timed[key]
        return (None, "") if seconds is None else (seconds * self._passes(method, unlabelled) / TIMED_PASSES, TIMED)

    def _passes(self, method: str, unlabelled: bool) -> float:
        row: ResolvedMethod = self._rows[method]
        views = method_without_network(row.algorithm, row.hyperparameters).views()
        config = row.benchmark_config
        return passes(views, config.frame_cache.segments, unlabelled, config.train.unlabelled_per_labelled)


def with_guesses(planned: Sequence[PlanEntry], resolved: Resolved) -> list[PlanEntry]:
    """The entries of a plan, with a time for what is going to be trained."""
    guesses, found = StepGuesses(resolved, planned), []
    for entry in planned:
        if entry.seconds is None and entry.state not in ENDED:
            seconds, guess = guesses.of(entry.planned_run.spec.method, _has_unlabelled(entry))
            if seconds is not None:
                entry = replace(entry, seconds=seconds * steps_of(entry.planned_run), guess=guess)
        found.append(entry)
    return found


def _has_unlabelled(entry: PlanEntry) -> bool:
    """Whether a run has unlabelled clips: with own videos also at all labels."""
    return bool(entry.planned_run.split.unlabelled)


def _network(config: RunSpec | BenchmarkConfig) -> tuple[object, ...]:
    """What decides the seconds of a step besides the method."""
    return config.backbone.name, config.clips.size, config.frame_cache.segments, config.train.batch


def _remembered(config: BenchmarkConfig, device: str) -> float | None:
    """Seconds of a step that was timed here before, or is timed now; None where it fails."""
    kind = torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine()
    about: list[Any] = [*_network(config), config.train.threads, config.train.precision, kind, os.cpu_count(), CLOCK]
    path = cache_folder() / FOLDER / f"{digest([*about, torch.__version__])}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if (seconds := float(read_json(path)["seconds"])) > 0:
            return seconds
    try:
        seconds = time_step(config, device)
    except (RuntimeError, ValueError):  # a plan is no training: whatever is wrong is said there
        return None
    with contextlib.suppress(OSError):  # it is timed again next time
        write_json(path, {"seconds": seconds, "of": [*map(str, about)]})
    return seconds
