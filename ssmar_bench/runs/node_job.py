"""What an engine of several machines executes on one of them: some runs, as this machine would."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssmar_bench.core import lease
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import failure
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.launch_file import read_launch, weight_files
from ssmar_bench.runs.local import LocalEngine

PATIENCE = lease.SILENCE + 30
"""Seconds that a run waits for its lease: the machine that had it may be gone without a word."""

TRIES = 2
"""Jobs in a row that end by their time limit before any epoch has ended; another one would not do better."""


@dataclass
class NodeJob:
    """Some runs of a grid; a scheduler that starts it again lets them continue from their checkpoints.

    Attributes:
        folders: run folders, which this machine must see under the same path, and the threads each may use.
        jobs: runs side by side.
        time_limit: seconds a run may take, None for no limit.
        grace: seconds after the signal that the time is over, in which an epoch may end in its checkpoint.
        stage_to: of :class:`~ssmar_bench.runs.execution_options.Execution`.
        idle: jobs in a row that ended before an epoch did.
    """

    folders: Sequence[tuple[str, int]]
    jobs: int = 1
    time_limit: float | None = None
    grace: float = 60.0
    stage_to: str = ""
    idle: int = 0
    _engine: LocalEngine | None = field(default=None, repr=False)
    _begun: dict[str, Any] = field(default_factory=dict, repr=False)

    def __call__(self) -> dict[str, str]:
        """Execute the runs; their states by folder name.

        Raises:
            UserError: this machine does not see the folders.
        """
        folders = [(RunFolder(Path(path)), threads) for path, threads in self.folders]
        for folder, _ in folders:
            require_seen(folder)
        self._begun = self._checkpoints()
        own = Execution(jobs=self.jobs, time_limit=self.time_limit, stage_to=self.stage_to)
        self._engine = LocalEngine(own, PATIENCE)
        todo = [(folder, threads) for folder, threads in folders if not folder.ended() and not folder.done()]
        return {folder.path.name: state for folder, state in self._engine.run(todo, ignore_events, lambda _: None)}

    def stop(self) -> bool:
        """End the runs soon, each with a checkpoint if it makes one in time; whether it is worth to go on later."""
        before = self._checkpoints()
        end = time.monotonic() + self.grace
        while time.monotonic() < end and any(
            before[path] == now for path, now in self._checkpoints().items() if RunFolder(Path(path)).held()
        ):
            time.sleep(0.2)
        moved = self._checkpoints() != self._begun
        self.idle = 0 if moved else self.idle + 1
        if self._engine is not None:
            self._engine.stop()
        if self.idle < TRIES:
            return True
        for path, _ in self.folders:
            if not RunFolder(Path(path)).ended():
                reason = "the time limit of its job ended it before its first epoch, twice; give its job more time\n"
                failure.keep_failure(RunFolder(Path(path)), reason, ignore_events)
        return False

    def checkpoint(self) -> Any:
        """What submitit puts into the queue again when the time limit is near; None for nothing."""
        from submitit.helpers import DelayedSubmission

        goes_on = self.stop()
        self._engine, self._begun = None, {}
        return DelayedSubmission(self) if goes_on else None

    def _checkpoints(self) -> dict[str, Any]:
        """What shows that a run has moved: its checkpoints with their times, and whether it has ended."""
        found = {}
        for path, _ in self.folders:
            folder = RunFolder(Path(path))
            times = [(folder.work / name).stat().st_mtime_ns for name in folder.checkpoints()]
            found[path] = times, folder.ended()
        return found


def require_seen(folder: RunFolder) -> None:
    """A :class:`UserError` if this machine does not see a run's folder, its initial weights or its frame cache."""
    where = f"machine {socket.gethostname()}"
    if not (folder.work / "launch.json").is_file():
        raise UserError(
            f"{folder.path} is not seen by {where}; give --out a folder that all machines share under the same path."
        )
    launch = read_launch(folder)
    for weights in weight_files(launch):
        if not os.path.isfile(weights):  # noqa: PTH113 - a text
            raise UserError(
                f"The initial weights {weights} are not seen by {where}; the same command puts them there again."
            )
    cache = launch.get("frame_cache", "")
    if cache and not os.path.isdir(cache):  # noqa: PTH112 - a text
        raise UserError(
            f"The decoded clips in {cache} are not seen by {where}; set SSMAR_BENCH_CACHE to a folder that all "
            "machines share, and start the command again."
        )


def run_method(folder: RunFolder) -> str:
    """The method of a run, read without validating all the rest."""
    return str(read_json(folder.record / "spec.json")["method"])
