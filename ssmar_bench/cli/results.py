"""``ssmar-bench results``: archives of runs, and tables for other programs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from ssmar_bench.cli.parsing import count_text
from ssmar_bench.cli.strict_options import App
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_text
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.core.printable import visible

app = App(no_args_is_help=True, help="Results: publish, merge, export, check.")

Folders = Annotated[list[Path], typer.Argument(help="Folders of runs, folders that `run` wrote in, or archives.")]
To = Annotated[Path, typer.Option("--to", help="The folder of the archives; what is in them stays.")]
Folder = Annotated[Path, typer.Argument(help="A folder that `run` wrote in, or a folder of archives.")]


@app.command()
def publish(
    runs: Folders,
    to: To,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put these runs in the place of archived ones with other results.")
    ] = False,
) -> None:
    """Write finished runs into archives, one a benchmark, that are small enough to be committed and sent."""
    from ssmar_bench import api

    found = api.publish_results(runs, to, replace)
    for one in found.replaced:
        typer.echo(f"replaced: {one.folder}: test accuracy {_percent(one.after)}, was {_percent(one.before)}")
    for benchmark, count in found.runs.items():
        typer.echo(f"{to / benchmark}: {count_text(count, 'run')}")
    for lost in found.damage:
        typer.echo(f"left out: {visible(lost.why)}", err=True)
    if found.damage:
        raise typer.Exit(1)


def _percent(share: float) -> str:
    return "unknown, since it failed" if math.isnan(share) else f"{100 * share:.2f} %"


@app.command()
def merge(folders: Folders, to: To) -> None:
    """Join the archives of several machines; a run that two machines have must have the same results."""
    publish(folders, to)


@app.command()
def export(
    folder: Folder = Path(RESULTS),
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values; the default.")] = False,
    json: Annotated[bool, typer.Option("--json", help="A list of objects.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; default: the screen.")] = None,
) -> None:
    """Print every run as a row: settings, state, scores, costs."""
    from ssmar_bench import api

    if csv and json:
        raise UserError("--csv and --json: choose one of them.")
    text = api.export_results(folder, "json" if json else "csv")
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(out)


@app.command()
def check(folder: Folder = Path(RESULTS)) -> None:
    """Read every record and compare it with its digests; exit status 1 if something is damaged."""
    from ssmar_bench import api

    whole, damage = api.check_results(folder)
    for why in damage:
        typer.echo(f"damaged: {visible(why)}", err=True)
    typer.echo(
        f"{count_text(whole, 'run')} {'is' if whole == 1 else 'are'} whole"
        + (f", {len(damage)} damaged." if damage else ".")
    )
    if damage:
        raise typer.Exit(1)
