"""A registry of names that imports a thing only when it is asked for."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ssmar_bench.core import plugins
from ssmar_bench.core.errors import UserError, meant, name_taken_twice, nearest
from ssmar_bench.core.origin import OURS
from ssmar_bench.core.plugins import Entry


class Registry:
    """Names of one kind of thing (``algorithm``, ``backbone``): ours, and what plugins add to an entry point group.

    Args:
        kind: what each of them is.
        entries: name -> ``module:attribute`` that defines it, or the thing itself.
        group: the group of entry points, "" for none.
    """

    def __init__(self, kind: str, entries: Mapping[str, Any], group: str = "") -> None:
        self.kind = kind
        self.group = group
        self._ours = [_ours(name, thing) for name, thing in entries.items()]

    def entries(self) -> list[Entry]:
        """Ours first; a name that is taken twice occurs twice."""
        return [*self._ours, *(plugins.entries(self.group) if self.group else ())]

    def names(self) -> list[str]:
        """All known names, sorted."""
        return sorted({entry.name for entry in self.entries()})

    def __contains__(self, name: object) -> bool:
        return any(entry.name == name for entry in self.entries())

    def named(self, name: str) -> str:
        """``name`` as it is registered, whatever its case; a name that nobody knows stays."""
        return meant(name, self.names())

    def entry(self, name: str) -> Entry:
        """What is known of ``name`` without importing it.

        Raises:
            UserError: nobody knows it, or it is taken twice.
        """
        found = [entry for entry in self.entries() if entry.name == name]
        if not found:
            raise UserError(f"Unknown {self.kind} '{name}'{nearest(name, self.names())}")
        if len(found) > 1:
            raise name_taken_twice(self.kind, name, [f"{entry.provider} ({entry.target})" for entry in found])
        return found[0]

    def load(self, name: str) -> Any:
        """Import and return what ``name`` stands for.

        Raises:
            UserError: as :meth:`entry`, or its module cannot be imported; says who brought it and why.
        """
        entry = self.entry(name)
        if entry.fault:
            raise UserError(f"{self.kind} '{name}' of {entry.provider} cannot be loaded: {entry.fault}.")
        try:
            if entry.provider == OURS:
                return entry.load()
            with contextlib.redirect_stdout(sys.stderr):  # a plugin may print
                return entry.load()
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise UserError(f"{self.kind} '{name}' of {entry.provider} cannot be loaded: {reason}.") from error


def _ours(name: str, thing: Any) -> Entry:
    if not isinstance(thing, str):
        return Entry(name, "", OURS, lambda: thing)
    return Entry(name, thing, OURS, _import(thing))


def _import(target: str) -> Callable[[], Any]:
    module, _, attribute = target.partition(":")
    return lambda: getattr(importlib.import_module(module), attribute)
