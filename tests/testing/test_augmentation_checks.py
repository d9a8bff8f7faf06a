"""Every check of augmentations can fail: small augmentations, each with one fault that its check must find."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ssmar_bench.clips import augmentation_catalog
from ssmar_bench.core.augmentation import Augmentation
from ssmar_bench.core.benchmark_config import ClipConfig
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.contract import View, Views
from ssmar_bench.testing import MethodUnderTest, Outcome, examine

from .test_checks import VALUES, Sound

FORM, DRAWS = "its-augmentations-give-clips", "its-augmentations-are-repeatable"


class LooksAtMine(Sound):
    def views(self) -> Views:
        return Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("mine")})


class Jitter(Augmentation):
    """A sound augmentation; the faulty ones change a part."""

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return (clip.int() + int(rng.integers(-20, 21))).clamp(0, 255).to(torch.uint8)


class Shrinks(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return clip[..., ::2, ::2]


class MakesFloats(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return clip / 255


class WritesInPlace(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return clip.bitwise_xor_(torch.tensor(int(rng.integers(256)), dtype=torch.uint8))


class NoTensor(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Any:
        return clip.numpy()


class OwnDraws(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return super().pixels(clip, np.random.default_rng(), config)


class TorchsDraws(Jitter):
    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return clip.roll(int(torch.randint(9, ())), -1)


class Remembers(Jitter):
    count = 0

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        self.count += 1
        return clip.roll(self.count, -1)


class DrawsForNothing(Jitter):
    random_frames = False
    random_crop = False

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        rng.random()
        return 255 - clip


class Still(Augmentation):
    """Nothing of it is random, and it says so."""

    random_frames = False
    random_crop = False

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        return 255 - clip


class SizeOfTheConfig(Jitter):
    def __init__(self, size: int) -> None:
        self.size = size


def found(augmentation: Any, check: str, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    known = {name: f"ssmar_bench.clips.augmentations:{name.title()}" for name in ("test", "weak", "strong")}
    catalog = ObjectCatalog("augmentation", {**known, "mine": augmentation})
    monkeypatch.setattr(augmentation_catalog, "AUGMENTATIONS", catalog)
    return examine(MethodUnderTest("LooksAtMine", LooksAtMine, VALUES), check)


@pytest.mark.parametrize("check", [FORM, DRAWS])
@pytest.mark.parametrize("sound", [Augmentation, Jitter, Still])
def test_a_sound_augmentation_passes(sound: type, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = found(sound, check, monkeypatch)
    assert (outcome.state, outcome.message) == ("passed", "")


@pytest.mark.parametrize(
    ("faulty", "check", "says"),
    [
        (Shrinks, FORM, "return a tensor of the same shape and type"),
        (MakesFloats, FORM, r"made \(4, 3, 24, 24\) torch.float32 of a clip \(4, 3, 24, 24\) torch.uint8"),
        (NoTensor, FORM, "made ndarray"),
        (WritesInPlace, FORM, "changed its clip in place; write to a clone"),
        (OwnDraws, DRAWS, "two results under one key; draw from rng alone"),
        (Remembers, DRAWS, "two results under one key"),
        (TorchsDraws, DRAWS, "uses a global generator"),
        (DrawsForNothing, DRAWS, "the same result under all keys"),
        (Jitter(), FORM, "is no subclass of"),
        (dict, DRAWS, "is no subclass of"),
        (SizeOfTheConfig, FORM, "cannot be built without arguments: TypeError"),
    ],
)
def test_a_fault_is_found(faulty: Any, check: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = found(faulty, check, monkeypatch)
    assert outcome.state == "failed"
    assert outcome.message.startswith("LooksAtMine: ")
    assert re.search(says, outcome.message), outcome.message


@pytest.mark.parametrize("check", [FORM, DRAWS])
def test_an_unknown_name_is_a_failure(check: str) -> None:
    outcome = examine(MethodUnderTest("LooksAtMine", LooksAtMine, VALUES), check)
    assert outcome.state == "failed"
    assert outcome.message == "LooksAtMine: Unknown augmentation 'mine'; known: strong, test, weak."


def test_ours_pass() -> None:
    class LooksAtOurs(Sound):
        def views(self) -> Views:
            return Views({"weak": View("weak"), "test": View("test")}, {"weak": View("weak"), "strong": View("strong")})

    for check in (FORM, DRAWS):
        assert examine(MethodUnderTest("LooksAtOurs", LooksAtOurs, VALUES), check).state == "passed"
