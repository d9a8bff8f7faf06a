"""Lists on a screen: a table in a terminal, tab-separated lines into a pipe, so that other programs can cut them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import typer
from rich.table import Column, Table

from ssmar_bench.screen import Screen


def print_list(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their heads; the first column, which holds names, is folded and never cut."""
    console = Screen()
    if not console.is_terminal:
        for row in (heads, *rows):
            typer.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    table = Table(Column(heads[0], overflow="fold"), *heads[1:])
    for row in rows:
        table.add_row(*row)
    console.print(table)
