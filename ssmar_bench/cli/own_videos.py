"""``run --videos`` and ``data new``: a laboratory's own videos as a benchmark, and what was chosen for them."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ssmar_bench.cli.parsing import check_choice, count_text, duration_text
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.core.printable import shortened
from ssmar_bench.screen import Screen

if TYPE_CHECKING:
    from ssmar_bench.api.own_videos import OwnBenchmark
    from ssmar_bench.runs.resolve import Resolved

NETWORKS = ("resnet18", "small")
NONE = (
    "none, so methods that need some are skipped; --unlabelled FOLDER adds all videos in it that have no label, and it "
    "may be the folder of --videos"
)
ROLES = ("train", "validation", "test")

Videos = Annotated[
    Path | None, typer.Option("--videos", help="A folder of your own videos; with --labels, or a folder a class in it.")
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", help="A list of them with the columns file and label; no label: unlabelled."),
]
Unlabelled = Annotated[
    list[Path] | None, typer.Option("--unlabelled", help="A further folder of videos without labels; may be repeated.")
]
Network = Annotated[
    str | None, typer.Option("--network", help="With --videos: resnet18 (ImageNet weights, 224 pixels) or small.")
]


@dataclass(frozen=True)
class Chosen:
    """What ``run`` trains on, with --videos or without.

    Attributes:
        benchmark, profile: as :class:`ssmar_bench.api.Grid` takes them.
        roots: folders of the videos that need no --data.
        own: the benchmark of own videos that was made; None for a benchmark by name.
    """

    benchmark: str
    profile: str | None
    roots: dict[str, Path]
    own: OwnBenchmark | None = None

    def tell(self, resolved: Resolved, jobs: int | None, on_bad_clip: str) -> None:
        """Print what was chosen and how long it takes; makes sure that files and initial weights can be had.

        Raises:
            UserError: they cannot; it offers the small network.
        """
        if self.own is not None:
            print_chosen(self.own)
            if self.own.unusable and on_bad_clip == "stop":
                raise UserError(
                    f"{unusable_text(self.own)}; replace it or leave such clips out with --on-bad-clip skip."
                )
            _check_network(self.own, resolved, jobs)


@dataclass(frozen=True)
class OwnOptions:
    """The options of own videos, as ``run`` has them."""

    videos: Path | None
    labels: Path | None
    unlabelled: list[Path] | None
    network: str | None


def chosen_benchmark(ctx: typer.Context, benchmark: str, profile: str | None, options: OwnOptions, out: Path) -> Chosen:
    """The benchmark that ``run`` was asked for: of own videos, or by name.

    Args:
        ctx: of the command; it knows whether a benchmark was given.
        benchmark: its option --benchmark.
        profile: its option --profile.
        options: those of own videos.
        out: where a new benchmark is kept.

    Raises:
        UserError: options that do not go together, or as :func:`ssmar_bench.api.own_videos.own_benchmark`.
    """
    from ssmar_bench.api import own_videos

    if options.videos is None:
        for name, value in vars(options).items():
            if value:
                raise UserError(f"--{name} is of your own videos; give their folder with --videos.")
        return Chosen(benchmark, profile, own_videos.own_roots(benchmark))
    if _given(ctx, "benchmark"):
        raise UserError(
            "--videos makes a benchmark of your videos, so give no --benchmark; a benchmark config of `data new` "
            "knows where its videos are."
        )
    network = options.network
    if network is not None:
        if profile is not None:
            raise UserError("--network small is a profile, so give either --network or --profile.")
        network = check_choice("--network", network, NETWORKS)
    own = own_videos.own_benchmark(options.videos, options.labels, options.unlabelled or [], out)
    small = own_videos.SMALL if network == own_videos.SMALL else profile
    return Chosen(str(own.config_file), small, own_videos.own_roots(str(own.config_file)), own)


def _given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def print_chosen(own: OwnBenchmark) -> None:
    """A short table of what is trained, validated and tested on, and every note."""
    clips, config = own.clips.clips, own.benchmark_config
    table = Table("class", *ROLES, title=config.title)
    for number, label in enumerate(sorted(config.classes)):
        rows = clips[clips["class"] == number]
        table.add_row(config.classes[label], *(str(int((rows["role"] == role).sum())) for role in ROLES))
    counts = {role: int((clips["role"] == role).sum()) for role in (*ROLES, "unlabelled")}
    table.add_row("all", *(str(counts[role]) for role in ROLES), style="bold")
    Screen(120).print(table)
    for note in own.notes:
        _say(f"! {note}")
    if own.unusable:
        _say(f"! {unusable_text(own)}.")
    if untested := _untested(own):
        _say(f"! No clip to test on: {', '.join(untested)}.")
    one = 100 / counts["test"]
    lines = [
        f"Unlabelled videos: {counts['unlabelled']:,}" if counts["unlabelled"] else f"Unlabelled videos: {NONE}.",
        f"Parts: {own.chosen}" if own.chosen else f"Parts: as in {own.config_file}.",
        f"Test: {counts['test']} clips, so one clip is {one:.1f} points of accuracy.",
        f"Benchmark: {own.config_file}",
    ]
    for line in lines:
        _say(line)


def unusable_text(own: OwnBenchmark) -> str:
    """How many files cannot be used, and the first of them."""
    clip, why = next(iter(own.unusable.items()))
    return f"{count_text(len(own.unusable), 'video')} cannot be used, the first is '{shortened(clip)}': {why}"


def _untested(own: OwnBenchmark) -> list[str]:
    """Names of the classes that have no test clip."""
    clips, classes = own.clips.clips, own.benchmark_config.classes
    tested = set(clips.loc[clips["role"] == "test", "class"])
    return [classes[label] for number, label in enumerate(sorted(classes)) if number not in tested]


def _check_network(own: OwnBenchmark, resolved: Resolved, jobs: int | None) -> None:
    from ssmar_bench.api.own_videos import SMALL, training_seconds, with_small_network

    config, offer = resolved.benchmark_config, ""
    on_cpu = resolved.grid.device == "cpu"
    if resolved.grid.profile != SMALL and resolved.grid.backbone is None:
        small = _time_text(training_seconds(own, with_small_network(resolved), jobs))
        offer = f"--network small needs no weights and takes {small}"
    runs = count_text(len(resolved.methods) * len(resolved.ratios) * len(resolved.seeds), "run")
    where = "no GPU is used, and on the CPU" if on_cpu else f"on {resolved.grid.device}"
    try:
        resolved.check_fits()
    except UserError as error:
        if not offer:
            raise
        long = _time_text(training_seconds(own, resolved, jobs))
        raise UserError(f"{str(error).rstrip('.')}; {where} {runs} would take {long}; {offer}.") from error
    long = _time_text(training_seconds(own, resolved, jobs))
    about = f"{config.backbone.name} at {config.clips.size} pixels, {count_text(config.train.epochs, 'epoch')}"
    takes = "takes" if runs == "1 run" else "take"
    sentence = f"Network: {about}; {where} {runs} {takes} {long}"
    if on_cpu and offer:
        sentence += f"; {offer}"
    _say(f"{sentence}.")


def _time_text(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time, since no step of it can be timed here"
    return f"about {duration_text(seconds)}"


def print_next(names: Collection[str], out: Path) -> None:
    """The command that labels videos, by the run of ``names`` in ``out`` that validated best, and how good that run is.

    A tie is told as one. Test clips choose nothing, so the run need not be the best of the table.
    """
    from ssmar_bench import api

    runs = api.results(out)
    runs = runs[runs["folder"].isin(list(names))].dropna(subset=["validation_accuracy"])
    if runs.empty:
        return
    first, *others = runs.loc[runs["validation_accuracy"] == runs["validation_accuracy"].max(), "folder"]
    best = "the run that validated best"
    if others:
        more = f" and {len(others) - 2} more" if len(others) > 2 else ""
        best = f"the first of {1 + len(others)} runs that validated best alike, beside {', '.join(others[:2])}{more}"
    where = "" if out == RESULTS else f" --results {shlex.quote(str(out))}"
    _say(f"Label videos (by {best}): ssmar-bench predict {first} FOLDER -o predictions.csv{where}")
    _say(api.trust(first, out))


def _say(line: str) -> None:
    Screen(120).print(line, markup=False, highlight=False, soft_wrap=True)


def new(
    name: Annotated[str, typer.Argument(help="Of the new benchmark: small letters, digits, dots and dashes.")],
    videos: Annotated[Path, typer.Option("--videos", help="The folder of your videos.")],
    labels: Labels = None,
    unlabelled: Unlabelled = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the folder NAME is made.")] = Path(),
) -> None:
    """Write a benchmark config for your own videos, to keep, edit and share."""
    from ssmar_bench import api

    own = api.new_benchmark(name, videos, labels, unlabelled or [], out)
    print_chosen(own)
    _say(f"Train on it: ssmar-bench run --benchmark {own.config_file} --methods supervised,fixmatch,aplt")
