"""Resolves what a cell runs with: benchmark < profile < recipe's overrides < ``--set``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from ssmar_bench.core import benchmark_config as definitions
from ssmar_bench.core.benchmark_config import Definition, Family
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.method_config import Recipe
from ssmar_bench.core.printable import shortened
from ssmar_bench.core.yaml_file import Document, Place, validate
from ssmar_bench.core.yaml_file import value as yaml_value

SECTIONS = ("store", "clips", "backbone", "train")
"""The sections of a definition that become part of a run."""
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
class Layer:
    """Settings laid over a definition: ``section.key`` -> value, what to call them, and where they stand."""

    origin: str
    values: Mapping[str, Any]
    document: Document | None = None
    place: Place = ()

    def entries(self) -> Iterator[tuple[str, str, Any, tuple[Path, int] | None]]:
        """(section, key, value, file and line) of every setting.

        Raises:
            UserError: a section without a key, or one that there is not.
        """
        for name, value in self.values.items():
            section, _, key = name.partition(".")
            where = None if self.document is None else self.document.lines.get((*self.place, name))
            if section in SETTABLE and not key:
                raise UserError(f"{self.origin}: write '{section}.KEY: value', not a section '{section}'.")
            if section not in SETTABLE:
                raise UserError(f"{self.origin}: unknown key '{name}'{nearest(section, SETTABLE)}")
            yield section, key, value, where


def settle(
    benchmark: str,
    profile: str | None,
    recipe: Recipe | None,
    sets: Mapping[str, Any],
    recipe_document: Document | None = None,
) -> Definition:
    """The definition with profile, the recipe's overrides and ``sets`` (sections of the definition only) applied.

    A family's name in ``backbone.name`` becomes the network that stands for it on the benchmark.

    Raises:
        UserError: an unknown profile, section or key, a value that does not fit, or a family without a network.
    """
    document = definitions.BENCHMARKS.document(benchmark)
    profiles = validate(Definition, document).profiles
    layers = []
    if profile is not None:
        profile = meant(profile, profiles)
        if profile not in profiles:
            raise UserError(f"Benchmark '{benchmark}' has no profile '{profile}'{nearest(profile, profiles)}")
        origin = f"profile '{profile}' of {benchmark}"
        layers.append(Layer(origin, profiles[profile], document, ("profiles", profile)))
    if recipe is not None:
        layers.append(Layer(f"overrides of method '{recipe.name}'", recipe.overrides, recipe_document, ("overrides",)))
    layers.append(Layer("--set", sets))
    data, lines = dict(document.data), dict(document.lines)
    for layer in layers:
        for section, key, value, where in layer.entries():
            data[section] = {**data.get(section, {}), key: value}
            lines.pop((section, key), None)
            if where is not None:
                lines[(section, key)] = where
    try:
        return _with_room(_with_network(validate(Definition, Document(data, lines))))
    except UserError as error:
        origins = ", ".join(layer.origin for layer in layers if layer.values)
        raise UserError(f"{error} (with {origins} applied)") from error


def _with_room(definition: Definition) -> Definition:
    """The definition, whose crop lies within the stored frames."""
    size, side = definition.clips.size, definition.store.short_side
    if size > side:
        raise UserError(
            f"{definition.name}: the crop of {size} pixels (clips.size) is larger than the stored frames, whose short "
            f"side has {side} (store.short_side); raise the one or lower the other"
        )
    return definition


def _with_network(definition: Definition) -> Definition:
    """The definition with a network's name where a family's stood."""
    family = definition.backbone.name
    if family not in get_args(Family):
        return definition
    name = definition.networks.get(cast("Family", family))
    if name is None:
        raise UserError(
            f"{definition.name} does not say which network stands for the family '{family}'; add it to its section "
            f"networks, or give a network with --backbone"
        )
    return definition.model_copy(update={"backbone": definition.backbone.model_copy(update={"name": name})})
