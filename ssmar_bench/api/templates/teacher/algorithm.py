"""My method: a slowly moving average of the student's own weights says what unlabelled clips are.

After Mean Teacher (Tarvainen and Valpola, NeurIPS 2017), with weak and strong views.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import all_labels
from ssmar_bench.algorithms.shared.schedule import momentum_of_run, ramp
from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Method, Progress, View, Views


class MyMethod(Method):
    """L = H(y, p(weak x)) + weight * ramp(t) * H(q, p(strong u)), q = the teacher's p(weak u)."""

    class Config(HyperParameters):
        """Hyper-parameters: types and bounds. The values are in the method config, so there are no defaults.

        Attributes:
            weight: of the unlabelled loss at the end of the ramp.
            ramp: its length as a share of the run; ``Acts`` tells the conformance kit where it acts, if not on every
                loss.
            momentum: of the teacher.
            memory: the teacher's longest memory as a share of the run (``shared.schedule``).
            predict_with: whose weights predict.
        """

        weight: float = Field(ge=0)
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)
        momentum: float = Field(ge=0, lt=1)
        memory: float = Field(gt=0, le=1)
        predict_with: Annotated[Literal["teacher", "student"], Acts("prediction")]

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")  # initial weights that all methods of a seed share
        self.teacher = Teacher(context.network("student"))
        self.config = config
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)

    def resolved(self) -> Mapping[str, float]:
        """What the run's length made of the momentum, for its record."""
        return {"momentum": self.momentum}

    def views(self) -> Views:
        """What the loss looks at: a weak view of labelled clips, a weak and a strong one of unlabelled clips."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), "strong": View("strong")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The terms of one step; clips are (B, T, C, H, W). Terms of labelled clips alone begin with ``labelled``."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled, strong = forward_together(self.network, x.clips["weak"], u.clips["strong"])
        target = self.teacher(u.clips["weak"]).logits.float().softmax(1)  # no gradient flows into a Teacher
        weight = self.config.weight * ramp(progress, self.config.ramp)
        terms = {
            "labelled": functional.cross_entropy(labelled.logits.float(), x.label),
            "unlabelled": weight * functional.cross_entropy(strong.logits.float(), target),
        }
        return Losses(terms, {"online": all_labels(u.index, target)})  # pseudo-labels, of which curves are drawn

    def after_step(self, progress: Progress) -> None:
        """The teacher follows."""
        self.teacher.update(self.network, self.momentum)

    def predict(self, clips: Tensor) -> Tensor:
        """Logits (B, classes) of test clips (B, T, C, H, W)."""
        logits: Tensor = (self.teacher if self.config.predict_with == "teacher" else self.network)(clips).logits
        return logits
