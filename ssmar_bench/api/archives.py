"""Results that travel: archives of runs, and tables of them for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.api.records import results
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS, expand_home, results_of
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.results import publish
from ssmar_bench.results.publish import Published


def publish_results(runs: Sequence[Path | str], to: Path | str, replace: bool = False) -> Published:
    """Write finished and failed runs into the archives in ``to``, one a benchmark; what is in them stays.

    Args:
        runs: folders of single runs, folders that ``run`` wrote in, or folders with archives.
        to: the folder of the archives.
        replace: a finished run takes the place of the archived one, whatever its results are.

    Returns:
        How many runs are in which archives, the files written, which records were left out as damaged, and which
        archived ones were replaced.

    Raises:
        UserError: no run, one run with two different results, or a file that cannot be written. Nothing is written
            then.
    """
    return publish.publish([expand_home(one) for one in runs], expand_home(to), replace)


def check_results(folder: Path | str = RESULTS) -> tuple[int, list[str]]:
    """Read every record under ``folder`` and compare it with its digests: how many are whole, and what is damaged.

    A run that has not ended is neither.

    Raises:
        UserError: there is nothing to check.
    """
    found, damage = publish.check(results_of(folder))
    if not found and not damage:
        raise UserError(f"There are no runs in {folder} that have ended.")
    return found, ShortList(one.why for one in damage)


def export_results(folder: Path | str = RESULTS, kind: str = "csv") -> str:
    """Every run under ``folder`` as text, ``csv`` or ``json``: the columns of :func:`ssmar_bench.api.results`.

    Numbers have all their digits; an unknown one is empty in CSV and null in JSON.

    Args:
        folder: the folder that ``run`` wrote in.
        kind: ``csv`` or ``json``.
    """
    frame = results(folder)
    if kind == "json":
        return str(frame.to_json(orient="records", indent=1, double_precision=15)) + "\n"
    return str(frame.to_csv(index=False, lineterminator="\n"))
