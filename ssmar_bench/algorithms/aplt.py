"""APLT (Zhang et al., IJCAI 2025): asynchronous pseudo-labelling and training, in the order of the paper's section 3.

Equation numbers are the paper's. What it leaves open is a hyper-parameter; the method config names each choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.clustering import Clusters, class_sums, gap_to_next_centre, semi_supervised_kmeans
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.offline_rounds import check_rounds, numbered_rounds, round_epochs
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels, weighted_cross_entropy
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


class APLT(Method):
    """FixMatch, and from the end of a warm-up on a margin loss to prototypes that change in offline rounds alone."""

    class Config(HyperParameters):
        """Hyper-parameters of APLT.

        Attributes:
            threshold: tau of eq. 3.2.
            weight: lambda of eq. 3.9.
            warm_up: share of the epochs before the first offline round (15/55).
            round_every: share of the epochs between two rounds (10/55).
            unit_clustering: cluster features of length 1, as Vaze et al. do, or raw ones.
            augmented_copies: strong views of each labelled clip in the clustering (labelled augmentation, D_sl).
            tolerance, iterations: when k-means stops.
            self_adaptive_threshold: screen pseudo-labels by eq. 3.4, or use all.
            screened_by: what eq. 3.4 averages and compares: the ``distance`` to the clip's centre (kept: below), or the
                ``gap`` by which the next centre is farther away (kept: above).
            prototypes_from: average the screened pseudo-labels (D_su) or all assigned ones in eq. 3.5.
            similarity: how F . rho is read in eqs. 3.6, 3.7 and at test: ``raw`` (literally), ``unit`` (features of
                length 1, prototypes their means), ``cosine`` (both of length 1, divided by ``temperature``).
            refresh_at_end: one more offline round after the last epoch, for the test prototypes alone.
            predict_with: the head that predicts once there are prototypes; both are recorded.
        """

        threshold: Threshold
        weight: float = Field(ge=0)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(gt=0, lt=1)
        round_every: Annotated[Fraction, Acts("schedule")] = Field(gt=0, le=1)
        unit_clustering: Annotated[bool, Acts("round")]
        augmented_copies: Annotated[int, Acts("round")] = Field(ge=0, le=100)
        tolerance: Annotated[float, Acts("round", other=1e6)] = Field(ge=0)
        iterations: Annotated[int, Acts("round")] = Field(ge=1)
        self_adaptive_threshold: Annotated[bool, Acts("round", all=False)]
        screened_by: Annotated[Literal["distance", "gap"], Acts("round", when={"self_adaptive_threshold": True})]
        prototypes_from: Annotated[Literal["screened", "all"], Acts("round", when={"self_adaptive_threshold": True})]
        similarity: Annotated[Literal["cosine", "raw", "unit"], Acts("round")]
        temperature: Annotated[float, Acts(when={"similarity": "cosine"})] = Field(gt=0)
        refresh_at_end: Annotated[bool, Acts("round")]
        predict_with: Annotated[Literal["prototypes", "classifier"], Acts("prediction")]

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config
        self.classes, self.epochs = context.classes, context.epochs
        self.register_buffer("prototypes", torch.zeros(context.classes, self.network.features))
        self.register_buffer("rounds", torch.zeros((), dtype=torch.long))
        self.register_buffer("pseudo_label", torch.zeros(context.n_unlabelled, dtype=torch.long))
        self.register_buffer("reliable", torch.zeros(context.n_unlabelled))
        self.register_buffer("closeness", torch.zeros(context.n_unlabelled))

    prototypes: Tensor
    rounds: Tensor
    pseudo_label: Tensor
    reliable: Tensor
    closeness: Tensor

    def views(self) -> Views:
        """Weak and strong of both pools (fig. 3)."""
        both = {"weak": View("weak"), "strong": View("strong")}
        return Views(labelled=both, unlabelled=both)

    # ---- 3.2: warm-up

    def logits_terms(
        self, batch: Batch, weak_x: Tensor, weak_u: Tensor, strong_u: Tensor
    ) -> tuple[dict[str, Tensor], PseudoLabels]:
        """FixMatch's two terms, whose sum is eq. 3.3, from logits (B, C) of both pools; and its pseudo-labels."""
        assert batch.unlabelled is not None
        online = confident_labels(batch.unlabelled.index, weak_u, self.config.threshold)
        terms = {
            "labelled_logits": functional.cross_entropy(weak_x, batch.labelled.label),  # eq. 3.1
            "unlabelled_logits": weighted_cross_entropy(strong_u, online.label, online.weight),  # eq. 3.2
        }
        return terms, online

    # ---- 3.3: phase I, an offline round

    def offline_round(self, pools: Pools) -> None:
        """Clusters both pools, screens the clusters' labels, and rebuilds the prototypes."""

        def features(clips: Tensor) -> Tensor:
            raw: Tensor = self.network(clips).features
            return raw.float()

        labelled = pools.map("labelled", View("test"), features)
        unlabelled = pools.map("unlabelled", View("test"), features)
        copies = [
            pools.map("labelled", View("strong"), features, draw) for draw in range(self.config.augmented_copies)
        ]  # D_sl, the labelled augmentation

        def scaled(raw: Tensor) -> Tensor:
            return functional.normalize(raw, dim=1) if self.config.unit_clustering else raw

        points = scaled(unlabelled)
        clusters = self.cluster(scaled(torch.cat([labelled, *copies])), pools.labels.repeat(1 + len(copies)), points)
        reliable, closeness = self.screen(clusters, points)
        self.pseudo_label.copy_(clusters.label)
        self.reliable.copy_(reliable if self.config.self_adaptive_threshold else torch.ones_like(reliable))
        self.closeness.copy_(closeness)
        self.prototypes.copy_(self.build_prototypes(labelled, pools.labels, unlabelled))
        self.rounds += 1

    def cluster(self, anchors: Tensor, anchor_label: Tensor, points: Tensor) -> Clusters:
        """Clusters of ``points`` (N, D) around the labelled ``anchors`` (M, D)."""
        return semi_supervised_kmeans(
            anchors, anchor_label, points, self.classes, self.config.tolerance, self.config.iterations
        )

    def screen(self, clusters: Clusters, points: Tensor) -> tuple[Tensor, Tensor]:
        """Which of ``points`` (N, D) pass eq. 3.4 (N,), and how surely (N,): more is surer, in units of the limit."""
        if self.config.screened_by == "distance":
            reach = self.self_adaptive_threshold(clusters, self.classes)[clusters.label]
            return clusters.distance < reach, -clusters.distance / reach.clamp_min(1e-12)
        gap = gap_to_next_centre(points, clusters.centres)
        least = self.self_adaptive_threshold(replace(clusters, distance=gap), self.classes)[clusters.label]
        return gap > least, gap / least.clamp_min(1e-12)

    @staticmethod
    def self_adaptive_threshold(clusters: Clusters, classes: int) -> Tensor:
        """tau_adapt (C,) of eq. 3.4: tau_local(c) / max(tau_local) * tau_global, all in units of distance.

        A cluster without a point has no tau_local: it is left out of the maximum and gets 0.
        """
        tau_global = clusters.distance.mean()
        total, count = class_sums(clusters.distance[:, None], clusters.label, classes)
        tau_local = total[:, 0] / count.clamp_min(1)
        return tau_local / tau_local.max().clamp_min(1e-12) * tau_global

    def build_prototypes(self, labelled: Tensor, label: Tensor, unlabelled: Tensor) -> Tensor:
        """Eq. 3.5: the mean feature (C, D) of the labelled clips and the screened pseudo-labelled ones of a class."""
        used = self.reliable > 0 if self.config.prototypes_from == "screened" else torch.ones_like(self.reliable) > 0
        members = torch.cat([labelled, unlabelled[used]])
        if self.config.similarity != "raw":
            members = functional.normalize(members, dim=1)
        total, count = class_sums(members, torch.cat([label, self.pseudo_label[used]]), self.classes)
        return total / count[:, None]

    # ---- 3.4: phase II, online

    def similarity(self, features: Tensor) -> Tensor:
        """The exponents F . rho (B, C) of eqs. 3.6 and 3.7; with gradient to the features (B, D) alone."""
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            match self.config.similarity:
                case "raw":
                    return features @ self.prototypes.T
                case "unit":
                    return functional.normalize(features, dim=1) @ self.prototypes.T
                case "cosine":
                    rho = functional.normalize(self.prototypes, dim=1)
                    return functional.normalize(features, dim=1) @ rho.T / self.config.temperature

    def margin_terms(
        self, labelled: Tensor, label: Tensor, unlabelled: Tensor, pseudo: PseudoLabels
    ) -> dict[str, Tensor]:
        """The two terms of eq. 3.8 times lambda, from features (B, D) of both pools and the labelled classes (B,)."""
        margin_x = functional.cross_entropy(self.similarity(labelled), label)  # eq. 3.6
        margin_u = weighted_cross_entropy(self.similarity(unlabelled), pseudo.label, pseudo.weight)  # eq. 3.7
        return {"labelled_margin": self.config.weight * margin_x, "unlabelled_margin": self.config.weight * margin_u}

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Eq. 3.3 in the warm-up, eq. 3.9 after it."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        warm = progress.epoch < self.round_epochs(progress.epochs)[0]
        views = (x.clips["weak"], u.clips["weak"], u.clips["strong"])
        weak_x, weak_u, strong_u, *strong_x = forward_together(
            self.network, *views, *([] if warm else [x.clips["strong"]])
        )
        terms, online = self.logits_terms(batch, weak_x.logits, weak_u.logits, strong_u.logits)
        if warm:
            return Losses(terms, {"online": online})
        offline = self.offline_labels(u.index)
        margin = self.margin_terms(strong_x[0].features, x.label, strong_u.features, offline)
        return Losses({**terms, **margin}, {"online": online, "offline": offline})

    def offline_labels(self, index: Tensor) -> PseudoLabels:
        """What the last offline round said of the unlabelled clips ``index`` (B,)."""
        return PseudoLabels(index, self.pseudo_label[index], self.reliable[index], self.closeness[index])

    # ---- 3.5: phase iteration and test

    def round_epochs(self, epochs: int) -> list[int]:
        """Epochs (from 0) before which a pseudo-labelling round is run: 15, 25, 35, 45 of 55, in proportion."""
        return round_epochs(epochs, self.config.warm_up, self.config.round_every)

    def resolved(self) -> Mapping[str, float]:
        """Number of epochs before each pseudo-labelling round of this run."""
        return numbered_rounds(self.round_epochs(self.epochs))

    def check(self, epochs: int) -> None:
        """Refuses a run so short that two offline rounds fall together or one falls outside."""
        check_rounds("aplt", epochs, self.round_epochs)

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """An offline round after the warm-up and at every ``round_every`` from there."""
        if progress.epoch in self.round_epochs(progress.epochs):
            self.offline_round(pools)

    def train_end(self, progress: Progress, pools: Pools) -> None:
        """The optional last round."""
        if self.config.refresh_at_end:
            self.offline_round(pools)

    def predict(self, clips: Tensor) -> Tensor:
        """The logits of the head that predicts; of the parametric classifier before the first round."""
        heads = self.further_predictions(clips)
        return heads.get(self.config.predict_with, heads["classifier"])

    def further_predictions(self, clips: Tensor) -> Mapping[str, Tensor]:
        """The parametric classifier's logits, and from the first round on the similarities to the prototypes."""
        output = self.network(clips)
        heads: dict[str, Tensor] = {"classifier": output.logits}
        return heads | {"prototypes": self.similarity(output.features)} if bool(self.rounds) else heads
