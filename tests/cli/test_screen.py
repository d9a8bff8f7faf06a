"""What is printed is text: it moves no cursor, and square brackets are no styles."""

from __future__ import annotations

import sys

import pytest
import typer
from rich.table import Table

from ssmar_bench.core.events import Event
from ssmar_bench.progress_display import ProgressDisplay
from ssmar_bench.screen import Screen, screened

HOSTILE = "\x1b]0;title\x07 [red]x[/red] [/] \u202ey \x9b2J"
SHOWN = "\\x1b]0;title\\x07 [red]x[/red] [/] \\u202ey \\x9b2J"


def test_a_table_and_a_line_show_what_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", title=HOSTILE)
    table.add_row(HOSTILE)
    Screen(120).print(table)
    Screen(120).print(HOSTILE, soft_wrap=True)
    assert capsys.readouterr().out.count(SHOWN) == 3


def test_so_does_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with screened():
        typer.echo(HOSTILE)
        typer.echo(HOSTILE, err=True)
        sys.stdout.write(f"{HOSTILE}\n\tand more\n")
    said = capsys.readouterr()
    assert said.out == f"{SHOWN}\n{SHOWN}\n\tand more\n"
    assert said.err == f"{SHOWN}\n"


def test_so_does_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay() as progress:
        for kind in ("failed", "note", "epoch"):
            progress.hear(Event(f"{HOSTILE}_0", kind, f"{HOSTILE}\nforged", 1, 2))
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\nforged" not in said
    assert said.count("\\x1b]0;title\\x07 [red]x[/red]") >= 3
