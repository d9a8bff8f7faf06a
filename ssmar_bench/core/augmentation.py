"""What an augmentation is: how a view changes a clip. A plugin's is a subclass of :class:`Augmentation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:  # a listing of names does without torch
    from torch import Tensor

    from ssmar_bench.core.benchmark_config import ClipConfig


class Augmentation:
    """How the views of one name are made; as it is, of a random frame of each part, cropped and flipped at random.

    Attributes:
        random_frames: a view shows a random frame of each part of the clip; otherwise the one in the middle.
        random_crop: crop and flip are random; otherwise the crop is in the centre and not flipped.
    """

    random_frames: ClassVar[bool] = True
    random_crop: ClassVar[bool] = True

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:  # noqa: ARG002
        """A cropped clip with other pixels; as it is, the clip itself.

        Args:
            clip: (T, 3, H, W) uint8 RGB, not to be changed in place.
            rng: the only place to draw from; seeded by the run's seed, the pool, the step and the view's name. One
                generator serves the clips of a batch, one after the other.
            config: the benchmark config's section ``clips``.

        Returns:
            (T, 3, H, W) uint8.
        """
        return clip

    def changes_pixels(self) -> bool:
        """Whether it has :meth:`pixels` of its own."""
        return type(self).pixels is not Augmentation.pixels
