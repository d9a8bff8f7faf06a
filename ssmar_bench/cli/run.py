"""``ssmar-bench run``: train a grid, and print its table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ssmar_bench.cli.completion import complete_benchmark, complete_methods
from ssmar_bench.cli.detail import Quiet, Verbose
from ssmar_bench.cli.engines import Detach, Devices, Engine, EngineChoice, Ray, Slurm, StageTo
from ssmar_bench.cli.folders import Out, own_folders, require_output
from ssmar_bench.cli.grid_file import Config, grid_file_of
from ssmar_bench.cli.grid_texts import begin_line, print_plan
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.own_videos import (
    Chosen,
    Labels,
    Network,
    OwnOptions,
    Unlabelled,
    Videos,
    chosen_benchmark,
    print_next,
)
from ssmar_bench.cli.parsing import (
    AUTO,
    DEVICES,
    ON_BAD_CLIP,
    check_choice,
    minutes,
    parse_ratios,
    parse_roots,
    parse_seeds,
    parse_words,
    print_failures,
    settings,
    tell_damage,
)
from ssmar_bench.cli.plugins import Plugins, use_plugins
from ssmar_bench.cli.tensorboard import require_tensorboard, with_scalars
from ssmar_bench.core.paths import RESULTS
from ssmar_bench.progress_display import Detail, ProgressDisplay

OVERWRITE = ("only-missing", "always", "never", "only-cache", "only-record")
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Also write each run's curves for TensorBoard, into its folder.")
]


def run(
    ctx: typer.Context,
    methods: Annotated[
        str,
        typer.Option(
            "--methods",
            "-m",
            autocompletion=complete_methods,
            help="Method configs, separated by commas: names, names of sets (table1), or paths of .yaml files.",
        ),
    ],
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark",
            "-b",
            autocompletion=complete_benchmark,
            help="A benchmark's name, or the path of a .yaml file.",
        ),
    ] = "micro-motion-12",
    ratios: Annotated[
        str | None, typer.Option(help="Labelled ratios: 0.1,0.5 or 10%,50%; default: the benchmark's.")
    ] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds: 0,1,2 or 0-2; default: the benchmark's.")] = None,
    backbone: Annotated[
        str | None,
        typer.Option(help="Network by name, for instance tsm:resnet50 or swin3d_t; default: the benchmark's."),
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
    device: Annotated[str, typer.Option(help=DEVICES)] = AUTO,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: what the cores carry.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that make each run's batches; default: with a GPU the cores left, else 0."),
    ] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Minutes a run may take.")] = None,
    out: Out = RESULTS,
    overwrite: Annotated[str, typer.Option(help=", ".join(OVERWRITE) + ".")] = "only-missing",
    on_bad_clip: Annotated[
        str, typer.Option(help="stop at a clip whose video cannot be used, or skip: train and test without such clips.")
    ] = "stop",
    engine: Engine = "local",
    slurm: Slurm = None,
    ray: Ray = None,
    detach: Detach = False,
    devices: Devices = None,
    stage_to: StageTo = "",
    _config: Config = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print runs, states, expected time and space; train nothing.")
    ] = False,
    tensorboard: TensorBoard = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a grid of methods, ratios and seeds, and print the comparison table."""
    from ssmar_bench import api

    detail = Detail.of(quiet, verbose)
    chosen = EngineChoice(
        engine,
        {"slurm": slurm, "ray": ray},
        detach,
        tuple(parse_words(devices.lower(), "--devices") if devices else ()),
    )
    if tensorboard:
        require_tensorboard()
    if not plan:
        require_output(out)
    own_folders(out)
    use_plugins(plugin)
    own = chosen_benchmark(ctx, benchmark, profile, OwnOptions(videos, labels, unlabelled, network), out)
    file = grid_file_of(ctx)
    grid = api.Grid(
        benchmark=own.benchmark,
        methods=parse_words(methods, "--methods"),
        ratios=parse_ratios(ratios),
        seeds=parse_seeds(seeds),
        backbone=backbone,
        profile=own.profile,
        sets={**file.set, **settings(given or [])},
        device=chosen.device(device),
        elsewhere=chosen.elsewhere,
    )
    folders = [f"{name}={folder}" for name, folder in file.data.items()]
    execution = api.Execution(
        results=out,
        roots=own.roots | parse_roots(folders) | parse_roots(data or []),
        jobs=jobs,
        workers=workers,
        overwrite=check_choice("--overwrite", overwrite, OVERWRITE),  # type: ignore[arg-type]
        time_limit=minutes(time_limit),
        on_bad_clip=check_choice("--on-bad-clip", on_bad_clip, ON_BAD_CLIP),  # type: ignore[arg-type]
        engine=engine,
        devices=chosen.devices,
        options=chosen.options(),
        stage_to=stage_to,
        detach=detach,
        collect=chosen.collect() if detach else (),
    )
    resolved = api.resolve(grid)
    own.tell(resolved, jobs, on_bad_clip)
    if plan and json:
        print_json({"runs": api.plan(resolved, execution).frame()})
        return
    if plan:
        print_plan(resolved, execution, asked=device)
        return
    with ProgressDisplay(detail) as progress:
        progress.begin(begin_line(resolved, out, asked=device))
        states = api.run(resolved, execution, with_scalars(progress.hear, out) if tensorboard else progress.hear)
    _finish(resolved, states, execution, json, own)


def _finish(resolved: Any, states: dict[str, str], execution: Any, json: bool, own: Chosen) -> None:
    """Render if something has changed, and print the grid's table, or its results as JSON, and where the page is."""
    from ssmar_bench import api
    from ssmar_bench.api.report_state import known_answer

    out = execution.results
    begun = [name for name, state in states.items() if state not in ("skipped", "missing")]
    if begun:
        # the digest of all records, which tells whether the page is current, is made once where nothing has changed
        answer = None if json else known_answer(out, resolved.benchmark_config.name, begun)
        if answer is None and not api.report_is_current(out):
            api.render_report(out, frames=api.PageFrames(execution.roots, configs=[resolved.benchmark_config]))
        if json:
            found = api.results(out)
            print_json(found[found["folder"].isin(begun)])
        else:
            answer = answer or api.grid_answer(out, resolved.benchmark_config.name, begun)
            typer.echo(answer.table)
            typer.echo(f"Page: {out / 'reports' / 'index.html'}")
            tell_damage(answer.damage)
            if own.own is not None:
                print_next(begun, out)
    if print_failures(states, out):
        raise typer.Exit(1)
