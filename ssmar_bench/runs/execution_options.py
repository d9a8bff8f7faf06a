"""How a grid is executed: where records go, what is trained again, how many runs side by side."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.core.short_list import short
from ssmar_bench.runs.archived_runs import ArchivedRuns
from ssmar_bench.runs.prepare_data import OnBadClip
from ssmar_bench.sources import KNOWN

Overwrite = Literal["only-missing", "always", "never", "only-cache", "only-record"]


@short
@dataclass(frozen=True)
class Execution:
    """How a grid is executed; none of it changes a result, but that ``skip`` leaves clips out, and ``variables`` may.

    Attributes:
        results: the folder that holds ``runs/``.
        roots: folders of sources by name.
        jobs: runs side by side; None for as many as the cores carry.
        workers: processes that make the batches of each run; None: with a GPU the cores that are left, else none.
        overwrite: ``only-missing`` trains what has no finished record (failed runs again), ``always`` trains again,
            ``never`` leaves whatever was once begun, ``only-cache`` trains nothing, ``only-record`` trains nothing and
            records what has been trained to its end.
        time_limit: seconds a run may take.
        engine: who executes the runs: ``local``, ``slurm``, ``ray``, or one that a plugin brings.
        devices: devices of one kind that ``local`` spreads the runs over, as ``cuda:0``, ``cuda:1``; none: the grid's.
        variables: of the environment of each run's process, beside this process's own; ``local`` alone sets them.
        options: what the engine is told, by name (``{"partition": "gpu"}``), and ``methods`` for single methods.
        stage_to: folder of a disk of the machine that trains, in which the decoded clips are copied before they are
            read; it may hold variables of that machine's environment (``$TMPDIR``). "" for no copy.
        detach: do not wait for the runs, where the engine executes them without this process.
        collect: words of the ``ssmar-bench`` that records a detached grid once its runs have ended.
        archived: what archives in ``results`` hold, which is not trained again; :mod:`ssmar_bench.api` looks.
        on_bad_clip: ``stop`` at a clip whose video cannot be used, or ``skip`` such clips: then the splits do not
            hold them, and the runs are others than those of the whole benchmark.
    """

    results: Path = RESULTS
    roots: Mapping[str, Path] = field(default_factory=dict)
    jobs: int | None = None
    workers: int | None = None
    overwrite: Overwrite = "only-missing"
    time_limit: float | None = None
    on_bad_clip: OnBadClip = "stop"
    engine: str = "local"
    devices: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    stage_to: str = ""
    detach: bool = False
    collect: Sequence[str] = ()
    archived: ArchivedRuns = field(default_factory=ArchivedRuns, repr=False)

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UserError(f"Execution(jobs={self.jobs}): expected 1 or more.")
        if self.workers is not None and self.workers < 0:
            raise UserError(f"Execution(workers={self.workers}): expected 0 or more.")
        if self.time_limit is not None and not 0 < self.time_limit <= threading.TIMEOUT_MAX:
            raise UserError(f"Execution(time_limit={self.time_limit}): expected seconds above 0.")
        for name, choices in (("overwrite", get_args(Overwrite)), ("on_bad_clip", get_args(OnBadClip))):
            if (given := getattr(self, name)) not in choices:
                raise UserError(f"Execution({name}={given!r}): no such choice{nearest(str(given), choices)}")
        object.__setattr__(self, "results", Path(self.results))  # a script may give texts
        object.__setattr__(self, "roots", {KNOWN.named(name): Path(root) for name, root in self.roots.items()})

    def wants(self, state: str) -> bool:
        """Whether a run in that state is trained."""
        match self.overwrite:
            case "only-missing":
                return state in ("missing", "interrupted", "failed", "damaged", "outdated")
            case "always":
                return state != "skipped"
            case "never":
                return state == "missing"
            case "only-cache" | "only-record":
                return False
