"""The command line: a person's words into calls of :mod:`ssmar_bench.api`, and their progress on a screen.

Exit status: 0 done, 1 some cells failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ssmar_bench import __version__
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.setting import parse_set
from ssmar_bench.progress import Progress

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)
data_app = typer.Typer(no_args_is_help=True, help="Data sets.")
app.add_typer(data_app, name="data")

INTERRUPTED = 130
OVERWRITE = ("only-missing", "always", "never", "only-cache")


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Which semi-supervised method recognises micro-actions best when few clips are labelled?"""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str | None, kind: type, option: str) -> list[Any] | None:
    if text is None:
        return None
    try:
        return [kind(word) for word in _words(text)]
    except ValueError as error:
        raise UserError(f"{option} {text}: expected numbers separated by commas, for instance 0.1,0.5.") from error


def _roots(entries: list[str]) -> dict[str, Path]:
    roots = {}
    for entry in entries:
        name, equals, folder = entry.partition("=")
        if not equals or not Path(folder).is_dir():
            raise UserError(f"--data {entry}: expected SOURCE=FOLDER with a folder that exists.")
        roots[name] = Path(folder)
    return roots


@app.command()
def run(
    methods: Annotated[str, typer.Option(help="Recipes, separated by commas: names, or paths of .yaml files.")],
    benchmark: Annotated[
        str, typer.Option(help="A benchmark's name, or the path of a .yaml file.")
    ] = "micro-motion-12",
    ratios: Annotated[str | None, typer.Option(help="Labelled ratios in (0, 1]; default: the benchmark's.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds; default: the benchmark's.")] = None,
    backbone: Annotated[str | None, typer.Option(help="micro-tsm, tsn:NAME or tsm:NAME of timm.")] = None,
    profile: Annotated[str | None, typer.Option(help="A profile of the benchmark's definition.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="SECTION.KEY=VALUE, for instance train.lr=0.01.")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER of a data set, for instance ma52=/data/ma52.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: what the cores carry.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Minutes a run may take.")] = None,
    out: Annotated[Path, typer.Option(help="Where results/ and reports/ are written.")] = Path(),
    overwrite: Annotated[str, typer.Option(help=", ".join(OVERWRITE) + ".")] = "only-missing",
    plan: Annotated[bool, typer.Option("--plan", help="Print cells, states and expected time; train nothing.")] = False,
) -> None:
    """Train a grid of methods, ratios and seeds, and print the comparison table."""
    from ssmar_bench import api

    if overwrite not in OVERWRITE:
        raise UserError(f"--overwrite {overwrite}: unknown{nearest(overwrite, OVERWRITE)}.")
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: expected a folder, this is a file.")
    grid = api.Grid(
        benchmark=benchmark,
        methods=_words(methods),
        ratios=_numbers(ratios, float, "--ratios"),
        seeds=_numbers(seeds, int, "--seeds"),
        backbone=backbone,
        profile=profile,
        sets=dict(map(parse_set, settings or [])),
        device=device,
    )
    execution = api.Execution(
        results=out / "results",
        roots=_roots(data or []),
        jobs=jobs,
        overwrite=overwrite,  # type: ignore[arg-type]  # checked above
        time_limit=None if time_limit is None else 60 * time_limit,
    )
    if plan:
        with Progress() as progress:
            planned = api.plan(grid, execution, progress.hear)
        _print_plan(planned, execution)
        return
    with Progress() as progress:
        states = api.run(grid, execution, progress.hear)
    written = api.report(execution.results, out / "reports")
    name = api.benchmark_name(grid.benchmark)
    typer.echo(api.table(execution.results, name))
    figures = sorted({str(path.parent) for path in written if path.suffix == ".png"})
    typer.echo(f"Tables and figures: {', '.join(figures) or out / 'reports'}")
    failed = [folder for folder, state in states.items() if state == "failed"]
    for folder in failed:
        typer.echo(f"failed: {folder} (see {execution.results / 'runs' / folder / 'work' / 'failure.txt'})", err=True)
    if failed:
        raise typer.Exit(1)


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes:.0f} min" if minutes < 90 else f"{hours:.1f} h"


def _print_plan(planned: list[Any], execution: Any) -> None:
    from ssmar_bench import api

    table = Table("method", "ratio", "seed", "state", "expected", title=f"{len(planned)} cells")
    for entry in planned:
        spec = entry.cell.spec
        expected = (
            ""
            if entry.state in ("done", "skipped")
            else "unknown"
            if entry.seconds is None
            else _duration(entry.seconds)
        )
        table.add_row(spec.method, f"{spec.ratio:g}", str(spec.seed), entry.cell.skip or entry.state, expected)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    seconds, unknown = api.expected_seconds(planned, execution)
    console.print(f"To train: {_duration(seconds)}" + (f", and {unknown} cells of unknown time" if unknown else ""))


@app.command()
def report(
    results: Annotated[Path, typer.Option(help="The folder that holds runs/.")] = Path("results"),
    out: Annotated[Path, typer.Option(help="Where to render.")] = Path("reports"),
    benchmark: Annotated[str | None, typer.Option(help="Benchmarks, separated by commas; default: all.")] = None,
) -> None:
    """Render tables and figures from the records in results/ alone."""
    from ssmar_bench import api

    for path in api.report(results, out, None if benchmark is None else _words(benchmark)):
        typer.echo(path)


@data_app.command("list")
def list_data() -> None:
    """The benchmarks and the sources they are built from."""
    from ssmar_bench import api

    table = Table("benchmark", "source", "classes", "ratios", "title")
    for definition in api.benchmarks():
        ratios = ", ".join(f"{ratio:g}" for ratio in definition.ratios)
        table.add_row(definition.name, definition.source.name, str(len(definition.classes)), ratios, definition.title)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _synthesize_command() -> Callable[..., None]:
    """A command whose options are the knobs of the synthetic source, so that none is written twice."""
    import inspect

    from ssmar_bench.sources.micro_motion import MicroMotion

    def synthesize(source: str, out: Path, sheet: Path | None = None, **knobs: Any) -> None:
        """Render the synthetic source micro-motion as mp4 files in MA-52's layout."""
        from ssmar_bench import api

        if source != "micro-motion":
            raise UserError(f"Only micro-motion can be synthesized, not '{source}'.")
        with Progress() as progress:
            api.synthesize(MicroMotion(**knobs), out, sheet, progress.hear)
        typer.echo(f"{out}")

    parameters = [
        inspect.Parameter("source", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str),
        inspect.Parameter(
            "out", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Path, typer.Option(help="A new folder.")]
        ),
        inspect.Parameter(
            "sheet",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[Path | None, typer.Option(help="Also draw a contact sheet into this PNG.")],
        ),
    ]
    parameters += [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=type(field.default)
        )
        for field in dataclasses.fields(MicroMotion)
    ]
    synthesize.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    synthesize.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return synthesize


data_app.command("synthesize")(_synthesize_command())


def main() -> NoReturn:
    """The entry point: known errors become one line and an exit status."""
    try:
        code = app(standalone_mode=False) or 0  # the status of a typer.Exit is returned, not raised
    except UserError as error:
        typer.echo(f"ssmar-bench: {error}", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):  # which of them, or a returned 130, depends on typer's version
        code = INTERRUPTED
    except Exception as error:
        if not hasattr(error, "show"):  # click's own usage errors know how to show themselves
            raise
        error.show()
        code = int(getattr(error, "exit_code", 2))
    if code == INTERRUPTED:
        typer.echo("ssmar-bench: interrupted; the same command continues where it stopped.", err=True)
    sys.exit(code)
