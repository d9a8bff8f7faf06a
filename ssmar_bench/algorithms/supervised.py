"""Labelled clips only: the baseline of every table and, at labelled ratio 1, its upper bound."""

from __future__ import annotations

from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import Batch, HyperParameters, Losses, Progress, View, Views


class Supervised(Student):
    """Cross-entropy on weak views of labelled clips.

    With ``strong_labelled`` their strong views are learned too, with the same weight: the control that shows how much
    of a method's gain is its stronger augmentation of labelled clips.
    """

    class Config(HyperParameters):
        """Hyper-parameters of the labelled-only baseline."""

        strong_labelled: bool

    config: Config
    revision = 1
    needs_unlabelled = False

    def views(self) -> Views:
        """A weak view, and a strong one for the control."""
        names = ("weak", "strong") if self.config.strong_labelled else ("weak",)
        return Views(labelled={name: View(name) for name in names})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Mean cross-entropy of each view."""
        clips = batch.labelled.clips
        outputs = forward_together(self.network, *clips.values())
        return Losses(
            {
                f"labelled_{view}": functional.cross_entropy(output.logits, batch.labelled.label)
                for view, output in zip(clips, outputs, strict=True)
            }
        )
