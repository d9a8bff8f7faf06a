"""``ssmar-bench pretrain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssmar_bench.progress_display import ProgressDisplay


def pretrain(
    network: Annotated[str, typer.Argument(help="micro-tsm, micro-tsm-wide, micro-r3d or timesformer-micro.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .safetensors file to write.")],
    processes: Annotated[int, typer.Option(min=1, help="Processes that render the pretext clips.")] = 2,
    clips: Annotated[int | None, typer.Option(min=320, help="Fewer pretext clips, to see whether it runs.")] = None,
) -> None:
    """Make the initial weights of a small network again, from actions and subjects that no benchmark has."""
    from ssmar_bench import api

    with ProgressDisplay() as progress:
        made = api.pretrain(network, out, processes, clips, progress.hear)
    typer.echo(f"{made.path}: {100 * made.accuracy:.1f} % of the held-out pretext clips are classified right")
