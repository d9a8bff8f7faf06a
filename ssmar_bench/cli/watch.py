"""``ssmar-bench watch``: a running grid, from another terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.parsing import count_text, duration_text
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.screen import Screen

if TYPE_CHECKING:
    from ssmar_bench.api.run_watch import GridProgress

LINES = 20
"""Runs that are shown at a time."""


def watch(
    folder: Annotated[Path, typer.Argument(help="The folder that `run` writes in.")] = RESULTS,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    json: Json = False,
) -> None:
    """How far the runs of a folder are, until all have ended (status 1: some have failed). It changes nothing."""
    from rich.live import Live
    from rich.text import Text

    from ssmar_bench.api.run_watch import Watcher

    watcher, console = Watcher(folder), Screen()
    seen = watcher.look()
    if json:
        print_json({"counts": seen.counts, "open": seen.open, "seconds_left": seen.seconds_left})
    elif once or not console.is_terminal:
        typer.echo(progress_text(seen))
        while not once and _goes_on(seen):
            time.sleep(max(every, 15.0))
            seen = watcher.look()
            typer.echo(progress_text(seen))
    else:
        with Live(Text(progress_text(seen)), console=console, auto_refresh=False) as live:
            while _goes_on(seen):
                time.sleep(every)
                seen = watcher.look()
                live.update(Text(progress_text(seen)), refresh=True)
    if seen.counts.get("failed"):
        raise typer.Exit(1)


def _goes_on(seen: GridProgress) -> bool:
    return any(one.state != "failed" for one in seen.open)


def progress_text(seen: GridProgress) -> str:
    """The counts, the time left, and a line for each of the first runs that have not ended."""
    order = ("done", "running", "queued", "waiting", "failed")
    states = ", ".join(f"{seen.counts[state]} {state}" for state in order if seen.counts.get(state))
    left = "" if seen.seconds_left is None else f"; about {duration_text(seen.seconds_left)} left"
    lines = [f"{count_text(seen.total, 'run')}: {states}{left}"]
    shown = [one for one in seen.open if one.state == "running"][:LINES]
    lines += [f"  {100 * one.share:3.0f} %  {one.run}  epoch {one.done}/{one.epochs}" for one in shown]
    return "\n".join(lines)
