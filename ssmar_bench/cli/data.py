"""``ssmar-bench data``: the sources and what is made of them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ssmar_bench.core.errors import UserError
from ssmar_bench.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Data sets.")


@app.command("list")
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


app.command("synthesize")(_synthesize_command())
