"""My method: confident labels of weak views supervise strong views, as in FixMatch (Sohn et al., NeurIPS 2020)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Method, Progress, View, Views


class MyMethod(Method):
    """L = H(y, p(weak x)) + weight * 1[max q >= threshold] H(argmax q, p(strong u)), q = p(weak u)."""

    class Config(HyperParameters):
        """Hyper-parameters: types and bounds. The values are in the method config, so there are no defaults.

        Attributes:
            threshold: the least probability of a pseudo-label that is used; ``Acts`` tells the conformance kit with
                which values every clip is selected, and none.
            weight: of the unlabelled loss.
        """

        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")  # initial weights that all methods of a seed share
        self.config = config

    def views(self) -> Views:
        """What the loss looks at: a weak view of labelled clips, a weak and a strong one of unlabelled clips."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), "strong": View("strong")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The terms of one step; clips are (B, T, C, H, W). Terms of labelled clips alone begin with ``labelled``."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled, weak, strong = forward_together(self.network, x.clips["weak"], u.clips["weak"], u.clips["strong"])
        pseudo = confident_labels(u.index, weak.logits, self.config.threshold)
        terms = {
            "labelled": functional.cross_entropy(labelled.logits.float(), x.label),
            "unlabelled": self.config.weight * weighted_cross_entropy(strong.logits, pseudo.label, pseudo.weight),
        }
        return Losses(terms, {"online": pseudo})  # the benchmark draws the pseudo-labels' accuracy from the second

    def predict(self, clips: Tensor) -> Tensor:
        """Logits (B, classes) of test clips (B, T, C, H, W)."""
        logits: Tensor = self.network(clips).logits
        return logits
