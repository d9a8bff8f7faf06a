"""The engine of this machine: one process a run, so many at a time, with a time limit each."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from queue import SimpleQueue

from ssmar_bench.core import event_file
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.processes import default_jobs
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import failure
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.launch_file import read_launch
from ssmar_bench.runs.memory_limit import MemoryPool, needs_of
from ssmar_bench.runs.worker import BUSY, LOST

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LAST_LINES = 50
"""Of what a worker prints, kept should it end without a word of why."""

TRIES = 3
"""How often a run is started, each time from its checkpoint, that lost its lease to nobody."""

NEWS_SECONDS = 0.2
"""Between two looks at what a run tells."""


@dataclass
class LocalEngine:
    """Executes run folders in processes side by side (:class:`ssmar_bench.runs.engines.Engine`).

    Attributes:
        execution: says how many at a time (one a device, unless given), seconds that a run may take, and devices.
        patience: seconds that a run waits for a process that holds it; 0 where no scheduler starts and ends runs.
        memory: of the machine and its devices, which bounds how many runs there are at a time.
    """

    execution: Execution
    patience: float = 0
    memory: MemoryPool = field(default_factory=MemoryPool)
    _processes: set[subprocess.Popen[str]] = field(default_factory=set)
    _free: SimpleQueue[str] = field(default_factory=SimpleQueue)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """As every engine's (:meth:`ssmar_bench.runs.engines.Engine.run`)."""
        devices = self.execution.devices
        jobs = self.execution.jobs or len(devices) or default_jobs(max((threads for _, threads in folders), default=1))
        for number in range(jobs if devices else 0):
            self._free.put(devices[number % len(devices)])
        with ThreadPoolExecutor(jobs) as pool:
            waiting: dict[Future[str], RunFolder] = {
                pool.submit(self._one, folder, threads, listener, finish): folder for folder, threads in folders
            }
            try:
                for future in as_completed(waiting):
                    yield waiting[future], future.result()
            finally:
                self.stop()
                pool.shutdown(cancel_futures=True)
                self._stopping.clear()

    def stop(self) -> None:
        """End all runs now; :meth:`run` then ends, and none of them has failed."""
        self._stopping.set()
        for process in list(self._processes):
            _kill(process)

    def _one(self, folder: RunFolder, threads: int, listener: Listener, finish: Callable[[RunFolder], None]) -> str:
        if self._stopping.is_set():
            return "held"
        cleared = folder.cleared()
        if not (folder.work / "launch.json").is_file():
            return "held"  # another command has just cleared it, to train it again
        for _ in range(TRIES):
            status, begun, reason = self._process(folder, threads, listener)
            lost = status == BUSY and LOST in reason and not folder.held()  # suspended for too long, and nobody took it
            if not lost or self._stopping.is_set():
                break
            reason = "it was suspended, or could not write to its folder, for longer than its lease lasts"
        if folder.ended() or folder.done():
            try:
                finish(folder)
            except Exception as error:  # noqa: BLE001  # whatever went wrong belongs to this run alone
                if folder.cleared() != cleared:
                    return "held"
                reason = failure.unrecorded_text(error)
            else:
                return "done"
        elif self._stopping.is_set() or (status == BUSY and (not begun or folder.held())):
            return "held"  # by another command; or stopped with this one: interrupted, not failed
        elif self.patience and status == -signal.SIGTERM:
            return "held"  # a scheduler ends it, and may start it again
        elif folder.cleared() != cleared:
            return "held"  # another command has cleared it meanwhile, and trains it again
        if not folder.failure():
            failure.keep_failure(folder, reason, listener)
        return "failed"

    @contextlib.contextmanager
    def _device(self) -> Iterator[str]:
        """One of the devices that no other run has now; "" where the run's own is used."""
        device = self._free.get() if self.execution.devices else ""
        try:
            yield device
        finally:
            if device:
                self._free.put(device)

    def _process(self, folder: RunFolder, threads: int, listener: Listener) -> tuple[int, bool, str]:
        def tell(sentence: str) -> None:
            listener(Event("", "note", sentence))

        with self._device() as device:
            needs = needs_of(read_launch(folder), device)
            with self.memory.taken(needs, self._stopping, tell):
                return self._process_on(device, folder, threads, listener)

    def _process_on(self, device: str, folder: RunFolder, threads: int, listener: Listener) -> tuple[int, bool, str]:
        """Exit status, whether the run became the worker's own, and why it ended in case it does not say so itself."""
        news = event_file.Tail.end(folder.events)
        words = {"patience": self.patience, "device": device, "stage_to": self.execution.stage_to}
        with subprocess.Popen(
            [*command(folder), *(f"{name}={value}" for name, value in words.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env={**environment(threads), **self.execution.variables},
            process_group=0,  # Ctrl-C reaches this process alone, which then ends the runs
        ) as process:
            self._processes.add(process)
            if self._stopping.is_set():  # between its start and the line above, nobody knew of it
                _kill(process)
            late = threading.Event()

            def stop() -> None:
                late.set()
                _kill(process)

            timer = threading.Timer(self.execution.time_limit or threading.TIMEOUT_MAX, stop)
            timer.daemon = True
            timer.start()
            printed: deque[str] = deque(maxlen=LAST_LINES)
            reader = threading.Thread(target=lambda: printed.extend(process.stdout or ()))
            reaper = threading.Thread(target=_reap, args=(process,))
            for helper in (reader, reaper):
                helper.start()
            started = time.perf_counter()
            begun = False
            try:
                status = None
                while status is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        status = process.wait(NEWS_SECONDS)
                    for event in news.new():
                        begun = True
                        listener(event)
            finally:
                timer.cancel()
                reaper.join()
                reader.join()
                self._processes.discard(process)
        if late.is_set():
            seconds = time.perf_counter() - started
            reason = f"stopped by the time limit after {seconds:.0f} s; raise --time-limit or shorten the run"
            return status, begun, reason
        return status, begun, failure.exit_text(status, "".join(printed))


def command(folder: RunFolder) -> list[str]:
    """What executes the run in ``folder``."""
    # -P: nothing is imported from the working directory.
    return [sys.executable, "-P", "-m", "ssmar_bench.runs.worker", str(folder.path)]


def environment(threads: int) -> dict[str, str]:
    """In which it is executed with so many threads."""
    return {**os.environ, **{name: str(threads) for name in THREAD_VARIABLES}}


def _kill(process: subprocess.Popen[str]) -> None:
    """Ends the worker and whatever it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _reap(process: subprocess.Popen[str]) -> None:
    """What a worker leaves behind would keep its pipes open, and this command waiting."""
    process.wait()
    _kill(process)
