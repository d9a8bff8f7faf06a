"""The checks of the augmentations that a method's views name, on made-up clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssmar_bench.clips.augmentation_catalog import augment, load_augmentation
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.augmentation import Augmentation
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.seeds import generator
from ssmar_bench.testing.check import FailedError, register_check, require_that
from ssmar_bench.testing.memory import generator_positions
from ssmar_bench.testing.method_under_test import MethodUnderTest

CLIPS = ClipConfig(
    size=24, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
)
STORED = FrameCacheConfig(decoder="pyav", short_side=32, segments=4, candidates=3)
KEYS = 8


@dataclass(frozen=True)
class _MadeUpClips:
    """Clips of noise, with the face of a frame cache."""

    ids: tuple[str, ...] = ("first", "second")

    def clip(self, row: int) -> Frames:
        shape = (STORED.segments * STORED.candidates, 32, 40, 3)
        return generator("made-up clip", row).integers(256, size=shape, dtype=np.uint8)


def _augmentations(examined: MethodUnderTest) -> Iterator[tuple[str, Augmentation]]:
    """Those of the method's views, by name."""
    for name in sorted({view.aug for view in examined.build().views()}):
        try:
            yield name, load_augmentation(name)
        except UserError as error:
            raise FailedError(str(error)) from error


@register_check
def its_augmentations_give_clips(examined: MethodUnderTest) -> None:
    """The augmentations of its views give clips of the shape and type that they get, which they leave as they are."""
    for name, augmentation in _augmentations(examined):
        for segments, height, width in ((4, 24, 24), (6, 16, 32)):
            shape = (segments, 3, height, width)
            clip = torch.from_numpy(generator("made-up clip", name).integers(256, size=shape, dtype=np.uint8))
            before = clip.clone()
            try:
                augment(name, augmentation, clip, generator("augmentation", name), CLIPS)
            except UserError as error:
                raise FailedError(str(error)) from error
            require_that(
                torch.equal(clip, before), f"augmentation '{name}' changed its clip in place; write to a clone of it."
            )


@register_check
def its_augmentations_are_repeatable(examined: MethodUnderTest) -> None:
    """A view of one key is the same every time; other keys give other views, unless nothing of it is random."""
    for name, augmentation in _augmentations(examined):
        before = (torch.get_rng_state().tolist(), generator_positions())
        viewer, resumed = (ViewMaker(_MadeUpClips(), CLIPS, STORED, seed=0) for _ in range(2))
        views = [_view(viewer, name, key) for key in range(KEYS)]
        require_that(
            (torch.get_rng_state().tolist(), generator_positions()) == before,
            f"augmentation '{name}' uses a global generator; draw from rng alone.",
        )
        require_that(
            all(torch.equal(view, _view(viewer, name, key)) for key, view in enumerate(views))
            and torch.equal(views[-1], _view(resumed, name, KEYS - 1)),
            f"augmentation '{name}' gives two results under one key; draw from rng alone, and remember nothing.",
        )
        if augmentation.random_frames or augmentation.random_crop or _draws(augmentation):
            require_that(
                any(not torch.equal(view, views[0]) for view in views[1:]),
                f"augmentation '{name}' gives the same result under all keys; use what it draws from rng.",
            )


def _view(viewer: ViewMaker, name: str, key: int) -> Tensor:
    """Two clips (2, T, 3, H, W) as a view shows them under ``key``."""
    return viewer.views([0, 1], {"view": View(name)}, ("labelled", key))["view"]


def _draws(augmentation: Augmentation) -> bool:
    """Whether its pixels depend on draws."""
    draws = generator("augmentation", "draws")
    before = str(draws.bit_generator.state)
    augmentation.pixels(torch.zeros((4, 3, 24, 24), dtype=torch.uint8), draws, CLIPS)
    return str(draws.bit_generator.state) != before
