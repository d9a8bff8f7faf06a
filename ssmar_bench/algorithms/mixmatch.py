"""MixMatch (Berthelot et al., NeurIPS 2019): sharpened mean guesses, and MixUp of labelled and unlabelled clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.algorithms.shared.consistency import mean_squared_error, soft_cross_entropy
from ssmar_bench.algorithms.shared.distribution import sharpen
from ssmar_bench.algorithms.shared.mixing import draw_coefficients, mixup_clips
from ssmar_bench.algorithms.shared.pseudo_labels import all_labels
from ssmar_bench.algorithms.shared.schedule import momentum_of_run, ramp
from ssmar_bench.algorithms.shared.student import TeacherStudent
from ssmar_bench.core.contract import Acts, Batch, Context, Losses, Progress, View, Views


class MixMatch(TeacherStudent):
    """L = H(Y', p(X')) + weight * ramp(t) * mean (p(U') - Q')^2 over clips and classes.

    The guess of a clip is its mean prediction over two weak views, sharpened. X' and U' are the labelled clips and
    both views of the unlabelled ones, each blended with a random other of them, and so are their targets Y' and Q'.
    """

    class Config(TeacherStudent.Config):
        """Hyper-parameters of MixMatch.

        Attributes:
            temperature: T of the sharpening.
            alpha: of MixUp's Beta distribution.
            coefficients: drawn for each ``clip`` or once for the ``batch``.
            interleave: each of the three chunks that go through the network has a third of X' and of each view.
            weight: lambda_u, at the end of the ramp.
            ramp: its length as a share of the run.
            momentum: of the averaged weights.
            memory: their longest memory as a share of the run (``shared.schedule``).
        """

        temperature: float = Field(gt=0)
        alpha: float = Field(gt=0)
        coefficients: Literal["clip", "batch"]
        interleave: bool
        weight: float = Field(ge=0)
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)
        momentum: Annotated[float, Acts("prediction")] = Field(ge=0, lt=1)
        memory: Annotated[float | None, Acts("prediction")] = Field(gt=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.classes, self.steps = context.classes, context.steps
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)

    def resolved(self) -> Mapping[str, float]:
        """Momentum and the ramp's length in this run."""
        return {"momentum": self.momentum, "ramp_steps": self.config.ramp * self.steps}

    def views(self) -> Views:
        """A weak view of labelled clips, two of unlabelled ones (K = 2)."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), "second": View("weak")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Guess, mix, and compare: the paper's Algorithm 1 and its two losses."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        with torch.no_grad(), frozen_statistics(self.network):
            views = [self.network(u.clips[name]).logits.float().softmax(1) for name in ("weak", "second")]
        mean = torch.stack(views).mean(0)
        guess = sharpen(mean, self.config.temperature)

        clips = torch.cat([x.clips["weak"], u.clips["weak"], u.clips["second"]])
        target = torch.cat([functional.one_hot(x.label, self.classes).to(guess), guess, guess])
        share = draw_coefficients(len(clips), self.config.alpha, per_clip=self.config.coefficients == "clip")
        other = torch.randperm(len(clips)).to(x.label.device)
        target = mixup_clips(target, target[other], share)
        own = len(x.label)
        logits = self.in_chunks(mixup_clips(clips, clips[other], share), len(clips) // own)
        weight = self.config.weight * ramp(progress, self.config.ramp)
        terms = {
            "labelled": soft_cross_entropy(logits[:own], target[:own]).mean(),
            "unlabelled": weight * mean_squared_error(logits[own:], target[own:]),
        }
        return Losses(terms, {"online": all_labels(u.index, mean)})

    def in_chunks(self, clips: Tensor, count: int) -> Tensor:
        """Logits of ``count`` chunks, each as large as the labelled batch; the first moves BatchNorm's statistics."""
        interleave = self.config.interleave
        first, *rest = [clips[start::count] for start in range(count)] if interleave else clips.chunk(count)
        logits = [self.network(first).logits]
        with frozen_statistics(self.network):
            logits += [self.network(chunk).logits for chunk in rest]
        return torch.stack(logits, 1).flatten(0, 1) if interleave else torch.cat(logits)

    def after_step(self, progress: Progress) -> None:
        """The averaged weights follow."""
        self.teacher.update(self.network, self.momentum)
