"""What tables need to know of a run's method besides its spec: written into the record, since configs change later."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.config_layers import SECTIONS, BenchmarkResolver
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.network_names import usual_weights, without_place
from ssmar_bench.core.run_spec import RunSpec

FILE = "method.json"
"""The file of a record that holds them."""
WEIGHTS = "backbone.weights"


def method_facts(spec: RunSpec, label: str, initial_weights: str, given: tuple[str, str] = ("", "")) -> dict[str, Any]:
    """Label, citation and initial weights in words; departures from the defaults; the benchmark's seeds.

    ``departures`` holds every setting, ``section.key``, in which the run is not its method config on its benchmark
    config, with the run's value; it is None where this installation has no such method or benchmark. Where a profile
    of the benchmark config explains most of them, ``profile`` is its name, and ``beyond_profile`` holds the rest.

    Args:
        spec: what is run.
        label: the method's name in tables.
        initial_weights: what training starts from, in words.
        given: paths of the files of benchmark and method, where they are known by files and not by name.
    """
    names = (spec.benchmark, spec.method)
    files = [word if word.endswith(".yaml") else name for word, name in zip(given, names, strict=True)]
    found = _defaults(*files) if files == [*names] else _read_defaults(*files)
    facts: dict[str, Any] = {"label": label, "initial_weights": initial_weights, "departures": None}
    if found is not None:
        run = flat_settings(spec, spec.method, spec.algorithm, spec.hyperparameters)
        departures = differing(run, found.settings(found.benchmark_config))
        facts |= {
            "citation": found.method_config.citation,
            "departures": departures,
            "benchmark_seeds": [*found.benchmark_config.seeds],
        }
        profiles = found.profiles if departures else {}
        beyond = {name: differing(run, found.settings(config)) for name, config in profiles.items()}
        best = min(beyond, key=lambda name: len(beyond[name]), default="")
        if best and len(beyond[best]) < len(departures):
            facts |= {"profile": best, "beyond_profile": beyond[best]}
    return facts


@dataclass(frozen=True)
class _Defaults:
    """A benchmark config under a method config, without a profile and under each of its profiles that fits."""

    benchmark_config: BenchmarkConfig
    method_config: MethodConfig
    profiles: Mapping[str, BenchmarkConfig]

    def settings(self, config: BenchmarkConfig) -> dict[str, Any]:
        """:func:`flat_settings` of the method config on one of the configs."""
        method = self.method_config
        return flat_settings(config, method.name, method.algorithm, method.values())


@lru_cache(maxsize=1024)
def _defaults(benchmark: str, method: str) -> _Defaults | None:
    """:func:`_read_defaults` of configs that are known by name, which do not change while a command runs."""
    return _read_defaults(benchmark, method)


def _read_defaults(benchmark: str, method: str) -> _Defaults | None:
    """What the files say now; None where this installation does not have them."""
    known = benchmark.endswith(".yaml") or benchmark in benchmark_configs.BENCHMARKS.names()
    if not known or not (method.endswith(".yaml") or method in method_configs.METHODS.names()):
        return None
    method_config, source = method_configs.read_method_config(method)
    resolver = BenchmarkResolver(benchmark)
    profiles = {}
    for name in resolver.plain.profiles:
        with contextlib.suppress(UserError):  # it does not fit the method; whoever asks for it is told so
            profiles[name] = resolver.resolve(name, {}, method_config, source)
    return _Defaults(resolver.resolve(None, {}, method_config, source), method_config, profiles)


def flat_settings(
    config: RunSpec | BenchmarkConfig,
    method: str,
    algorithm: str,
    hyperparameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Every setting of a run as ``section.key`` -> value; of its hyper-parameters as ``method.key``.

    Of a file of weights it is the name, wherever the file is.

    Args:
        config: of the run, or of its benchmark.
        method: the run's.
        algorithm: the run's.
        hyperparameters: the run's.
    """
    flat: dict[str, Any] = {"algorithm": algorithm}
    for name in (*SECTIONS, "source"):
        flat |= _flat(getattr(config, name).to_config(), f"{name}.")
    own = _flat(hyperparameters, f"{method}.")
    return flat | {key: without_place(value) for key, value in own.items()}


def differing(run: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting in which ``run`` is not ``default``, with the run's value; None where the run has no such one.

    A default of ``backbone.weights: pretrained`` means the usual weights of the run's network.
    """
    if default.get(WEIGHTS) == "pretrained":
        default = {**default, WEIGHTS: usual_weights(run["backbone.name"])}
    return {
        key: run.get(key)
        for key in sorted({*run, *default})
        if key not in run or key not in default or _number(run[key]) != _number(default[key])
    }


def _flat(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def _number(value: Any) -> Any:
    """``15/55`` and ``3/11`` are one number, and so are 1 and 1.0."""
    try:
        return Fraction(value) if isinstance(value, str) and "/" in value else value
    except (ValueError, ZeroDivisionError):
        return value
