"""How other code names the weights of networks that this package has, too."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import TypeVar

Value = TypeVar("Value")

PREFIXES = ("backbone.", "base_model.")
"""Before the weights of a network, beside its head: mmaction2 and MANet; the official TSM."""
HEADS = ("fc.", "head.", "classifier.", "new_fc.", "cls_head.")
"""Classifiers: torchvision and timm; the official TSM; mmaction2 and MANet."""
NAMES = (
    (r"\.net\.", "."),  # what the temporal shift of TSM, mmaction2 and MANet wraps
    (r"(^|\.)conv(\d)\.conv\.", r"\1conv\2."),  # mmaction2's pairs of convolution and norm
    (r"(^|\.)conv(\d)\.bn\.", r"\1bn\2."),
    (r"(^|\.)downsample\.conv\.", r"\1downsample.0."),
    (r"(^|\.)downsample\.bn\.", r"\1downsample.1."),
)
"""Patterns, one after the other, and what stands for them in torchvision's and timm's networks."""


def named_alike(state: Mapping[str, Value], wanted: Container[str]) -> dict[str, Value]:
    """A state dict with the keys of ``wanted`` where other code has other names for the same weights.

    A key that is wanted as it is stays; ``module.`` of data-parallel training goes.
    """
    found: dict[str, Value] = {}
    for given, value in state.items():
        key = given
        while key not in wanted and key.startswith("module."):
            key = key.removeprefix("module.")
        for prefix in PREFIXES:
            if key not in wanted:
                key = key.removeprefix(prefix)
        for pattern, ours in NAMES:
            if key not in wanted:
                key = re.sub(pattern, ours, key)
        found[key] = value
    return found


def is_of_head(key: str) -> bool:
    """Whether a weight is one of a classifier, whose classes are not the benchmark's."""
    return key.startswith(HEADS)
