"""Plan a grid and train it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ssmar_bench.api.archived_runs import with_archived
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.short_list import ShortDict
from ssmar_bench.runs import execute
from ssmar_bench.runs import plan as plans
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import PlanEntry
from ssmar_bench.runs.resolve import Resolved, resolve


class Plan(list[PlanEntry]):
    """The runs of a grid; printed as a table."""

    def frame(self) -> pd.DataFrame:
        """A row a run: ``method``, ``ratio``, ``seed``, ``state``, ``seconds`` (NaN: unknown), ``run``, ``skip``."""
        rows = [
            (run.spec.method, run.spec.ratio, run.spec.seed, one.state, one.seconds, run.name, run.skip)
            for one, run in ((entry, entry.planned_run) for entry in self)
        ]
        return pd.DataFrame(rows, columns=["method", "ratio", "seed", "state", "seconds", "run", "skip"])

    def __repr__(self) -> str:
        shown = self.frame()[["method", "ratio", "seed", "state", "seconds"]]
        return f"{len(self)} run{'s'[: len(self) != 1]}\n{shown.to_string(max_rows=12, index=False)}"


def plan(grid: Grid | Resolved, execution: Execution | None = None) -> Plan:
    """The runs of a grid with their states and expected times, a list that prints as a table; trains nothing.

    A run takes as long as finished runs of its method did. Where there are none, runs of other methods on the same
    network tell, or else a step that is timed here, once; both are weighted by the views that the method looks at.

    Args:
        grid: which runs; resolved (:func:`resolve`) where several calls need it.
        execution: where their records are; None for ``./ssmar-runs``.

    Raises:
        UserError: anything wrong with the grid, or the data's folder is not known.
    """
    from ssmar_bench.runs.step_guess import with_guesses  # which training has no need of

    resolved = resolve(grid)
    return Plan(with_guesses(plans.plan(resolved, with_archived(execution)), resolved))


def expected_seconds(planned: Sequence[PlanEntry], execution: Execution | None = None) -> tuple[float, int]:
    """Wall-clock seconds that training what is ``planned`` is expected to take, and how many runs have no estimate.

    The time that a run takes is known from finished runs of the same method, network and sizes under the results
    folder of ``execution``; :func:`plan` guesses it from others, or from a step that it times.
    """
    return plans.expected_seconds(planned, execution or Execution())


def run(
    grid: Grid | Resolved, execution: Execution | None = None, listener: Listener = ignore_events
) -> dict[str, str]:
    """Train and record what is missing of a grid; stopped or killed at any moment, the same call goes on from there.

    A run that an archive in the results folder holds is not missing; ``overwrite="always"`` trains it again.

    Args:
        grid: which runs; resolved (:func:`resolve`) where several calls need it.
        execution: where records go, and how runs are executed; None for ``./ssmar-runs`` and as many runs side by side
            as the cores carry.
        listener: hears events (:class:`ssmar_bench.core.events.Event`);
            inside ``with ssmar_bench.progress_display.ProgressDisplay() as progress``, ``progress.hear`` draws bars.

    Returns:
        The run's folder name -> ``done``, ``failed``, ``skipped``, ``interrupted`` or ``missing``, for every run.

    Raises:
        UserError: anything wrong with grid, data or machine, before any training. A run that fails raises nothing:
            its state says so, and ``work/failure.txt`` in its folder why.
    """
    return ShortDict(execute.run(resolve(grid), with_archived(execution), listener))
