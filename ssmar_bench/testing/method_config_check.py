"""The check of a method's recipe and configuration: they say everything, once, with its source."""

from __future__ import annotations

from ssmar_bench.core import method_config as recipes
from ssmar_bench.core.contract import HyperParameters
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import canonical
from ssmar_bench.core.yaml_file import Document, validate
from ssmar_bench.testing.check import FailedError, check, require
from ssmar_bench.testing.method_under_test import Subject


@check
def the_recipe_is_complete(subject: Subject) -> None:
    """The recipe holds every hyper-parameter with a source and nothing else, and a run's record can hold them all."""
    config = subject.algorithm.Config
    optional = sorted(key for key, info in config.model_fields.items() if not info.is_required())
    require(not optional, f"Config has defaults for {', '.join(optional)}; take them out: values stand in the recipe.")
    lacking = sorted(config.model_fields.keys() - subject.values.keys())
    require(not lacking, f"the recipe lacks {', '.join(lacking)}; write 'KEY: {{value: ..., source: ...}}' for each.")
    unknown = sorted(subject.values.keys() - config.model_fields.keys())
    require(not unknown, f"the recipe has {', '.join(unknown)}, which Config does not know; take them out.")
    read = _values(subject)
    plain = read.model_dump(mode="json")
    require(canonical(plain), "its values are no plain data.")
    require(
        config.model_validate(plain) == read,
        "its values are others after being written as JSON and read again, as a run does; use numbers and texts.",
    )
    if subject.method:
        recipe, source = recipes.read(subject.method)
        for key in ("label", "citation"):
            require(getattr(recipe, key).strip(), f"{source.where((key,))}: {key} is empty; a table's reader needs it.")


def _values(subject: Subject) -> HyperParameters:
    """The validated values; a fault is told with the recipe's file and line, where there is one."""
    lines = {}
    if subject.method:
        _, source = recipes.read(subject.method)
        lines = {place[1:]: line for place, line in source.lines.items() if place[:1] == ("hyperparameters",)}
    try:
        return validate(subject.algorithm.Config, Document(dict(subject.values), lines))
    except UserError as error:
        raise FailedError(str(error)) from error
