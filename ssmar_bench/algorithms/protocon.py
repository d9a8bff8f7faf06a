"""ProtoCon (Nassar et al., CVPR 2023): pseudo-labels refined by those of their cluster, and class prototypes.

Clusters are assigned in every step; their labels and the prototypes change between epochs alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.algorithms.shared.clustering import class_sums
from ssmar_bench.algorithms.shared.consistency import soft_cross_entropy
from ssmar_bench.algorithms.shared.contrast import inner_products
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.online_clusters import OnlineClusters
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold
from ssmar_bench.algorithms.shared.schedule import momentum_of_run
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.algorithms.shared.views import weak_and_strong
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)

LEAST = 1e-12


class ProtoCon(Student):
    """L = H(y, p(x)) + weight m H(P, p(A u)) + prototypes (H(y, r(x)) + m H(P, r(A u))) + self_supervised (1 - m) L_c.

    P is the debiased prediction of the weak view, mixed with its cluster's label; m is 1 where max P reaches the
    threshold. r compares projections with prototypes. L_c asks both views for one projection.
    """

    class Config(HyperParameters):
        """Hyper-parameters of ProtoCon.

        Attributes:
            threshold: the least max P of a clip that counts as reliable.
            weight: of the pseudo-labels' loss.
            prototypes: weight of both prototype losses.
            self_supervised: weight of L_c.
            own_share: alpha, what P keeps of the clip's own prediction.
            warm_up: share of the epochs before the clusters' labels are used.
            clips_per_cluster: of the unlabelled pool; it decides the number of clusters,
            clusters_per_class: of which there are at least so many for each class.
            dual_rate: by how much a clip lowers its cluster's dual (``shared.online_clusters``).
            ratio: least size of a cluster in units of an equal share.
            debiasing: how much of the logarithm of the mean prediction is taken off the weak and added to the strong
                view's logits.
            momentum: of the mean prediction.
            memory: its longest memory as a share of the run (``shared.schedule``).
            projection: length of the projections.
            temperature: of prototypes and of the strong view in L_c.
            target_temperature: of the weak view in L_c.
            centre_momentum: of the mean target of L_c.
        """

        threshold: Threshold
        weight: float = Field(ge=0)
        prototypes: float = Field(ge=0)
        self_supervised: float = Field(ge=0)
        own_share: float = Field(ge=0, le=1)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        clips_per_cluster: Annotated[int, Acts(other=1)] = Field(ge=1)
        clusters_per_class: int = Field(ge=1)
        dual_rate: Annotated[float, Acts(other=5.0)] = Field(ge=0)
        ratio: Annotated[float, Acts(when={"dual_rate": 5.0})] = Field(ge=0, le=1)
        debiasing: float = Field(ge=0)
        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)
        projection: int = Field(ge=2)
        temperature: float = Field(gt=0)
        target_temperature: float = Field(gt=0)
        centre_momentum: float = Field(ge=0, lt=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        width, features, classes = config.projection, self.network.features, context.classes
        count = max(config.clusters_per_class * classes, round(context.n_unlabelled / config.clips_per_cluster))
        self.projector = context.module(
            "projector",
            lambda: nn.Sequential(nn.Linear(features, features), nn.LeakyReLU(0.1), nn.Linear(features, width)),
        )
        self.clusters: OnlineClusters = context.module(
            "clusters", lambda: OnlineClusters(count, width, config.dual_rate, config.ratio)
        )
        self.register_buffer("cluster_label", torch.full((count, classes), 1 / classes))
        self.register_buffer("prototypes", torch.zeros(classes, width))
        self.register_buffer("class_total", torch.zeros(classes, width))
        self.register_buffer("mean_prediction", torch.full((classes,), 1 / classes))
        self.register_buffer("mean_target", torch.zeros(width))
        self.register_buffer("cluster", torch.zeros(context.n_unlabelled, dtype=torch.long))
        self.register_buffer("cosine", torch.zeros(context.n_unlabelled))
        self.register_buffer("pseudo_label", torch.full((context.n_unlabelled,), -1))

    cluster_label: Tensor
    """(K, C) distributions over the classes."""
    prototypes: Tensor
    """(C, width) unit vectors."""
    class_total: Tensor
    """(C, width) sums of the epoch's projections by class."""
    mean_prediction: Tensor
    mean_target: Tensor
    cluster: Tensor
    cosine: Tensor
    pseudo_label: Tensor
    """(N,) of each unlabelled clip when it was last seen; -1 before."""

    def resolved(self) -> Mapping[str, float]:
        """The momentum and the number of clusters in this run."""
        return {"momentum": self.momentum, "clusters": float(len(self.cluster_label))}

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled."""
        return weak_and_strong()

    def projected(self, features: Tensor) -> Tensor:
        """Projections (B, width) of length 1, of features (B, D), in 32 bits."""
        return functional.normalize(self.projector(features).float(), dim=1)

    def prototype_logits(self, projected: Tensor) -> Tensor:
        """Cosines (B, C) to the prototypes over the temperature."""
        return inner_products(projected, self.prototypes) / self.config.temperature

    # ---- a step

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All terms, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u, config = batch.labelled, batch.unlabelled, self.config
        outputs = forward_together(self.network, x.clips["weak"], u.clips["weak"], u.clips["strong"])
        of_x, of_weak, of_strong = (self.projected(output.features) for output in outputs)
        labelled, weak, strong = (output.logits.float() for output in outputs)
        weak, of_weak = weak.detach(), of_weak.detach()

        cluster, cosine = self.clusters(of_weak)
        refined = self.refined(weak, cluster, progress)
        confidence, label = refined.max(1)
        reliable = (confidence >= config.threshold).float()
        self.remember(u.index, cluster, cosine, label)
        self.mean_prediction.lerp_(weak.softmax(1).mean(0), 1 - self.momentum)
        target = self.self_target(of_weak)

        adjusted = soft_cross_entropy(strong + self.bias(), refined)
        by_prototype = soft_cross_entropy(self.prototype_logits(of_strong), refined)
        same = soft_cross_entropy(of_strong / config.temperature, target)
        of_labels = functional.cross_entropy(self.prototype_logits(of_x), x.label)
        self.gather(of_x.detach(), x.label, torch.ones_like(of_x[:, 0]))
        self.gather(of_weak, label, reliable)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "labelled_prototypes": config.prototypes * of_labels,
            "unlabelled": config.weight * (reliable * adjusted).mean(),
            "prototypes": config.prototypes * (reliable * by_prototype).mean(),
            "self_supervised": config.self_supervised * ((1 - reliable) * same).mean(),
        }
        return Losses(terms, {"online": PseudoLabels(u.index, label, reliable, confidence)})

    def bias(self) -> Tensor:
        """What debiasing moves: its factor times the logarithm of the mean prediction, (C,)."""
        return self.config.debiasing * self.mean_prediction.clamp_min(LEAST).log()

    def refined(self, weak: Tensor, cluster: Tensor, progress: Progress) -> Tensor:
        """P (B, C) from the weak view's logits (B, C) and each clip's cluster (B,)."""
        own = (weak - self.bias()).softmax(1)
        if progress.epoch < round(self.config.warm_up * progress.epochs):
            return own
        return self.config.own_share * own + (1 - self.config.own_share) * self.cluster_label[cluster]

    def self_target(self, projected: Tensor) -> Tensor:
        """Distributions (B, width) over the projection's dimensions, which the mean of former ones is taken off."""
        target = ((projected - self.mean_target) / self.config.target_temperature).softmax(1)
        self.mean_target.lerp_(target.mean(0), 1 - self.config.centre_momentum)
        return target

    # ---- what is remembered of an epoch, and what it becomes

    def remember(self, index: Tensor, cluster: Tensor, cosine: Tensor, label: Tensor) -> None:
        """Cluster, cosine to its centre and pseudo-label of the unlabelled clips ``index``; all (B,)."""
        self.cluster[index], self.cosine[index], self.pseudo_label[index] = cluster, cosine, label

    def gather(self, projected: Tensor, label: Tensor, used: Tensor) -> None:
        """Adds projections (B, width) that are ``used`` (B,) to the sums of their classes (B,)."""
        self.class_total += class_sums(projected * used[:, None], label, len(self.class_total))[0]

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """Makes prototypes and the clusters' labels of the last epoch; the first prototypes of the labelled pool."""
        if progress.epoch == 0:
            projected = pools.map("labelled", View("test"), lambda clips: self.projected(self.network(clips).features))
            self.gather(projected, pools.labels, torch.ones_like(projected[:, 0]))
        else:
            self.cluster_label.copy_(self.labels_of_clusters())
            self.clusters.new_epoch()
        seen = self.class_total.any(1, keepdim=True)
        self.prototypes.copy_(torch.where(seen, functional.normalize(self.class_total, dim=1), self.prototypes))
        self.class_total.zero_()

    def labels_of_clusters(self) -> Tensor:
        """(K, C): of each class, the sum of its members' cosines (0 if negative), normalised; the old one if empty."""
        seen = self.pseudo_label >= 0
        clusters, classes = self.cluster_label.shape
        votes = functional.one_hot(self.pseudo_label.clamp_min(0), classes) * (self.cosine.clamp_min(0) * seen)[:, None]
        total, _ = class_sums(votes, self.cluster, clusters)
        weight = total.sum(1, keepdim=True)
        return torch.where(weight > 0, total / weight.clamp_min(LEAST), self.cluster_label)

    def further_predictions(self, clips: Tensor) -> Mapping[str, Tensor]:
        """The classifier's logits, and those of the prototypes."""
        output = self.network(clips)
        by_prototype = self.prototype_logits(self.projected(output.features))
        return {"classifier": output.logits, "prototypes": by_prototype}
