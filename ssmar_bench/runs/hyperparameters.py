"""A method config's hyper-parameters under ``--set``, validated by the algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssmar_bench.core.contract import HyperParameters
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.yaml_file import TYPED, Document, validate

AS_SEMILEARN = "as_semilearn"
"""``--set ALGORITHM.as_semilearn=true`` lays a method config's section of that name over its hyper-parameters."""


def resolve_hyperparameters(
    method_config: MethodConfig, source: Document, config: type[HyperParameters], sets: Mapping[str, Any]
) -> HyperParameters:
    """The values of a method config under ``sets`` (of its algorithm alone), as the algorithm's ``config``.

    Raises:
        UserError: a value that does not fit, with its file and line.
    """
    as_semilearn, sets = _reading(method_config, sets)
    values = method_config.values(as_semilearn) | sets
    sections = ("hyperparameters", AS_SEMILEARN) if as_semilearn else ("hyperparameters",)
    lines = {
        place[1:2]: where for section in sections for place, where in source.lines.items() if place[:1] == (section,)
        and len(place) <= 2 and not (len(place) == 2 and place[1] in sets)
    }  # fmt: skip
    lines |= {(name,): TYPED for name in sets}
    return validate(config, Document(values, lines))


def _reading(method_config: MethodConfig, sets: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether semilearn's reading of the method is asked for, and the other ``--set`` keys."""
    others = {name: value for name, value in sets.items() if name != AS_SEMILEARN}
    asked = sets.get(AS_SEMILEARN, False)
    said = f"--set {method_config.algorithm}.{AS_SEMILEARN}={asked}"
    if not isinstance(asked, bool):
        raise UserError(f"{said}: expected true or false.")
    if asked and not method_config.as_semilearn:
        raise UserError(
            f"{said}: the method config of {method_config.name} has no section {AS_SEMILEARN}; leave it out."
        )
    return asked, others
