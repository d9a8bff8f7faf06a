"""Every check can fail: tiny methods, each with one fault that its check must find, and no other fault."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Method,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)
from ssmar_bench.testing import CHECKS, MethodUnderTest, examine, examine_all
from ssmar_bench.testing.check import FailedError
from ssmar_bench.testing.devices import agree

VALUES = {"threshold": 0.5, "weight": 1.0, "momentum": 0.5, "depth": 2, "sharpness": 1.0}


class Sound(Method):
    """A small honest method with a threshold, a memory and a term for each pool; the faulty ones change a part."""

    class Config(HyperParameters):
        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)
        momentum: float = Field(ge=0, le=1)
        depth: Annotated[int, Acts("round")] = Field(ge=1, le=4)
        sharpness: Annotated[float, Acts("prediction")] = Field(gt=0)

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config
        self.classes = context.classes
        self.register_buffer("prior", torch.full((context.classes,), 1 / context.classes))
        self.register_buffer("bank", torch.zeros(4))

    prior: Tensor
    bank: Tensor

    def views(self) -> Views:
        return Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong")})

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(self.network(clips).logits.float(), label)

    def target(self, batch: Batch, clips: Tensor) -> PseudoLabels:
        with torch.no_grad():
            probability = self.network(clips).logits.float().softmax(1)
            self.prior.lerp_(probability.mean(0), 1 - self.config.momentum)
            confidence, label = (probability / (self.prior + 1e-3)).softmax(1).max(1)
            confidence = probability.amax(1)
        return PseudoLabels(batch.unlabelled.index, label, (confidence >= self.config.threshold).float(), confidence)

    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        each = functional.cross_entropy(self.network(clips).logits.float(), pseudo.label, reduction="none")
        return self.config.weight * (pseudo.weight * each).mean()

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        terms = {"labelled": self.labelled(batch.labelled.clips["weak"], batch.labelled.label)}
        pseudo = self.target(batch, batch.unlabelled.clips["weak"])
        terms["unlabelled"] = self.unlabelled(batch.unlabelled.clips["strong"], pseudo)
        return Losses(terms, {"online": pseudo})

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        self.bank[: self.config.depth] += 1

    def predict(self, clips: Tensor) -> Tensor:
        return self.network(clips).logits * self.config.sharpness


class NoLoss(Sound):
    def loss(self, batch: Batch, progress: Progress) -> Losses:
        return Losses({name: term.detach() for name, term in super().loss(batch, progress).terms.items()})


class IdleWeights(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.head = torch.nn.Linear(2, 2)


class TeachersOutput(Sound):
    """semilearn's Mean Teacher as it was when its tables were made: the student's logits are the teacher's."""

    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        with torch.no_grad():
            logits = self.network(clips).logits
        return self.network.classifier.bias.sum() * 0 + (pseudo.weight * logits.logsumexp(1)).mean()


class FrozenFeatures(Sound):
    """Mixing features that were made without gradient: only the classifier is trained."""

    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        logits = self.network.classifier(self.network(clips).features.detach()).float()
        return (pseudo.weight * functional.cross_entropy(logits, pseudo.label, reduction="none")).mean()


class BlindToClips(Sound):
    """Its unlabelled term trains the network, and has nothing to do with the unlabelled clips."""

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        logits = self.network(batch.labelled.clips["weak"]).logits.float()
        weight = self.config.weight * (self.config.threshold < 1)
        return Losses({"labelled": functional.cross_entropy(logits, batch.labelled.label), "u": weight * logits.mean()})


class AttachedConfidence(Sound):
    def target(self, batch: Batch, clips: Tensor) -> PseudoLabels:
        found = super().target(batch, clips)
        return PseudoLabels(found.index, found.label, found.weight, self.network(clips).logits.amax(1))


class FloatLabels(Sound):
    def loss(self, batch: Batch, progress: Progress) -> Losses:
        losses = super().loss(batch, progress)
        found = losses.pseudo["online"]
        return Losses(losses.terms, {"online": PseudoLabels(found.index, found.label.float(), *[found.weight] * 2)})


class InPlace(Sound):
    def target(self, batch: Batch, clips: Tensor) -> PseudoLabels:
        return super().target(batch, clips.sub_(clips.mean()))


class Peeping(Sound):
    """Uses the labels of unlabelled clips where it finds some."""

    def target(self, batch: Batch, clips: Tensor) -> PseudoLabels:
        found = super().target(batch, clips)
        truth = getattr(batch.unlabelled, "label", found.label)
        return PseudoLabels(found.index, truth, torch.ones_like(found.weight), found.confidence)


class NumpyDraws(Sound):
    """Draws from NumPy's global generator, which the engine does not set (the network's norms undo a clip's scale)."""

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return super().labelled(clips, label) * np.random.uniform(0.5, 1.5)  # noqa: NPY002


class Forgetful(Sound):
    """Remembers in a plain attribute, which no checkpoint holds."""

    seen = 0

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        self.seen += 1
        return super().labelled(clips, label) * (1 + self.seen)


class DividesByTheSelected(Sound):
    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        each = functional.cross_entropy(self.network(clips).logits.float(), pseudo.label, reduction="none")
        return self.config.weight * (pseudo.weight * each).sum() / pseudo.weight.sum()


class UsesAll(Sound):
    """Reports a mask and does not apply it (its threshold acts by another way)."""

    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        each = functional.cross_entropy(self.network(clips).logits.float(), pseudo.label)
        return self.config.weight * each * (1.5 - pseudo.weight.mean())


class VarianceOfOne(Sound):
    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        return super().unlabelled(clips, pseudo) * (1 + pseudo.confidence.var())


class ClassMeans(Sound):
    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        member = functional.one_hot(label, self.classes).float()
        each = functional.cross_entropy(self.network(clips).logits.float(), label, reduction="none")
        return (member.T @ each / member.sum(0)).nansum() / (member.sum(0) > 0).prod()


class LogOfSoftmax(Sound):
    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return -self.network(clips).logits.float().softmax(1).log().gather(1, label[:, None]).mean()


class HalfPrecisionSums(Sound):
    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        logits = self.network(clips).logits
        return functional.cross_entropy(logits.float(), label) + ((logits.new_ones(()) + 1e-3) - 1).float() * 1000


class NormalisesOverClips(Sound):
    def predict(self, clips: Tensor) -> Tensor:
        logits = super().predict(clips)
        return logits - logits.mean(0)


class LearnsFromTheTest(Sound):
    def predict(self, clips: Tensor) -> Tensor:
        self.prior.lerp_(super().predict(clips).softmax(1).mean(0), 0.5)
        return super().predict(clips)


class LosesAHead(Sound):
    """A head of the first epoch alone."""

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        self.early.fill_(progress.epoch == 0)

    def __init__(self, context: Context, config: Sound.Config) -> None:
        super().__init__(context, config)
        self.register_buffer("early", torch.ones(()))

    def further_predictions(self, clips: Tensor) -> dict[str, Tensor]:
        return {"other": self.network(clips).logits} if self.early else {}


class HeadOfFeatures(Sound):
    def further_predictions(self, clips: Tensor) -> dict[str, Tensor]:
        return {"other": self.network(clips).features}


class RatesOfNothing(Sound):
    def learning_rates(self) -> dict[str, float]:
        return {"no.such.weight": 2.0}


class RateOfZero(Sound):
    def learning_rates(self) -> dict[str, float]:
        return {"network.classifier.weight": 0.0}


class OwnStart(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        torch.nn.init.normal_(self.network.classifier.weight)


class Greedy(Sound):
    needs_unlabelled = False


class IgnoresWeight(Sound):
    def unlabelled(self, clips: Tensor, pseudo: PseudoLabels) -> Tensor:
        each = functional.cross_entropy(self.network(clips).logits.float(), pseudo.label, reduction="none")
        return (pseudo.weight * each).mean()


class ActsTooSoon(Sound):
    """Its prediction's sharpness changes the training as well."""

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return super().labelled(clips, label) * self.config.sharpness


class ViewsOfItsNetwork(Sound):
    def views(self) -> Views:
        assert self.network.features
        return super().views()


class ViewsOfItsClasses(Sound):
    def views(self) -> Views:
        frames = 2 if hasattr(self, "classes") else None
        return Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong", frames=frames)})


class ThreeClasses(Sound):
    """Takes the number of classes of the first problem that it met for granted."""

    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.register_buffer("prior", torch.full((3,), 1 / 3))


class InPairs(Sound):
    """Takes for granted that there are as many unlabelled as labelled clips."""

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        assert batch.unlabelled is not None
        torch.stack([batch.labelled.clips["weak"], batch.unlabelled.clips["weak"]])
        return super().loss(batch, progress)


class HidesANetwork(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.second = context.network("second", "smaller").requires_grad_(False)


class NamesANetworkInVain(Sound):
    def further_networks(self) -> tuple[str, ...]:
        return ("smaller",)


class HidesAFile(Sound):
    """A teacher whose file is in the code, so that no run says which one it was."""

    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.teacher = context.network("teacher", "same@teacher.pt").requires_grad_(False)

    def further_networks(self) -> tuple[str, ...]:
        return ("same@teacher.pt",)


class RestartsInTheEnd(Sound):
    def restarts(self, epochs: int) -> list[int]:
        return [1, epochs]


class RestartsByItsClasses(Sound):
    def restarts(self, epochs: int) -> list[int]:
        return [self.classes]


class RestartsOnceItIsBuilt(Sound):
    def restarts(self, epochs: int) -> list[int]:
        return [1] if hasattr(self, "classes") else []


class KnowsItsNetwork(Sound):
    """Reaches into the network that our benchmarks happen to have."""

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return super().labelled(clips, label) + 0 * self.network.backbone.blocks[0].weight.sum()


class CountsInADictionary(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.seen = {"steps": 0}

    def after_step(self, progress: Progress) -> None:
        self.seen["steps"] += 1


class OwnGenerator(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        self.generator = np.random.default_rng(0)

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        return super().labelled(clips, label) * self.generator.uniform(0.5, 1.5)


class Reseeds(Sound):
    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        torch.manual_seed(0)
        return super().labelled(clips + 0.1 * torch.randn_like(clips), label)


class SeedsItself(Sound):
    def __init__(self, context: Context, config: Any) -> None:
        super().__init__(context, config)
        torch.manual_seed(0)


class PythonsDraws(Sound):
    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        super().epoch_start(progress, pools)
        self.bank += random.random()


class WithDefaults(Sound):
    class Config(Sound.Config):
        sharpness: Annotated[float, Acts("prediction")] = 1.0


class NeedsMore(Sound):
    class Config(Sound.Config):
        temperature: float


class NeedsLess(Sound):
    class Config(HyperParameters):
        threshold: float


def declared(name: str, acts: Acts) -> type[Sound]:
    """Sound, with a field that declares something else."""

    class Config(Sound.Config):
        __annotations__ = {name: Annotated[Sound.Config.model_fields[name].annotation, acts]}

    return type(f"Declares{name}", (Sound,), {"Config": Config})


FAULTS: dict[str, tuple[type[Method], ...]] = {
    "losses-are-finite-scalars-that-train": (NoLoss, IdleWeights),
    "the-unlabelled-loss-trains-the-backbone": (TeachersOutput, FrozenFeatures, BlindToClips),
    "pseudo-labels-are-whole": (AttachedConfidence, FloatLabels),
    "the-batch-is-not-changed": (InPlace,),
    "hidden-labels-do-not-matter": (Peeping,),
    "it-repeats-itself": (NumpyDraws,),
    "it-goes-on-alike-when-saved-and-loaded": (Forgetful, NumpyDraws),
    "further-predictions-are-logits": (LosesAHead, HeadOfFeatures),
    "learning-rates-are-of-trained-weights": (RatesOfNothing, RateOfZero),
    "no-clip-passes-the-threshold": (DividesByTheSelected, UsesAll),
    "a-batch-of-one": (VarianceOfOne,),
    "a-class-without-labelled-clips": (ClassMeans,),
    "extreme-logits-stay-finite": (LogOfSoftmax,),
    "half-precision-changes-little": (HalfPrecisionSums,),
    "prediction-is-of-each-clip-by-itself": (NormalisesOverClips, LearnsFromTheTest),
    "views-are-known-from-the-hyper-parameters": (ViewsOfItsNetwork, ViewsOfItsClasses),
    "it-starts-from-the-common-student": (OwnStart,),
    "it-does-without-unlabelled-clips": (Greedy,),
    "the-method-config-is-complete": (WithDefaults, NeedsMore, NeedsLess),
    "views-and-sizes-are-its-own-to-ask-for": (ThreeClasses,),
    "more-unlabelled-than-labelled-clips-will-do": (InPairs,),
    "further-networks-are-known-from-the-hyper-parameters": (HidesANetwork, NamesANetworkInVain, HidesAFile),
    "restarts-are-known-from-the-hyper-parameters": (RestartsInTheEnd, RestartsByItsClasses, RestartsOnceItIsBuilt),
    "a-network-of-3d-convolutions-will-do": (KnowsItsNetwork,),
    "it-remembers-in-buffers-alone": (Forgetful, CountsInADictionary, OwnGenerator),
    "global-generators-are-left-alone": (NumpyDraws, PythonsDraws, Reseeds, SeedsItself),
    "every-hyper-parameter-acts-where-it-says": (
        IgnoresWeight,
        ActsTooSoon,
        declared("sharpness", Acts("loss")),
        declared("depth", Acts("prediction")),
        declared("weight", Acts("round")),
        declared("weight", Acts("nowhere")),
        declared("momentum", Acts(other=0.5)),
    ),
}


def examined(algorithm: type[Method]) -> MethodUnderTest:
    return MethodUnderTest(algorithm.__name__, algorithm, VALUES)


ELSEWHERE = {
    *("a-gpu-computes-the-same", "it-survives-kill-9"),
    *("its-augmentations-give-clips", "its-augmentations-are-repeatable"),
}
"""Checks that need more than a class; see the tests below, and test_augmentation_checks.py."""


def test_a_sound_method_passes_everything() -> None:
    outcomes = examine_all(examined(Sound))
    assert [outcome.message for outcome in outcomes if outcome.state == "failed"] == []
    assert sorted(outcome.check for outcome in outcomes) == sorted(CHECKS)
    assert outcomes[-1].check == "it-survives-kill-9", "what takes long comes last"
    skipped = {outcome.check for outcome in outcomes if outcome.state == "not applicable"}
    on_gpu = set() if torch.cuda.is_available() else {"a-gpu-computes-the-same"}
    optional = {"further-predictions-are-logits", "learning-rates-are-of-trained-weights"}
    assert skipped == {"it-does-without-unlabelled-clips", "it-survives-kill-9"} | optional | on_gpu


def test_every_check_has_a_method_that_it_fails() -> None:
    assert FAULTS.keys() | ELSEWHERE == CHECKS.keys()
    assert all(check.holds.endswith(".") for check in CHECKS.values())


@pytest.mark.parametrize(("check", "algorithm"), [(check, each) for check in FAULTS for each in FAULTS[check]])
def test_a_fault_is_found_and_reported(check: str, algorithm: type[Method]) -> None:
    outcome = examine(examined(algorithm), check)
    assert outcome.state == "failed"
    assert outcome.message.startswith(f"{algorithm.__name__}: ")
    assert outcome.message.endswith((".", ")"))
    assert ";" in outcome.message or "not finite" in outcome.message or "it raised" in outcome.message


def test_an_exception_is_a_failure_that_names_it() -> None:
    class Raising(Sound):
        def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
            raise KeyError("strong_labelled")

    outcome = examine(examined(Raising), "a-batch-of-one")
    assert (outcome.state, "KeyError: 'strong_labelled'" in outcome.message) == ("failed", True)


class Ramped(Sound):
    class Config(Sound.Config):
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)

    rise: Callable[[float, Progress], float] = staticmethod(
        lambda ramp, progress: 1.0 if ramp == 0 else min(1.0, progress.step / (ramp * progress.steps))
    )

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        losses = super().loss(batch, progress)
        factor = self.rise(self.config.ramp, progress)  # type: ignore[attr-defined]
        return Losses({name: factor * term for name, term in losses.terms.items()}, losses.pseudo)


class NoRamp(Ramped):
    """A 'ramp' that scales the loss alike at every point of the run."""

    rise = staticmethod(lambda ramp, progress: 1 + ramp)


@pytest.mark.parametrize(("algorithm", "state"), [(Ramped, "passed"), (NoRamp, "failed")])
def test_a_schedule_acts_at_one_point_of_the_run_and_not_at_another(algorithm: type[Method], state: str) -> None:
    ramped = MethodUnderTest(algorithm.__name__, algorithm, {**VALUES, "ramp": 0.4})
    assert examine(ramped, "every-hyper-parameter-acts-where-it-says").state == state


@pytest.mark.parametrize(
    ("check", "algorithm", "words"),
    [
        ("it-remembers-in-buffers-alone", Forgetful, "self.seen changed in training and no checkpoint holds it"),
        ("it-remembers-in-buffers-alone", OwnGenerator, "self.generator changed in training"),
        ("global-generators-are-left-alone", NumpyDraws, "loss() draws from NumPy's global generator"),
        ("global-generators-are-left-alone", PythonsDraws, "epoch_start() draws from Python's global generator"),
        ("global-generators-are-left-alone", Reseeds, "loss() sets torch's global generator"),
        ("global-generators-are-left-alone", SeedsItself, "its constructor sets torch's global generator"),
        ("the-method-config-is-complete", WithDefaults, "Config has defaults for sharpness"),
        (
            "the-method-config-is-complete",
            NeedsMore,
            "the method config lacks temperature; write 'KEY: {value: ..., source: ...}'",
        ),
        (
            "the-method-config-is-complete",
            NeedsLess,
            "the method config has depth, momentum, sharpness, weight, which Config does",
        ),
        ("views-and-sizes-are-its-own-to-ask-for", ThreeClasses, "5 classes, 6 frames, 24 pixels, 7 clips: "),
        ("more-unlabelled-than-labelled-clips-will-do", InPairs, "4 labelled and 8 unlabelled clips, epoch 0: "),
        ("a-network-of-3d-convolutions-will-do", KnowsItsNetwork, "with a network of 3D convolutions: AttributeError"),
        ("hidden-labels-do-not-matter", Peeping, "its losses change with the labels of unlabelled clips"),
        ("the-batch-is-not-changed", InPlace, "batch.unlabelled.clips['weak'] was changed in place; write to a clone"),
        ("it-repeats-itself", NumpyDraws, "the same weights, clips and seed gave another loss"),
    ],
)
def test_the_sentence_says_what_and_where(check: str, algorithm: type[Method], words: str) -> None:
    assert words in examine(examined(algorithm), check).message


def test_a_fault_leaves_the_generators_as_they_were() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    for algorithm in (NumpyDraws, PythonsDraws):
        assert examine(examined(algorithm), "global-generators-are-left-alone").state == "failed"
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]  # noqa: NPY002


class Cached(Sound):
    """Computes something once, from what never changes: no state is lost with it."""

    scale: Tensor | None = None

    def labelled(self, clips: Tensor, label: Tensor) -> Tensor:
        if self.scale is None:
            self.scale = torch.ones(3)
        return super().labelled(clips, label) * self.scale.mean()


def test_what_is_computed_once_is_no_memory() -> None:
    assert examine(examined(Cached), "it-remembers-in-buffers-alone").state == "passed"


def test_devices_are_compared_by_losses_and_logits() -> None:
    """No GPU is needed to see that the comparison finds a difference; another seed's weights stand for another sum."""
    sound = examined(Sound)
    agree(sound, sound.on(device="cpu"), "here")
    with pytest.raises(FailedError, match=r"'labelled' is .* on a GPU and .* on the CPU; draw on the CPU"):
        agree(sound, sound.on(seed=1), "on a GPU")
    with pytest.raises(FailedError, match=r"predict\(\) gives other logits on a GPU than on the CPU"):
        agree(sound, sound.under(sharpness=2.0), "on a GPU")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")
def test_a_gpu_computes_the_same() -> None:
    assert examine(examined(Sound), "a-gpu-computes-the-same").message == ""
