"""APLT with one part replaced: the rows of the paper's Tables 3, 4 and 5 that its own switches do not reach.

With every switch at APLT's value it is APLT, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ssmar_bench.algorithms.aplt import APLT
from ssmar_bench.algorithms.shared.clustering import Clusters, free_kmeans, hungarian_match
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.core.contract import Acts, Batch, Context, Losses, Output, Pools, Progress, PseudoLabels

_PROTOTYPES = {"clusters_train": "prototypes"}


class Ablation(APLT):
    """Other clusters, other views or labels of the margin loss, or clusters that train no prototypes."""

    class Config(APLT.Config):
        """APLT's hyper-parameters and four switches.

        Attributes:
            clusters: ``anchored`` by labelled clips (APLT), or ``free``: k-means without labels over both pools,
                clusters named by the Hungarian method on the labelled clips (Table 3, KM).
            margin_view: which views of labelled and unlabelled clips the margin losses see (Table 3, S and W).
            margin_labels: whose labels eq. 3.7 takes: the ``offline`` clusters', or the prototypes' own of the weak
                view at each step (``online``; Table 4, APLT with SYN), of which none is screened out.
            clusters_train: the ``prototypes``' margin losses (APLT); the ``classifier`` (Table 5,
                Variant I, which tests it too); or ``nothing``: FixMatch to the end, and one round for the test
                prototypes (Variant II).
        """

        clusters: Annotated[Literal["anchored", "free"], Acts("round")]
        margin_view: Annotated[Literal["strong", "weak"], Acts(when=_PROTOTYPES)]
        margin_labels: Annotated[Literal["offline", "online"], Acts(when=_PROTOTYPES)]
        clusters_train: Annotated[Literal["prototypes", "classifier", "nothing"], Acts("round")]  # "nothing": no round
        # APLT's own that some values of clusters_train leave without an effect
        weight: Annotated[float, Acts(when=_PROTOTYPES)] = Field(ge=0)
        warm_up: Annotated[Fraction, Acts("schedule", when=_PROTOTYPES)] = Field(gt=0, lt=1)
        round_every: Annotated[Fraction, Acts("schedule", when=_PROTOTYPES)] = Field(gt=0, le=1)
        temperature: Annotated[float, Acts(when={**_PROTOTYPES, "similarity": "cosine"})] = Field(gt=0)
        refresh_at_end: Annotated[bool, Acts("round", when=_PROTOTYPES)]

    revision = 1

    config: Config

    def __init__(self, context: Context, config: Config) -> None:  # the checks of a plan read the type
        super().__init__(context, config)

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """FixMatch's terms, and after the warm-up what the switches say of the clusters."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        switch = self.config
        warm = switch.clusters_train == "nothing" or progress.epoch < self.round_epochs(progress.epochs)[0]
        margin = not warm and switch.clusters_train == "prototypes"
        strong_x = (x.clips["strong"],) if margin and switch.margin_view == "strong" else ()
        views = (x.clips["weak"], u.clips["weak"], u.clips["strong"], *strong_x)
        weak_x, weak_u, strong_u, *strong = forward_together(self.network, *views)
        terms, online = self.logits_terms(batch, weak_x.logits, weak_u.logits, strong_u.logits)
        if warm:
            return Losses(terms, {"online": online})
        if not margin:
            offline = self.offline_labels(u.index)
            loss = weighted_cross_entropy(strong_u.logits, offline.label, offline.weight)
            clusters = {"unlabelled_clusters": switch.weight * loss}
            return Losses({**terms, **clusters}, {"online": online, "offline": offline})
        seen_x, seen_u = (strong[0], strong_u) if strong else (weak_x, weak_u)
        series, pseudo = self._labels(u.index, weak_u)
        margins = self.margin_terms(seen_x.features, x.label, seen_u.features, pseudo)
        return Losses({**terms, **margins}, {"online": online, series: pseudo})

    def _labels(self, index: Tensor, weak: Output) -> tuple[str, PseudoLabels]:
        """The labels of eq. 3.7 and the name of their series."""
        if self.config.margin_labels == "offline":
            return "offline", self.offline_labels(index)
        return "prototypes", confident_labels(index, self.similarity(weak.features), threshold=0.0)

    def cluster(self, anchors: Tensor, anchor_label: Tensor, points: Tensor) -> Clusters:
        """APLT's clusters of ``points`` (N, D) around ``anchors`` (M, D) of classes (M,), or free ones."""
        if self.config.clusters == "anchored":
            return super().cluster(anchors, anchor_label, points)
        tolerance, iterations = self.config.tolerance, self.config.iterations
        centres, label = free_kmeans(torch.cat([anchors, points]), self.classes, tolerance, iterations)
        names = hungarian_match(label[: len(anchors)], anchor_label, self.classes)
        own = names[label[len(anchors) :]]
        named = torch.empty_like(centres).index_copy_(0, names, centres)  # row c: the centre of class c
        return Clusters(named, own, (points - named[own]).norm(dim=1), iterations)

    def resolved(self) -> Mapping[str, float]:
        """As APLT, if there are rounds during training."""
        return {} if self.config.clusters_train == "nothing" else super().resolved()

    def check(self, epochs: int) -> None:
        """As APLT; without rounds during training any length will do."""
        if self.config.clusters_train != "nothing":
            super().check(epochs)

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """APLT's rounds, if they train anything."""
        if self.config.clusters_train != "nothing":
            super().epoch_start(progress, pools)

    def train_end(self, progress: Progress, pools: Pools) -> None:
        """The one round of Variant II, or APLT's optional last one."""
        if self.config.clusters_train == "nothing":
            self.offline_round(pools)
        else:
            super().train_end(progress, pools)
