"""What an algorithm asks for and what it is given: views of clips, and the batch of a step.

A batch has no field for the labels of unlabelled clips: an algorithm cannot read them by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class View:
    """One way of looking at a clip.

    Attributes:
        aug: the augmentation's name: ``test`` (centre frames, centre crop), ``weak`` (jittered frames, random crop and
            flip), ``strong`` (weak geometry, then RandAugment and Cutout) or a plugin's.
        time: views of a batch with equal keys share their frames, if they show as many.
        space: views of a batch with equal keys share crop and flip, whatever they show.
        frames: how many frames to show, one of each of so many equal parts of the clip; None for the frame cache's
            segments.
        modality: ``rgb``, or ``tgrad``, the temporal gradient: for each frame that ``rgb`` would show, its difference
            to the next frame of the source video as a picture, (frame - next + 255) / 2.
    """

    aug: str
    time: str = "shared"
    space: str = "own"
    frames: int | None = None
    modality: Literal["rgb", "tgrad"] = "rgb"


@dataclass(frozen=True)
class Views:
    """The views an algorithm asks for.

    Attributes:
        labelled, unlabelled: name -> view of each pool's clips in training; the names are its own.
    """

    labelled: Mapping[str, View]
    unlabelled: Mapping[str, View] = field(default_factory=dict)

    def __iter__(self) -> Iterator[View]:
        """All of them."""
        return iter([*self.labelled.values(), *self.unlabelled.values()])

    @property
    def neighbours(self) -> int:
        """How many of the source video's frames behind each stored frame the views look at."""
        return int(any(view.modality == "tgrad" for view in self))


@dataclass(frozen=True)
class Labelled:
    """The labelled clips of a step.

    Attributes:
        clips: view name -> (B, T, C, H, W) normalised floats.
        index: (B,) rows in the labelled pool.
        label: (B,) classes 0..C-1.
    """

    clips: Mapping[str, Tensor]
    index: Tensor
    label: Tensor


@dataclass(frozen=True)
class Unlabelled:
    """The unlabelled clips of a step; there is no label.

    There are U = mu B of them, where mu is the run's number for each of the B labelled ones (1 unless it says
    otherwise): a method takes U from the batch.

    Attributes:
        clips: view name -> (U, T, C, H, W) normalised floats.
        index: (U,) rows in the unlabelled pool.
    """

    clips: Mapping[str, Tensor]
    index: Tensor


@dataclass(frozen=True)
class Batch:
    """One step's clips; ``unlabelled`` is None at labelled ratio 1."""

    labelled: Labelled
    unlabelled: Unlabelled | None
