"""The augmentations that a view may name. Looked up by name, imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmar_bench.core import catalog
from ssmar_bench.core.augmentation import Augmentation
from ssmar_bench.core.catalog import OURS, ObjectCatalog
from ssmar_bench.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ssmar_bench.core.benchmark_config import ClipConfig

AUGMENTATIONS = ObjectCatalog(
    "augmentation",
    {
        "test": "ssmar_bench.clips.augmentations:Test",
        "weak": "ssmar_bench.clips.augmentations:Weak",
        "strong": "ssmar_bench.clips.augmentations:Strong",
    },
    catalog.AUGMENTATIONS,
)
"""By name: a subclass of :class:`ssmar_bench.core.augmentation.Augmentation`."""


def check_augmentation(name: str) -> None:
    """Raise ``ValueError`` if there is no augmentation ``name``, or a plugin's that cannot be used."""
    if name not in AUGMENTATIONS:
        raise ValueError(f"it asks for an unknown augmentation '{name}' (known: {', '.join(AUGMENTATIONS.names())})")
    try:
        if AUGMENTATIONS.entry(name).provider != OURS:  # ours need torchvision, whose import takes a second
            load_augmentation(name)
    except UserError as error:
        raise ValueError(str(error).rstrip(".")) from error


def load_augmentation(name: str) -> Augmentation:
    """The augmentation ``name``.

    Raises:
        UserError: it is unknown, cannot be imported, or is no augmentation.
    """
    found = AUGMENTATIONS.load(name)
    owner = f"augmentation '{name}' of {AUGMENTATIONS.entry(name).provider}"
    if not (isinstance(found, type) and issubclass(found, Augmentation)):
        raise UserError(f"{owner}: {found!r} is no subclass of ssmar_bench.core.augmentation.Augmentation.")
    try:
        return found()
    except Exception as error:
        raise UserError(f"{owner} cannot be built without arguments: {type(error).__name__}: {error}.") from error


def augment(
    name: str, augmentation: Augmentation, clip: Tensor, rng: np.random.Generator, config: ClipConfig
) -> Tensor:
    """A clip (T, 3, H, W) uint8 with the pixels that ``augmentation`` gives it, of the same shape and type.

    Raises:
        UserError: it gave something else.
    """
    import torch

    changed = augmentation.pixels(clip, rng, config)
    if not isinstance(changed, torch.Tensor) or (changed.shape, changed.dtype) != (clip.shape, clip.dtype):
        given = (
            f"{tuple(changed.shape)} {changed.dtype}" if isinstance(changed, torch.Tensor) else type(changed).__name__
        )
        raise UserError(
            f"Augmentation '{name}': its pixels() made {given} of a clip {tuple(clip.shape)} {clip.dtype}; "
            "return a tensor of the same shape and type."
        )
    return changed
