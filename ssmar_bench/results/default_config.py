"""Which runs are a benchmark's and a recipe's own: under no profile, ``--set``, other network or earlier definition."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from ssmar_bench.core import benchmark_config as definitions
from ssmar_bench.core import method_config as recipes
from ssmar_bench.core.benchmark_config import Definition, Section
from ssmar_bench.core.config_layers import SECTIONS, settle
from ssmar_bench.core.method_config import Recipe
from ssmar_bench.core.run_spec import RunSpec


def is_standard(spec: RunSpec, benchmark: str = "", backbone: str | None = None) -> bool:
    """Whether ``spec`` is a run of its recipe as it stands on its benchmark as it is defined.

    Args:
        spec: what was run.
        benchmark: the name, or the path of the definition; the spec's own if empty.
        backbone: the network, where it is not the benchmark's own.

    Never where this installation has no such benchmark or recipe.
    """
    wanted = _wanted(benchmark or spec.benchmark, backbone, spec.method)
    return wanted is not None and _is(spec, *wanted)


@lru_cache(maxsize=1024)
def _wanted(benchmark: str, backbone: str | None, method: str) -> tuple[Definition, Recipe] | None:
    """Benchmark and recipe as they stand now; None where this installation does not have them."""
    known = benchmark.endswith(".yaml") or benchmark in definitions.BENCHMARKS.names()
    if not known or method not in recipes.RECIPES.names():
        return None
    recipe, source = recipes.read(method)
    sets = {} if backbone is None else {"backbone.name": backbone}
    return settle(benchmark, None, recipe, sets, source), recipe


def _is(spec: RunSpec, definition: Definition, recipe: Recipe) -> bool:
    """Whether ``spec`` is a run of this benchmark and recipe."""
    sections = [(getattr(spec, name), getattr(definition, name)) for name in (*SECTIONS, "source")]
    values = recipe.values()
    return (
        all(_says(then, now) for then, now in sections)
        and spec.algorithm == recipe.algorithm
        and set(values) == set(spec.hyperparameters)
        and all(_number(value) == _number(spec.hyperparameters[name]) for name, value in values.items())
    )


def _says(then: dict[str, Any], now: Section) -> bool:
    """Whether a record's section is this one; what is no section of today's definitions is another's."""
    try:
        return type(now).model_validate(then).told() == now.told()
    except ValidationError:
        return False


def _number(value: Any) -> Any:
    """``15/55`` and ``3/11`` are one number, and so are 1 and 1.0."""
    try:
        return Fraction(value) if isinstance(value, str) and "/" in value else value
    except (ValueError, ZeroDivisionError):
        return value
