"""``ssmar-bench predict``: what a trained run says of a video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssmar_bench.cli.folders import Results
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS


def predict(
    run: Annotated[
        str,
        typer.Argument(help="A finished run: its folder, or its name, whose digits at the end may be left out."),
    ],
    videos: Annotated[list[Path], typer.Argument(help="Video files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to print, the most probable first.")] = 5,
    start: Annotated[int | None, typer.Option(min=0, help="First frame of the clip in a longer video, from 0.")] = None,
    end: Annotated[int | None, typer.Option(min=0, help="Its last frame, inclusive.")] = None,
    results: Results = RESULTS,
    plugin: Plugins = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
) -> None:
    """Print the classes of videos, with their probabilities, as a trained run sees them."""
    from ssmar_bench import api

    use_plugins(plugin)
    if (start is None) != (end is None):
        raise UserError("Give both --start and --end, or neither for the whole video.")
    if start is not None and len(videos) > 1:
        raise UserError(f"--start and --end are of one video, not of {len(videos)}.")
    model = api.load_model(run, results, device)
    if model.renamed:
        typer.echo(f"The folder {model.renamed} holds the run {model.run}.", err=True)
    frames = (-1, -1) if start is None or end is None else (start, end)
    predictions = [model.predict(video, *frames) for video in videos]
    width = max(map(len, model.classes))
    for prediction in predictions:
        typer.echo(prediction.video)
        for name, probability in prediction.ranked[:top]:
            typer.echo(f"  {name:<{width}}  {100 * probability:5.1f} %")
