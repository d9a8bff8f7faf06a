"""``ssmar-bench run`` and ``ssmar-bench report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ssmar_bench.cli.folders import Out, Results, own_folders, require_output
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.own_videos import Labels, Network, OwnOptions, Unlabelled, Videos, chosen_benchmark
from ssmar_bench.cli.parsing import (
    ON_BAD_CLIP,
    check_choice,
    duration_text,
    minutes,
    parse_numbers,
    parse_roots,
    parse_words,
    print_failures,
    settings,
    size_text,
    tell_damage,
)
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.core.writable import require_writable
from ssmar_bench.progress_display import ProgressDisplay
from ssmar_bench.screen import Screen

OVERWRITE = ("only-missing", "always", "never", "only-cache")


def run(
    ctx: typer.Context,
    methods: Annotated[
        str,
        typer.Option(
            help="Method configs, separated by commas: names, names of sets (table1), or paths of .yaml files."
        ),
    ],
    benchmark: Annotated[
        str, typer.Option(help="A benchmark's name, or the path of a .yaml file.")
    ] = "micro-motion-12",
    ratios: Annotated[str | None, typer.Option(help="Labelled ratios in (0, 1]; default: the benchmark's.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds; default: the benchmark's.")] = None,
    backbone: Annotated[
        str | None, typer.Option(help="micro-tsm, micro-r3d, r3d18, timesformer-base, tsn:NAME or tsm:NAME of timm.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="A profile of the benchmark config.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="SECTION.KEY=VALUE, for instance train.lr=0.01.")
    ] = None,
    plugin: Plugins = None,
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER of a data set, for instance ma52=/data/ma52.")
    ] = None,
    videos: Videos = None,
    labels: Labels = None,
    unlabelled: Unlabelled = None,
    network: Network = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: what the cores carry.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Minutes a run may take.")] = None,
    out: Out = RESULTS,
    overwrite: Annotated[str, typer.Option(help=", ".join(OVERWRITE) + ".")] = "only-missing",
    on_bad_clip: Annotated[
        str, typer.Option(help="stop at a clip whose video cannot be used, or skip: train and test without such clips.")
    ] = "stop",
    engine: Annotated[
        str, typer.Option(help="Who executes the runs: local, or an engine that a plugin brings.")
    ] = "local",
    plan: Annotated[
        bool, typer.Option("--plan", help="Print runs, states, expected time and space; train nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Train a grid of methods, ratios and seeds, and print the comparison table."""
    from ssmar_bench import api

    if not plan:
        require_output(out)
    own_folders(out)
    use_plugins(plugin)
    own = chosen_benchmark(ctx, benchmark, profile, OwnOptions(videos, labels, unlabelled, network), out)
    grid = api.Grid(
        benchmark=own.benchmark,
        methods=parse_words(methods, "--methods"),
        ratios=parse_numbers(ratios, float, "--ratios"),
        seeds=parse_numbers(seeds, int, "--seeds"),
        backbone=backbone,
        profile=own.profile,
        sets=settings(given or []),
        device=device,
    )
    execution = api.Execution(
        results=out,
        roots=own.roots | parse_roots(data or []),
        jobs=jobs,
        overwrite=check_choice("--overwrite", overwrite, OVERWRITE),  # type: ignore[arg-type]
        time_limit=minutes(time_limit),
        on_bad_clip=check_choice("--on-bad-clip", on_bad_clip, ON_BAD_CLIP),  # type: ignore[arg-type]
        engine=engine,
    )
    resolved = api.resolve(grid)
    own.tell(resolved, jobs)
    if plan and json:
        print_json({"runs": api.plan(resolved, execution).frame()})
        return
    if plan:
        _print_plan(api.plan(resolved, execution), execution)
        for frame_cache in api.plan_frame_caches(resolved, execution):
            held, left = map(size_text, (frame_cache.sizes.total, frame_cache.sizes.to_write))
            typer.echo(
                f"Decoded clips, {frame_cache.config.frames} frames each: about {held}, of which {left} are to be "
                "written"
            )
        return
    with ProgressDisplay() as progress:
        states = api.run(resolved, execution, progress.hear)
    api.record_page_frames(execution.results, execution.roots, configs=[resolved.benchmark_config])
    written = api.report(execution.results, out / "reports")
    if json:
        found = api.results(execution.results)
        print_json(found[found["folder"].isin(states)])
        if print_failures(states, execution.results):
            raise typer.Exit(1)
        return
    typer.echo(api.table(execution.results, resolved.benchmark_config.name))
    figures = sorted({str(path.parent) for path in written if path.suffix == ".png"})
    typer.echo(f"Tables and figures: {', '.join(figures) or out / 'reports'}")
    tell_damage(execution.results)
    if print_failures(states, execution.results):
        raise typer.Exit(1)


def _print_plan(planned: list[Any], execution: Any) -> None:
    from ssmar_bench import api

    table = Table("method", "ratio", "seed", "state", "expected", title=f"{len(planned)} runs")
    for entry in planned:
        spec = entry.planned_run.spec
        expected = (
            ""
            if entry.state in ("done", "skipped")
            else "unknown"
            if entry.seconds is None
            else duration_text(entry.seconds)
        )
        table.add_row(spec.method, f"{spec.ratio:g}", str(spec.seed), entry.planned_run.skip or entry.state, expected)
    console = Screen(120)
    console.print(table)
    for sentence in api.renamed_runs(execution.results):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    left_out = planned[0].planned_run.left_out if planned else {}
    for clip, why in sorted(left_out.items()):
        console.print(f"Left out: {clip}: {why}", soft_wrap=True)
    if execution.on_bad_clip == "skip" and not left_out:
        console.print("No clip is known to be left out; ssmar-bench data prepare looks at every video.")
    seconds, unknown = api.expected_seconds(planned, execution)
    console.print(f"To train: {duration_text(seconds)}" + (f", and {unknown} runs of unknown time" if unknown else ""))


def report(
    results: Results = RESULTS,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to render; default: reports/ in that folder.")
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="Benchmarks, separated by commas; default: all.")] = None,
    plugin: Plugins = None,
    data: Annotated[
        list[str] | None, typer.Option(help="SOURCE=FOLDER, for frames of clips on the page: ma52=/data/ma52.")
    ] = None,
    include_frames: Annotated[
        bool, typer.Option("--include-frames", help="Show frames of a licensed data set on the page, too.")
    ] = False,
) -> None:
    """Render tables and figures from the records of runs alone; --plugin adds its method configs."""
    from ssmar_bench import api

    out = results / "reports" if out is None else out
    require_writable(out, f"--out {out}")
    use_plugins(plugin)
    for why in api.record_page_frames(results, parse_roots(data or []), include_frames):
        typer.echo(why, err=True)
    for path in api.report(results, out, None if benchmark is None else parse_words(benchmark, "--benchmark")):
        typer.echo(path)
    tell_damage(results)
