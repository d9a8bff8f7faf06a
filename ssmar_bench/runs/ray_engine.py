"""The engine of a Ray cluster: a task for every run, which another machine does again if one dies."""

from __future__ import annotations

import logging
import math
import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.event_file import Tail
from ssmar_bench.core.events import Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import failure
from ssmar_bench.runs.engine_options import EngineOptions, unknown_option
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.node_job import NodeJob, run_method

OPTION = "--ray"
NUMBERS = ("num-cpus", "num-gpus", "memory")
"""What a run needs; ``memory`` in bytes, ``num-gpus`` may be a fraction."""
OWN = ("address", "tries", *NUMBERS)
POLL_SECONDS = 1.0
CONNECT_SECONDS = 10.0
IN_FLIGHT = 1000
"""Tasks that the cluster has at a time: more would wait there as they wait here, and each costs its scheduler work."""

TRIES = 5
"""Machines that may die under a run before it is given up."""


@dataclass
class RayEngine:
    """Executes run folders as Ray tasks (:class:`ssmar_bench.runs.engines.Engine`).

    Attributes:
        execution: its options say where the cluster is (``address``; none: Ray on this machine) and what a run needs.
    """

    execution: Execution
    options: EngineOptions = field(init=False)

    def __post_init__(self) -> None:
        if find_spec("ray") is None:
            raise UserError("--engine ray needs Ray; install it: pip install 'ssmar-bench[ray]'.")
        self.options = EngineOptions.of(self.execution.options)
        for options in self.options.all():
            for name, value in options.items():
                if name not in OWN:
                    raise unknown_option(OPTION, name, [*OWN])
                if name != "address":
                    _number(name, value)
        self._connect()

    def _connect(self) -> None:
        """Connect to the cluster, or start one here.

        Raises:
            UserError: there is none, or its versions differ from those here.
        """
        import ray

        if ray.is_initialized():
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        address = self.options.shared.get("address")
        if address:
            _require_answer(str(address))
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.FATAL}
        local: dict[str, Any] = {} if address else {"include_dashboard": False, "num_cpus": self.execution.jobs}
        try:
            ray.init(address=address, **quiet, **local)
        except Exception as error:
            where = f"{OPTION} address={address}" if address else "--engine ray"
            raise UserError(f"{where}: {_unusable(str(error))}.") from error

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """As every engine's (:meth:`ssmar_bench.runs.engines.Engine.run`)."""
        import ray

        todo: deque[tuple[RunFolder, int]] = deque()
        for folder, threads in folders:
            if folder.ended() or folder.done():  # by a former command: no task is needed
                yield folder, failure.recorded(folder, finish, listener)
            else:
                todo.append((folder, threads))
        execute = ray.remote(_execute)  # once: every one is sent to the cluster
        waiting: dict[Any, RunFolder] = {}
        news: dict[RunFolder, Tail] = {}
        pause = POLL_SECONDS
        try:
            while todo or waiting:
                while todo and len(waiting) < IN_FLIGHT:
                    folder, threads = todo.popleft()
                    news[folder] = Tail.end(folder.events)
                    waiting[self._start(execute, folder, threads)] = folder
                time.sleep(pause)
                looked = time.monotonic()
                ended, _ = ray.wait([*waiting], num_returns=len(waiting), timeout=0.01, fetch_local=False)
                for folder in waiting.values():
                    for event in news[folder].new():
                        listener(event)
                pause = max(POLL_SECONDS, 20 * (time.monotonic() - looked))  # thousands of folders are asked less often
                for reference in ended:
                    folder = waiting.pop(reference)
                    del news[folder]
                    yield folder, self._state(folder, reference, listener, finish)
        finally:
            for reference in waiting:
                ray.cancel(reference, force=True)

    def _start(self, execute: Any, folder: RunFolder, threads: int) -> Any:
        options = self.options.of_method(run_method(folder) if self.options.methods else "")
        needs = {name.replace("-", "_"): _number(name, options[name]) for name in NUMBERS if name in options}
        needs.setdefault("num_cpus", threads + (self.execution.workers or 0))
        tries = int(_number("tries", options.get("tries", TRIES)))
        (folder.work / "failure.txt").unlink(missing_ok=True)
        runs = [(str(folder.path.absolute()), threads)]
        job = NodeJob(runs, 1, self.execution.time_limit, stage_to=self.execution.stage_to)
        return execute.options(max_retries=tries - 1, **needs).remote(job)

    def _state(self, folder: RunFolder, reference: Any, listener: Listener, finish: Callable[[RunFolder], None]) -> str:
        import ray

        try:
            states: Mapping[str, str] = ray.get(reference)
        except Exception as error:  # noqa: BLE001  # Ray's own, or that of the job
            if not (folder.ended() or folder.done()):
                failure.keep_failure(folder, f"{_sentence(error)}\n", listener)
                return "failed"
            states = {}
        if folder.ended() or folder.done():
            return failure.recorded(folder, finish, listener)
        return states.get(folder.path.name, "held")


def _unusable(said: str) -> str:
    """Why Ray cannot be used, from what it says; versions that differ in a sentence of our own."""
    versions = re.findall(r"Ray: (\S+)\s+Python: (\S+)", said)
    if "Version mismatch" in said and len(versions) == 2:
        (theirs, python), (ours, own) = versions
        return (
            f"the cluster has Ray {theirs} on Python {python}, and here is Ray {ours} on Python {own}; both must be "
            f"the same, for instance by pip install 'ray=={theirs}' here"
        )
    if "connection timeout" in said:
        return (
            "Ray answers, and lets nobody in; where it asks for a token, set the same RAY_AUTH_MODE here and where it "
            "was started, or give HOST:PORT without ray://"
        )
    words = " ".join(said.split())[:300].rstrip(".")
    return f"Ray cannot be used: {words}"


def _require_answer(address: str) -> None:
    """A :class:`UserError` unless somebody listens at ``HOST:PORT``; Ray itself would wait for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(f"{OPTION} address={address}: expected HOST:PORT or ray://HOST:PORT.")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UserError(f"{OPTION} address={address}: nobody answers there ({error}); is Ray started?") from error


def _execute(job: NodeJob) -> dict[str, str]:
    return job()


def _sentence(error: Exception) -> str:
    cause = getattr(error, "cause", None)
    if isinstance(cause, UserError):
        return str(cause)
    words = " ".join(str(error).split())[:300].rstrip(".")
    return f"its Ray task ended with {type(error).__name__}: {words}; the same command goes on from its checkpoint"


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not math.isfinite(number) or number < (1 if name == "tries" else 0):
        raise UserError(f"{OPTION} {name}={value}: expected a number.")
    return number
