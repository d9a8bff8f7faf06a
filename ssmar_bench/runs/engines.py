"""The engines that can execute a grid's runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ssmar_bench.core import catalog
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.events import Listener
from ssmar_bench.core.run_folder import RunFolder


class Engine(Protocol):
    """Executes run folders, each of which holds what :mod:`ssmar_bench.runs.worker` reads.

    It is built as ``Engine(jobs, time_limit)``: runs side by side, and seconds that one may take (None: no limit).
    """

    def __init__(self, jobs: int, time_limit: float | None) -> None: ...

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """Yield (folder, ``done`` | ``failed`` | ``held``) as runs end; no failure of a run may end the others.

        Args:
            folders: run folders and the threads each may use.
            listener: hears what the runs tell.
            finish: called in this process when a run has been trained; an error in it fails the run.
        """
        ...


ENGINES = ObjectCatalog("engine", {"local": "ssmar_bench.runs.local:LocalEngine"}, catalog.ENGINES)
