"""How far a grid is, read from its files alone: from another terminal, or another machine that sees the folder."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.event_file import last_event
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import slurm

LOG = "pseudo_label_log"

QUEUE_SECONDS = 10.0
"""Between two questions to SLURM."""


@dataclass(frozen=True)
class RunProgress:
    """A run that is not at its end: its state, epochs trained and to be trained, seconds an epoch (None: unknown).

    ``steps``: the share of all its steps that it has told, in [0, 1]; 0 where it has told nothing.
    """

    run: str
    state: str
    done: int
    epochs: int
    seconds: float | None
    steps: float = 0.0

    @property
    def share(self) -> float:
        """Of its training, in [0, 1]."""
        return max(self.steps, self.done / self.epochs if self.epochs else 0.0)


@dataclass(frozen=True)
class GridProgress:
    """How far a grid is.

    Attributes:
        counts: state -> runs: ``done``, ``failed``, ``running``, ``queued`` (in SLURM's queue), ``waiting`` (laid out,
            in nobody's hands).
        open: the runs that are neither done nor failed, those that are running first.
    """

    counts: Mapping[str, int]
    open: tuple[RunProgress, ...]

    @property
    def total(self) -> int:
        """Runs that there are."""
        return sum(self.counts.values())

    @property
    def seconds_left(self) -> float | None:
        """Expected, at the speed of the runs that are running; None where nobody knows."""
        running = [one for one in self.open if one.state == "running"]
        known = [one.seconds for one in running if one.seconds is not None]
        if not known:
            return None
        epochs = sum(one.epochs - one.done for one in self.open)
        return epochs * sum(known) / len(known) / len(running)


@dataclass
class Watcher:
    """Looks at a folder again and again; a run whose end it has seen is not looked at any more.

    Args:
        folder: the one that ``run`` writes in.
    """

    folder: Path = RESULTS
    _ended: dict[str, str] = field(default_factory=dict)
    _epochs: dict[str, int] = field(default_factory=dict)
    _queued: Mapping[str, str] = field(default_factory=dict)
    _asked: float = -math.inf

    def look(self) -> GridProgress:
        """How far the grid is now.

        Raises:
            UserError: there is no run in the folder.
        """
        runs = results_of(self.folder) / "runs"
        names = sorted(os.listdir(runs)) if runs.is_dir() else []  # noqa: PTH208 - names alone, of thousands
        names = [name for name in names if not name.startswith(".")]
        if not names:
            raise _no_run(self.folder)
        if time.monotonic() - self._asked > QUEUE_SECONDS:
            self._queued, self._asked = slurm.queued_runs(results_of(self.folder)), time.monotonic()
        found = [one for name in names if name not in self._ended and (one := self._one(runs / name)) is not None]
        counts = Counter(self._ended[name] for name in names if name in self._ended)
        counts.update(one.state for one in found)
        if not counts:
            raise _no_run(self.folder)
        order = sorted(found, key=lambda one: (one.state != "running", one.run))
        return GridProgress(dict(counts), tuple(order))

    def _one(self, path: Path) -> RunProgress | None:
        """A run's progress; None if it has ended, which is kept, or if the folder is none of a run."""
        folder = RunFolder(path)
        if (folder.record / "metrics.json").is_file():
            self._ended[path.name] = "done"
            return None
        if self._queued.get(path.name) == "PENDING" and path.name in self._epochs:
            return RunProgress(path.name, "queued", 0, self._epochs[path.name], None)  # without a look at thousands
        held = folder.held()
        if not held and (folder.work / "failure.txt").is_file():
            return RunProgress(path.name, "failed", 0, 0, None)  # another command may train it again
        if path.name not in self._epochs:
            try:
                self._epochs[path.name] = folder.spec().train.epochs
            except UserError:
                laid_out = folder.work.is_dir() or folder.record.is_dir()  # its spec comes next
                return RunProgress(path.name, "waiting", 0, 0, None) if laid_out else None
        times = sorted(os.stat(one).st_mtime for one in (folder.work / LOG).glob("epoch-*.npz"))  # noqa: PTH116
        seconds = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else None
        told = last_event(folder.events) if held else None
        steps = told.done / told.total if told is not None and told.total else 0.0
        state = "running" if held else "queued" if path.name in self._queued else "waiting"
        return RunProgress(path.name, state, len(times), self._epochs[path.name], seconds, steps)


def _no_run(folder: Path) -> UserError:
    return UserError(f"There is no run in {folder}; give the folder of `ssmar-bench run`.")
