"""What a shell offers for a half-typed value: methods, benchmarks, and the runs of the folder that is read.

Completion must be quick and must never fail: whatever cannot be read is not offered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from ssmar_bench.core import benchmark_config, method_config, published_tables
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS, results_of


def complete_methods(incomplete: str) -> list[str]:
    """Methods and sets of them, behind the last comma."""
    before, comma, word = incomplete.rpartition(",")
    names = [*method_config.METHOD_SETS.names(), *method_config.METHODS.names()]
    return [f"{before}{comma}{name}" for name in _beginning(word, names)]


def complete_method(incomplete: str) -> list[str]:
    """One method."""
    return _beginning(incomplete, method_config.METHODS.names())


def complete_set(incomplete: str) -> list[str]:
    """One method, or one set of them."""
    return _beginning(incomplete, [*method_config.METHOD_SETS.names(), *method_config.METHODS.names()])


def complete_source(incomplete: str) -> list[str]:
    """One source of data."""
    from ssmar_bench.sources import KNOWN

    return _beginning(incomplete, KNOWN.names())


def complete_target(incomplete: str) -> list[str]:
    """One benchmark or source."""
    return [*complete_benchmark(incomplete), *complete_source(incomplete)]


def complete_table(incomplete: str) -> list[str]:
    """One of the paper's tables and figures."""
    return _beginning(incomplete, published_tables.TABLES.names())


def complete_benchmark(incomplete: str) -> list[str]:
    """One benchmark."""
    return _beginning(incomplete, benchmark_config.BENCHMARKS.names())


def complete_run(ctx: Any, incomplete: str) -> list[str]:
    """Runs of the folder of ``--results``, or of ``./ssmar-runs``."""
    with contextlib.suppress(OSError, UserError):
        runs = results_of(ctx.params.get("results") or RESULTS) / "runs"
        return _beginning(incomplete, (path.parent.name for path in runs.glob("*/record")))
    return []


def _beginning(word: str, names: Iterable[str]) -> list[str]:
    """The names that begin with ``word``, whatever its case."""
    return [name for name in sorted(names) if name.casefold().startswith(word.casefold())]
