"""A method's recipe: an algorithm with every hyper-parameter, and where each value comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from ssmar_bench.core.definition import Section
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.places import shipped
from ssmar_bench.core.yaml_file import Document, extend, load, validate


class Value(Section):
    """One hyper-parameter and the source of its value (paper and equation, official code, or our decision)."""

    value: Any
    source: str = Field(min_length=1)


class Recipe(Section):
    """One file of ``methods/``: a row of a table."""

    name: str
    label: str
    citation: str
    algorithm: str
    hyperparameters: dict[str, Value]
    deviations: list[str]
    overrides: dict[str, Any] = Field(default_factory=dict)
    notes: str = ""


def names() -> list[str]:
    """The shipped recipes."""
    return sorted(path.stem for path in shipped("methods").glob("*.yaml"))


def document(name: str) -> Document:
    """The YAML of recipe ``name`` (or of a ``.yaml`` path), with what it ``extends:`` laid under it."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else shipped("methods") / f"{name}.yaml"
    if not path.is_file():
        raise UserError(f"Unknown method '{name}'{nearest(name, names())}.")
    top = load(path)
    parent = top.data.pop("extends", None)
    return top if parent is None else extend(document(parent), top)


def read(name: str) -> tuple[Recipe, Document]:
    """The validated recipe and its document (for the line of each hyper-parameter)."""
    source = document(name)
    return validate(Recipe, source), source
