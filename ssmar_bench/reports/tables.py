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
    "λ": r"$\lambda$",
    "\u03c1": r"$\rho$",
    "[": "{[}",  # at the start of a row, the line break before it would read it as its argument
    "\u00a0": "~",
}


COLUMN, PAGE = 62, 115
"""About how many signs, gaps included, a line of a small table holds in a column and across a page."""


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


def latex(table: Table, label: str) -> str:
    """A ``table`` environment that needs booktabs: two columns wide for more than six columns or for long words.

    One that not even the page's width holds is scaled down to it, which needs graphicx.
    """
    signs = sum(2 + max(len(line[i]) for line in (table.header, *table.rows)) for i in range(len(table.header)))
    wide = "*" if len(table.header) > 6 or table.wraps or signs > COLUMN else ""
    scaled = signs > PAGE and not table.wraps
    columns = "".join(
        f"p{{{0.8 / len(table.wraps):.2f}\\textwidth}}" if i in table.wraps else "l" if i < table.left else "r"
        for i in range(len(table.header))
    )
    body: list[str] = []
    for number, row in enumerate(table.rows):
        body += ["\\midrule"] if number in table.rules and number else []
        body.append(_latex_line(row, frozenset(column for line, column in table.bold if line == number)))
    lines = [
        f"\\begin{{table{wide}}}",
        "\\centering",
        "\\small",
        f"\\caption{{{escape_latex(table.caption)}}}",
        f"\\label{{tab:{label}}}",
        *(["\\resizebox{\\textwidth}{!}{%"] if scaled else []),
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        _latex_line(table.header),
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}" + ("}" if scaled else ""),
        f"\\end{{table{wide}}}",
    ]
    return "\n".join(lines) + "\n"


def csv(frame: pd.DataFrame) -> str:
    """A frame to six decimals (finer digits are rounding errors); an empty field is an unknown number."""
    return str(frame.round(6).to_csv(index=False, lineterminator="\n"))


def escape_latex(text: str) -> str:
    """``text`` with every sign that LaTeX would read as a command written out."""
    return "".join(LATEX.get(sign, sign) for sign in text)


def _latex_line(cells: tuple[str, ...], bold: frozenset[int] = frozenset()) -> str:
    texts = [rf"\textbf{{{text}}}" if i in bold else text for i, text in enumerate(map(escape_latex, cells))]
    return " & ".join(texts) + r" \\"


def _escape_markdown(text: str) -> str:
    for sign in "\\`*|<":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
