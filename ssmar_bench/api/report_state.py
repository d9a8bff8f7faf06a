"""Whether a report is up to date, and what finished grids were answered with: known without reading any record."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.identity import digest
from ssmar_bench.core.paths import PACKAGE, RESULTS, expand_home, results_of
from ssmar_bench.core.short_list import short
from ssmar_bench.results.input_digest import input_digest

PAGE = "index.html"
STATE = ".state.json"
"""In the folder of a report: of which records and by which program it was rendered, and the tables that were printed.

``{"of": [digest of the records, digest of the program], "answers": {digest of a grid: {"table", "damage"}}}``
"""
PROGRAM = (".py", ".js", ".css", ".html")


def reports_of(results: Path | str, reports: Path | str | None = None) -> Path:
    """Where the report of the folder ``results`` is, unless ``reports`` says so."""
    return expand_home(results) / "reports" if reports is None else expand_home(reports)


def report_is_current(results: Path | str = RESULTS) -> bool:
    """Whether the report of ``results`` was rendered from its records as they are, and by this program.

    Args:
        results: the folder that ``run`` wrote in; its report is ``reports`` in it.
    """
    return _state(reports_of(results), _inputs(results)) is not None


def mark_current(results: Path | str) -> None:
    """Note that the report of ``results`` has just been rendered."""
    _keep(reports_of(results), {"of": _inputs(results), "answers": {}})


def unmark(results: Path | str) -> None:
    """Note that the report of ``results`` is in parts."""
    (reports_of(results) / STATE).unlink(missing_ok=True)


@short
@dataclass(frozen=True)
class GridAnswer:
    """What a grid is answered with.

    Attributes:
        table: its comparison table as text.
        damage: why each damaged record is in no report.
    """

    table: str
    damage: tuple[str, ...]


def known_answer(results: Path | str, benchmark: str, runs: Collection[str]) -> GridAnswer | None:
    """The answer that a grid was given before, if its report is current; None otherwise.

    Args:
        results: the folder that ``run`` wrote in.
        benchmark: the grid's.
        runs: names of its runs.
    """
    return _answer_in(_state(reports_of(results), _inputs(results)), digest([benchmark, sorted(runs)]))


def grid_answer(results: Path | str, benchmark: str, runs: Collection[str]) -> GridAnswer:
    """The table of a grid's runs, and the damaged records; records are read only if something has changed.

    Args:
        results: the folder that ``run`` wrote in.
        benchmark: the grid's.
        runs: names of its runs.

    Raises:
        UserError: the benchmark has no runs.
    """
    state = _state(reports_of(results), _inputs(results))
    grid = digest([benchmark, sorted(runs)])
    if (known := _answer_in(state, grid)) is not None:
        return known
    from ssmar_bench.api.reports import table_and_damage  # which takes a second to import

    text, damage = table_and_damage(results, benchmark, runs)
    answer = GridAnswer(text, tuple(damage))
    if state is not None:
        state["answers"][grid] = {"table": answer.table, "damage": [*answer.damage]}
        _keep(reports_of(results), state)
    return answer


def _answer_in(state: dict[str, Any] | None, grid: str) -> GridAnswer | None:
    with contextlib.suppress(KeyError, TypeError):
        known = state["answers"][grid]  # type: ignore[index]  # None is a TypeError
        return GridAnswer(str(known["table"]), tuple(map(str, known["damage"])))
    return None


def _inputs(results: Path | str) -> list[str]:
    """Digests of the records and of the program."""
    files = sorted(path for path in PACKAGE.rglob("*") if path.suffix in PROGRAM)
    stamps = [(path.relative_to(PACKAGE).as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return [input_digest(results_of(results)), digest([*map(list, stamps)])]


def _state(out: Path, inputs: list[str]) -> dict[str, Any] | None:
    """What is known of the report in ``out``; None where it is not there, or of something else."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        state = read_json(out / STATE)
        if state["of"] == inputs and isinstance(state["answers"], dict) and (out / PAGE).is_file():
            return dict(state)
    return None


def _keep(out: Path, state: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the next command does the work again
        write_json(out / STATE, state)
