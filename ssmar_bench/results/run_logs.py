"""The rows of many runs: in the logs of archives, and in those that are read from folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.archive import Archive, ArchivedRecord
from ssmar_bench.results.folder_logs import read_folders
from ssmar_bench.results.log_checks import LogFacts, SubjectCounts, is_whole, log_facts
from ssmar_bench.results.log_rows import Array, LogRows
from ssmar_bench.results.record_logs import KINDS, check
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Metrics, there


@dataclass(frozen=True)
class RunLogs:
    """The logs ``KINDS`` of many runs.

    Attributes:
        archives: run -> the archive that holds its logs.
        others: log -> the rows of the other runs.
    """

    archives: Mapping[str, Archive] = field(default_factory=dict)
    others: Mapping[str, Sequence[LogRows]] = field(default_factory=dict)

    def of(self, log: str, runs: Mapping[str, int]) -> Iterator[tuple[LogRows, Array]]:
        """The logs that hold rows of some runs, and (rows,) the number of each row's run; -1 for other runs."""
        inside: dict[Archive, dict[str, int]] = {}
        for name, number in runs.items():
            if name in self.archives:
                inside.setdefault(self.archives[name], {})[name] = number
        for archive, own in inside.items():
            one = archive.log(log)
            yield one, one.members(own)
        outside = {name: number for name, number in runs.items() if name not in self.archives}
        if outside:
            yield from ((one, one.members(outside)) for one in self.others.get(log, ()))

    @cached_property
    def _facts(self) -> dict[str, dict[str, LogFacts]]:
        """Log -> run -> what is known of its rows."""
        found: dict[str, dict[str, LogFacts]] = {log: {} for log in KINDS}
        for log, own in found.items():
            for archive in {*self.archives.values()}:
                every = log_facts(archive.log(log))
                own |= {run: facts for run, facts in every.items() if self.archives.get(run) is archive}
            for one in self.others.get(log, ()):
                own |= log_facts(one)
        return found

    def facts(self, log: str, run: str) -> LogFacts | None:
        """What is known of the rows of one run; None where it has none."""
        return self._facts[log].get(run)

    def answers(self, run: str) -> SubjectCounts | None:
        """Right answers by subject; None where no predictions are kept."""
        found = self.facts("predictions", run)
        return None if found is None else found.answers

    def subjects(self, run: str) -> tuple[tuple[str, ...], bytes] | None:
        """Equal for runs with as many test clips of each subject; None where no predictions are kept."""
        found = self.answers(run)
        return None if found is None else (found.subjects, found.clips.tobytes())


def read_logs(
    finished: Mapping[str, tuple[RecordPlace, Metrics]],
) -> tuple[RunLogs, dict[str, UserError]]:
    """The logs of finished runs, and those that are damaged or do not fit their metrics.

    Args:
        finished: run -> record and metrics.
    """
    archives = {
        name: record.archive
        for name, (record, _) in finished.items()
        if isinstance(record, ArchivedRecord) and not record.archive.runs[name]["verbatim"]
    }
    others: dict[str, RecordPlace] = {name: one for name, (one, _) in finished.items() if name not in archives}
    found: dict[str, list[LogRows]] = {}
    faults: dict[str, UserError] = {}
    for log in KINDS:
        found[log], own = read_folders(others, log)
        faults = own | faults
    logs = RunLogs(archives, found)
    for name, (record, outcome) in finished.items():
        if name in faults:
            continue
        try:
            facts = {log: logs.facts(log, name) for log in KINDS}
            odd = facts["predictions"] is None and there(record / "predictions.csv")
            if odd or not is_whole(facts, outcome):
                check(record, outcome)
        except UserError as error:
            faults[name] = error
    return logs, faults
