"""Which runs have default configs: no profile, ``--set``, other network or earlier benchmark config."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.config_layers import SECTIONS, resolve_config
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.run_spec import RunSpec


def is_default_config(spec: RunSpec, benchmark: str = "", backbone: str | None = None) -> bool:
    """Whether ``spec`` is a run of its method config as it is on its benchmark as it is defined.

    Args:
        spec: what was run.
        benchmark: the name, or the path of the benchmark config; the spec's own if empty.
        backbone: the network, where it is not the benchmark's own.

    Never where this installation has no such benchmark or method config.
    """
    wanted = _wanted(benchmark or spec.benchmark, backbone, spec.method)
    return wanted is not None and _is(spec, *wanted)


@lru_cache(maxsize=1024)
def _wanted(benchmark: str, backbone: str | None, method: str) -> tuple[BenchmarkConfig, MethodConfig] | None:
    """Benchmark and method config as they are now; None where this installation does not have them."""
    known = benchmark.endswith(".yaml") or benchmark in benchmark_configs.BENCHMARKS.names()
    if not known or method not in method_configs.METHODS.names():
        return None
    method_config, source = method_configs.read_method_config(method)
    sets = {} if backbone is None else {"backbone.name": backbone}
    return resolve_config(benchmark, None, method_config, sets, source), method_config


def _is(spec: RunSpec, benchmark_config: BenchmarkConfig, method_config: MethodConfig) -> bool:
    """Whether ``spec`` is a run of this benchmark and method config."""
    sections = [(getattr(spec, name), getattr(benchmark_config, name)) for name in (*SECTIONS, "source")]
    values = method_config.values()
    return (
        all(then.to_config() == now.to_config() for then, now in sections)
        and spec.algorithm == method_config.algorithm
        and spec.plugin_file == ALGORITHMS.plugin_file(spec.algorithm)
        and set(values) == set(spec.hyperparameters)
        and all(_number(value) == _number(spec.hyperparameters[name]) for name, value in values.items())
    )


def _number(value: Any) -> Any:
    """``15/55`` and ``3/11`` are one number, and so are 1 and 1.0."""
    try:
        return Fraction(value) if isinstance(value, str) and "/" in value else value
    except (ValueError, ZeroDivisionError):
        return value
