"""Finished runs that lie in archives of the results folder: they are taken as they are, and never trained again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ssmar_bench.core.files import parse_json
from ssmar_bench.core.run_names import beginning_with
from ssmar_bench.core.run_spec import RunSpec


def name_start(spec: RunSpec) -> str:
    """How the folder names of all runs begin that differ from ``spec`` in nothing that a name says."""
    return spec.folder().removesuffix(spec.identity())


@dataclass(frozen=True)
class ArchivedRun:
    """A finished run of an archive.

    Attributes:
        place: the archive's folder.
        spec: what was run.
        truth, videos: of :class:`ssmar_bench.runs.data_digests.DataDigests`, as its record says.
    """

    place: str
    spec: RunSpec
    truth: str
    videos: str


@dataclass(frozen=True)
class ArchivedRuns:
    """All finished runs of a results folder's archives, by what they are.

    Attributes:
        rows: folder name -> place, and the texts of ``spec.json`` and ``metrics.json`` in its record.
    """

    rows: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    @cached_property
    def _names(self) -> list[str]:
        """Sorted, so that runs which are called alike lie together, and the thousands of others are not looked at."""
        return sorted(self.rows)

    def place_of(self, spec: RunSpec, truth: str) -> str:
        """The archive that holds exactly this run, recorded with these labels and subjects; "" if there is none."""
        return next((run.place for run in self.like(spec) if run.spec == spec and run.truth == truth), "")

    def like(self, spec: RunSpec) -> Iterator[ArchivedRun]:
        """The runs that are called as ``spec``, its identity apart; whatever is no record is left out."""
        for name in beginning_with(name_start(spec), self._names):
            place, *texts = self.rows[name]
            try:
                own, metrics = (parse_json(text.encode()) for text in texts)
                run = ArchivedRun(place, RunSpec.from_json(own), str(metrics["truth"]), str(metrics.get("videos", "")))
                whole = run.spec.identity() == metrics["identity"] and name.endswith(f"_{metrics['identity']}")
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
            if whole:
                yield run


def archive_notes(archived: Sequence[str]) -> tuple[str, ...]:
    """``150 of 162 runs are taken from results/micro-motion-12.`` for each archive that holds some of them.

    Args:
        archived: the archive of every run, "" of a run that is in none.
    """
    return tuple(
        f"{count} of {len(archived)} run{'s'[: len(archived) != 1]} {'is' if count == 1 else 'are'} taken from {place}."
        for place, count in Counter(filter(None, archived)).items()
    )
