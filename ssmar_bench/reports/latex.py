"""A table as LaTeX with booktabs, broken into pieces that a page holds: no other package, no small print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ssmar_bench.reports.table_formats import Table

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
    "†": r"$\dagger$",
    "\u2013": "--",
    "\u00d7": r"$\times$",
    "·": r"$\cdot$",
    "λ": r"$\lambda$",
    "\u03c1": r"$\rho$",
    "[": "{[}",  # at the start of a row, the line break before it would read it as its argument
    "\u00a0": "~",
}

COLUMN, PAGE = 62, 104
"""About how many signs, gaps included, a line of a small table holds in a column and across a page."""

LINES = 54
"""Lines of a small table and of its caption that a page holds."""

LAST_LATIN = 0x17F
"""Signs beyond it are in no font of a plain LaTeX."""


def latex(table: Table, label: str) -> str:
    """``table`` environments: one, or several where a page does not hold all rows.

    Two columns wide for more than six columns or for long words. What is wider than a page is continued below, each
    piece with the columns of words again.
    """
    blocks = _blocks(table)
    wide = "*" if len(table.header) > 6 or table.wraps or _width(table, blocks[0]) > COLUMN else ""
    parts = []
    for number, rows in enumerate(_pages(table, len(blocks), PAGE if wide else COLUMN)):
        caption = table.caption if not number else f"{table.title} (continued)"
        lines = [
            f"\\begin{{table{wide}}}",
            "\\centering",
            "\\small",
            f"\\caption{{{escape_latex(caption)}}}",
            *([] if number else [f"\\label{{tab:{label}}}"]),
            "\\\\[1ex]\n".join(_tabular(table, rows, block) for block in blocks),
            f"\\end{{table{wide}}}",
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def escape_latex(text: str) -> str:
    """``text`` with every sign that LaTeX would read as a command written out; one that its fonts lack is a ``?``."""
    text = " ".join(text.split(" ")) if text.isprintable() else " ".join(text.split())  # an empty line ends a paragraph
    return "".join(LATEX.get(sign, sign if ord(sign) <= LAST_LATIN else "?") for sign in text)


def _tabular(table: Table, rows: Sequence[int], columns: Sequence[int]) -> str:
    """Some rows and columns, with their head."""
    width = 0.88 / max(1, len(table.wraps))
    kinds = [f"p{{{width:.2f}\\textwidth}}" if i in table.wraps else "l" if i < table.left else "r" for i in columns]
    body: list[str] = []
    for place, row in enumerate(rows):
        body += ["\\midrule"] if row in table.rules and place else []
        cells = [escape_latex(table.rows[row][i]) for i in columns]
        bold = [
            rf"\textbf{{{text}}}" if (row, i) in table.bold else text for i, text in zip(columns, cells, strict=True)
        ]
        body.append(" & ".join(bold) + r" \\")
    head = " & ".join(_head(table, i) for i in columns) + r" \\"
    lines = [f"\\begin{{tabular}}{{{''.join(kinds)}}}", "\\toprule", head, "\\midrule", *body, "\\bottomrule"]
    return "\n".join([*lines, "\\end{tabular}"])


def _head(table: Table, column: int) -> str:
    """A column's name; one of several parts takes a line for each, so that the column is no wider than its cells."""
    lines = [escape_latex(part) for part in _parts(table, column)]
    stacked = r" \\ ".join(lines)
    return stacked if len(lines) == 1 else rf"\shortstack[r]{{{stacked}}}"


def _parts(table: Table, column: int) -> list[str]:
    name = table.header[column]
    return [name] if column < table.left or column in table.wraps else name.split(", ")


def _width(table: Table, columns: Sequence[int]) -> int:
    """Signs of a line, gaps included."""
    return sum(2 + max(map(len, [*_parts(table, i), *(row[i] for row in table.rows)])) for i in columns)


def _blocks(table: Table) -> list[list[int]]:
    """Columns that are beside each other on a page, each time after those of words."""
    words = list(range(table.left))
    blocks = [list(words)]
    for column in range(table.left, len(table.header)):
        if len(blocks[-1]) > len(words) and not table.wraps and _width(table, [*blocks[-1], column]) > PAGE:
            blocks.append(list(words))
        blocks[-1].append(column)
    return blocks


def _pages(table: Table, blocks: int, width: int) -> Iterator[list[int]]:
    """Rows that one page holds in all ``blocks``; nothing is parted but between rows.

    Args:
        table: whose rows.
        blocks: tables that are below each other, with as many heads of up to three lines.
        width: signs of a line of the caption.
    """
    rows: list[int] = []
    room = LINES - 4 * blocks
    left = room - len(table.caption) // width
    for number, row in enumerate(table.rows):
        needed = blocks * max([1, *(-(-len(row[i]) * len(table.wraps) // PAGE) for i in table.wraps)])
        if rows and needed > left:
            yield rows
            rows, left = [], room
        rows.append(number)
        left -= needed
    yield rows
