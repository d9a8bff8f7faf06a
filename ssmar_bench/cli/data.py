"""``ssmar-bench data``: the sources and what is made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from ssmar_bench.cli.completion import complete_source
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.plugins import print_broken
from ssmar_bench.cli.strict_options import App
from ssmar_bench.core.errors import UserError, meant
from ssmar_bench.core.writable import require_writable
from ssmar_bench.progress_display import ProgressDisplay
from ssmar_bench.screen import Screen

app = App(no_args_is_help=True, help="Data sets.")


@app.command("list")
def list_data(json: Json = False) -> None:
    """The benchmarks, the sources they are built from, and how to get these."""
    from ssmar_bench import api

    if json:
        benchmarks = [
            {
                "name": config.name,
                "title": config.title,
                "source": config.source.name,
                "classes": len(config.classes),
                "ratios": config.ratios,
                "seeds": config.seeds,
            }
            for config in api.benchmarks()
        ]
        keys = ("name", "title", "licensed", "terms", "get")
        sources = [{key: getattr(source, key) for key in keys} for source in api.sources()]
        print_json({"benchmarks": benchmarks, "sources": sources})
        return
    table = Table("benchmark", "source", "classes", "ratios", "title")
    for benchmark_config in api.benchmarks():
        ratios = ", ".join(f"{ratio:g}" for ratio in benchmark_config.ratios)
        table.add_row(
            benchmark_config.name,
            benchmark_config.source.name,
            str(len(benchmark_config.classes)),
            ratios,
            benchmark_config.title,
        )
    console = Screen(120)
    console.print(table)
    print_broken(api.broken_benchmarks(), console)
    table = Table("source", "what it is", "licence", Column("how to get it", overflow="fold"))
    for source in api.sources():
        terms = f"licensed: {source.terms}" if source.licensed else source.terms
        table.add_row(source.name, source.title, terms, source.get)
    console.print(table)
    print_broken(api.broken_sources(), console)


@app.command()
def check(
    source: Annotated[str, typer.Argument(autocompletion=complete_source, help="A source of `ssmar-bench data list`.")],
    root: Annotated[Path, typer.Option(help="Its folder, as its owners distribute it.")],
    deep: Annotated[bool, typer.Option("--deep", help="Decode every video, too; this takes long.")] = False,
) -> None:
    """Read a source's lists and look at its videos (status 1: some are missing or cannot be used)."""
    from ssmar_bench import api
    from ssmar_bench.cli.source_check import print_checks

    with ProgressDisplay() as progress:
        checks = api.check_source(source, root, progress.hear, deep)
    print_checks(checks, Screen(120))
    if not all(one.whole for one in checks):
        raise typer.Exit(1)


@app.command()
def mock(
    source: Annotated[str, typer.Argument(help="A source that has owners: ma52, imigue, smg, ucf101 or hmdb51.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    layout: Annotated[str | None, typer.Option(help="One of the source's layouts; default: its usual one.")] = None,
    lists_only: Annotated[
        bool, typer.Option("--lists-only", help="Lists with the real counts of every class, and empty video files.")
    ] = False,
    clips: Annotated[
        int | None,
        typer.Option(min=1, help="About how many clips; default: 240, or with --lists-only the real number."),
    ] = None,
) -> None:
    """Write a small folder with the exact layout of a real source, with synthetic subjects doing things."""
    from ssmar_bench import api

    with ProgressDisplay() as progress:
        api.mock_source(source, out, layout, lists_only, clips, progress.hear)
    typer.echo(f"{out}")


def _synthesize_command() -> Callable[..., None]:
    """A command whose options are the options of the synthetic source, so that none is written twice."""
    import inspect

    from ssmar_bench.sources.synthetic import SyntheticOptions

    def synthesize(source: str, out: Path, sheet: Path | None = None, **options: Any) -> None:
        """Render the synthetic source micro-motion as mp4 files in MA-52's layout."""
        from ssmar_bench import api

        if meant(source, ["micro-motion"]) != "micro-motion":
            raise UserError(f"Only micro-motion can be synthesized, not '{source}'.")
        if sheet is not None:
            require_writable(sheet.absolute().parent, f"--sheet {sheet}")
        with ProgressDisplay() as progress:
            api.render_synthetic(SyntheticOptions(**options), out, sheet, progress.hear)
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
        for field in dataclasses.fields(SyntheticOptions)
    ]
    synthesize.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    synthesize.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return synthesize


app.command("synthesize")(_synthesize_command())
