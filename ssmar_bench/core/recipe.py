"""A method's recipe: an algorithm with every hyper-parameter, and where each value comes from."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ssmar_bench.core.definition import Section
from ssmar_bench.core.shelf import Shelf
from ssmar_bench.core.yaml_file import Document, validate


class Value(Section):
    """One hyper-parameter and the source of its value (paper and equation, official code, or our decision)."""

    value: Any
    source: str = Field(min_length=1)


class Recipe(Section):
    """One file of ``methods/``: a row of a table."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    label: str
    citation: str
    algorithm: str
    hyperparameters: dict[str, Value]
    deviations: list[str]
    overrides: dict[str, Any] = Field(default_factory=dict)
    notes: str = ""


RECIPES = Shelf("methods", "method")


def read(name: str) -> tuple[Recipe, Document]:
    """The validated recipe and its document (for the line of each hyper-parameter)."""
    source = RECIPES.document(name)
    return validate(Recipe, source), source
