"""FlexMatch (Zhang et al., NeurIPS 2021): FixMatch with a threshold for each class, lower where little is learned."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from ssmar_bench.algorithms.shared.learning_status import LearningStatus
from ssmar_bench.algorithms.shared.pseudo_labels import labels_by_class
from ssmar_bench.algorithms.shared.weak_to_strong import WeakToStrong
from ssmar_bench.core.contract import Acts, Context, PseudoLabels


class FlexMatch(WeakToStrong):
    """FixMatch with the threshold threshold * M(beta(c)) of class c, M(b) = b / (2 - b).

    beta(c) is the share of clips that the class has won with the full threshold, against the class that has won most.
    """

    class Config(WeakToStrong.Config):
        """Hyper-parameters of FlexMatch.

        Attributes:
            threshold: tau, what a clip needs to be counted, and the threshold of the class learned best.
            threshold_warm_up: while more clips are won by no class than by the best, compare with those.
        """

        threshold: Annotated[float, Acts(when={"threshold_warm_up": False})] = Field(ge=0, le=1)
        threshold_warm_up: bool

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.status = LearningStatus(context.n_unlabelled, context.classes)

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Hard labels by their class's threshold, which knows of the batches before this one."""
        won, unused = self.status.counts()
        best = won.max().maximum(unused) if self.config.threshold_warm_up else won.max()
        beta = won / best.clamp_min(1)
        pseudo = labels_by_class(index, weak.softmax(1), self.config.threshold * beta / (2 - beta))
        self.status.record(index, pseudo.label, pseudo.confidence >= self.config.threshold)
        return pseudo
