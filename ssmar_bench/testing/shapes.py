"""The checks of what a method must not take for granted: sizes, and the kind of its network."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from ssmar_bench.core.contract import method_without_network
from ssmar_bench.core.network_names import is_file
from ssmar_bench.testing.basic_checks import (
    it_goes_on_alike_when_saved_and_loaded,
    losses_are_finite_scalars_that_train,
    pseudo_labels_are_whole,
)
from ssmar_bench.testing.check import FailedError, NotApplicableError, register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest, total_loss
from ssmar_bench.testing.prediction_checks import prediction_is_of_each_clip_by_itself
from ssmar_bench.training.lr_schedule import check_restarts


def _as_everywhere(examined: MethodUnderTest, where: str) -> None:
    """The checks that look at every part of a method, with ``where`` before what they find."""
    for function in (
        losses_are_finite_scalars_that_train,
        pseudo_labels_are_whole,
        prediction_is_of_each_clip_by_itself,
        it_goes_on_alike_when_saved_and_loaded,
    ):
        try:
            function(examined)
        except FailedError as fault:
            raise FailedError(f"{where}: {fault}") from fault


@register_check
def views_and_sizes_are_its_own_to_ask_for(examined: MethodUnderTest) -> None:
    """It works with other numbers of classes, frames, pixels and clips than those of the other checks."""
    larger = examined.on(classes=5, segments=6, size=24, batch=7, labelled=15, unlabelled=21)
    batch = larger.batch(larger.build())
    require_that(
        batch.labelled.clips,
        "views() asks for no view of labelled clips; write Views(labelled={'weak': View('weak')}).",
    )
    try:
        losses = larger.loss(larger.build(), 0)
    except (RuntimeError, IndexError, ValueError) as error:
        raise FailedError(
            f"5 classes, 6 frames, 24 pixels, 7 clips: {error}; take sizes from context and batch."
        ) from error
    require_that(total_loss(losses).shape == (), "its losses have no sum.")
    _as_everywhere(larger, "5 classes, 6 frames, 24 pixels, 7 clips")


@register_check
def more_unlabelled_than_labelled_clips_will_do(examined: MethodUnderTest) -> None:
    """It works with two unlabelled clips for each labelled one (``train.unlabelled_per_labelled``)."""
    if not examined.algorithm.needs_unlabelled:
        raise NotApplicableError("it does without unlabelled clips")
    doubled = examined.on(unlabelled_per_labelled=2)
    for epoch in doubled.ends:
        try:
            losses = doubled.loss(doubled.at(epoch), epoch)
        except (RuntimeError, IndexError, ValueError, AssertionError) as error:
            raise FailedError(
                f"4 labelled and 8 unlabelled clips, epoch {epoch}: {error}; take the sizes of both from the batch."
            ) from error
        require_that(total_loss(losses).isfinite(), f"with 8 unlabelled clips its loss is not finite in epoch {epoch}.")
    pseudo_labels_are_whole(doubled)


@register_check
def further_networks_are_known_from_the_hyper_parameters(examined: MethodUnderTest) -> None:
    """A plan can ask which networks it has besides the run's before anything is built, and those are built.

    Of one that starts from a file, a hyper-parameter says so.
    """
    config = examined.algorithm.Config.model_validate(dict(examined.values))
    told = set(method_without_network(examined.algorithm, config).further_networks())
    context, asked = examined.tiny.context(examined.algorithm), set()

    def network(role: str, name: str = "") -> Any:
        asked.update({name} - {""})
        return context.network(role, name)

    examined.algorithm(dataclasses.replace(context, network=network), config)
    sentence = f"further_networks() names {sorted(told)}, and context.network() was asked for {sorted(asked)}"
    require_that(told == asked, f"{sentence}; name each network that is built besides the run's.")
    of_files = {name for name in told if is_file(name.partition("@")[2])}
    unsaid = sorted(of_files - set(_texts(config.model_dump(mode="json"))))
    require_that(
        not unsaid,
        f"further_networks() names {unsaid}, which is the value of no hyper-parameter; make NAME@FILE the value of "
        "one, so that the file's content is part of what a run is.",
    )


@register_check
def restarts_are_known_from_the_hyper_parameters(examined: MethodUnderTest) -> None:
    """The epochs before which it restarts rise and lie inside the run, and a plan can ask for them."""
    config = examined.algorithm.Config.model_validate(dict(examined.values))
    epochs, advice = examined.tiny.epochs, "restarts() must read self.config and its argument alone"
    found = list(examined.build().restarts(epochs))
    try:
        check_restarts(found, epochs)
        told = list(method_without_network(examined.algorithm, config).restarts(epochs))
    except ValueError as error:
        raise FailedError(f"{error}; number epochs from 0.") from error
    except AttributeError as error:
        raise FailedError(f"{str(error).rstrip('.')}; {advice}.") from error
    require_that(found == told, f"the built method restarts before {found}, its config alone gives {told}; {advice}.")


@register_check
def a_network_of_3d_convolutions_will_do(examined: MethodUnderTest) -> None:
    """It works with a network of 3D convolutions as with one that sees each frame for itself."""
    if examined.algorithm.needs_tokens:
        raise NotApplicableError("it needs a network of patch tokens")
    try:
        _as_everywhere(examined.on(solid=True), "with a network of 3D convolutions")
    except (RuntimeError, AttributeError, TypeError) as error:
        advice = "of a network use what core.contract.Network names alone: its call, features and classifier"
        raise FailedError(f"with a network of 3D convolutions: {type(error).__name__}: {error}; {advice}.") from error


def _texts(value: Any) -> Iterator[str]:
    """The texts in a hyper-parameter's value."""
    if isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
