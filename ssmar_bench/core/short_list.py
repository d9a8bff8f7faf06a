"""A list that prints as a few lines, for notebooks."""

from __future__ import annotations

from typing import TypeVar

Item = TypeVar("Item")
SHOWN = 8
"""Items that are printed."""
LONGEST = 180
"""Characters of an item that are printed."""


class ShortList(list[Item]):
    """A list as any other, but printed with its first items and their number."""

    def __repr__(self) -> str:
        lines = [text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for text in map(repr, self[:SHOWN])]
        if len(self) > SHOWN:
            lines.append(f"... {len(self)} in all")
        return "[" + ",\n ".join(lines) + "]"
