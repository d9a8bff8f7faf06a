"""Resolves what a cell runs with: benchmark < profile < recipe's overrides < ``--set``."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ssmar_bench.core import definition as definitions
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.recipe import Recipe
from ssmar_bench.core.yaml_file import Document, validate

SECTIONS = ("store", "clips", "backbone", "train")


def parse_set(text: str) -> tuple[str, Any]:
    """``key=value`` of a ``--set`` into key and value; the value is read as YAML (``1e-4`` is a number)."""
    key, equals, value = text.partition("=")
    if not equals or "." not in key:
        raise UserError(f"--set {text}: expected SECTION.KEY=VALUE, for instance train.lr=0.01.")
    try:
        return key.strip(), YAML(typ="safe", pure=True).load(StringIO(value))
    except YAMLError as error:
        raise UserError(f"--set {text}: the value is not valid YAML.") from error


def _nested(flat: Mapping[str, Any], origin: str) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        section, _, name = key.partition(".")
        if section not in SECTIONS or not name:
            raise UserError(f"{origin}: unknown key '{key}'{nearest(section, SECTIONS)}.")
        nested.setdefault(section, {})[name] = value
    return nested


def settle(benchmark: str, profile: str | None, recipe: Recipe | None, sets: Mapping[str, Any]) -> Definition:
    """The definition with profile, the recipe's overrides and ``sets`` (sections of the definition only) applied.

    Raises:
        UserError: an unknown profile, section or key, or a value that does not fit.
    """
    document = definitions.BENCHMARKS.document(benchmark)
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if profile is not None:
        profiles = document.data.get("profiles", {})
        if profile not in profiles:
            raise UserError(f"Benchmark '{benchmark}' has no profile '{profile}'{nearest(profile, profiles)}.")
        layers.append((f"profile '{profile}' of {benchmark}", profiles[profile]))
    if recipe is not None:
        layers.append((f"overrides of method '{recipe.name}'", recipe.overrides))
    layers.append(("--set", sets))
    data, lines = document.data, dict(document.lines)
    for origin, layer in layers:
        for section, values in _nested(layer, origin).items():
            data = {**data, section: {**data[section], **values}}
            for name in values:
                lines.pop((section, name), None)
    try:
        return validate(Definition, Document(data, lines))
    except UserError as error:
        if layers and any(layer for _, layer in layers):
            origins = ", ".join(origin for origin, layer in layers if layer)
            raise UserError(f"{error} (with {origins} applied)") from error
        raise
