"""``ssmar-bench predict``: what a trained run says of videos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ssmar_bench.cli.completion import complete_run
from ssmar_bench.cli.folders import Results
from ssmar_bench.cli.json_output import Json, json_text
from ssmar_bench.cli.parsing import AUTO, DEVICES, check_choice, count_text
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.progress_display import ProgressDisplay

if TYPE_CHECKING:
    from ssmar_bench import api


def predict(
    run: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_run,
            help="A finished run: its folder, or its name, whose digits at the end may be left out.",
        ),
    ],
    videos: Annotated[list[Path], typer.Argument(help="Video files, folders of them, and lists (.csv, .tsv, .txt).")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a CSV file (with --json a JSON file), a row a video.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes, the most probable first.")] = 5,
    start: Annotated[int | None, typer.Option(min=0, help="First frame of the clip in a longer video, from 0.")] = None,
    end: Annotated[int | None, typer.Option(min=0, help="Its last frame, inclusive.")] = None,
    root: Annotated[
        Path | None, typer.Option("--videos", help="Where the paths of a list begin; default: the list's own folder.")
    ] = None,
    results: Results = RESULTS,
    plugin: Plugins = None,
    device: Annotated[str, typer.Option(help=DEVICES)] = AUTO,
    json: Json = False,
    shape: Annotated[
        str,
        typer.Option(
            "--format", help="table, or ma52: with -o FILE.zip what the owners of MA-52 test (hidden labels)."
        ),
    ] = "table",
) -> None:
    """The classes of videos as a trained run sees them (status 1: some videos cannot be read, and say why)."""
    from ssmar_bench import api
    from ssmar_bench.api import ma52_submission
    from ssmar_bench.api.video_predictions import (
        frame_of,
        plain_rows,
        predictions_csv,
        require_new_file,
        write_new_file,
    )
    from ssmar_bench.sources.path_list import is_list

    use_plugins(plugin)
    submission = check_choice("--format", shape, ("table", "ma52")) == "ma52"
    if submission and (out is None or json or start is not None or end is not None):
        raise UserError(
            "--format ma52 writes a submission of whole videos: give -o FILE.zip, and no --json or --start."
        )
    if (start is None) != (end is None):
        raise UserError("Give both --start and --end, or neither for the whole video.")
    if start is not None and (len(videos) > 1 or videos[0].is_dir() or is_list(videos[0])):
        several = len(videos) if len(videos) > 1 else "a folder" if videos[0].is_dir() else "a list"
        raise UserError(f"--start and --end are of one video, not of {several}.")
    if submission and out is not None:
        ma52_submission.places(out)
    elif out is not None:
        require_new_file(out, f"--out {out}")
    model = api.load_model(run, results, device)
    if submission:
        ma52_submission.class_ids(model.classes)  # told before the videos are looked at
    if model.renamed:
        typer.echo(f"The folder {model.renamed} holds the run {model.run}.", err=True)
    with ProgressDisplay() as progress:
        quiet = out is None and not json  # the predictions themselves are printed as they come
        hear = (lambda event: progress.hear(event) if event.kind == "note" else None) if quiet else progress.hear
        if start is not None and end is not None:
            predictions: Iterator[api.Prediction] = iter([model.predict(videos[0], start, end)])
        else:
            predictions = model.predict_each(videos, hear, root)
        found = list(_printed(predictions, top, max(map(len, model.classes))) if quiet else predictions)
    typer.echo(model.trust, err=True)
    if submission and out is not None:
        text = ma52_submission.submission_csv(found, model.classes)
        for path in ma52_submission.write_submission(out, text):
            typer.echo(f"{path}: {count_text(len(found), 'clip')}")
        if note := ma52_submission.clips_note(len(found)):
            typer.echo(note, err=True)
        return
    top = min(top, len(model.classes))
    text = json_text(plain_rows(found, top)) + "\n" if json else predictions_csv(frame_of(found, top))
    if out is not None:
        write_new_file(out, text, f"--out {out}")
    elif json:
        typer.echo(text, nl=False)
    unread = sum(bool(one.problem) for one in found)
    if out is not None:
        what = "clip" if any(one.end >= 0 for one in found) else "video"
        typer.echo(f"{out}: {count_text(len(found), what)}{f', {unread} of which cannot be read' if unread else ''}")
    elif unread:
        typer.echo(f"{unread} of {len(found)} videos cannot be read.", err=True)
    if unread:
        raise typer.Exit(1)


def _printed(predictions: Iterable[api.Prediction], top: int, width: int) -> Iterator[api.Prediction]:
    """The predictions, each printed when it is there."""
    for prediction in predictions:
        frames = f" frames {prediction.start} to {prediction.end}" if prediction.end >= 0 else ""
        typer.echo(f"{prediction.video}{frames}")
        for name, probability in prediction.ranked[:top]:
            typer.echo(f"  {name:<{width}}  {100 * probability:5.1f} %")
        if prediction.problem:
            typer.echo(f"  cannot be read: {prediction.problem}")
        yield prediction
