"""The engines that can execute a grid's runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ssmar_bench.core import catalog
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.events import Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.execution_options import Execution


class Engine(Protocol):
    """Executes run folders, each of which holds what :mod:`ssmar_bench.runs.worker` reads.

    It is built once a command, before any data are prepared.

    Raises:
        UserError: it cannot execute anything here, or does not understand ``execution.options``.
    """

    def __init__(self, execution: Execution) -> None: ...

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """Yield (folder, state) as runs end; no failure of a run may end the others.

        The state is ``done``, ``failed``, ``held`` (by another command, which is waited for) or ``queued`` (it will be
        executed without this command).

        Args:
            folders: run folders and the threads each may use.
            listener: hears what the runs tell, which each worker writes to its folder's ``events``.
            finish: called in this process when a run has been trained; an error in it fails the run.
        """
        ...


ENGINES = ObjectCatalog(
    "engine",
    {
        "local": "ssmar_bench.runs.local:LocalEngine",
        "slurm": "ssmar_bench.runs.slurm:SlurmEngine",
        "ray": "ssmar_bench.runs.ray_engine:RayEngine",
    },
    catalog.ENGINES,
)
