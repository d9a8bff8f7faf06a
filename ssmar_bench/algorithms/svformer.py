"""SVFormer (Xing et al., CVPR 2023): a teacher's labels for warped and for token-mixed clips of a video transformer."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.mixing import draw_tube, token_mix
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import momentum_of_run
from ssmar_bench.algorithms.shared.strong_clip import channel_dropout, draw_warp
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Progress, View, Views

Share = Annotated[float, Field(gt=0, le=1)]


class SVFormer(Student):
    """L = H(y, p(x)) + weight * mean_i m_i H(y_i, p(s_i)) + mix_weight * mean_i M_i mean_c (p_c(mix_i) - t_mix,ic)^2.

    The teacher's q_i = p'(weak u_i) gives y_i = argmax q_i and m_i = 1[max q_i >= threshold]. s_i is a strong clip of
    other frames, warped in time, without some of its colour channels. mix_i has the patch tokens of the warped clip i
    inside a tube through all frames and those of a random clip j outside. With l, the share of a frame that the tube
    holds, M_i = l m_i + (1 - l) m_j and t_mix,i = l t_i + (1 - l) t_j, where t is y as a distribution for the clips
    that are used and q for the others. In the warm-up there is the first term alone; at its end the teacher begins, as
    the student.
    """

    class Config(HyperParameters):
        """Hyper-parameters of SVFormer.

        Attributes:
            warm_up: share of the epochs with labelled clips alone.
            threshold: delta, the least probability of a pseudo-label that is used.
            weight: gamma_1, of the loss on strong clips.
            mix_weight: gamma_2, of the loss on mixed clips.
            beta: of the Beta distribution from which a tube's share is drawn, once a batch.
            kept: shares of a clip's frames that temporal warping keeps; one of them is drawn a batch.
            channel_dropout: probability that a strong clip loses a colour channel.
            momentum: of the teacher.
            memory: the teacher's longest memory as a share of the run (``shared.schedule``).
            mix_on_logits: compare the mixed clips' logits with the targets instead of their probabilities.
            released_code_aug: leave strong clips without strong augmentation.
        """

        warm_up: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)
        mix_weight: float = Field(ge=0)
        beta: float = Field(gt=0)
        kept: Annotated[tuple[Share, ...], Field(min_length=1), Acts(other=(0.5,))]
        channel_dropout: float = Field(ge=0, lt=1)
        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)
        mix_on_logits: bool
        released_code_aug: bool

    config: Config
    revision = 1
    needs_tokens = True

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.teacher = Teacher(context.network("student"), always_evaluates=True)
        self.classes = context.classes
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        self.warm_up = round(config.warm_up * context.epochs)

    def resolved(self) -> Mapping[str, float]:
        """Momentum and the warm-up's length in this run."""
        return {"momentum": self.momentum, "warm_up_epochs": self.warm_up}

    def check(self, epochs: int) -> None:
        """A run must go on after its warm-up."""
        if round(self.config.warm_up * epochs) >= epochs:
            raise ValueError(f"svformer would spend all {epochs} epochs on its warm-up; raise train.epochs")

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled, each with its own frames, crop and flip."""
        second = View("weak" if self.config.released_code_aug else "strong", time="second")
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), self.second: second})

    @property
    def second(self) -> str:
        """The name of the unlabelled view that is warped and mixed."""
        return "second" if self.config.released_code_aug else "strong"

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The three terms, from one forward pass of the student."""
        x, u = batch.labelled, batch.unlabelled
        assert u is not None
        if progress.epoch < self.warm_up:
            return Losses({"labelled": functional.cross_entropy(self.network(x.clips["weak"]).logits, x.label)})
        believed = self.teacher(u.clips["weak"]).logits.float()
        pseudo = confident_labels(u.index, believed, self.config.threshold)

        strong = self.warped(u.clips[self.second])
        other = torch.randperm(len(strong)).to(strong.device)
        tube, share = draw_tube(self.network.grid, self.config.beta)
        views = (channel_dropout(strong, self.config.channel_dropout), token_mix(strong, strong[other], tube))
        labelled, plain, mixed = (output.logits for output in forward_together(self.network, x.clips["weak"], *views))

        share, used = share.to(believed), pseudo.weight
        hard = functional.one_hot(pseudo.label, self.classes).to(believed)
        target = torch.where(used[:, None] > 0, hard, believed.softmax(1))
        answer = mixed.float() if self.config.mix_on_logits else mixed.float().softmax(1)
        gap = (answer - torch.lerp(target[other], target, share)).square().mean(1)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "unlabelled": self.config.weight * weighted_cross_entropy(plain, pseudo.label, used),
            "mixed": self.config.mix_weight * (torch.lerp(used[other], used, share) * gap).mean(),
        }
        return Losses(terms, {"online": pseudo})

    def warped(self, clips: Tensor) -> Tensor:
        """Clips (B, T, C, H, W) whose frames are replaced by others of theirs, alike in the whole batch."""
        frames = clips.shape[1]
        share = self.config.kept[int(torch.randint(len(self.config.kept), ()))]
        return clips[:, draw_warp(frames, max(1, round(share * frames))).to(clips.device)]

    def after_step(self, progress: Progress) -> None:
        """The teacher follows; in the warm-up it is the student."""
        self.teacher.update(self.network, 0.0 if progress.epoch < self.warm_up else self.momentum)
