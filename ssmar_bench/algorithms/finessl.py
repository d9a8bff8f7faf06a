"""FineSSL (Gan and Wei, ICML 2024): margins for classes that are behind, weights from a decoupled auxiliary head."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _NormBase

from ssmar_bench.algorithms.shared.consistency import soft_cross_entropy
from ssmar_bench.algorithms.shared.cosine_head import CosineHead
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.learning_status import LearningStatus
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Method,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)

NORMALISATION = (_NormBase, nn.LayerNorm, nn.GroupNorm)


class FineSSL(Method):
    """L = H_m(y, z(x)) + H(y, z'(x)) + weight * mean d H_m(q, z(A u)) + mean over confident H_s(q, z'(A u)).

    z and z' are the main and the auxiliary head, the latter on features without gradient. q is the main head's label
    of the weak view and d the auxiliary head's confidence there. H_m has margins and H_s smoothed labels.
    Both unlabelled terms are means over two strong views A u.
    """

    class Config(HyperParameters):
        """Hyper-parameters of FineSSL.

        Attributes:
            tune: train the ``full`` network or the affine parameters of its normalisation layers (``norm``) and the
                heads, which replaces the paper's parameter-efficient tuning.
            margin: alpha_0, the largest margin.
            threshold: confidence from which on a clip counts for its class, and trains the auxiliary head.
            smoothing: epsilon, what the auxiliary head's target gives to the other classes together.
            weight: w_con, of the main head's unlabelled loss.
        """

        tune: Literal["full", "norm"]
        margin: Annotated[float, Acts(when={"threshold": 0.0})] = Field(ge=0)
        threshold: float = Field(ge=0, le=1)
        smoothing: float = Field(ge=0, lt=1)
        weight: float = Field(ge=0)

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config
        self.main = CosineHead(self.network.classifier.weight)
        self.auxiliary = CosineHead(self.network.classifier.weight)
        self.network.classifier.requires_grad_(False)  # the heads are in its place
        if config.tune == "norm":
            for layer in self.network.modules():
                for parameter in layer.parameters(recurse=False):
                    parameter.requires_grad_(isinstance(layer, NORMALISATION))
        self.status = LearningStatus(context.n_unlabelled, context.classes)

    def views(self) -> Views:
        """Weak labelled; weak and two strong unlabelled."""
        names = {"weak": "weak", "strong": "strong", "second": "strong"}
        return Views({"weak": View("weak")}, {name: View(aug) for name, aug in names.items()})

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """The learning status is of one epoch."""
        self.status.clear()

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All terms, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        views = (x.clips["weak"], u.clips["weak"], u.clips["strong"], u.clips["second"])
        of_x, of_weak, *of_strong = (output.features for output in forward_together(self.network, *views))
        strong = torch.cat(of_strong)

        found = confident_labels(u.index, self.main(of_weak), self.config.threshold)
        trust = self.auxiliary(of_weak.detach()).detach().softmax(1).max(1).values
        margin = self.margins()
        self.status.record(u.index, found.label, found.weight > 0)

        label, confident = found.label.repeat(2), found.weight.repeat(2)
        supervised = self.auxiliary(of_x.detach())
        smoothed = soft_cross_entropy(self.auxiliary(strong.detach()), self.smooth(label, supervised.shape[1]))
        main = weighted_cross_entropy(with_margins(self.main(strong), label, margin), label, trust.repeat(2))
        terms = {
            "labelled_main": functional.cross_entropy(with_margins(self.main(of_x), x.label, margin), x.label),
            "labelled_auxiliary": functional.cross_entropy(supervised, x.label),
            "unlabelled": self.config.weight * main,
            "auxiliary": (confident * smoothed).sum() / confident.sum().clamp_min(1),
        }
        return Losses(terms, {"online": PseudoLabels(u.index, found.label, trust, found.confidence)})

    def margins(self) -> Tensor:
        """The margin (C,) that each class must beat: Delta (1 - sigma) / (1 + sigma), sigma its learning status."""
        won, _ = self.status.counts()
        sigma = won / won.max().clamp_min(1)
        return self.config.margin * (sigma.max() - sigma.min()) * (1 - sigma) / (1 + sigma)

    def smooth(self, label: Tensor, classes: int) -> Tensor:
        """Targets (B, C): 1 - epsilon for ``label`` (B,), epsilon shared by the others."""
        own = functional.one_hot(label, classes).float()
        return own * (1 - self.config.smoothing) + (1 - own) * self.config.smoothing / (classes - 1)

    def predict(self, clips: Tensor) -> Tensor:
        """The main head's logits."""
        logits: Tensor = self.main(self.network(clips).features)
        return logits


def with_margins(logits: Tensor, label: Tensor, margin: Tensor) -> Tensor:
    """Logits (B, C) raised by margin[label] for every class but ``label`` (B,): balanced margin softmax."""
    others = 1 - functional.one_hot(label, logits.shape[1])
    return logits + margin[label][:, None] * others
