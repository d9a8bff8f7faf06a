"""A table of a report, written as Markdown (also for a terminal) and CSV; ``latex.py`` writes it as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_numeric_dtype

from ssmar_bench.core.printable import visible


@dataclass(frozen=True)
class Table:
    """A table of plain text.

    Attributes:
        name: unique word for references, ``accuracy``.
        title: what it shows, one sentence.
        notes: what a reader must know; title and notes together are the caption.
        header, rows: cells as text.
        rules: rows above which a rule is drawn.
        left: how many columns, from the first, are words and are left.
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
        tuple(f"**{text}**" if (i, j) in table.bold else text for j, text in enumerate(map(escape_markdown, line)))
        for i, line in enumerate(table.rows)
    ]
    lines = [tuple(map(escape_markdown, table.header)), *body]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(table.header))]
    rule = [("-" * width) if i < table.left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]

    def text(line: tuple[str, ...]) -> str:
        cells = [
            value.ljust(width) if i < table.left else value.rjust(width)
            for i, (value, width) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    return "\n".join([text(lines[0]), f"| {' | '.join(rule)} |", *map(text, lines[1:])]) + "\n"


def markdown_page(title: str, tables: Sequence[Table]) -> str:
    """A Markdown page of several tables; a note that is above an earlier one is not repeated."""
    parts, said = [f"# {escape_markdown(title)}\n"], set[str]()
    for table in tables:
        new = [note for note in table.notes if note not in said]
        said.update(new)
        notes = (f"{escape_markdown(note)}\n" for note in new)
        parts += [f"## {escape_markdown(table.title.removesuffix('.'))}\n", *notes, markdown(table)]
    return "\n".join(parts)


def csv_text(frame: pd.DataFrame) -> str:
    """A frame to six decimals (finer digits are rounding errors); an empty field is an unknown number.

    A text that a spreadsheet would compute (``=1+1``) begins with an apostrophe, by which it takes it for a text.
    """
    texts = {str(name): frame[name].map(_no_formula) for name in frame if not is_numeric_dtype(frame[name])}
    frame = frame.assign(**texts)
    return str(frame.round(6).to_csv(index=False, lineterminator="\n"))


FORMULA = re.compile(r"[=@+\-]")
NUMBER = re.compile(r"[+-]?\d[\d.]*( ± \d[\d.]*)?")
"""How a formula begins; and a signed number with its deviation, which is none."""


def _no_formula(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = visible(value)  # a carriage return would end the line
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


MARKDOWN = re.compile(r"""
    [\\`*|<]            # code, emphasis, columns, HTML
    | (?<!\w)_ | _(?!\w)  # emphasis, but for what is inside a word
    | (?<=\])[(\[]       # links and pictures
    | ~(?=~) | (?<=~)~    # struck out
    | &(?=[\w#]+;)       # a sign by its name
    | \$                 # formulas
""", re.VERBOSE)  # fmt: skip


def escape_markdown(text: str) -> str:
    """``text`` in one line, with every sign that Markdown would read as a command written out."""
    return MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
