"""Processes: how many there may be, and what a pool's workers need: not to outlive their parent, nor run its script."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType

from ssmar_bench.core.errors import UserError

MOST_WORKERS = 8
"""Processes that make a run's batches, if nobody asks for more."""


def cores() -> int:
    """Cores that this process may use: a scheduler may have given it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_jobs(threads: int) -> int:
    """As many processes side by side, of so many threads each, as the cores carry."""
    return max(1, cores() // threads)


def default_workers(device: str, jobs: int) -> int:
    """Processes that make the batches of a run, one of ``jobs`` side by side: with a GPU the cores left, else none.

    Without a GPU training takes all cores, and a process that loads would take their time.
    """
    return max(0, min(MOST_WORKERS, cores() // jobs - 1)) if device.startswith("cuda") else 0


@contextmanager
def apart_from_main() -> Iterator[None]:
    """Processes that are spawned in this block do not import the caller's script.

    A spawned process imports it in case a task is defined there. Ours never are, and a script without
    ``if __name__ == "__main__"`` would start all over in each of them, and wait for itself.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def broken_pool(work: str) -> UserError:
    """The error of a pool that lost a process; ``work`` says what it did: ``decoding``."""
    return UserError(
        f"A {work} process ended by itself, most likely because the memory was full; give it more memory or fewer "
        "processes, and start the same command again."
    )


def end_with_parent() -> None:
    """A pool's initializer: the worker ends when its parent is killed, and silently at Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
