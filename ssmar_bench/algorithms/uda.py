"""UDA, unsupervised data augmentation (Xie et al., NeurIPS 2020): sharpened weak predictions are targets for strong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.consistency import soft_cross_entropy
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels
from ssmar_bench.algorithms.shared.weak_to_strong import WeakToStrong
from ssmar_bench.core.contract import Acts, Progress, PseudoLabels


class UDA(WeakToStrong):
    """L = TSA[H(y, p(weak x))] + weight * 1[max q >= threshold] H(softmax(z / T), p(strong u)), q = softmax(z).

    z are the logits of the weak view. With training signal annealing (TSA), labelled clips that are already predicted
    too well for the moment of the run are left out.
    """

    class Config(WeakToStrong.Config):
        """Hyper-parameters of UDA.

        Attributes:
            threshold: beta, the least probability of a prediction that is used.
            temperature: tau of the sharpened target.
            tsa: how the limit of TSA grows from 1 / C to 1 over the run, or ``none``.
            tsa_by: what the limit is compared with: the probability of the true ``label``, the loss being the mean
                over the clips kept, or the largest one (``confidence``), the loss being the sum over B.
        """

        threshold: Threshold
        temperature: float = Field(gt=0)
        tsa: Literal["none", "linear", "exp", "log"]
        tsa_by: Annotated[Literal["label", "confidence"], Acts(when={"tsa": "linear"})]

    config: Config
    revision = 1

    def labelled_loss(self, logits: Tensor, label: Tensor, progress: Progress) -> Tensor:
        """Cross-entropy, of the clips below the limit alone if the signal is annealed."""
        if self.config.tsa == "none":
            return super().labelled_loss(logits, label, progress)
        probability = logits.detach().float().softmax(1)
        by_label = self.config.tsa_by == "label"
        known = probability.gather(1, label[:, None])[:, 0] if by_label else probability.max(1).values
        kept = (known <= self.limit(progress, logits.shape[1])).float()
        losses = kept * functional.cross_entropy(logits, label, reduction="none")
        return losses.sum() / (kept.sum().clamp_min(1) if by_label else len(losses))

    def limit(self, progress: Progress, classes: int) -> float:
        """The limit eta of TSA at this step."""
        t = progress.step / progress.steps
        grown = {"linear": t, "exp": math.exp(5 * (t - 1)), "log": 1 - math.exp(-5 * t)}[self.config.tsa]
        return grown * (1 - 1 / classes) + 1 / classes

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Clips that are predicted with confidence, before sharpening."""
        return confident_labels(index, weak, self.config.threshold)

    def unlabelled_terms(self, weak: Tensor, strong: Tensor, pseudo: PseudoLabels) -> Mapping[str, Tensor]:
        """The soft target instead of the hard label."""
        target = (weak / self.config.temperature).softmax(1)
        return {"unlabelled": self.config.weight * (pseudo.weight * soft_cross_entropy(strong, target)).mean()}
