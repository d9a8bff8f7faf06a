"""Building shards in several processes, with news of every clip."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from ssmar_bench.clips.build import Entries, build_shards
from ssmar_bench.clips.layout import Task
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.processes import apart_from_main, broken_pool, end_with_parent

_NEWS_SECONDS = 0.5

_shared: dict[str, Any] = {}
"""In a worker: ``finished``, how many clips all workers have finished, and ``stop``, set when they shall stop."""


def built_by_processes(
    tasks: Sequence[Task], processes: int, skip_bad: bool, tell: Callable[[int], None]
) -> Iterator[tuple[Task, list[Entries], int]]:
    """Each task with its shards' entries and the number of clips decoded for it, in any order.

    Args:
        tasks: what to build.
        processes: how many processes build.
        skip_bad: as for :func:`ssmar_bench.clips.build.build_shards`.
        tell: called now and then with the number of clips that are finished.

    Raises:
        UserError: the first error of a task; the other processes then stop after the clip that they are at.
    """
    context = multiprocessing.get_context("spawn")  # threads and locks of this process do not survive a fork
    finished, stop = context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(min(processes, len(tasks)), context, initializer=_begin, initargs=(finished, stop))
    try:
        with apart_from_main():
            waiting = {pool.submit(_work, task, skip_bad): task for task in tasks}
        reported = 0
        while waiting:
            ended, _ = wait(waiting, _NEWS_SECONDS, FIRST_COMPLETED)
            if finished.value > reported:
                reported = finished.value
                tell(reported)
            for future in ended:
                entries, decoded = future.result()
                yield waiting.pop(future), entries, decoded
    except BrokenProcessPool:
        raise broken_pool("decoding") from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begin(finished: Any, stop: Any) -> None:
    end_with_parent()
    _shared.update(finished=finished, stop=stop)


def _work(task: Task, skip_bad: bool) -> tuple[list[Entries], int]:
    return build_shards(task, skip_bad, _count)


def _count() -> None:
    with _shared["finished"].get_lock():
        _shared["finished"].value += 1
    if _shared["stop"].is_set():
        raise UserError("Stopped.")  # another process has met an error, which is the one that is reported
