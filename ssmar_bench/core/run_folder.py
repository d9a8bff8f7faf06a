"""A run's folder: the committed side ``record/`` and the ignored side ``work/``.

The states of a run are read from files alone: ``record/metrics.json`` whose spec has the folder's hash means done;
``work/failure.txt`` means failed; a lock held on ``work/lease`` means running; anything else is missing or
interrupted. A lock dies with its process, so a killed run is free again at once.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.identity import digest
from ssmar_bench.core.run_spec import RunSpec


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run under ``results/runs``."""

    path: Path

    @property
    def record(self) -> Path:
        """What is kept and committed."""
        return self.path / "record"

    @property
    def work(self) -> Path:
        """What resuming and predicting need: checkpoint, ledger, lease, last weights."""
        return self.path / "work"

    @property
    def weights(self) -> Path:
        """The method's state when its run had ended; it is not committed, and not there where only a record is."""
        return self.work / "weights.pt"

    def begin(self, spec: RunSpec) -> None:
        """Write the spec, unless it stands there."""
        if not (self.record / "spec.json").is_file():
            write_json(self.record / "spec.json", spec.to_json())

    def spec(self) -> RunSpec:
        """The spec that :meth:`begin` wrote."""
        return RunSpec(**read_json(self.record / "spec.json"))

    def done(self) -> bool:
        """Whether a finished record of exactly this run stands here."""
        try:
            spec, metrics = read_json(self.record / "spec.json"), read_json(self.record / "metrics.json")
        except (OSError, ValueError):
            return False
        identity = digest(spec)
        return bool(metrics.get("identity") == identity and self.path.name.endswith(f"_{identity}"))

    def failure(self) -> str:
        """The kept traceback or reason of a failed run, "" where there is none."""
        path = self.work / "failure.txt"
        return path.read_text() if path.is_file() else ""

    def held(self) -> bool:
        """Whether another process holds the run at this moment."""
        if not (self.work / "lease").is_file():
            return False
        try:
            with self.lease():
                return False
        except BusyError:
            return True

    def started(self) -> bool:
        """Whether there is something to continue from."""
        return (self.work / "checkpoint.pt").is_file()

    @contextmanager
    def lease(self, patience: float = 0) -> Iterator[None]:
        """Hold the run; :class:`BusyError` if another process still does after ``patience`` seconds."""
        self.work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.work / "lease")
        try:
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise BusyError(f"Run {self.path.name} is held by another process; wait for it or stop it.") from error
        try:
            yield
        finally:
            lock.release()

    def clear(self) -> None:
        """Forget record and work; the caller holds the lease."""
        shutil.rmtree(self.record, ignore_errors=True)
        for path in self.work.iterdir():
            if path.name != "lease":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
