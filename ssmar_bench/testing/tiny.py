"""A problem so small that a step takes milliseconds: random clips, a small network, a method in the middle of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ssmar_bench.backbones.build import ClipClassifier, build_backbone, seeded_build
from ssmar_bench.clips.augmentation_catalog import AUGMENTATIONS
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import Batch, Context, Labelled, Method, Progress, Unlabelled, View, Views
from ssmar_bench.core.network_names import SAME
from ssmar_bench.core.seeds import seed_of

SHARPNESS = {
    "micro-tsm": 25.0,
    "micro-tsm-narrow": 25.0,
    "micro-tsm-wide": 25.0,
    "micro-r3d": 25.0,
    "timesformer-micro": 2.0,
}
"""The networks, and by how much the classifier must grow until the predictions of an untrained one differ."""


@dataclass(frozen=True)
class Tiny:
    """Sizes and seed of the problem.

    With ``solid`` the network is one of 3D convolutions instead of a 2D network that sees each frame for itself. With
    ``sharp`` the networks' first predictions are spread over all classes and confidences, so that thresholds and
    temperatures matter from the first step on; an untrained network is equally unsure of everything.
    """

    classes: int = 3
    labelled: int = 9
    unlabelled: int = 12
    batch: int = 4
    epochs: int = 11
    seed: int = 0
    sharp: bool = False
    segments: int = 4
    size: int = 16
    solid: bool = False
    device: str = "cpu"
    unlabelled_per_labelled: int = 1

    def _generator(self, *words: int | str) -> torch.Generator:
        return torch.Generator().manual_seed(seed_of("tiny", self.seed, *words))

    def _clips(self, *words: int | str, count: int, frames: int | None = None) -> Tensor:
        shape = (count, frames or self.segments, 3, self.size, self.size)
        return torch.randn(shape, generator=self._generator(*words)).to(self.device)

    def context(self, algorithm: type[Method] = Method) -> Context:
        """What a method is built from, with networks that can do what ``algorithm`` needs."""
        plain = "micro-r3d" if self.solid else "micro-tsm"
        name = "micro-r3d" if algorithm.needs_stages else "timesformer-micro" if algorithm.needs_tokens else plain
        config = BackboneConfig(name=name, weights="none", input="mean_subtracted")

        def network(role: str, name: str = "") -> ClipClassifier:
            name = name.partition("@")[0]  # whatever it would start from
            words = {"": config.name, SAME: config.name, "smaller": "micro-tsm-narrow", "larger": "micro-tsm-wide"}
            own = words.get(name, name)
            return self._network(config.model_copy(update={"name": own}), role)

        return Context(
            classes=self.classes,
            n_labelled=self.labelled,
            n_unlabelled=self.unlabelled,
            steps=self.epochs * 3,
            epochs=self.epochs,
            network=network,
            module=lambda role, make: seeded_build(seed_of("part", self.seed, role), make),
            unlabelled_per_labelled=self.unlabelled_per_labelled,
            class_names=[f"touching {label}" for label in range(self.classes)],
        )

    def method(self, algorithm: type[Method], values: Mapping[str, Any]) -> Method:
        """``algorithm`` under the hyper-parameters ``values``."""
        return algorithm(self.context(algorithm), algorithm.Config.model_validate(dict(values))).to(self.device)

    def _network(self, config: BackboneConfig, role: str) -> ClipClassifier:
        seed = seed_of("network", self.seed, role)
        network = build_backbone(config, self.segments, self.classes, seed, self.size)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for parameter in network.parameters():
                if parameter.ndim > 1 and not parameter.any():
                    parameter.normal_(std=0.02)  # a branch that starts at zero hides what lies behind it
            if self.sharp:
                features = deepcopy(network)(self._clips("sharp", count=16).cpu()).features
                network.classifier.weight *= SHARPNESS.get(config.name, 25.0)
                network.classifier.bias.copy_(-network.classifier.weight @ features.mean(0))
        return network

    def progress(self, epoch: int) -> Progress:
        """The first step of ``epoch``."""
        return Progress(3 * epoch, 3 * self.epochs, epoch, self.epochs)

    def batch_of(self, views: Views, step: int = 0) -> Batch:
        """Random clips for every view, of as many frames as it asks for."""
        draw = self._generator("batch", step)
        label = torch.randint(self.classes, (self.batch,), generator=draw).to(self.device)
        more = self.batch * self.unlabelled_per_labelled
        index = torch.randint(self.unlabelled, (more,), generator=draw).to(self.device)

        def clips(pool: str, asked: Mapping[str, View], count: int) -> dict[str, Tensor]:
            return {
                name: self._clips(pool, name, step, count=count, frames=view.frames) for name, view in asked.items()
            }

        labelled, unlabelled = clips("x", views.labelled, self.batch), clips("u", views.unlabelled, more)
        return Batch(
            Labelled(labelled, torch.arange(self.batch, device=self.device), label),
            Unlabelled(unlabelled, index) if unlabelled else None,
        )

    def pools(self) -> TinyPools:
        """The whole pools."""
        return TinyPools(self)


class TinyPools:
    """``core.contract.Pools`` of random clips, each class equally often labelled."""

    def __init__(self, tiny: Tiny) -> None:
        self.tiny = tiny
        self.labels = torch.arange(tiny.labelled, device=tiny.device) % tiny.classes

    @torch.no_grad()
    def map(
        self, pool: Literal["labelled", "unlabelled"], view: View, function: Callable[[Tensor], Tensor], draw: int = 0
    ) -> Tensor:
        """``function`` of all clips (N, T, C, H, W) of a pool at once."""
        AUGMENTATIONS.entry(view.aug)  # an unknown one is an error here, too
        count = self.tiny.labelled if pool == "labelled" else self.tiny.unlabelled
        words: tuple[int | str, ...] = (pool, view.aug, draw) if view.aug != "test" else (pool, "test")
        words += () if view.modality == "rgb" else (view.modality,)
        return function(self.tiny._clips(*words, count=count, frames=view.frames))
