"""``ssmar-bench report``: tables, figures and the page of what was measured."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from ssmar_bench.cli.completion import complete_benchmark
from ssmar_bench.cli.folders import Results
from ssmar_bench.cli.parsing import parse_roots, parse_words, tell_damage
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.core.writable import require_writable


def report(
    results: Results = RESULTS,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to render; default: reports/ in that folder.")
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            "--benchmark",
            "-b",
            autocompletion=complete_benchmark,
            help="Benchmarks, separated by commas; default: all.",
        ),
    ] = None,
    plugin: Plugins = None,
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER, for frames of clips on the page: ma52=/data/ma52.")
    ] = None,
    include_frames: Annotated[
        bool, typer.Option("--include-frames", help="Show frames of a licensed data set on the page, too.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Render tables and figures from the records of runs alone; --plugin adds its method configs."""
    from ssmar_bench import api

    out = results / "reports" if out is None else out
    require_writable(out, f"--out {out}")
    use_plugins(plugin)
    names = None if benchmark is None else parse_words(benchmark, "--benchmark")
    frames = api.PageFrames(parse_roots(data or []), include_frames)
    rendered = api.render_report(results, out, names, frames=frames)
    for why in rendered.without_frames:
        typer.echo(why, err=True)
    for path in rendered.files:
        typer.echo(path)
    tell_damage(rendered.damage)
    if show:
        webbrowser.open((out / "index.html").resolve().as_uri())
