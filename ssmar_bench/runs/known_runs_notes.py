"""What is said of the runs of a grid that are not simply trained: finished, skipped, of other labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.run_names import sorted_names
from ssmar_bench.runs.archived_runs import archive_notes
from ssmar_bench.runs.data_digests import former_plugin_run
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.plan import PlannedRun


def tell_known(
    table: Sequence[PlannedRun], states: Mapping[str, str], execution: Execution, listener: Listener
) -> None:
    """An event for every run that is finished or skipped, and a sentence for all that are alike.

    Args:
        table: the grid's runs.
        states: of every run by folder name.
        execution: which of them it trains again.
        listener: hears it.
    """
    taken = ["" if execution.wants(states[one.name]) else one.taken(execution.results) for one in table]
    names = sorted_names(execution.results / "runs")
    skipped, outdated, former = [], [], []
    for sentence in archive_notes(taken):
        listener(Event("", "note", sentence))
    finished = 0
    for planned_run, place in zip(table, taken, strict=True):
        name, state = planned_run.name, states[planned_run.name]
        if state == "skipped":
            skipped.append(planned_run)
            listener(Event(name, "skipped", planned_run.skip))
        elif state == "damaged" and not execution.wants(state):
            damage = planned_run.folder(execution.results).damage()
            listener(Event(name, "note", f"{damage}; --overwrite only-missing makes it again."))
        elif state == "done" and not place and execution.overwrite != "always":
            finished += 1
            listener(Event(name, "cached"))
        elif state == "outdated" and execution.overwrite != "always":
            outdated.append(name)
        elif state == "missing" and (other := former_plugin_run(planned_run.spec, execution.results, names)):
            former.append(other)
    told = []
    if finished:
        told.append(f"{_of(finished, len(table))} finished already.")
    if skipped:
        told.append(f"{_of(len(skipped), len(table))} skipped: {_why(skipped)}.")
    if outdated:
        told.append(f"{_first(outdated, 'was', 'were')} recorded with other labels or subjects than the data has now.")
    if former:
        again = "the run starts again" if len(former) == 1 else "these runs start again"
        told.append(f"{_first(former, 'is', 'are')} of another content of its plugin's file; {again}.")
    for sentence in told:
        listener(Event("", "note", sentence))


def _of(count: int, runs: int) -> str:
    return f"{count} of {runs} run{'s'[: runs != 1]} {'is' if count == 1 else 'are'}"


def _first(names: Sequence[str], one: str, many: str) -> str:
    more = len(names) - 1
    return f"{names[0]} and {more} more run{'s'[: more != 1]} {many}" if more else f"{names[0]} {one}"


def _why(skipped: Sequence[PlannedRun]) -> str:
    """The first one's reason, and the methods that have the same."""
    first, *others = dict.fromkeys(one.spec.method for one in skipped)
    reason = next(one.skip for one in skipped if one.spec.method == first)
    return f"{reason}; likewise {', '.join(others)}" if others else reason
