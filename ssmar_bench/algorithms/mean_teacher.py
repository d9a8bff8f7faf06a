"""Mean Teacher (Tarvainen and Valpola, NeurIPS 2017): agree with the average of your own past weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch.nn import functional

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.algorithms.shared.consistency import mean_squared_error
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import all_labels
from ssmar_bench.algorithms.shared.schedule import momentum_of_run, ramp
from ssmar_bench.algorithms.shared.student import TeacherStudent
from ssmar_bench.core.contract import Acts, Batch, Context, Losses, Progress, View, Views


class MeanTeacher(TeacherStudent):
    """L = H(y, p(x)) + weight * ramp(t) * mean (p(v) - p'(v'))^2 over clips and classes.

    v and v' are two weak views of a clip, p' is the teacher, whose weights follow the student's after every step.
    """

    class Config(TeacherStudent.Config):
        """Hyper-parameters of Mean Teacher.

        Attributes:
            weight: of the consistency cost at the end of the ramp.
            ramp: its length as a share of the run.
            ramp_shape: ``sigmoid`` or ``linear`` (``shared.schedule``).
            consistency_on: ``all`` clips or the ``unlabelled`` ones.
            passes: the student sees labelled and unlabelled clips in one ``joint`` pass, or the latter in a
                ``separate`` one that leaves BatchNorm's running statistics alone.
            momentum: of the teacher after the ramp.
            momentum_in_ramp: of the teacher in the ramp.
            memory: the teacher's longest memory as a share of the run (``shared.schedule``).
        """

        weight: float = Field(ge=0)
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)
        ramp_shape: Annotated[Literal["sigmoid", "linear"], Acts("schedule")]
        consistency_on: Literal["all", "unlabelled"]
        passes: Literal["joint", "separate"]
        momentum: float = Field(ge=0, lt=1)
        momentum_in_ramp: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.steps = context.steps
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        self.momentum_in_ramp = momentum_of_run(config.momentum_in_ramp, config.memory, context.steps)

    def resolved(self) -> Mapping[str, float]:
        """Momenta and the ramp's length in this run."""
        ramp_steps = self.config.ramp * self.steps
        return {"momentum": self.momentum, "momentum_in_ramp": self.momentum_in_ramp, "ramp_steps": ramp_steps}

    def views(self) -> Views:
        """Two weak views: the student learns ``second``, the teacher sees ``weak``; of labelled clips the reverse."""
        two = {"weak": View("weak"), "second": View("weak")}
        return Views(labelled=two if self.config.consistency_on == "all" else {"weak": View("weak")}, unlabelled=two)

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Classification and consistency cost."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        if self.config.passes == "joint":
            labelled, unlabelled = (
                out.logits for out in forward_together(self.network, x.clips["weak"], u.clips["second"])
            )
        else:
            labelled = self.network(x.clips["weak"]).logits
            with frozen_statistics(self.network):
                unlabelled = self.network(u.clips["second"]).logits
        student, shown = [unlabelled], [u.clips["weak"]]
        if self.config.consistency_on == "all":
            student, shown = [unlabelled, labelled], [u.clips["weak"], x.clips["second"]]
        target = self.teacher(torch.cat(shown)).logits.float().softmax(1)
        cost = self.config.weight * ramp(progress, self.config.ramp, shape=self.config.ramp_shape)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "unlabelled": cost * mean_squared_error(torch.cat(student), target),
        }
        return Losses(terms, {"online": all_labels(u.index, target[: len(u.index)])})

    def after_step(self, progress: Progress) -> None:
        """The teacher follows."""
        in_ramp = progress.step < self.config.ramp * progress.steps
        self.teacher.update(self.network, self.momentum_in_ramp if in_ramp else self.momentum)
