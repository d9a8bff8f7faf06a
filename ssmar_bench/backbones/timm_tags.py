"""timm's names of the pretrained networks that are behind names of ours, and initial weights in words; no torch."""

from __future__ import annotations

from pathlib import PurePath

from ssmar_bench.core.benchmark_config import BackboneConfig

STARTS = {
    "none": "from scratch",
    "imagenet": "from ImageNet weights",
    "kinetics400": "from Kinetics-400 weights",
    "kinetics400-imagenet22k": "from Kinetics-400 and ImageNet-22k weights",
    "pretext": "from pretext weights",
}

TIMM = {
    "timesformer-base": "vit_base_patch16_224.orig_in21k_ft_in1k",
    "timesformer-small": "vit_small_patch16_224.augreg_in21k_ft_in1k",
}
"""The networks whose weights they start from, fetched as ``imagenet``; the first is the one that SVFormer starts from
(as jx_vit_base_p16_224)."""


def saw_imagenet_21k(network: str) -> bool:
    """Whether timm's tag says that the ``imagenet`` weights of ``network`` were trained on ImageNet-21k, too."""
    return "in21k" in TIMM.get(network, network)


def initial_weights(backbone: BackboneConfig) -> str:
    """``weights`` of a section ``backbone`` in words."""
    weights = backbone.weights
    if weights == "imagenet" and saw_imagenet_21k(backbone.name):
        return "from ImageNet-21k weights"
    return STARTS.get(weights, f"from the weights {PurePath(weights).name}")
