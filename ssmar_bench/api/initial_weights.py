"""Initial weights of the small networks, made again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.writable import require_writable
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve

PRETEXT_VIEWS_OF = "micro-motion-12"
"""The benchmark config that says how clips are stored and seen."""


@dataclass(frozen=True)
class PretrainedWeights:
    """What :func:`pretrain` wrote.

    Attributes:
        path: the safetensors file.
        accuracy: share of the held-out pretext clips that are classified right.
    """

    path: Path
    accuracy: float


def pretrain(
    network: str, out: Path | str, processes: int = 2, clips: int | None = None, listener: Listener = ignore_events
) -> PretrainedWeights:
    """Train the ``pretext`` weights of a small network and write them to ``out``.

    Args:
        network: one of ``micro-tsm``, ``micro-tsm-wide``, ``micro-r3d`` and ``timesformer-micro``.
        out: the file to write; it is replaced if it is there.
        processes: how many render the pretext clips.
        clips: fewer pretext clips than the shipped weights were trained on, to see whether it runs.
        listener: hears how far it is.

    Raises:
        UserError: there is no such network, or ``out`` cannot be written.
    """
    from ssmar_bench.core.network_names import PRETEXT_NETWORKS
    from ssmar_bench.training.pretrain import SCHEDULES, pretext_clips, save_weights, train_on_pretext

    if network not in PRETEXT_NETWORKS:
        raise UserError(
            f"'{network}' is no small network that is pretrained here{nearest(network, PRETEXT_NETWORKS)} "
            f"({', '.join(PRETEXT_NETWORKS)})."
        )
    path = Path(out).absolute()
    require_writable(path.parent, f"--out {out}")
    config = resolve(Grid(PRETEXT_VIEWS_OF, ["supervised"])).benchmark_config
    schedule = SCHEDULES[network].shortened(clips)
    data = pretext_clips(schedule.clips, config.frame_cache.short_side, processes)
    backbone = config.backbone.model_copy(update={"name": network, "weights": "none", "input": "diff"})
    trained, accuracy = train_on_pretext(
        backbone,
        config.frame_cache,
        config.clips,
        schedule,
        data,
        lambda done, total, loss: listener(Event(network, "epoch", f"loss {loss:.3f}", done, total)),
    )
    save_weights(trained, path)
    return PretrainedWeights(path, accuracy)
