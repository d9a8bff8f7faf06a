"""Whether a network can have its initial weights and take the clips of a run, tried before anything is decoded."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from ssmar_bench.backbones.build import build_backbone, weights_file
from ssmar_bench.backbones.pretrained import left_over
from ssmar_bench.backbones.trial import trial
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.video_networks import trained_on


def check_fit(
    config: BackboneConfig, segments: int, classes: int, size: int, classifier: bool = False
) -> tuple[str, ...]:
    """Raise what training would meet only after decoding: weights that cannot be had, clips that do not fit.

    Weights that a library fetches are fetched, once; they are needed on the machine that trains. With ``classifier`` a
    file's is expected, too.

    Returns:
        Sentences that a user should read, and that stop nothing.

    Raises:
        UserError: the weights cannot be read or fetched or are another network's, or the network cannot take
            ``segments`` frames of ``size`` x ``size`` pixels.
    """
    path = Path(weights_file(config))
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _check_fit(config, segments, classes, size, changed, classifier)


@lru_cache(maxsize=256)
def _check_fit(
    config: BackboneConfig,
    segments: int,
    classes: int,
    size: int,
    changed: int,  # noqa: ARG001
    classifier: bool,
) -> tuple[str, ...]:
    """As :func:`check_fit`; a file of weights that has ``changed`` is read again."""
    told: tuple[str, ...] = ()
    if config.input == "diff" and segments == 1:
        raise UserError(
            f"Backbone '{config.name}' with input diff cannot take clips of 1 frames: a difference needs two; change "
            "frame_cache.segments or backbone.input."
        )
    if config.weights != "none":
        network = build_backbone(config, segments, classes, 0, size, classifier=classifier)
        spare = left_over(network, Path(config.weights), config.name)
        unlike = ""
        if classifier and weights_file(config) and not network.knows_classes:
            unlike = f"{config.weights} has no classifier of {classes} classes; {config.name} starts with a random one."
        told = tuple(filter(None, [trained_on(config.name, segments, size), spare, unlike]))
    try:
        with trial(config, segments, classes, size) as (network, clip), torch.no_grad():
            network.eval()(clip)
    except UserError:
        raise
    except Exception:  # noqa: BLE001  # no network must be able to run without memory
        _try(config.model_copy(update={"weights": "none"}), segments, classes, size)
    return told


def _try(config: BackboneConfig, segments: int, classes: int, size: int) -> None:
    try:
        with torch.no_grad():
            build_backbone(config, segments, classes, 0, size).eval()(torch.zeros(1, segments, 3, size, size))
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"Backbone '{config.name}' with input {config.input} cannot take clips of {segments} frames of {size} x "
            f"{size} pixels ({' '.join(str(error).split())[:120]}); change frame_cache.segments or clips.size."
        ) from error
