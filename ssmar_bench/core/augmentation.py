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
        on_device: ``pixels`` of the same class takes clips in a GPU's memory, too, and gives clips there. A subclass
            with ``pixels`` of its own says so by itself.
    """

    random_frames: ClassVar[bool] = True
    random_crop: ClassVar[bool] = True
    on_device: ClassVar[bool] = False

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:  # noqa: ARG002
        """A cropped clip with other pixels; as it is, the clip itself.

        Args:
            clip: (T, 3, H, W) uint8 RGB, not to be changed in place; on the CPU, unless ``on_device`` is set.
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

    def changes_pixels_on_device(self) -> bool:
        """Whether its :meth:`pixels` takes clips in a GPU's memory, too."""
        owner = next(kind for kind in type(self).__mro__ if "pixels" in vars(kind))
        return bool(vars(owner).get("on_device", False))
