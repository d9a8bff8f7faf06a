"""Code of others, kept from ending this process by ``os._exit`` or by never coming back, and from its output."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

LIMIT = 300.0
"""Seconds that a plugin's import or a check may take; most take milliseconds, and loading libraries from a slow disk
minutes."""


class EndedError(BaseException):
    """What was called would have ended this process, or has not come back.

    No ``Exception``: a stranger's ``except Exception`` must not keep it.
    """


class LateError(EndedError):
    """It has not come back in time."""


@contextlib.contextmanager
def contained(limit: float = LIMIT) -> Iterator[None]:
    """What is called in here comes back or raises, and prints to standard error.

    Native code that hangs or crashes cannot be contained, nor can time be limited outside the main thread, which alone
    gets signals.

    Args:
        limit: seconds; 0 for no limit.

    Raises:
        EndedError: it called ``os._exit``; LateError: it took longer than ``limit``.
    """
    process, thread, leave = os.getpid(), threading.current_thread(), os._exit
    timed = thread is threading.main_thread()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != process or threading.current_thread() is not thread:
            leave(status)  # a process that it started may end, and a worker dies with its parent
        raise EndedError(f"it calls os._exit({status}), which would end everything; raise an error instead")

    def late(*_: Any) -> NoReturn:
        raise LateError(f"it has not come back within {limit:g} s; look for a loop or a lock without an end")

    if timed:
        handler, before = signal.signal(signal.SIGALRM, late), signal.setitimer(signal.ITIMER_REAL, limit)
    os._exit = refuse
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os._exit = leave
        if timed:
            signal.setitimer(signal.ITIMER_REAL, *before)
            signal.signal(signal.SIGALRM, handler)
