"""``--json``: what a command has found, as JSON on standard output, for programs that read it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
"""The option, the same everywhere."""


def json_text(value: Any) -> str:
    """Data as JSON in ASCII: paths are texts, records of a data frame objects; an unknown number is null."""
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def print_json(value: Any) -> None:
    """Print :func:`json_text`."""
    typer.echo(json_text(value))


def _plain(value: Any) -> Any:
    """``value`` of the kinds that JSON has."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if hasattr(value, "to_dict"):  # a data frame
        return _plain(value.to_dict("records"))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "item"):  # a number of NumPy
        return _plain(value.item())
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")
