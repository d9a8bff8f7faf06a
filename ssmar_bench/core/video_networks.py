"""torchvision's video networks: which clips each takes, and how its Kinetics weights were trained; no torch."""

from __future__ import annotations

from dataclasses import dataclass

from ssmar_bench.core.errors import UserError

Channels = tuple[float, float, float]
Normalisation = tuple[Channels, Channels]
"""Mean and standard deviation of the three channels of pixels in [0, 1]."""

WORDS = {"kinetics400": "KINETICS400_V1", "kinetics400-imagenet22k": "KINETICS400_IMAGENET22K_V1"}
"""What ``backbone.weights`` says -> torchvision's name of the weights."""

KINETICS: Normalisation = ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989))
PLAIN: Normalisation = ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225))
IMAGENET: Normalisation = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@dataclass(frozen=True)
class VideoNetwork:
    """What is known of a network before it is built.

    Attributes:
        frames, size: frames of a clip and side of its crop in pixels with which its weights were trained.
        normalisation: with which its weights were trained.
        least: fewest frames and smallest side that it takes.
        exactly: whether it takes clips of ``frames`` and ``size`` alone.
        weights: words of :data:`WORDS` that it has, the usual one first.
    """

    frames: int
    size: int
    normalisation: Normalisation
    least: tuple[int, int] = (1, 1)
    exactly: bool = False
    weights: tuple[str, ...] = ("kinetics400",)


VIDEO_NETWORKS = {
    "r3d_18": VideoNetwork(16, 112, KINETICS),
    "mc3_18": VideoNetwork(16, 112, KINETICS),
    "r2plus1d_18": VideoNetwork(16, 112, KINETICS),
    "s3d": VideoNetwork(128, 224, KINETICS, least=(13, 209)),
    "mvit_v1_b": VideoNetwork(16, 224, PLAIN, exactly=True),
    "mvit_v2_s": VideoNetwork(16, 224, PLAIN, exactly=True),
    "swin3d_t": VideoNetwork(32, 224, IMAGENET),
    "swin3d_s": VideoNetwork(32, 224, IMAGENET),
    "swin3d_b": VideoNetwork(32, 224, IMAGENET, weights=tuple(WORDS)),
}
"""By torchvision's name (0.29). Frames, sizes and normalisations are those that its documentation gives of the weights;
what a network takes was tried."""

STAGED_VIDEO = ("r3d_18", "mc3_18", "r2plus1d_18")
"""Those that tell the feature maps of their stages."""


def check_clips(name: str, frames: int, size: int) -> None:
    """Refuse clips that the network ``name`` cannot take; of other networks nothing is known here.

    Args:
        name: as a backbone config has it.
        frames: of a clip.
        size: side of the frames in pixels.

    Raises:
        UserError: says which clips it takes.
    """
    network = VIDEO_NETWORKS.get(name)
    if network is None:
        return
    if network.exactly:
        fits = (frames, size) == (network.frames, network.size)
        takes = f"of {network.frames} frames of {network.size} x {network.size} pixels alone"
    else:
        fits = frames >= network.least[0] and size >= network.least[1]
        takes = f"of at least {network.least[0]} frames of at least {network.least[1]} x {network.least[1]} pixels"
    if not fits:
        raise UserError(
            f"Backbone '{name}' takes clips {takes}, not {frames} frames of {size} x {size}; set "
            f"frame_cache.segments=16, clips.size=224 and a frame_cache.short_side of 224 or more, or give another "
            "--backbone."
        )


def trained_on(name: str, frames: int, size: int) -> str:
    """A sentence where the Kinetics weights of ``name`` were trained on clips of other frames or size; else ""."""
    network = VIDEO_NETWORKS.get(name)
    if network is None or (frames, size) == (network.frames, network.size):
        return ""
    return (
        f"The Kinetics weights of {name} were trained on {network.frames} frames of {network.size} x {network.size} "
        f"pixels; these clips are {frames} frames of {size} x {size}."
    )
