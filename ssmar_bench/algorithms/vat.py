"""VAT, virtual adversarial training (Miyato et al., TPAMI 2019): a smooth prediction around every unlabelled clip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.algorithms.shared.consistency import kl_divergence, mean_entropy
from ssmar_bench.algorithms.shared.pseudo_labels import all_labels
from ssmar_bench.algorithms.shared.schedule import ramp
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Progress, View, Views


class VAT(Student):
    """L = H(y, p(x)) + weight * ramp(t) * KL(p(u) || p(u + r)) + entropy * H(p(u)).

    r has length radius and points where p changes most: the gradient of KL(p(u) || p(u + probe d)) at a random unit
    vector d (power iteration). Lengths are over a whole clip.
    """

    class Config(HyperParameters):
        """Hyper-parameters of VAT.

        Attributes:
            radius: epsilon, the length of r.
            full pool: xi, the length of the pseudo-labels on the full pool.
            iterations: K, power iterations.
            radius_for: the number of values in the images that radius and probe are for; in a clip of n values they
                are multiplied by sqrt(n / radius_for), which is the same change of every pixel. None: as they are.
            weight: of the unlabelled loss.
            entropy: weight of conditional entropy minimisation (the paper's VAT+EntMin).
            ramp: share of the run in which the unlabelled loss grows linearly from 0; 0 for no ramp.
        """

        radius: float = Field(gt=0)
        probe: float = Field(gt=0)
        iterations: int = Field(ge=1, le=100)
        radius_for: int | None = Field(ge=1)
        weight: float = Field(ge=0)
        entropy: float = Field(ge=0)
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.steps = context.steps

    def resolved(self) -> Mapping[str, float]:
        """The ramp's length in this run."""
        return {"ramp_steps": self.config.ramp * self.steps}

    def views(self) -> Views:
        """Weak views of both pools."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """A labelled pass, and unlabelled ones in 32 bits that leave BatchNorm's running statistics alone."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled = self.network(x.clips["weak"]).logits
        clips = u.clips["weak"]
        with (
            frozen_statistics(self.network),
            torch.autocast(clips.device.type, enabled=False),
        ):  # 16 bits would swallow the pseudo-labels on the full pool
            clean: Tensor = self.network(clips).logits
            adversarial = self.network(clips + self.perturbation(clips, clean.detach())).logits
        weight = self.config.weight * ramp(progress, self.config.ramp)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "unlabelled": weight * kl_divergence(clean.detach(), adversarial),
            "entropy": self.config.entropy * mean_entropy(clean),
        }
        return Losses(terms, {"online": all_labels(u.index, clean.detach().softmax(1))})

    def perturbation(self, clips: Tensor, clean: Tensor) -> Tensor:
        """The adversarial perturbation r of clips (B, T, C, H, W) whose logits are ``clean`` (B, C)."""
        scale = math.sqrt(clips[0].numel() / self.config.radius_for) if self.config.radius_for else 1.0
        direction = torch.randn(clips.shape).to(clips)
        for _ in range(self.config.iterations):
            probe = (self.config.probe * scale * unit_vectors(direction)).requires_grad_()
            (direction,) = torch.autograd.grad(kl_divergence(clean, self.network(clips + probe).logits), probe)
        return self.config.radius * scale * unit_vectors(direction)


def unit_vectors(vectors: Tensor) -> Tensor:
    """Each row's values (B, ...) divided by their Euclidean length; a row of zeros stays as it is.

    First divided by the largest value, because the squares of small gradients are 0 in 32 bits.
    """
    rows = vectors.flatten(1)
    rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
    return functional.normalize(rows, dim=1).view_as(vectors)
