"""What the FixMatch family has in common: labels of weak views supervise strong views, in one forward pass."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import momentum_of_run
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.algorithms.shared.views import weak_and_strong
from ssmar_bench.core.contract import (
    Batch,
    Context,
    HyperParameters,
    Losses,
    Progress,
    PseudoLabels,
    Views,
)


class WeakToStrong(Student):
    """L = H(y, p(weak x)) + weight * mean_i w_i H(y_i, p(strong u_i)).

    A member of the family says which labels y_i with which weights w_i a weak view gives (:meth:`pseudo_labels`),
    and changes a term where its paper does.
    """

    class Config(HyperParameters):
        """What every member has.

        Attributes:
            weight: of the unlabelled loss.
        """

        weight: float = Field(ge=0)

    config: Config

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled on the same frames."""
        return weak_and_strong()

    @abstractmethod
    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Labels and weights of the clips ``index`` (B,) from the logits (B, C) of their weak views, without gradient.

        Called once a step; what it remembers of a batch is remembered here.
        """

    def learned(self, index: Tensor, weak: Tensor, progress: Progress) -> tuple[str, PseudoLabels]:
        """The labels that this step learns, and the name of their series; ``index`` (B,), ``weak`` (B, C) as above."""
        return "online", self.pseudo_labels(index, weak)

    def labelled_loss(self, logits: Tensor, label: Tensor, progress: Progress) -> Tensor:
        """The loss, a scalar, of a labelled view from its logits (B, C) and classes (B,)."""
        return functional.cross_entropy(logits, label)

    def unlabelled_terms(self, weak: Tensor, strong: Tensor, pseudo: PseudoLabels) -> Mapping[str, Tensor]:
        """The unlabelled terms by name, from the logits (B, C) of both views; ``weak`` has no gradient."""
        return {"unlabelled": self.config.weight * weighted_cross_entropy(strong, pseudo.label, pseudo.weight)}

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Both sides, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        *labelled, weak, strong = forward_together(self.network, *x.clips.values(), u.clips["weak"], u.clips["strong"])
        terms = {
            f"labelled_{view}": self.labelled_loss(output.logits, x.label, progress)
            for view, output in zip(x.clips, labelled, strict=True)
        }
        believed = weak.logits.detach().float()
        series, pseudo = self.learned(u.index, believed, progress)
        return Losses({**terms, **self.unlabelled_terms(believed, strong.logits, pseudo)}, {series: pseudo})


class MovingAverageSelection(WeakToStrong):
    """A member that selects by moving averages of its weak predictions."""

    class Config(WeakToStrong.Config):
        """What such a member has.

        Attributes:
            momentum: of the moving averages.
            memory: their longest memory as a share of the run (``shared.schedule``).
        """

        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)

    config: Config

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)

    def resolved(self) -> Mapping[str, float]:
        """The momentum in this run."""
        return {"momentum": self.momentum}
