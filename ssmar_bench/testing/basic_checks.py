"""The checks of losses and memory.

Those of predictions are in :mod:`ssmar_bench.testing.prediction_checks`, those of unusual batches and numbers in
:mod:`ssmar_bench.testing.extremes`, those of hyper-parameters in :mod:`ssmar_bench.testing.effects`.

Names of terms are part of the contract: terms of labelled clips alone begin with ``labelled``, all others are the
unlabelled loss.
"""

from __future__ import annotations

import dataclasses
import io
from copy import deepcopy

import torch
from torch import Tensor

from ssmar_bench.core.contract import Batch, Method, Unlabelled, method_without_network
from ssmar_bench.testing.check import FailedError, NotApplicableError, register_check, require_that
from ssmar_bench.testing.method_under_test import (
    MethodUnderTest,
    equal_states,
    gradients,
    start_epoch,
    tensors,
    total_loss,
    unlabelled,
)


def _needs_unlabelled(examined: MethodUnderTest) -> None:
    if not examined.algorithm.needs_unlabelled:
        raise NotApplicableError("it does without unlabelled clips")


@register_check
def losses_are_finite_scalars_that_train(examined: MethodUnderTest) -> None:
    """Every term is a finite scalar with a gradient, and between them they train every weight."""
    trained: set[str] = set()
    for epoch in examined.ends:
        method = examined.selecting("all").at(epoch)
        losses = examined.loss(method, epoch)
        require_that(losses.terms, "loss() returned no term; give Losses({'labelled': ...}).")
        for name, term in losses.terms.items():
            require_that(term.shape == (), f"the term '{name}' has shape {tuple(term.shape)}; take its mean.")
            require_that(
                term.isfinite(), f"the term '{name}' is {term.item()} in epoch {epoch}; look for log(0) and 0/0."
            )
        require_that(total_loss(losses).requires_grad, "no term has a gradient; do not detach the losses.")
        found = gradients(method, total_loss(losses))
        for name, gradient in found.items():
            require_that(gradient.isfinite().all(), f"the gradient of '{name}' is not finite in epoch {epoch}.")
        trained |= {name for name, gradient in found.items() if gradient.any()}
    wanted = {name for name, parameter in examined.build().named_parameters() if parameter.requires_grad}
    idle = ", ".join(sorted(wanted - trained)[:3])
    require_that(not idle, f"no loss trains {idle}; use them, or set requires_grad_(False) (a teacher, a frozen part).")


@register_check
def the_unlabelled_loss_trains_the_backbone(examined: MethodUnderTest) -> None:
    """The terms of unlabelled clips alone give the backbone a gradient, and it depends on those clips."""
    _needs_unlabelled(examined)
    everything = examined.selecting("all")
    reached = dependent = False
    for epoch in range(examined.tiny.epochs):
        method = everything.at(epoch)
        terms = unlabelled(examined.loss(method, epoch, 1))
        if terms:
            found = gradients(method, torch.stack([term.float() for term in terms.values()]).sum())
            reached |= any(gradient.any() for gradient in _of_backbone(found).values())
        dependent |= not equal_states(*(_pull(everything, epoch, clips_of) for clips_of in (1, 2)))
        if reached and dependent:
            return
    reason = "a teacher's output taken for the student's, features made under no_grad, a weight that stays 0"
    require_that(reached, f"its unlabelled terms give the backbone no gradient in any epoch; look for {reason}.")
    require_that(
        dependent, f"the backbone's gradient is the same whatever the unlabelled clips are; look for {reason}."
    )


def _of_backbone(found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: gradient for name, gradient in found.items() if "backbone" in name}


def _pull(examined: MethodUnderTest, epoch: int, clips_of: int) -> dict[str, Tensor]:
    """The backbone's gradient in a step whose unlabelled clips are those of step ``clips_of``.

    In evaluation mode, where BatchNorm does not let the labelled loss see them.
    """
    method = examined.at(epoch).eval()
    batch = dataclasses.replace(examined.batch(method, 1), unlabelled=examined.batch(method, clips_of).unlabelled)
    return _of_backbone(gradients(method, total_loss(examined.loss(method, epoch, 1, batch))))


@register_check
def pseudo_labels_are_whole(examined: MethodUnderTest) -> None:
    """Pseudo-labels are of the batch's clips, detached, of the right shape and type, with weights of at least 0."""
    for epoch in examined.ends:
        method = examined.at(epoch)
        batch = examined.batch(method)
        for name, series in examined.loss(method, epoch, 0, batch).pseudo.items():
            assert batch.unlabelled is not None
            known = set(batch.unlabelled.index.tolist())
            require_that(
                set(series.index.tolist()) <= known, f"the series '{name}' has an index that is not in the batch."
            )
            for part in ("label", "weight", "confidence"):
                tensor: Tensor = getattr(series, part)
                require_that(
                    tensor.shape == series.index.shape, f"{name}.{part} has shape {tuple(tensor.shape)}, not (N,)."
                )
                require_that(not tensor.requires_grad, f"{name}.{part} carries a gradient; detach it.")
            label = series.label
            require_that(label.dtype == torch.long, f"{name}.label is {label.dtype}; make it torch.long.")
            require_that(((label >= 0) & (label < examined.tiny.classes)).all(), f"{name}.label is no class.")
            require_that((series.weight >= 0).all(), f"{name}.weight is negative.")
            require_that(series.confidence.isfinite().all(), f"{name}.confidence is not finite.")


@register_check
def the_batch_is_not_changed(examined: MethodUnderTest) -> None:
    """Loss, gradient and prediction leave the batch as it was: several methods may look at one."""
    for epoch in examined.ends:
        method = examined.at(epoch)
        batch = examined.batch(method)
        before = {name: tensor.clone() for name, tensor in tensors(batch).items()}
        total_loss(examined.loss(method, epoch, 0, batch)).backward()  # type: ignore[no-untyped-call]
        method.after_step(examined.progress(epoch))
        with torch.no_grad():
            method.eval().predict(next(iter(batch.labelled.clips.values())))
        for name, tensor in tensors(batch).items():
            require_that(
                equal_states(tensor, before[name]), f"batch.{name} was changed in place; write to a clone of it."
            )


class _UnlabelledWithLabels(Unlabelled):
    """Unlabelled clips with the field that they must not have: for methods that look for it."""

    label: Tensor
    labels: Tensor


@register_check
def hidden_labels_do_not_matter(examined: MethodUnderTest) -> None:
    """Nothing changes when the labels of the unlabelled clips, were they there, are permuted."""
    _needs_unlabelled(examined)
    runs = []
    for shift in (0, 1):
        method = examined.build()
        seen = []
        for epoch in examined.ends:
            start_epoch(method, examined.tiny, epoch)
            batch = examined.batch(method)
            assert batch.unlabelled is not None
            with_labels = _UnlabelledWithLabels(batch.unlabelled.clips, batch.unlabelled.index)
            truth = (batch.unlabelled.index + shift) % examined.tiny.classes
            object.__setattr__(with_labels, "label", truth)
            object.__setattr__(with_labels, "labels", truth)
            losses = examined.loss(method, epoch, 0, Batch(batch.labelled, with_labels))
            total_loss(losses).backward()  # type: ignore[no-untyped-call]
            seen += [dict(losses.terms), {name: vars(series) for name, series in losses.pseudo.items()}]
        seen.append(deepcopy(method.state_dict()))
        runs.append(seen)
    sentence = "its losses change with the labels of unlabelled clips; a method may read clips and index alone."
    require_that(all(equal_states(one, other) for one, other in zip(*runs, strict=True)), sentence)


@register_check
def it_repeats_itself(examined: MethodUnderTest) -> None:
    """Two methods of one seed compute the same, to the last bit, when torch's generator is set alike."""
    for epoch in examined.ends:
        one, other = (examined.train(examined.at(epoch), epoch, 2) for _ in range(2))
        sentence = (
            "the same weights, clips and seed gave another loss; draw from torch's global generator alone (not from "
            "numpy, random or the clock), and iterate over no set."
        )
        require_that(all(equal_states(a.terms, b.terms) for a, b in zip(one, other, strict=True)), sentence)


@register_check
def it_goes_on_alike_when_saved_and_loaded(examined: MethodUnderTest) -> None:
    """A method whose state is loaded into a new one of another seed takes the same next steps."""
    for epoch in (1, examined.tiny.epochs - 2):
        method = examined.at(epoch)
        examined.train(method, epoch, 3)
        stored = io.BytesIO()
        torch.save(method.state_dict(), stored)
        stored.seek(0)
        other = examined.on(seed=examined.tiny.seed + 1).build()
        other.load_state_dict(torch.load(stored, weights_only=True))
        for each in (method, other):
            start_epoch(each, examined.tiny, epoch + 1)
        one, two = (examined.train(each, epoch + 1, 2, first=3) for each in (method, other))
        advice = "keep what it remembers in parameters and buffers (register_buffer), not in plain attributes."
        for step, (a, b) in enumerate(zip(one, two, strict=True), 1):
            require_that(equal_states(a.terms, b.terms), f"step {step} after loading has other losses; {advice}")
        require_that(
            equal_states(examined.predict(method), examined.predict(other)),
            f"its predictions differ after loading; {advice}",
        )


@register_check
def learning_rates_are_of_trained_weights(examined: MethodUnderTest) -> None:
    """Factors of the learning rate are positive numbers, each of a parameter that is trained."""
    method = examined.build()
    rates = method.learning_rates()
    if not rates:
        raise NotApplicableError("all its weights have the run's learning rate")
    trained = {name for name, parameter in method.named_parameters() if parameter.requires_grad}
    unknown = ", ".join(sorted(rates.keys() - trained))
    require_that(not unknown, f"learning_rates() names {unknown}, which no optimiser trains; use named_parameters().")
    for name, rate in rates.items():
        require_that(0 < rate < float("inf"), f"learning_rates() gives {name} the factor {rate}; use a number above 0.")


@register_check
def views_are_known_from_the_hyper_parameters(examined: MethodUnderTest) -> None:
    """A plan can ask for the views before anything is built, and gets those of the built method."""
    config = examined.algorithm.Config.model_validate(dict(examined.values))
    advice = "views() must read self.config alone, because a plan asks for it before networks and pools exist."
    try:
        found = method_without_network(examined.algorithm, config).views()
    except AttributeError as error:
        raise FailedError(f"{str(error).rstrip('.')}; {advice}") from error
    require_that(
        found == examined.build().views(), f"the built method has other views than its config alone gives; {advice}"
    )


@register_check
def it_starts_from_the_common_student(examined: MethodUnderTest) -> None:
    """The student's first weights are those that every method of a seed starts from."""
    torch.manual_seed(7)
    student = examined.tiny.context(examined.algorithm).network("student").state_dict()
    torch.manual_seed(8)
    found = examined.build().state_dict()
    mark = "classifier.weight"
    starts = [key.removesuffix(mark) for key in found if key.endswith(mark)]
    common = any(all(equal_states(found.get(start + key), value) for key, value in student.items()) for start in starts)
    require_that(
        common,
        "it does not start from context.network('student'); take that network and leave its weights alone.",
    )


@register_check
def it_does_without_unlabelled_clips(examined: MethodUnderTest) -> None:
    """A method that needs none has a loss at labelled ratio 1, where a batch has no unlabelled part."""
    if examined.algorithm.needs_unlabelled:
        raise NotApplicableError("it needs unlabelled clips")
    method: Method = examined.build()
    losses = examined.loss(method, 0, 0, dataclasses.replace(examined.batch(method), unlabelled=None))
    require_that(total_loss(losses).isfinite(), "its loss is not finite without unlabelled clips.")
    require_that(not losses.pseudo, "it reports pseudo-labels without unlabelled clips.")
