"""``ssmar-bench reproduce``: the paper's tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ssmar_bench.cli.completion import complete_table
from ssmar_bench.cli.detail import Quiet, Verbose
from ssmar_bench.cli.folders import Out, own_folders, require_output
from ssmar_bench.cli.grid_texts import guesses_text
from ssmar_bench.cli.json_output import print_json
from ssmar_bench.cli.parsing import (
    AUTO,
    DEVICES,
    count_text,
    duration_text,
    minutes,
    parse_ratios,
    parse_roots,
    parse_seeds,
    print_failures,
    tell_damage,
)
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.progress_display import Detail, ProgressDisplay
from ssmar_bench.screen import Screen


def reproduce(
    table: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_table,
            help="table1 to table5, fig2b, fig4, sensitivity, or the path of a .yaml file.",
        ),
    ],
    on: Annotated[str, typer.Option(help="micro-motion (synthetic, nothing to download) or real.")] = "micro-motion",
    seeds: Annotated[str | None, typer.Option(help="Seeds; default: the benchmarks'.")] = None,
    ratios: Annotated[str | None, typer.Option(help="Only the columns at these labelled ratios.")] = None,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Also semilearn's own rows, its faults included.")
    ] = False,
    plugin: Plugins = None,
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER of a data set, for instance ma52=/data/ma52.")
    ] = None,
    device: Annotated[str, typer.Option(help=DEVICES)] = AUTO,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: what the cores carry.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Minutes a run may take.")] = None,
    out: Out = RESULTS,
    include_frames: Annotated[
        bool, typer.Option("--include-frames", help="fig4: show frames of a licensed data set, too.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print runs, states and expected hours; train nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --plan: print JSON, for programs.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train what a table or figure of the paper needs and print it beside the paper's numbers."""
    from ssmar_bench import api

    detail = Detail.of(quiet, verbose)
    if json and not plan:
        raise UserError("reproduce: --json goes with --plan; give both.")
    if not plan:
        require_output(out)
    own_folders(out)
    use_plugins(plugin)
    request = api.TableRequest(table, on, parse_seeds(seeds), parse_ratios(ratios), as_published, device)
    execution = api.Execution(
        results=out,
        roots=parse_roots(data or []),
        jobs=jobs,
        time_limit=minutes(time_limit),
    )
    if plan and json:
        print_json({"runs": [_plain(one) for one in api.plan_table(request, execution)]})
        return
    if plan:
        _print_plan(api.plan_table(request, execution), jobs or api.default_jobs())
        return
    with ProgressDisplay(detail) as progress:
        states = api.train_table(request, execution, progress.hear)
    table, on = request.table, request.on
    if table == "fig4":
        why = api.record_frames(execution.results, on, execution.roots, include_frames)
        typer.echo(f"{why}\n" if why else "", nl=False)
    rendered = api.render_report(execution.results, out / "reports", paper=True)
    typer.echo(api.paper_table(execution.results, table, on))
    name = Path(table).stem
    figures = [str(path) for path in rendered.files if path.suffix == ".png" and path.stem.startswith(f"{name}-{on}")]
    if figures:
        typer.echo(f"Figures: {', '.join(figures)}")
    tell_damage(rendered.damage)
    if print_failures(states, execution.results):
        raise typer.Exit(1)


def _plain(one: Any) -> dict[str, Any]:
    column = one.column
    own = {key: getattr(one, key) for key in ("row", "method", "seed", "state", "seconds")}
    return own | {
        "benchmark": column.benchmark, "network": column.backbone, "ratio": column.ratio, "guess": one.guess or None
    }  # fmt: skip


def _print_plan(listed: list[Any], jobs: int) -> None:
    from ssmar_bench import api

    names = ("row", "method", "benchmark", "network", "ratio", "seed", "state", "expected")
    table = Table(*names, title=count_text(len(listed), "run"))
    for one in listed:
        ended = one.state in ("done", "skipped")
        expected = "" if ended else "unknown" if one.seconds is None else duration_text(one.seconds)
        column = one.column
        table.add_row(
            one.row, one.method, column.benchmark, column.backbone or "", f"{column.ratio:g}", str(one.seed),
            one.state, expected,
        )  # fmt: skip
    console = Screen(150)
    console.print(table)
    for sentence in api.archive_notes([one.archive for one in listed]):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    todo = [one for one in listed if one.state not in ("done", "skipped")]
    console.print(f"{count_text(len(listed), 'run')}, {len(todo)} to train{_hours(todo, jobs)}")


def _hours(todo: list[Any], jobs: int) -> str:
    """How long ``todo`` takes, and what that is known from."""
    if not todo:
        return ""
    known = [one.seconds for one in todo if one.seconds is not None]
    hours = f": {sum(known) / 3600 / jobs:.1f} hours with {jobs} side by side" if known else ": of unknown time"
    if known and len(known) < len(todo):
        hours += f", and {len(todo) - len(known)} of unknown time"
    return hours + guesses_text(one.guess for one in todo)
