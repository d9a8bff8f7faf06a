"""``ssmar-bench runs``: the runs that are there."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ssmar_bench.cli.completion import complete_benchmark, complete_method, complete_run
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.listing import print_list
from ssmar_bench.cli.parsing import parse_roots, size_text
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.cli.strict_options import App
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.progress_display import ProgressDisplay

app = App(no_args_is_help=True, help="Runs: list, show, remove, and train again to compare.")

Run = Annotated[
    str,
    typer.Argument(
        autocompletion=complete_run, help="A run's folder, its name, or a start of names that it alone has."
    ),
]
Results = Annotated[Path, typer.Option("--results", "--out", "-o", help="The folder that `run` was given with --out.")]


@app.command("list")
def list_runs(results: Results = RESULTS, json: Json = False) -> None:
    """Every run with its state, accuracy, age and size."""
    from ssmar_bench import api

    frame = api.list_runs(results)
    if json:
        ended = frame["ended"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        print_json(frame.assign(ended=ended.where(ended.notna(), None)))
        return
    if frame.empty:
        typer.echo(f"There is no run in {results}; `ssmar-bench run` makes some, or give another folder.", err=True)
        return
    rows = frame.to_dict("records")
    print_list(("run", "state", "method", "ratio", "seed", "accuracy", "age", "size"), map(_cells, rows))
    for row in rows:
        if row["state"] in ("failed", "damaged"):
            typer.echo(f"{row['state']}: {row['run']}: {row['reason']}", err=True)


def _cells(row: Any) -> tuple[str, ...]:
    """A run's line; what a damaged record does not say is empty."""
    from ssmar_bench.api.run_list import age

    known = (row["method"], f"{row['ratio']:g}", f"{row['seed']:g}") if isinstance(row["method"], str) else ("", "", "")
    interval = "" if math.isnan(row["test_low"]) else f" [{100 * row['test_low']:.1f}, {100 * row['test_high']:.1f}]"
    accuracy = "" if math.isnan(row["accuracy"]) else f"{100 * row['accuracy']:.1f} %{interval}"
    return (row["run"], row["state"], *known, accuracy, age(row["ended"]), size_text(row["bytes"]))


@app.command()
def show(run: Run, results: Results = RESULTS, plugin: Plugins = None, json: Json = False) -> None:
    """What was run, what came out, when and on which machine, and the command that trains it again."""
    from ssmar_bench import api

    use_plugins(plugin)
    found = api.show_run(run, results)
    if json:
        print_json(found)
    else:
        typer.echo(str(found))


@app.command("rm")
def remove(
    runs: Annotated[
        list[str],
        typer.Argument(autocompletion=complete_run, help="Runs: folders, names, or starts of names that one run has."),
    ],
    results: Results = RESULTS,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs with their records; never one that is being trained."""
    from ssmar_bench import api
    from ssmar_bench.api.run_list import removable

    places = removable(runs, results)
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("runs rm: nobody can be asked here; give --yes.")
        for place in places:
            typer.echo(place.path)
        typer.confirm(f"Remove {len(places)} {'run' if len(places) == 1 else 'runs'} for good?", abort=True)
    for path in api.remove_runs([place.path for place in places], results):
        typer.echo(f"removed {path}")


@app.command()
def verify(
    run: Run,
    results: Results = RESULTS,
    tolerance: Annotated[
        float, typer.Option(min=0, max=100, help="Percentage points by which a test score may differ.")
    ] = 1.0,
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark", "-b", autocompletion=complete_benchmark, help="The benchmark config, if it is your own."
        ),
    ] = "",
    method: Annotated[
        str,
        typer.Option("--method", "-m", autocompletion=complete_method, help="The method config, if it is your own."),
    ] = "",
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER of a data set, for instance ma52=/data/ma52.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N; default: as recorded.")] = "",
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Train a run again in a temporary place: bit-equal, equal within the tolerance, or different (status 1)."""
    from ssmar_bench import api

    use_plugins(plugin)
    how = api.SecondTraining(benchmark, method, parse_roots(data or []), device)
    with ProgressDisplay() as progress:
        found = api.verify_run(run, results, how, tolerance / 100, progress.hear)
    if json:
        print_json(found)
    else:
        typer.echo(str(found))
    if found.verdict == "different":
        raise typer.Exit(1)
