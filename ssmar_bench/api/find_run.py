"""The run that a user means: by folder, by name, or by an unambiguous start of a name."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.run_folder import RunFolder

NAMED = 8
"""Runs that an error names."""


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
    names = sorted(path.parent.parent.name for path in runs.glob("*/record/spec.json"))
    if meant(run, names) in names:
        return runs / meant(run, names)
    found = [name for name in names if name.rpartition("_")[0].casefold() == run.casefold()]
    if not found:  # of folders that a user has renamed, the record says which runs they are
        owns = {name: RunFolder(runs / name).renamed() for name in names}
        found = [name for name, own in owns.items() if run in (own, own.rpartition("_")[0])]
    if not found and run:
        found = [name for name in names if name.casefold().startswith(run.casefold())]
    if len(found) == 1:
        return runs / found[0]
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        raise UserError(
            f"{run} stands for several runs under {runs}: {', '.join(found[:NAMED])}{more}; give one of these names, "
            "whose settings `api.results()` and the reports distinguish."
        )
    raise UserError(f"There is no run {run}, neither as a folder nor under {runs}{nearest(run, names)}")
