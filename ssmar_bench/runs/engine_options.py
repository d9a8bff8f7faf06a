"""What a user tells an engine: ``NAME=VALUE,...`` or a YAML file, with other values for some methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.yaml_file import load_yaml

Value = str | int | float | bool | list[str]
METHODS = "methods"
"""The key of a YAML file that holds options by method."""


def read_options(text: str | None, option: str) -> dict[str, Any]:
    """The value of ``option`` (``--slurm``) as a mapping; nothing was given: an empty one.

    A value may hold commas (``exclude=n1,n2``): a piece without ``=`` belongs to the one before it.

    Raises:
        UserError: it is neither ``NAME=VALUE`` nor a YAML file that can be read.
    """
    if not text:
        return {}
    if "=" not in text.partition(",")[0]:
        path = expand_home(text)
        if path.suffix not in (".yaml", ".yml"):
            raise UserError(f"{option} {text}: expected NAME=VALUE,... or the path of a .yaml file.")
        return _plain(load_yaml(Path(path)).data, f"{path}")
    found: dict[str, Any] = {}
    last = ""
    for piece in text.split(","):
        name, equals, value = piece.partition("=")
        if not equals:
            found[last] += f",{piece}"
            continue
        last = name.strip()
        if not last or last in found:
            raise UserError(f"{option} {text}: '{piece}' has no name, or one that is there twice; give NAME=VALUE,...")
        found[last] = value.strip()
    return found


def _plain(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    for name, value in data.items():
        inner = value.items() if name == METHODS and isinstance(value, Mapping) else [(name, value)]
        for key, one in inner:
            options = one if name == METHODS else {key: one}
            if not isinstance(options, Mapping) or not all(_is_value(each) for each in options.values()):
                raise UserError(f"{where}: {name}: expected a text, a number or a list of texts, not {one!r}.")
    return dict(data)


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float) or (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    )


@dataclass(frozen=True)
class EngineOptions:
    """Options for all runs, and those for single methods, which count for more.

    Attributes:
        shared: name -> value.
        methods: method -> name -> value.
    """

    shared: Mapping[str, Any] = field(default_factory=dict)
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> EngineOptions:
        """Those that :func:`read_options` read; ``_`` in a name is ``-``."""
        shared = {name: value for name, value in given.items() if name != METHODS}
        methods = {name: _dashed(options) for name, options in given.get(METHODS, {}).items()}
        return cls(_dashed(shared), methods)

    def of_method(self, method: str) -> dict[str, Any]:
        """The options of a method's runs."""
        return {**self.shared, **self.methods.get(method, {})}

    def all(self) -> list[dict[str, Any]]:
        """Every set of options that a run may have."""
        return [dict(self.shared), *map(self.of_method, self.methods)]


def require_methods(given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuses options of :func:`read_options` for methods that are none of ``known``.

    A site's file may hold methods that a grid has not.

    Raises:
        UserError: names the first one.
    """
    names = [*known]
    for name in given.get(METHODS, {}):
        if name not in names:
            raise UserError(f"methods: {name}: unknown method '{name}' in the engine's options{nearest(name, names)}")


def whole_number(options: Mapping[str, Any], name: str, default: int, option: str) -> int:
    """The whole number above 0 that is called ``name``.

    Raises:
        UserError: it is none; names ``option`` (``--slurm``).
    """
    value = options.get(name, default)
    if not str(value).isdecimal() or not 0 < int(value) < 10**6:
        raise UserError(f"{option} {name}={value}: expected a whole number above 0.")
    return int(value)


def unknown_option(option: str, name: str, known: list[str]) -> UserError:
    """The error of an option that an engine does not know."""
    return UserError(f"{option} {name}: unknown option '{name}'{nearest(name, known)}")


def _dashed(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in options.items()}
