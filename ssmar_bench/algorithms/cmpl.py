"""CMPL (Xu et al., CVPR 2022): a network and a lighter one, each of which learns the other's confident labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.algorithms.shared.views import weak_and_strong
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Progress, Views


class CMPL(Student):
    """L = H(y, f(x)) + H(y, a(x)) + weight * (m_a H(y_a, f(A u)) + m_f H(y_f, a(A u))).

    f is the run's network, which predicts, and a the auxiliary one. y_f and y_a are their labels of the weak view, m_f
    and m_a whether the probability reaches the threshold.
    """

    class Config(HyperParameters):
        """Hyper-parameters of CMPL.

        Attributes:
            threshold: tau.
            weight: lambda, of both unlabelled terms.
            auxiliary: the auxiliary network, as ``--backbone`` takes it, or ``smaller``.
        """

        threshold: Threshold
        weight: float = Field(ge=0)
        auxiliary: Annotated[str, Acts(other="micro-tsm")]

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.auxiliary = context.network("auxiliary", config.auxiliary)

    def further_networks(self) -> Sequence[str]:
        """The auxiliary one."""
        return (self.config.auxiliary,)

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled, the same for both networks."""
        return weak_and_strong()

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All terms, from one forward pass of each network; the labels recorded are those that f learns."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        shown = x.clips["weak"], u.clips["weak"], u.clips["strong"]
        labelled, weak, strong = (output.logits for output in forward_together(self.network, *shown))
        labelled_a, weak_a, strong_a = (output.logits for output in forward_together(self.auxiliary, *shown))
        of_f, of_a = (confident_labels(u.index, logits, self.config.threshold) for logits in (weak, weak_a))
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "labelled_auxiliary": functional.cross_entropy(labelled_a, x.label),
            "unlabelled": self.config.weight * weighted_cross_entropy(strong, of_a.label, of_a.weight),
            "auxiliary": self.config.weight * weighted_cross_entropy(strong_a, of_f.label, of_f.weight),
        }
        return Losses(terms, {"online": of_a})

    def further_predictions(self, clips: Tensor) -> Mapping[str, Tensor]:
        """The logits of both networks."""
        return {"primary": self.network(clips).logits, "auxiliary": self.auxiliary(clips).logits}
