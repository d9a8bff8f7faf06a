"""TimeSformer (Bertasius et al., ICML 2021): a vision transformer whose blocks attend in time, then in space."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from timm.layers.drop import DropPath
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.pretrained import State
from ssmar_bench.backbones.timm_networks import timm_network
from ssmar_bench.backbones.timm_tags import TIMM
from ssmar_bench.core.errors import UserError

MICRO: dict[str, Any] = {"patch_size": 8, "embed_dim": 64, "depth": 4, "num_heads": 4, "weight_init": "jax"}
"""``timesformer-micro``: for the embedded benchmarks' frames of 32 x 32, on a CPU.

Its first weights are larger the narrower their layers (Xavier); the wide networks' 0.02 would leave it almost silent.
"""

DROP_PATH = 0.1
"""Share of the last block's residual branches that are dropped in training; it grows linearly from 0 in the first."""


class DividedBlock(nn.Module):
    """A block of a vision transformer that also attends in time.

    Temporal attention and its norm start as copies of the spatial ones. Its outcome goes through a projection that
    starts at zero in all blocks but the first, so that pretrained spatial features are at first hardly disturbed.

    Args:
        block: timm's block; its parts are taken over.
        drop_path: share of residual branches that are dropped in training.
        first: whether it is the network's first block.
    """

    def __init__(self, block: Any, drop_path: float, first: bool) -> None:
        super().__init__()
        self.norm1, self.attn, self.norm2, self.mlp = block.norm1, block.attn, block.norm2, block.mlp
        self.attn.fused_attn = False  # fused attention has no repeatable gradient on GPUs
        self.temporal_norm, self.temporal_attn = deepcopy(block.norm1), deepcopy(block.attn)
        width = block.attn.proj.out_features
        self.temporal_out = nn.Linear(width, width)
        nn.init.zeros_(self.temporal_out.bias)
        if not first:
            nn.init.zeros_(self.temporal_out.weight)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: Tensor, frames: int) -> Tensor:
        """Class token and patches (B, 1 + T x N, D), frame by frame, to the same; ``frames`` is T.

        In space the class token attends in every frame, and what comes of it is averaged over the frames.
        """
        clips, _, width = tokens.shape
        token, patches = tokens[:, :1], tokens[:, 1:].view(clips, frames, -1, width)

        of_place = patches.transpose(1, 2).flatten(0, 1)
        change: Tensor = self.drop_path(self.temporal_out(self.temporal_attn(self.temporal_norm(of_place))))
        patches = patches + change.view(clips, -1, frames, width).transpose(1, 2)

        of_frame = torch.cat([token[:, None].expand(-1, frames, -1, -1), patches], dim=2).flatten(0, 1)
        change = self.drop_path(self.attn(self.norm1(of_frame))).view(clips, frames, -1, width)
        token, patches = token + change[:, :, 0].mean(1, keepdim=True), patches + change[:, :, 1:]

        tokens = torch.cat([token, patches.flatten(1, 2)], dim=1)
        change = self.drop_path(self.mlp(self.norm2(tokens)))
        return tokens + change


class TimeSformer(nn.Module):
    """Clips (B, T, 3, H, W) to the class token's features (B, D) after the last norm.

    Args:
        name: ``timesformer-base``, ``-small`` or ``-micro``.
        segments: T.
        size: H and W.
        weights: of the spatial part, as in a backbone config; the temporal part begins with the spatial one's.

    Attributes:
        features: D.
        grid: rows and columns of a frame's patch tokens.
    """

    takes_clips = True
    embeds_time = True

    def __init__(self, name: str, segments: int, size: int, weights: str = "none") -> None:
        super().__init__()
        if name in TIMM:
            self.network: Any = timm_network(TIMM[name], weights, img_size=size)
        else:
            self.network = VisionTransformer(img_size=size, num_classes=0, **MICRO)
        side = self.network.patch_embed.patch_size[0]
        if size % side:
            raise UserError(f"Backbone '{name}' cuts frames into patches of {side} x {side}; {size} is no multiple.")
        self.features = int(self.network.num_features)
        self.grid: tuple[int, int] = self.network.patch_embed.grid_size
        self.time_embed = nn.Parameter(torch.zeros(1, segments, self.features))
        blocks = list(self.network.blocks)
        last = max(1, len(blocks) - 1)
        self.network.blocks = nn.ModuleList(
            DividedBlock(block, DROP_PATH * depth / last, first=not depth) for depth, block in enumerate(blocks)
        )

    def fitted(self, state: State) -> State:
        """Weights of the same network for another T or size, with the embeddings of time and place of this one."""
        if not {"time_embed", "network.pos_embed"} <= set(state):
            return state
        time = functional.interpolate(state["time_embed"].float().transpose(1, 2), self.time_embed.shape[1]).transpose(
            1, 2
        )
        place = resample_abs_pos_embed(state["network.pos_embed"].float(), list(self.grid))
        return state | {"time_embed": time, "network.pos_embed": place}

    def forward(self, clips: Tensor, places: Sequence[int] | None = None) -> Tensor:
        """Features of clips of any T; time embeddings of another T are the nearest ones, as in the official code.

        With ``places`` (T numbers) the time embedding of each frame is that of its place.
        """
        vit, (batch, frames) = self.network, clips.shape[:2]
        time: Tensor = self.time_embed
        if places is not None:
            time = time[:, list(places)]
        elif frames != time.shape[1]:
            time = functional.interpolate(time.transpose(1, 2), frames).transpose(1, 2)
        patches = vit.patch_embed(clips.flatten(0, 1)).unflatten(0, (batch, frames))
        patches = patches + vit.pos_embed[:, None, 1:] + time[:, :, None]
        token = (vit.cls_token + vit.pos_embed[:, :1]).expand(batch, -1, -1)
        tokens = torch.cat([token, patches.flatten(1, 2)], dim=1)
        for block in vit.blocks:
            tokens = block(tokens, frames)
        features: Tensor = vit.norm(tokens[:, 0])
        return features
