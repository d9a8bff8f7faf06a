"""A registry of names that imports a thing only when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

from ssmar_bench.core.errors import UserError, nearest


class Registry:
    """Names of one kind of thing (``algorithm``, ``backbone``), each with the ``module:attribute`` that defines it."""

    def __init__(self, kind: str, entries: dict[str, str]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def names(self) -> list[str]:
        """All known names, sorted."""
        return sorted(self._entries)

    def add(self, name: str, origin: str) -> None:
        """Add ``name``.

        Raises:
            UserError: it is taken; names both origins.
        """
        if name in self._entries:
            raise UserError(f"{self.kind} '{name}' is defined twice: by {self._entries[name]} and by {origin}.")
        self._entries[name] = origin

    def load(self, name: str) -> Any:
        """Import and return what ``name`` stands for.

        Raises:
            UserError: nobody knows it.
        """
        if name not in self._entries:
            raise UserError(f"Unknown {self.kind} '{name}'{nearest(name, self._entries)}.")
        module, _, attribute = self._entries[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
