"""The run that a user means: by folder, by name, or by an unambiguous start of a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_names import identity_in
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.archive import Archive, archive_folders
from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import read_object

NAMED = 8
"""Runs that an error names."""


@dataclass(frozen=True)
class FoundRun:
    """A run, in a folder of its own or in an archive.

    Attributes:
        name: its folder's name.
        record: where its record is.
        folder: its folder; None for a run in an archive.
    """

    name: str
    record: RecordPlace
    folder: RunFolder | None = None

    def spec(self) -> RunSpec:
        """What was run.

        Raises:
            UserError: the record is damaged.
        """
        path = self.record / "spec.json"
        try:
            return RunSpec.from_json(read_object(path))
        except ValueError as error:
            raise damaged_record(path, str(error)) from error


def find_run(run: Path | str, results: Path) -> Path:
    """The folder of a run.

    Args:
        run: a run's folder; or its name under ``results/runs``, whose hexadecimal digits at the end may be left out;
            or a start of names that one run alone has.
        results: the folder that holds ``runs/``.

    Raises:
        UserError: there is none, or several of which any may be meant.
    """
    run, runs = str(run), results / "runs"
    for path in (Path(run), runs / run):
        if (path / "record" / "spec.json").is_file():
            return path
    return runs / _meant(run, _folders(results), runs)


def find_record(run: Path | str, results: Path) -> FoundRun:
    """A run by its record, in a folder or in an archive; a folder is taken first.

    Arguments and errors as in :func:`find_run`, and a :class:`UserError` if an archive is damaged.
    """
    archived: dict[str, RecordPlace] = {}
    for folder in archive_folders(results):
        archived |= Archive(folder).records()
    word, folders = str(run), _folders(results)
    if not archived or (Path(word) / "record" / "spec.json").is_file():
        path = find_run(word, results)
        return FoundRun(path.name, path / "record", RunFolder(path))
    name = _meant(word, sorted({*folders, *archived}), results)
    if name in folders:
        path = results / "runs" / name
        return FoundRun(name, path / "record", RunFolder(path))
    return FoundRun(name, archived[name])


def _folders(results: Path) -> list[str]:
    return sorted(path.parent.parent.name for path in (results / "runs").glob("*/record/spec.json"))


def _meant(run: str, names: Iterable[str], place: Path) -> str:
    """The one of ``names`` that is meant."""
    names = list(names)
    if meant(run, names) in names:
        return meant(run, names)
    identity = identity_in(run)  # what a name says besides may have changed
    found = [name for name in names if identity and name.endswith(f"_{identity}")]
    if not found:
        found = [name for name in names if name.rpartition("_")[0].casefold() == run.casefold()]
    if not found:  # of folders that a user has renamed, the record says which runs they are
        owns = {name: RunFolder(place / name).renamed() for name in names}
        found = [name for name, own in owns.items() if run in (own, own.rpartition("_")[0])]
    if not found and run:
        found = [name for name in names if name.casefold().startswith(run.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{run} stands for several runs under {place}: {_first(found)}; give one of these names, "
            "whose settings `api.results()` and the reports distinguish."
        )
    near = nearest(run, names)
    if len(names) > NAMED and "did you mean" not in near:
        holding = [name for name in names if run and run.casefold() in name.casefold()]
        near = f"; {_first(holding)} hold it in their names" if holding else ""
        near += f"; `ssmar-bench runs list` has all {len(names)}."
    raise UserError(f"There is no run {run}, neither as a folder nor under {place}{near}")


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
