"""What most methods have: a student that learns, and with some a teacher that follows it."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.core.contract import Acts, Context, HyperParameters, Method


class Student(Method):
    """A method with one network, whose classifier predicts."""

    config: HyperParameters

    def __init__(self, context: Context, config: HyperParameters) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config

    def predict(self, clips: Tensor) -> Tensor:
        """The classifier's logits."""
        logits: Tensor = self.network(clips).logits
        return logits


class TeacherStudent(Student):
    """A student and its averaged weights, the teacher, which begin as the student's."""

    class Config(HyperParameters):
        """What every such method has.

        Attributes:
            predict_with: whose weights predict.
        """

        predict_with: Annotated[Literal["teacher", "student"], Acts("prediction")]

    config: Config

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.teacher = Teacher(context.network("student"))

    def predict(self, clips: Tensor) -> Tensor:
        """The logits of whoever predicts."""
        logits: Tensor = (self.teacher if self.config.predict_with == "teacher" else self.network)(clips).logits
        return logits
