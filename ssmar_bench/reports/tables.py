"""One table, three ways to write it: Markdown (also for a terminal), LaTeX with booktabs, CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "—": "---",
    "\u2013": "--",
    "\u00d7": r"$\times$",
    "·": r"$\cdot$",
    "[": "{[}",  # at the start of a row, the line break before it would read it as its argument
    "\u00a0": "~",
}


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
    """

    name: str
    title: str
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rules: frozenset[int] = frozenset()
    left: int = 1

    @property
    def caption(self) -> str:
        """Title and notes in one paragraph."""
        return " ".join([self.title, *self.notes])


def markdown(table: Table) -> str:
    """A GitHub table whose columns are also aligned as plain text."""
    lines = [tuple(map(_escape_markdown, line)) for line in (table.header, *table.rows)]
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


def latex(table: Table, label: str) -> str:
    """A ``table`` environment (two columns wide if it has more than six columns) that needs booktabs."""
    wide = "*" if len(table.header) > 6 else ""
    columns = "l" * table.left + "r" * (len(table.header) - table.left)
    body: list[str] = []
    for number, row in enumerate(table.rows):
        body += ["\\midrule"] if number in table.rules and number else []
        body.append(_latex_line(row))
    lines = [
        f"\\begin{{table{wide}}}",
        "\\centering",
        "\\small",
        f"\\caption{{{escape_latex(table.caption)}}}",
        f"\\label{{tab:{label}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        _latex_line(table.header),
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}",
        f"\\end{{table{wide}}}",
    ]
    return "\n".join(lines) + "\n"


def csv(frame: pd.DataFrame) -> str:
    """A frame to six decimals (finer digits are rounding errors); an empty field is an unknown number."""
    return str(frame.round(6).to_csv(index=False, lineterminator="\n"))


def escape_latex(text: str) -> str:
    """``text`` with every sign that LaTeX would read as a command written out."""
    return "".join(LATEX.get(sign, sign) for sign in text)


def _latex_line(cells: tuple[str, ...]) -> str:
    return " & ".join(map(escape_latex, cells)) + r" \\"


def _escape_markdown(text: str) -> str:
    for sign in "\\`*|<":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
