"""My method: in rounds, between epochs, the classifier labels the whole unlabelled pool; the loss uses these labels.

Asynchronous pseudo-labels as in APLT (Zhang et al., IJCAI 2025), with the classifier's own confidence.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.offline_rounds import check_rounds, round_epochs
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


class MyMethod(Method):
    """L = H(y, p(weak x)) + weight * w H(y', p(strong u)); label y' and weight w of a clip are those of the last round.

    Before the first round w is 0.
    """

    class Config(HyperParameters):
        """Hyper-parameters: types and bounds. The values are in the method config, so there are no defaults.

        Attributes:
            threshold: the least probability of a pseudo-label that is used; ``Acts`` tells the conformance kit where it
                acts, if not on every loss, and with which values every clip is selected, and none.
            weight: of the unlabelled loss.
            warm_up: share of the epochs before the first round.
            round_every: share of the epochs between two rounds.
        """

        threshold: Annotated[float, Acts("round", all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(gt=0, lt=1)
        round_every: Annotated[Fraction, Acts("schedule")] = Field(gt=0, le=1)

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")  # initial weights that all methods of a seed share
        self.config = config
        # What it remembers is in buffers: saving, resuming and moving it need no code.
        self.register_buffer("label", torch.zeros(context.n_unlabelled, dtype=torch.long))
        self.register_buffer("selected", torch.zeros(context.n_unlabelled))
        self.register_buffer("confidence", torch.zeros(context.n_unlabelled))

    label: Tensor
    selected: Tensor
    confidence: Tensor

    def views(self) -> Views:
        """What the loss looks at: a weak view of labelled clips, a strong one of unlabelled clips."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"strong": View("strong")})

    def rounds(self, epochs: int) -> list[int]:
        """Epochs (from 0) before which a pseudo-labelling round is run."""
        return round_epochs(epochs, self.config.warm_up, self.config.round_every)

    def check(self, epochs: int) -> None:
        """Refuses a run so short that two rounds fall together or one falls outside."""
        check_rounds("my-method", epochs, self.rounds)

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """A round: labels of the whole pool from its deterministic view, without gradient and in evaluation mode."""
        if progress.epoch in self.rounds(progress.epochs):
            logits = pools.map("unlabelled", View("test"), self.predict)
            found = confident_labels(torch.arange(len(logits)), logits, self.config.threshold)
            self.label.copy_(found.label)
            self.selected.copy_(found.weight)
            self.confidence.copy_(found.confidence)

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The terms of one step; clips are (B, T, C, H, W). Terms of labelled clips alone begin with ``labelled``."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled, strong = forward_together(self.network, x.clips["weak"], u.clips["strong"])
        pseudo = PseudoLabels(u.index, self.label[u.index], self.selected[u.index], self.confidence[u.index])
        terms = {
            "labelled": functional.cross_entropy(labelled.logits.float(), x.label),
            "unlabelled": self.config.weight * weighted_cross_entropy(strong.logits, pseudo.label, pseudo.weight),
        }
        return Losses(terms, {"offline": pseudo})  # the benchmark draws the pseudo-labels' accuracy from the second

    def predict(self, clips: Tensor) -> Tensor:
        """Logits (B, classes) of test clips (B, T, C, H, W)."""
        logits: Tensor = self.network(clips).logits
        return logits
