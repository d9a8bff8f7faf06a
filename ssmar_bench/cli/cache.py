"""``ssmar-bench cache``: decoded clips on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ssmar_bench.cli.completion import complete_benchmark
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.listing import print_list
from ssmar_bench.cli.parsing import count_text, size_text
from ssmar_bench.cli.strict_options import App
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import cache_folder

app = App(no_args_is_help=True, help="Decoded clips: how large they are, and removing them.")

Days = Annotated[float, typer.Option(min=0, help="After so many days without use, a frame cache counts as unused.")]


@app.command()
def size(days: Days = 30, json: Json = False) -> None:
    """Every frame cache with its benchmark, clips, size, last use and state; whether it is unused."""
    from ssmar_bench import api
    from ssmar_bench.api.run_list import age

    frame = api.cache_list(days)
    if json:
        print_json(frame.assign(used=frame["used"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")))
        return
    if frame.empty:
        typer.echo(f"There is no frame cache in {cache_folder()} (SSMAR_BENCH_CACHE).", err=True)
        return
    rows = frame.to_dict("records")
    print_list(
        ("frame cache", "benchmark", "clips", "size", "used", "state", "unused"),
        [
            (
                row["folder"].name, row["benchmark"], str(row["clips"] or "unknown"), size_text(row["bytes"]),
                f"{age(row['used'])} ago", row["state"], "unused" if row["unused"] else "",
            )
            for row in rows
        ],
    )  # fmt: skip
    unused = int(frame.loc[frame["unused"], "bytes"].sum())
    total = f"{count_text(len(frame), 'frame cache')}: {size_text(int(frame['bytes'].sum()))} in {cache_folder()}"
    typer.echo(f"{total}, {size_text(unused)} unused", err=True)


@app.command()
def clean(
    benchmarks: Annotated[
        list[str] | None,
        typer.Argument(autocompletion=complete_benchmark, help="Whose frame caches; default: those that are unused."),
    ] = None,
    days: Days = 30,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove frame caches; a run that needs one decodes it again. One that a running process uses stays."""
    from ssmar_bench import api
    from ssmar_bench.api.cache import removable_caches

    found = removable_caches(benchmarks or (), days)
    if not found:
        typer.echo("No frame cache is unused; name a benchmark to remove its own.", err=True)
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("cache clean: nobody can be asked here; give --yes.")
        for folder, count in found.items():
            typer.echo(f"{folder}  {size_text(count)}")
        typer.confirm(f"Remove {count_text(len(found), 'frame cache')}?", abort=True)
    done = api.clean_cache(benchmarks or (), days)
    for folder, count in done.removed.items():
        typer.echo(f"removed {folder} ({size_text(count)})")
    for folder in done.kept:
        typer.echo(f"kept {folder}: a running process uses it", err=True)
