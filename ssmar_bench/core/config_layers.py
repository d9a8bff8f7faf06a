"""Resolves what a run runs with: benchmark < profile < method config's overrides < ``--set``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig, NetworkFamily
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.printable import shortened
from ssmar_bench.core.yaml_file import TYPED, Document, KeyPath, validate
from ssmar_bench.core.yaml_file import value as yaml_value

SECTIONS = ("frame_cache", "clips", "backbone", "train")
"""The sections of a benchmark config that become part of a run."""
SETTABLE = (*SECTIONS, "networks")


def parse_set(text: str) -> tuple[str, Any]:
    """``key=value`` of a ``--set`` into key and value; the value is read as YAML (``1e-4`` is a number).

    Raises:
        UserError: no ``=``, no section, or a value that is not YAML.
    """
    key, equals, value = text.partition("=")
    if not equals or "." not in key:
        raise UserError(f"--set {shortened(text)}: expected SECTION.KEY=VALUE, for instance train.lr=0.01.")
    try:
        return key.strip(), yaml_value(value)
    except UserError as error:
        raise UserError(f"--set {shortened(text)}: {error}") from error


@dataclass(frozen=True)
class ConfigLayer:
    """Settings laid over a benchmark config: ``section.key`` -> value, what to call them, and where they are."""

    title: str
    values: Mapping[str, Any]
    document: Document | None = None
    place: KeyPath = ()

    def entries(self) -> Iterator[tuple[str, str, Any, tuple[Path, int] | None]]:
        """(section, key, value, file and line) of every setting.

        Raises:
            UserError: a section without a key, or one that there is not.
        """
        for name, value in self.values.items():
            section, _, key = name.partition(".")
            where = TYPED if self.document is None else self.document.lines.get((*self.place, name))
            if section in SETTABLE and not key:
                raise UserError(f"{self.title}: write '{section}.KEY: value', not a section '{section}'.")
            if section not in SETTABLE:
                raise UserError(f"{self.title}: unknown key '{name}'{nearest(section, SETTABLE)}")
            yield section, key, value, where


class BenchmarkResolver:
    """A benchmark config file, read once, and what it says under other settings.

    Args:
        benchmark: a benchmark's name, or the path of a benchmark config.

    Raises:
        UserError: no such benchmark, or a fault with its file and line.
    """

    def __init__(self, benchmark: str) -> None:
        self._benchmark = benchmark
        self._document = benchmark_configs.BENCHMARKS.document(benchmark)
        self.plain = validate(BenchmarkConfig, self._document)

    def resolve(
        self,
        profile: str | None,
        sets: Mapping[str, Any],
        method_config: MethodConfig | None = None,
        method_document: Document | None = None,
    ) -> BenchmarkConfig:
        """The benchmark config with a profile, the method config's overrides and ``sets`` (its sections only) applied.

        A family's name in ``backbone.name`` becomes the network that stands for it on the benchmark.

        Raises:
            UserError: an unknown profile, section or key, a value that does not fit, or a family without a network.
        """
        layers = [*self._profile(profile)]
        if method_config is not None:
            title = f"overrides of method '{method_config.name}'"
            layers.append(ConfigLayer(title, method_config.overrides, method_document, ("overrides",)))
        layers.append(ConfigLayer("--set", sets))
        layers = [layer for layer in layers if layer.values]
        document = self._under(layers)
        try:
            return _with_room(_with_network(validate(BenchmarkConfig, document) if layers else self.plain))
        except UserError as error:
            said = str(error).rstrip(".")
            origins = ", ".join(layer.title for layer in layers if not said.startswith(layer.title))
            more = f" (with {origins} applied)" if origins else ""
            raise UserError(f"{said}{more}{'' if said.endswith('?') and not more else '.'}") from error

    def _profile(self, profile: str | None) -> Iterator[ConfigLayer]:
        if profile is None:
            return
        profiles = self.plain.profiles
        profile = meant(profile, profiles)
        if profile not in profiles:
            raise UserError(f"Benchmark '{self._benchmark}' has no profile '{profile}'{nearest(profile, profiles)}")
        title = f"profile '{profile}' of {self._benchmark}"
        yield ConfigLayer(title, profiles[profile], self._document, ("profiles", profile))

    def _under(self, layers: Sequence[ConfigLayer]) -> Document:
        data, lines = dict(self._document.data), dict(self._document.lines)
        for layer in layers:
            for section, key, value, where in layer.entries():
                data[section] = {**data.get(section, {}), key: value}
                lines.pop((section, key), None)
                if where is not None:
                    lines[(section, key)] = where
        return Document(data, lines)


def resolve_config(
    benchmark: str,
    profile: str | None,
    method_config: MethodConfig | None,
    sets: Mapping[str, Any],
    method_document: Document | None = None,
) -> BenchmarkConfig:
    """One benchmark config under one method config; arguments and errors as of :class:`BenchmarkResolver`."""
    return BenchmarkResolver(benchmark).resolve(profile, sets, method_config, method_document)


def _with_room(benchmark_config: BenchmarkConfig) -> BenchmarkConfig:
    """The benchmark config, whose crop lies within the stored frames."""
    size, side = benchmark_config.clips.size, benchmark_config.frame_cache.short_side
    if size > side:
        raise UserError(
            f"{benchmark_config.name}: the crop of {size} pixels (clips.size) is larger than the stored frames, whose "
            "short "
            f"side has {side} (frame_cache.short_side); raise the one or lower the other"
        )
    return benchmark_config


def _with_network(benchmark_config: BenchmarkConfig) -> BenchmarkConfig:
    """The benchmark config with a network's name where a family's was."""
    family = benchmark_config.backbone.name
    if family not in get_args(NetworkFamily):
        return benchmark_config
    name = benchmark_config.networks.get(cast("NetworkFamily", family))
    if name is None:
        raise UserError(
            f"{benchmark_config.name} does not say which network stands for the family '{family}'; add it to its "
            "section "
            f"networks, or give a network with --backbone"
        )
    return benchmark_config.model_copy(update={"backbone": benchmark_config.backbone.model_copy(update={"name": name})})
