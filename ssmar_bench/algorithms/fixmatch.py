"""FixMatch (Sohn et al., NeurIPS 2020): confident labels of weak views supervise strong views."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.parts.forward import together
from ssmar_bench.algorithms.parts.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Method, Progress, View, Views


class FixMatch(Method):
    """L = H(y, p(weak x)) + weight * 1[max q >= threshold] H(argmax q, p(strong u)), q = p(weak u)."""

    class Config(HyperParameters):
        """Hyper-parameters of FixMatch.

        Attributes:
            threshold: tau, the least probability of a pseudo-label that is used.
            weight: of the unlabelled loss.
            strong_labelled: also learn strong views of labelled clips (a control, not part of FixMatch).
        """

        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)
        strong_labelled: bool

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config

    def views(self) -> Views:
        """Weak labelled (strong too for the control); weak and strong unlabelled on the same frames."""
        labelled = {"weak": View("weak")} | ({"strong": View("strong")} if self.config.strong_labelled else {})
        return Views(labelled, unlabelled={"weak": View("weak"), "strong": View("strong")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The two terms, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        *labelled, weak, strong = together(self.network, *x.clips.values(), u.clips["weak"], u.clips["strong"])
        pseudo = confident_labels(u.index, weak.logits, self.config.threshold)
        terms = {
            f"labelled_{view}": functional.cross_entropy(output.logits, x.label)
            for view, output in zip(x.clips, labelled, strict=True)
        }
        terms["unlabelled"] = self.config.weight * weighted_cross_entropy(strong.logits, pseudo.label, pseudo.weight)
        return Losses(terms, {"online": pseudo})

    def predict(self, clips: Tensor) -> Tensor:
        """The classifier's logits."""
        logits: Tensor = self.network(clips).logits
        return logits
