"""``ssmar-bench data prepare`` and ``ssmar-bench data compare-decoders``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ssmar_bench.cli.completion import complete_target
from ssmar_bench.cli.json_output import print_json
from ssmar_bench.cli.parsing import ON_BAD_CLIP, check_choice, count_text, duration_text, parse_words, size_text
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import cache_folder
from ssmar_bench.core.writable import require_writable
from ssmar_bench.progress_display import ProgressDisplay
from ssmar_bench.screen import Screen

DECODERS = ("pyav", "decord")

Target = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE|BENCHMARK",
        autocompletion=complete_target,
        help="A benchmark (its name, or the path of a .yaml file), or a source: then every shipped benchmark of it. "
        "A frame cache has its benchmarks' clips, size and frames: benchmarks that differ in their parts alone share "
        "one.",
    ),
]
Root = Annotated[
    Path | None,
    typer.Option(help="The source's folder, as its owners distribute it; a synthetic source is rendered without."),
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes that decode; default: one a core.")]


def prepare(
    target: Target,
    root: Root = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print sizes, free space and expected time; decode nothing.")
    ] = False,
    jobs: Jobs = None,
    on_bad_clip: Annotated[
        str, typer.Option(help="stop at the first clip whose video cannot be used, or skip: leave such clips out.")
    ] = "stop",
    decoder: Annotated[str | None, typer.Option(help="pyav or decord; default: the benchmark's (pyav).")] = None,
    profile: Annotated[str | None, typer.Option(help="For runs with this profile of the benchmark.")] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Prepare every frame cache that these methods or sets of them (table2) are trained from; some look "
            "at more "
            "of each clip than the benchmark's own frame cache holds, which is the default."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="With --plan: print JSON, for programs.")] = False,
) -> None:
    """Decode a benchmark's clips once into its frame cache; the same command goes on where it was stopped."""
    from ssmar_bench import api

    on_bad_clip = check_choice("--on-bad-clip", on_bad_clip, ON_BAD_CLIP)
    if decoder is not None:
        decoder = check_choice("--decoder", decoder, DECODERS)
    if json and not plan:
        raise UserError("data prepare: --json goes with --plan; give both.")
    _require_folder(root)
    own = [] if methods is None else parse_words(methods, "--methods")
    options = api.FrameCacheOptions(jobs, on_bad_clip, decoder, profile, own)  # type: ignore[arg-type]  # checked above
    if not plan:
        cache = cache_folder()
        require_writable(cache, f"The cache {cache} (SSMAR_BENCH_CACHE)")
    progress = ProgressDisplay()
    with progress:
        planned = api.plan_preparation(target, root, options, progress.hear)
    if plan and json:
        print_json({"frame_caches": [_plain(entry) for entry in planned]})
        return
    _print_plan(planned)
    if plan:
        return
    with progress:
        done = api.prepare(target, root, options, progress.hear)
    for prepared in done:
        _print_report(prepared)


def compare_decoders(target: Target, root: Root = None, jobs: Jobs = None) -> None:
    """Show clip by clip where decord's frames are others than pyav's."""
    from ssmar_bench import api

    _require_folder(root)
    with ProgressDisplay() as progress:
        compared = api.compare_decoders(target, root, jobs, progress.hear)
    for benchmark, clips in compared.items():
        different = [clip for clip in clips if not clip.alike]
        if different:
            table = Table("clip", "frames: pyav, decord", "difference", "asked", "decord shows", title=benchmark)
            for clip in different:
                numbers = [" ".join(map(str, row)) for row in (clip.asked, clip.shown)]
                counts = "{}, {}".format(*clip.frames)
                shown = ["", clip.problem] if clip.problem else numbers
                table.add_row(clip.clip_id, counts, f"{clip.difference:.1f}", *shown)
            _console().print(table)
        mean = sum(clip.difference for clip in clips) / max(1, len(clips))
        typer.echo(
            f"{benchmark}: {len(clips) - len(different)} of {len(clips)} clips show the same frames; "
            f"mean difference of pixels {mean:.2f} of 255"
        )


def _console() -> Screen:
    return Screen(160)


def _require_folder(root: Path | None) -> None:
    if root is not None and not root.is_dir():
        raise UserError(f"--root {root}: there is no such folder.")


def _plain(entry: Any) -> dict[str, Any]:
    sizes = entry.sizes
    return {
        "benchmark": entry.benchmark,
        "folder": entry.folder,
        "frame_cache": entry.config.to_config(),
        "clips": sizes.clips,
        "to_decode": len(sizes.left),
        "bytes": sizes.total,
        "bytes_to_write": sizes.to_write,
        "bytes_free": sizes.free,
        "seconds": entry.seconds,
    }


def _print_plan(planned: list[Any]) -> None:
    table = Table(
        "benchmark", "clips", "frames of each", "to decode", "frame_cache", "to write", "free on disk", "expected"
    )
    for entry in planned:
        sizes = entry.sizes
        expected = "unknown" if entry.seconds is None else duration_text(entry.seconds)
        counts = map(str, (sizes.clips, entry.config.frames, len(sizes.left)))
        numbers = (*counts, *map(size_text, (sizes.total, sizes.to_write, sizes.free)))
        table.add_row(entry.benchmark, *numbers, expected)
    _console().print(table)


def _print_report(prepared: Any) -> None:
    report = prepared.report
    decoded = count_text(report.decoded, "clip")
    typer.echo(f"{prepared.benchmark}: {decoded} decoded, {report.reused} were there: {prepared.folder}")
    for clip in report.left_out:
        typer.echo(f"  left out: {clip.clip_id} ({clip.path}): {clip.reason}")
    for clip in report.audit:
        typer.echo(f"  look at: {clip.clip_id} has {clip.decoded} frames where {clip.header} are announced")
    if report.left_out:
        left = "1 clip is" if len(report.left_out) == 1 else f"{len(report.left_out)} clips are"
        typer.echo(f"  {left} left out; runs need --on-bad-clip skip")
