"""A table of a report, written as Markdown (also for a terminal) and CSV; ``latex.py`` writes it as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of plain text.

    Attributes:
        name: unique word for references, ``accuracy``.
        title: what it shows, one sentence.
        notes: what a reader must know; title and notes together are the caption.
        header, rows: cells as text.
        rules: rows above which a rule is drawn.
        left: how many columns, from the first, are words and stand left.
        bold: (row, column) of the cells that stand out.
        wraps: columns of long words, which LaTeX breaks into lines.
    """

    name: str
    title: str
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rules: frozenset[int] = frozenset()
    left: int = 1
    bold: frozenset[tuple[int, int]] = frozenset()
    wraps: frozenset[int] = frozenset()

    @property
    def caption(self) -> str:
        """Title and notes in one paragraph."""
        return " ".join([self.title, *self.notes])


def markdown(table: Table) -> str:
    """A GitHub table whose columns are also aligned as plain text."""
    body = [
        tuple(f"**{text}**" if (i, j) in table.bold else text for j, text in enumerate(map(_escape_markdown, line)))
        for i, line in enumerate(table.rows)
    ]
    lines = [tuple(map(_escape_markdown, table.header)), *body]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(table.header))]
    rule = [("-" * width) if i < table.left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]

    def text(line: tuple[str, ...]) -> str:
        cells = [
            value.ljust(width) if i < table.left else value.rjust(width)
            for i, (value, width) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    return "\n".join([text(lines[0]), f"| {' | '.join(rule)} |", *map(text, lines[1:])]) + "\n"


def page(title: str, tables: Sequence[Table]) -> str:
    """A Markdown page of several tables; a note that stands above an earlier one is not repeated."""
    parts, said = [f"# {title}\n"], set[str]()
    for table in tables:
        new = [note for note in table.notes if note not in said]
        said.update(new)
        parts += [f"## {table.title.removesuffix('.')}\n", *(f"{note}\n" for note in new), markdown(table)]
    return "\n".join(parts)


def csv(frame: pd.DataFrame) -> str:
    """A frame to six decimals (finer digits are rounding errors); an empty field is an unknown number."""
    return str(frame.round(6).to_csv(index=False, lineterminator="\n"))


def _escape_markdown(text: str) -> str:
    for sign in "\\`*|<":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
