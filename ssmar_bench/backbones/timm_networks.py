"""Networks of timm with the weights that a backbone config names; a 2D one sees frames, as in TSN or TSM."""

from __future__ import annotations

import math
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, cast

import timm
from huggingface_hub import hf_hub_url, try_to_load_from_cache
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models import VisionTransformer
from torch import Tensor, nn

from ssmar_bench.backbones.gate import Gate, load_gates
from ssmar_bench.backbones.pretrained import State, load_weights
from ssmar_bench.backbones.shift import TemporalShift
from ssmar_bench.core.errors import UserError, nearest

REACHED_SECONDS = 15.0


def timm_network(name: str, weights: str, **arguments: Any) -> Any:
    """The network ``name`` of timm, made with ``arguments``, without its classifier.

    Args:
        name: one that timm knows.
        weights: ``none``, ``imagenet`` (timm fetches them) or a file. The position embeddings of a vision transformer
            are interpolated to the size of its frames, whatever size they were trained on.
        arguments: of timm's constructor.

    Raises:
        UserError: the weights cannot be fetched or read, or are another network's.
    """
    if weights == "imagenet":
        return _fetched(name, arguments)
    network = timm.create_model(name, num_classes=0, **arguments)
    if weights != "none":
        load_weights(network, Path(weights), lambda state: _at_size_of(network, state))
    return network


def _fetched(name: str, arguments: dict[str, Any]) -> Any:
    try:
        _require_reachable(name)
        return timm.create_model(name, num_classes=0, pretrained=True, **arguments)
    except Exception as error:
        raise UserError(
            f"The ImageNet weights of {name} cannot be fetched ({type(error).__name__}); download them elsewhere and "
            f"give the file with --set backbone.weights=FILE, or train from scratch with backbone.weights=none."
        ) from error


def _require_reachable(name: str) -> None:
    """An ``OSError`` at once where nothing can be fetched: the library itself tries again for a minute."""
    configured = timm.get_pretrained_cfg(name)
    if configured is None or not configured.hf_hub_id:
        return
    files = ("model.safetensors", "pytorch_model.bin")
    if any(isinstance(try_to_load_from_cache(configured.hf_hub_id, file), str) for file in files):
        return
    request = urllib.request.Request(hf_hub_url(configured.hf_hub_id, files[0]), method="HEAD")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=REACHED_SECONDS).close()  # noqa: S310  # the hub's own address
    except urllib.error.HTTPError:
        return  # somebody answers; the library knows what to make of it


def _at_size_of(network: Any, state: State) -> State:
    """The state of a vision transformer with its position embeddings at the size of the network's frames."""
    place = state.get("pos_embed")
    if not isinstance(network, VisionTransformer) or place is None or place.ndim != 3:
        return state
    side = math.isqrt(place.shape[1] - 1)  # beside the class token's, those of a square
    if side**2 != place.shape[1] - 1:
        return state
    return state | {"pos_embed": resample_abs_pos_embed(place, list(network.patch_embed.grid_size))}


class Timm2D(nn.Module):
    """Frames (B x T, 3, H, W) to pooled features (B x T, D) of the timm network ``name``.

    With ``shift``, the first convolution of every residual block sees its input shifted in time, as in TSM; with
    ``gate``, weighed by channel before that, as in MANet.
    """

    def __init__(self, name: str, segments: int, shift: bool, weights: str, gate: bool = False) -> None:
        super().__init__()
        if not timm.is_model(name):
            raise UserError(f"timm knows no network '{name}'{nearest(name, timm.list_models())}")
        self.network = timm_network(name, weights)
        self.features = int(cast("int", self.network.num_features))
        if shift:
            parts: list[Any] = list(self.network.modules())[1:]
            blocks = [part for part in parts if hasattr(part, "conv1")]
            if not blocks:
                asked = f"{'manet' if gate else 'tsm'}:{name}"
                raise UserError(f"{asked}: temporal shift needs residual blocks with a 'conv1'; use tsn:{name}.")
            for block in blocks:
                shifted = TemporalShift(block.conv1, segments)
                block.conv1 = Gate(shifted, block.conv1.in_channels) if gate else shifted
        if gate and weights not in ("none", "imagenet"):
            load_gates(self.network, Path(weights))

    def forward(self, frames: Tensor) -> Tensor:
        """Pooled features of every frame."""
        features: Tensor = self.network(frames)
        return features
