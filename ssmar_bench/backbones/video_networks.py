"""torchvision's video networks by name, with its weights or those of a file, and each with its own normalisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights

from ssmar_bench.backbones.pretrained import load_weights
from ssmar_bench.backbones.resnet_3d import ResNet3D
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.video_networks import STAGED_VIDEO, WORDS, Normalisation


class _MeanPool(nn.Module):
    """(B, C, T, H, W) to means (B, C, 1, 1, 1); unlike adaptive pooling it has a repeatable gradient on GPUs."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean((2, 3, 4), keepdim=True)


class VideoFeatures(nn.Module):
    """Clips (B, T, 3, H, W) to the features (B, D) that go into a network's classifier.

    Args:
        network: clips (B, 3, T, H, W) to features, its classifier taken out.
        features: D.
    """

    takes_clips = True

    def __init__(self, network: nn.Module, features: int) -> None:
        super().__init__()
        self.network = network
        self.features = features

    def forward(self, clips: Tensor) -> Tensor:
        """Features of every clip."""
        features: Tensor = self.network(clips.transpose(1, 2))
        return features


class OwnNormalisation(nn.Module):
    """Clips in the normalisation that a network's weights were trained with, whatever the frame cache's is.

    Its numbers are buffers: a trained network keeps them with its weights.

    Args:
        given: of the clips.
        own: of the weights; None: from scratch, where clips stay as they are.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, given: Normalisation, own: Normalisation | None) -> None:
        super().__init__()
        mean, std = (torch.tensor(channels).view(3, 1, 1) for channels in given)
        own_mean, own_std = (torch.tensor(channels).view(3, 1, 1) for channels in own or given)
        self.register_buffer("scale", std / own_std)
        self.register_buffer("shift", (mean - own_mean) / own_std)

    def forward(self, clips: Tensor) -> Tensor:
        """Clips (B, T, 3, H, W) to the same in the other normalisation."""
        return clips * self.scale + self.shift


def torchvision_network(name: str, weights: str, called: str = "") -> tuple[Any, int]:
    """The network ``name`` of torchvision without its classifier, and the length of the features that it then gives.

    Args:
        name: torchvision's.
        weights: ``none``, a word of ``WORDS``, whose weights torchvision fetches, or a file.
        called: its name in errors, where that is another one.

    Raises:
        UserError: the weights cannot be fetched or read, or are another network's.
    """
    theirs = get_model_weights(name)[WORDS[weights]] if weights in WORDS else None
    try:
        network: Any = get_model(name, weights=theirs, progress=False)
    except (OSError, RuntimeError) as error:  # no network, or what came is not what was asked for
        raise UserError(
            f"The Kinetics-400 weights of {called or name} cannot be fetched ({type(error).__name__}); download "
            f"{theirs.url if theirs else name} elsewhere and give the file with --set backbone.weights=FILE, or "
            "train from scratch with backbone.weights=none."
        ) from error
    features = _without_classifier(network)
    if weights != "none" and theirs is None:
        load_weights(network, Path(weights))
    return network, features


def _without_classifier(network: Any) -> int:
    """Takes a network's classifier out; the length of the features that it was given."""
    if hasattr(network, "fc"):
        features = network.fc.in_features
        network.fc = nn.Identity()
    elif hasattr(network, "classifier"):  # S3D classifies each place, and takes the mean of the places
        features = network.classifier[1].in_channels
        network.avgpool, network.classifier = nn.Identity(), nn.Identity()
    else:
        last = network.head if isinstance(network.head, nn.Linear) else network.head[-1]
        features = last.in_features
        network.head = nn.Identity()
        if hasattr(network, "avgpool"):
            network.avgpool = _MeanPool()
    return int(features)


def video_network(name: str, weights: str) -> nn.Module:
    """The network ``name`` of :data:`~ssmar_bench.core.video_networks.VIDEO_NETWORKS`.

    Features are what torchvision's classifier is given: of the ResNets and Swin the mean over time and place, of MViT
    the class token, of S3D the mean over time and place, which up to 20 frames of 224 x 224 is its own pooling.

    Args:
        name: torchvision's.
        weights: as in a backbone config.

    Raises:
        UserError: as :func:`torchvision_network`.
    """
    network, features = torchvision_network(name, weights)
    return _staged(network, features) if name in STAGED_VIDEO else VideoFeatures(network, features)


def r3d18(weights: str) -> ResNet3D:
    """The 3D ResNet-18 of Tran et al. (CVPR 2018), torchvision's ``r3d_18``, for the rows of Table 2.

    It sees clips as the benchmark normalises them, whatever its weights. The stem keeps T and halves H and W; the
    stages halve T, H and W but for the first, and have 64, 128, 256 and 512 channels.

    Args:
        weights: ``none``, ``kinetics400`` (torchvision fetches them) or the path of a file.

    Raises:
        UserError: as :func:`torchvision_network`.
    """
    return _staged(*torchvision_network("r3d_18", weights, "r3d18"))


def _staged(network: Any, features: int) -> ResNet3D:
    return ResNet3D(network.stem, [network.layer1, network.layer2, network.layer3, network.layer4], features)
