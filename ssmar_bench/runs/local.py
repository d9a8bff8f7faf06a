"""The engine of this machine: one process a run, so many at a time, with a time limit each."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import failure
from ssmar_bench.runs.worker import BUSY

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LAST_LINES = 50
"""Of a worker's standard error, kept should it end without a word of why."""


@dataclass
class LocalEngine:
    """Executes run folders in ``jobs`` processes side by side (:class:`ssmar_bench.runs.engines.Engine`).

    Attributes:
        jobs: processes at a time.
        time_limit: seconds a run may take, None for no limit.
    """

    jobs: int
    time_limit: float | None = None
    _processes: set[subprocess.Popen[str]] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """As every engine's (:meth:`ssmar_bench.runs.engines.Engine.run`)."""
        with ThreadPoolExecutor(self.jobs) as pool:
            waiting: dict[Future[str], RunFolder] = {
                pool.submit(self._one, folder, threads, listener, finish): folder for folder, threads in folders
            }
            try:
                while waiting:
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield waiting.pop(future), future.result()
            finally:
                self._stopping.set()
                for process in list(self._processes):
                    _kill(process)
                pool.shutdown(cancel_futures=True)

    def _one(self, folder: RunFolder, threads: int, listener: Listener, finish: Callable[[RunFolder], None]) -> str:
        if self._stopping.is_set():
            return "held"
        cleared = folder.cleared()
        if not (folder.work / "launch.json").is_file():
            return "held"  # another command has just cleared it, to train it again
        status, begun, reason = self._process(folder, threads, listener)
        if folder.ended() or folder.done():
            try:
                finish(folder)
            except Exception as error:  # noqa: BLE001  # whatever went wrong belongs to this run alone
                if folder.cleared() != cleared:
                    return "held"
                reason = failure.unrecorded_text(error)
            else:
                return "done"
        elif self._stopping.is_set() or (status == BUSY and not begun):
            return "held"  # by another command; or stopped with this one: interrupted, not failed
        elif folder.cleared() != cleared:
            return "held"  # another command has cleared it meanwhile, and trains it again
        if not folder.failure():
            failure.keep_failure(folder, reason, listener)
        return "failed"

    def _process(self, folder: RunFolder, threads: int, listener: Listener) -> tuple[int, bool, str]:
        """Exit status, whether the run became the worker's own, and why it ended in case it does not say so itself."""
        with subprocess.Popen(
            command(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment(threads),
            process_group=0,  # Ctrl-C reaches this process alone, which then ends the runs
        ) as process:
            self._processes.add(process)
            if self._stopping.is_set():  # between its start and the line above, nobody knew of it
                _kill(process)
            late = threading.Event()

            def stop() -> None:
                late.set()
                _kill(process)

            timer = threading.Timer(self.time_limit or threading.TIMEOUT_MAX, stop)
            timer.daemon = True
            timer.start()
            errors: deque[str] = deque(maxlen=LAST_LINES)
            reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()))
            reaper = threading.Thread(target=_reap, args=(process,))
            for helper in (reader, reaper):
                helper.start()
            started = time.perf_counter()
            begun = False
            try:
                for line in process.stdout or ():
                    begun = True
                    listener(Event(**json.loads(line)))
                status = process.wait()
            finally:
                timer.cancel()
                reaper.join()
                reader.join()
                self._processes.discard(process)
        if late.is_set():
            seconds = time.perf_counter() - started
            reason = f"stopped by the time limit after {seconds:.0f} s; raise --time-limit or shorten the run"
            return status, begun, reason
        return status, begun, failure.exit_text(status, "".join(errors))


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
