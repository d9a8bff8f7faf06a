"""The engine of this machine: one process a run, so many at a time, with a time limit each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.files import write_text
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.worker import BUSY

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class LocalEngine:
    """Executes run folders in ``jobs`` processes side by side.

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
        """Yield (folder, ``done`` | ``failed`` | ``held``) as runs end.

        Args:
            folders: run folders and the threads each may use.
            listener: hears what the runs tell.
            finish: called in this process when a run has been trained; an error in it fails the run.
        """
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
                    process.kill()
                pool.shutdown(cancel_futures=True)

    def _one(self, folder: RunFolder, threads: int, listener: Listener, finish: Callable[[RunFolder], None]) -> str:
        if self._stopping.is_set():
            return "held"
        status, errors = self._process(folder, threads, listener)
        if status == BUSY or (status != 0 and self._stopping.is_set()):
            return "held"  # stopped with this command: interrupted, not failed
        if status == 0:
            try:
                finish(folder)
            except Exception as error:  # noqa: BLE001  # whatever went wrong belongs to this run alone
                errors = f"the run was trained, but its record could not be written: {error!r}"
            else:
                return "done"
        if not folder.failure():
            write_text(folder.work / "failure.txt", errors or f"the process ended with status {status}")
        return "failed"

    def _process(self, folder: RunFolder, threads: int, listener: Listener) -> tuple[int, str]:
        # -P: nothing is imported from the working directory.
        command = [sys.executable, "-P", "-m", "ssmar_bench.runs.worker", str(folder.path)]
        environment = {**os.environ, **{name: str(threads) for name in THREAD_VARIABLES}}
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            process_group=0,  # Ctrl-C reaches this process alone, which then ends the runs
        ) as process:
            self._processes.add(process)
            if self._stopping.is_set():  # between its start and the line above, nobody knew of it
                process.kill()
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(self.time_limit or threading.TIMEOUT_MAX, stop)
            timer.daemon = True
            timer.start()
            errors: list[str] = []
            reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()))
            reader.start()
            started = time.perf_counter()
            try:
                listener(Event(folder.path.name, "start"))
                for line in process.stdout or ():
                    listener(Event(**json.loads(line)))
                status = process.wait()
            finally:
                timer.cancel()
                reader.join()
                self._processes.discard(process)
        if late.is_set():
            seconds = time.perf_counter() - started
            return status, f"stopped by the time limit after {seconds:.0f} s; raise --time-limit or shorten the run"
        return status, "".join(errors[-50:])
