"""``ssmar-bench splits``: which clips are labelled, and whether another laboratory has the same ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ssmar_bench.cli.completion import complete_benchmark
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.parsing import check_choice, duration_text, parse_ratios, parse_roots, parse_seeds
from ssmar_bench.cli.strict_options import App
from ssmar_bench.progress_display import ProgressDisplay
from ssmar_bench.screen import Screen

if TYPE_CHECKING:
    from ssmar_bench import api

app = App(no_args_is_help=True, help="Splits: build, look at, compare, export.")

Folder = Annotated[Path, typer.Argument(help="A built split's folder.")]
Data = Annotated[list[str] | None, typer.Option(help="SOURCE=FOLDER of a data set, for instance ma52=/data/ma52.")]
UNITS = ("clip", "subject")


@app.command()
def build(
    benchmark: Annotated[
        str, typer.Argument(autocompletion=complete_benchmark, help="A benchmark's name, or the path of a .yaml file.")
    ],
    data: Data = None,
    out: Annotated[Path, typer.Option(help="Where the split's folder is made.")] = Path("splits-built"),
    ratios: Annotated[str | None, typer.Option(help="Labelled ratios in (0, 1]; default: the benchmark's.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds; default: the benchmark's.")] = None,
    labelled_by: Annotated[
        str | None, typer.Option(help="clip, or subject: nobody is labelled and unlabelled; default: the benchmark's.")
    ] = None,
    clips_per_class: Annotated[
        int | None, typer.Option(min=1, help="So many labelled clips of every class, in place of ratios.")
    ] = None,
    durations: Annotated[bool, typer.Option(help="Read the videos' headers, for seconds in the summary.")] = True,
) -> None:
    """Choose the labelled clips of a benchmark for ratios and seeds, and print the summary."""
    from ssmar_bench import api

    if labelled_by is not None:
        labelled_by = check_choice("--labelled-by", labelled_by, UNITS)
    options = api.SplitOptions(
        ratios=parse_ratios(ratios),
        seeds=parse_seeds(seeds),
        labelled_by=labelled_by,  # type: ignore[arg-type]  # checked above
        clips_per_class=clips_per_class or 0,
    )
    with ProgressDisplay() as progress:
        folder = api.build_split(benchmark, out, parse_roots(data or []), options, durations, progress.hear)
    show(folder)


@app.command()
def show(folder: Folder, json: Json = False) -> None:
    """Print a built split's clips, subjects and seconds, what is odd about it, and its fingerprints."""
    from ssmar_bench import api

    split_set, summary = api.show_split(folder)
    if json:
        print_json(_plain(folder, split_set, summary))
        return
    console = Screen(120)
    console.print(_parts(split_set, summary))
    console.print(_labelled(split_set, summary))
    for warning in summary.warnings:
        console.print(f"! {warning}", soft_wrap=True)
    for cell, print_ in split_set.fingerprints.splits.items():
        console.print(f"{cell}: {print_}")
    frame_cache = split_set.fingerprints.frame_cache or "none (its clips are not decoded)"
    console.print(f"frame cache: {frame_cache}")
    console.print(f"{folder}", soft_wrap=True)


def _plain(folder: Path, split_set: api.SplitSet, summary: api.SplitSummary) -> dict[str, Any]:
    """The same as plain data: each class with its counts by part, and its labelled clips by cell."""
    parts: dict[str, dict[str, dict[str, float]]] = {}
    for label, row in summary.parts.iterrows():
        own = parts.setdefault(str(label), {})
        for column in summary.parts.columns.to_list():
            role, quantity = map(str, column)
            own.setdefault(role, {})[quantity] = row[column]
    return {
        "folder": folder,
        "benchmark": split_set.benchmark_config.name,
        "classes": {str(label): name for label, name in split_set.benchmark_config.classes.items()},
        "parts": parts,
        "labelled": {str(label): dict(row.items()) for label, row in summary.labelled.iterrows()},
        "warnings": summary.warnings,
        "fingerprints": split_set.fingerprints.splits,
        "frame_cache": split_set.fingerprints.frame_cache or None,
    }


def _parts(split_set: api.SplitSet, summary: api.SplitSummary) -> Table:
    roles = list(dict.fromkeys(summary.parts.columns.get_level_values(0)))
    table = Table("class", *roles, title=f"{split_set.benchmark_config.title}: clips (subjects, time)")
    for label, row in summary.parts.iterrows():
        cells = [
            ""  # clips that were never labelled are of no class
            if math.isnan(row[role, "clips"])
            else f"{int(row[role, 'clips']):,} ({_number(row[role, 'subjects'])}, {_time(row[role, 'seconds'])})"
            for role in roles
        ]
        table.add_row(_class(split_set, label), *cells)
    return table


def _labelled(split_set: api.SplitSet, summary: api.SplitSummary) -> Table:
    """A column a ratio; a range where its seeds differ."""
    ratios: dict[float, list[str]] = {}
    for cell, split in split_set.splits.items():
        ratios.setdefault(split.ratio, []).append(cell)
    seeds = ", ".join(map(str, split_set.benchmark_config.seeds))
    table = Table("class", *(f"{100 * ratio:g} %" for ratio in ratios), title=f"labelled clips, seeds {seeds}")
    for label, row in summary.labelled.iterrows():
        spans = [(min(row[cells]), max(row[cells])) for cells in ratios.values()]
        table.add_row(
            _class(split_set, label), *(f"{low:,}" if low == high else f"{low:,} to {high:,}" for low, high in spans)
        )
    return table


def _class(split_set: api.SplitSet, label: object) -> str:
    return "all" if label == "all" else f"{label} {split_set.benchmark_config.classes[int(str(label))]}"


def _number(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:,.0f}"


def _time(seconds: float) -> str:
    return "unknown" if math.isnan(seconds) else duration_text(seconds)


@app.command()
def verify(
    folder: Folder,
    against: Annotated[
        Path | None,
        typer.Argument(help="Another's fingerprints.json, split or built split; default: what is published here."),
    ] = None,
) -> None:
    """Say whether a built split holds another's clips, and what differs: by class, part and ratio, or by clip."""
    from ssmar_bench import api

    found = api.verify_split(folder, against)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("The same clips.")


@app.command()
def export(
    folder: Folder,
    format_: Annotated[str, typer.Option("--format", help="mmaction2 or semilearn.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    data: Data = None,
) -> None:
    """Write a built split as the plain lists that other code reads."""
    from ssmar_bench import api

    for path in api.export_split(folder, format_, out, parse_roots(data or [])):
        typer.echo(path)
