"""Values that print as a few lines, for notebooks: lists, mappings and dataclasses, however much they hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key")
Class = TypeVar("Class", bound=type)
SHOWN = 8
"""Items that are printed."""
LONGEST = 180
"""Characters of an item that are printed."""
FIELDS = 1_800
"""Characters of a dataclass that are printed."""


class ShortList(list[Item]):
    """A list as any other, but printed with its first items and their number."""

    def __repr__(self) -> str:
        return f"[{_lines(map(repr, self[:SHOWN]), len(self))}]"


class ShortDict(dict[Key, Item]):
    """A mapping as any other, but printed with its first entries and their number."""

    def __repr__(self) -> str:
        first = [*self.items()][:SHOWN]
        return f"{{{_lines((f'{key!r}: {value!r}' for key, value in first), len(self))}}}"


def short(cls: Class) -> Class:
    """Decorates a dataclass: what it prints of each field is one line, and not long."""

    def text(self: Any) -> str:
        names = [field.name for field in dataclasses.fields(self) if field.repr]
        room = min(LONGEST, FIELDS // max(1, len(names)))
        values = (f"{name}={_cut(' '.join(_plain(getattr(self, name)).split()), room)}" for name in names)
        return f"{type(self).__name__}({', '.join(values)})"

    cls.__repr__ = text  # type: ignore[assignment]
    return cls


def _plain(value: Any) -> str:
    """A value's text; of many items only the first."""
    if hasattr(value, "shape") and hasattr(value, "columns"):
        return f"<data frame of {len(value)} rows>"
    if type(value) in (list, tuple) and len(value) > SHOWN:
        return repr(ShortList(value))
    return repr(ShortDict(value)) if type(value) is dict else repr(value)


def _lines(texts: Iterable[str], count: int) -> str:
    lines = [_cut(text, LONGEST) for text in texts]
    if count > SHOWN:
        lines.append(f"... {count} in all")
    return ",\n ".join(lines)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."
