"""The command that trains a recorded run again, for whoever has its record alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.config_layers import SECTIONS, resolve_config
from ssmar_bench.core.method_facts import differing, flat_settings
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.sources import synthetic


@dataclass(frozen=True)
class RerunCommand:
    """``ssmar-bench run ...`` for runs that differ in ratio and seed alone.

    Attributes:
        configs: words that name benchmark and method.
        settings: words that follow ratio and seed.
    """

    configs: str
    settings: str

    def of(self, spec: RunSpec) -> str:
        """The command of one of the runs."""
        words = ["ssmar-bench run", self.configs, f"--ratios {spec.ratio:g} --seeds {spec.seed}", self.settings]
        return " ".join(filter(None, words))


def rerun_command(spec: RunSpec, recorded: Mapping[str, Any] | None = None) -> str:
    """The command whose one run has the settings of ``spec``; arguments as in :func:`command_of_all`."""
    return command_of_all(spec, recorded).of(spec)


def command_of_all(spec: RunSpec, recorded: Mapping[str, Any] | None = None) -> RerunCommand:
    """The command of all runs that differ from ``spec`` in ratio and seed alone.

    A benchmark or method that is not known here is in it as BENCHMARK.yaml or METHOD.yaml, which its owner has.

    Args:
        spec: of the run.
        recorded: where its settings were others than those of its configs, as its record says (``departures``); used
            where these configs are not known here.
    """
    shipped = spec.benchmark in benchmark_configs.BENCHMARKS.names(), spec.method in method_configs.METHODS.names()
    words = {
        "--benchmark": spec.benchmark if shipped[0] else "BENCHMARK.yaml",
        "--methods": spec.method if shipped[1] else "METHOD.yaml",
    }
    configs = " ".join(f"{option} {shlex.quote(word)}" for option, word in words.items())
    said = []
    plugin = method_configs.METHODS.entry(spec.method).provider.file if shipped[1] else None
    if plugin is not None:
        said.append(f"--plugin {shlex.quote(str(plugin))}")
    changed = departures(spec) if all(shipped) else dict(_settings(spec, recorded or {}))
    said += [f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in changed.items()]
    if spec.source.name != synthetic.SOURCE:
        said.append(f"--data {spec.source.name}=FOLDER")
    if spec.device != "cpu":
        said.append(f"--device {spec.device}")
    return RerunCommand(configs, " ".join(said))


def departures(spec: RunSpec, benchmark: str = "", method: str = "") -> dict[str, Any]:
    """Where the run's settings are others than those of its benchmark and method config today, for ``--set``.

    Args:
        spec: of the run.
        benchmark: name or path of the benchmark config; "" for the shipped one.
        method: name or path of the method config; "" for the shipped one.
    """
    method_config, _ = method_configs.read_method_config(method or spec.method)
    benchmark_config = resolve_config(benchmark or spec.benchmark, None, method_config, {})
    config = ALGORITHMS.load(spec.algorithm).Config.model_validate(method_config.values())
    run = flat_settings(spec, spec.method, spec.algorithm, spec.hyperparameters)
    today = flat_settings(benchmark_config, spec.method, spec.algorithm, config.model_dump(mode="json"))
    ran = {name: getattr(spec, name).model_dump(mode="json") for name in SECTIONS}
    ran[spec.method] = spec.hyperparameters
    found = {}
    for setting in differing(run, today):
        section, _, key = setting.partition(".")
        key = key.partition(".")[0]  # a value of several parts is set as a whole
        if key in ran.get(section, {}):  # a hyper-parameter that came after the record keeps its default
            found[f"{spec.algorithm if section == spec.method else section}.{key}"] = ran[section][key]
    return found


def _settings(spec: RunSpec, recorded: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Those of the recorded departures that ``--set`` takes, hyper-parameters under their algorithm's name."""
    for key, value in recorded.items():
        section, _, name = key.partition(".")
        if name and value is not None and section in (*SECTIONS, spec.method):
            yield f"{spec.algorithm if section == spec.method else section}.{name}", value
