"""LTG (Xiao et al., CVPR 2022): a network of pictures learns from one of temporal gradients.

The gradient is the difference of adjacent frames of the source video. Two networks of one kind see a clip's pictures
and gradients; in the paper they are 3D residual networks from scratch. Pictures alone are tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.contrast import info_nce
from ssmar_bench.algorithms.shared.projection import ProjectionHead
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Output,
    Progress,
    View,
    Views,
)

RGB, GRADIENT = "rgb", "gradient"


class LTG(Student):
    """L = sum over both modalities of 1/2 (H(y, p(x)) + 1[max q >= threshold] H(argmax q, p(strong u))) + L_a + L_c.

    q is made of both networks' logits of the weak view. The network of pictures predicts.
    """

    class Config(HyperParameters):
        """Hyper-parameters of LTG.

        Attributes:
            threshold: the least probability of a pseudo-label that is used.
            warm_up: share of the epochs before pseudo-labels are learned.
            modality: weight of each modality's supervised and pseudo-label loss.
            alignment: weight of each stage in the alignment of pictures with gradients, L_a.
            contrast: weight of each direction of the contrast between modalities, L_c.
            temperature: of the contrast.
            projection: width of the heads that the contrast is taken behind.
        """

        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        modality: float = Field(gt=0)
        alignment: float = Field(ge=0)
        contrast: float = Field(ge=0)
        temperature: float = Field(gt=0)
        projection: int = Field(ge=1)

    config: Config
    revision = 1
    needs_stages = True

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.gradient_network = context.network(GRADIENT)
        self.head, self.gradient_head = (
            context.module(role, lambda: ProjectionHead(self.network.features, config.projection))
            for role in ("head", "gradient head")
        )

    def views(self) -> Views:
        """Weak of both pools and strong unlabelled, each as pictures and gradients; a clip's share frames and crop."""

        def both(*augs: str) -> dict[str, View]:
            return {
                f"{aug}_{name}": View(aug, space="clip", modality=modality)  # type: ignore[arg-type]
                for name, modality in ((RGB, "rgb"), (GRADIENT, "tgrad"))
                for aug in augs
            }

        return Views(labelled=both("weak"), unlabelled=both("weak", "strong"))

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All clips of a modality go through its network in one pass."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        outputs = {}
        for name, network in ((RGB, self.network), (GRADIENT, self.gradient_network)):
            views = (x.clips[f"weak_{name}"], u.clips[f"weak_{name}"], u.clips[f"strong_{name}"])
            outputs[name] = network(torch.cat(views), maps=True)
        labelled, weak = len(x.label), len(x.label) + len(u.index)  # where the labelled and the weak clips end

        half = self.config.modality
        terms = {
            f"labelled_{name}": half * functional.cross_entropy(output.logits[:labelled], x.label)
            for name, output in outputs.items()
        }
        pseudo = {}
        if progress.epoch >= round(self.config.warm_up * progress.epochs):
            ensemble = sum(output.logits[labelled:weak] for output in outputs.values()) / 2
            pseudo["online"] = believed = confident_labels(u.index, ensemble, self.config.threshold)
            for name, output in outputs.items():
                learned = weighted_cross_entropy(output.logits[weak:], believed.label, believed.weight)
                terms[f"unlabelled_{name}"] = half * learned
        pictures, gradients = (_weak(output, weak) for output in outputs.values())
        terms["alignment"] = self.config.alignment * alignment(pictures.maps, gradients.maps)
        terms["contrast"] = self.config.contrast * self.contrast(pictures.features, gradients.features)
        return Losses(terms, pseudo)

    def contrast(self, pictures: Tensor, gradients: Tensor) -> Tensor:
        """L_c of features (B, D) and (B, D): each clip's picture finds its gradient among all, and the other way."""
        one, other = self.head(pictures), self.gradient_head(gradients)
        return info_nce(one, other, self.config.temperature) + info_nce(other, one, self.config.temperature)

    def check(self, epochs: int) -> None:
        """Refuses a run so short that no pseudo-label is ever learned."""
        if round(self.config.warm_up * epochs) >= epochs:
            raise ValueError(f"ltg needs a longer run: all {epochs} epochs would be warm-up; raise train.epochs")


def _weak(output: Output, weak: int) -> Output:
    """The part of an output that is of weak views, the first ``weak`` clips."""
    maps = tuple(stage[:weak] for stage in output.maps)
    return Output(output.logits[:weak], output.features[:weak], output.frames[:weak], maps)


def alignment(pictures: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """L_a: the sum over stages of 1 - cosine along channels, its mean over clips, time and place; gradients teach.

    Args:
        pictures: each stage's maps (B, C, T, H, W).
        gradients: likewise; without gradient of their own.
    """
    return torch.stack(
        [
            1 - functional.cosine_similarity(learner.float(), teacher.detach().float(), dim=1).mean()
            for learner, teacher in zip(pictures, gradients, strict=True)
        ]
    ).sum()
