"""What reaches a terminal: names of files, labels and errors are text, whatever signs they hold.

Inside :func:`screened`, everything that is printed has its control characters written out, so that nobody's text moves
the cursor, hides a line or sets a title. :class:`Screen` alone writes styles, and takes no text for markup.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ssmar_bench.core.printable import visible_lines


class Screened:
    """A stream whose text is made visible; everything else is that of the stream ``behind`` it."""

    def __init__(self, behind: TextIO) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        """Write ``text``, with every control character but line ends and tabs written out."""
        if not isinstance(text, str):  # typer tries bytes, to see which kind of stream this is
            raise TypeError("expected text")
        self.behind.write(visible_lines(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


@contextlib.contextmanager
def screened() -> Iterator[None]:
    """Standard output and standard error, in here, are :class:`Screened`."""
    out, err = (cast("TextIO", Screened(stream)) for stream in (sys.stdout, sys.stderr))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


NARROW = 12
"""Columns of a terminal that a cell is given at least, if it needs them."""


def tab_separated(table: Table) -> list[str]:
    """Title, if there is one, header and rows of a table, cells between tabs."""
    return [*_title(table), *("\t".join(line) for line in _lines(table))]


def one_below_the_other(table: Table) -> list[str]:
    """Each row as its name and, below that, its other cells with their columns' names."""
    header, *rows = _lines(table)
    found = _title(table)
    for name, *cells in rows:
        found.append(name)
        found += [f"  {column}: {cell}" for column, cell in zip(header[1:], cells, strict=True) if cell]
    return found


def _title(table: Table) -> list[str]:
    return [str(table.title)] if table.title else []


def _lines(table: Table) -> list[tuple[str, ...]]:
    """Header and rows, each cell as one line of text."""
    columns = [[" ".join(str(cell).split()) for cell in (column.header, *column.cells)] for column in table.columns]
    return list(zip(*columns, strict=True))


def _narrowest(table: Table) -> int:
    """Columns of a terminal in which the names stay whole, and the other cells have some room."""
    header, *rows = _lines(table)
    widths = [max(len(line[place]) for line in (header, *rows)) for place in range(len(header))]
    return sum(widths[:1]) + sum(min(width, NARROW) for width in widths[1:]) + 3 * len(widths) + 1


class Screen(Console):
    """A console that prints texts as they are; styles are given as :class:`rich.text.Text`.

    Args:
        width: columns where standard output is no terminal.
        stderr: write to standard error.
    """

    def __init__(self, width: int | None = None, stderr: bool = False) -> None:
        stream = sys.stderr if stderr else sys.stdout
        behind = cast("TextIO", getattr(stream, "behind", stream))
        super().__init__(
            file=behind,
            width=None if behind.isatty() else width,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def print(self, *objects: Any, **options: Any) -> None:
        """As Rich does, one after the other, but for tables, whose names are never cut.

        A narrow terminal gets the cells of a row below each other. What is no terminal gets cells between tabs: the
        title in a line, the names of the columns in one, then a row a line.
        """
        for thing in objects:
            if not isinstance(thing, Table):
                super().print(thing, **options)
            elif not self.is_terminal:
                for line in tab_separated(thing):
                    self.file.write(f"{visible_lines(line)}\n")  # Rich would make spaces of the tabs
            elif _narrowest(thing) > self.width:
                for line in one_below_the_other(thing):
                    super().print(line, overflow="fold")
            else:
                for column in thing.columns:
                    column.overflow = "fold"
                thing.columns[0].no_wrap = True
                super().print(thing, **options)
        if not objects:
            super().print(**options)

    def render_str(self, text: str, **options: Any) -> Text:
        """As Rich has it, with control characters written out."""
        return super().render_str(visible_lines(text), **options)
