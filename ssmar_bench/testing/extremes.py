"""The checks of unusual batches and numbers: nothing selected, one clip, one class, huge logits, half precision."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from ssmar_bench.testing.check import FailedError, NotApplicableError, register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest, gradients, start_epoch, total_loss, unlabelled


@register_check
def no_clip_passes_the_threshold(examined: MethodUnderTest) -> None:
    """Where nothing is selected the term behind the selection is 0, and everything stays finite."""
    if not any(acts.none is not None for acts in examined.fields().values()):
        raise NotApplicableError("no hyper-parameter declares a value with which nothing is selected (Acts(none=...))")
    governed = False
    for epoch in range(examined.tiny.epochs):
        method = examined.selecting("none").at(epoch)
        losses = examined.loss(method, epoch, 1)
        for name, term in losses.terms.items():
            require_that(
                term.isfinite(), f"'{name}' is {term.item()} where nothing is selected; divide by the batch, not by 0."
            )
        for name, gradient in gradients(method, total_loss(losses)).items():
            require_that(
                gradient.isfinite().all(), f"the gradient of '{name}' is not finite where nothing is selected."
            )
        everything = examined.selecting("all")
        selected = unlabelled(examined.loss(everything.at(epoch), epoch, 1))
        governed |= any(bool(term) and not bool(losses.terms.get(name, term)) for name, term in selected.items())
        if governed:
            quiet = any(not bool(series.weight.any()) for series in losses.pseudo.values())
            require_that(quiet or not losses.pseudo, "clips have a weight in `pseudo` although none is selected.")
            return
    raise FailedError(
        "no unlabelled term becomes 0 with the values that select nothing; weight every clip's loss by the mask."
    )


@register_check
def a_batch_of_one(examined: MethodUnderTest) -> None:
    """One labelled and one unlabelled clip give finite losses, gradients and memory."""
    small = examined.on(batch=1)
    for epoch in examined.ends:
        method = small.at(epoch)
        try:
            losses = small.train(method, epoch, 2)
        except ValueError as error:
            if "more than 1 value per channel" in str(error):
                raise NotApplicableError("BatchNorm cannot normalise a single value") from error
            raise
        sentence = "a batch of one clip gives a loss that is not finite; look for a variance of one value, or n - 1."
        require_that(all(term.isfinite() for step in losses for term in step.terms.values()), sentence)
        for name, value in method.state_dict().items():
            finite = not isinstance(value, Tensor) or bool(value.isfinite().all())
            require_that(finite, f"a batch of one clip makes '{name}' not finite for ever.")


@register_check
def a_class_without_labelled_clips(examined: MethodUnderTest) -> None:
    """A batch whose labelled clips are all of one class gives finite losses and gradients."""
    for epoch in examined.ends:
        method = examined.at(epoch)
        batch = examined.batch(method)
        one = dataclasses.replace(batch.labelled, label=torch.zeros_like(batch.labelled.label))
        losses = examined.loss(method, epoch, 0, dataclasses.replace(batch, labelled=one))
        fine = [*losses.terms.values(), *gradients(method, total_loss(losses)).values()]
        sentence = "a batch without labelled clips of some class gives a loss or gradient that is not finite."
        require_that(all(value.isfinite().all() for value in fine), sentence)


@register_check
def extreme_logits_stay_finite(examined: MethodUnderTest) -> None:
    """Logits of 0 and of a million give finite losses and gradients."""
    for scale in (0.0, 1e6):
        for epoch in examined.ends:
            method = examined.build()
            for module in method.modules():
                if isinstance(module, nn.Linear):
                    with torch.no_grad():
                        for parameter in module.parameters(recurse=False):
                            parameter.mul_(scale)
            for number in range(epoch + 1):
                start_epoch(method, examined.tiny, number)
            losses = examined.loss(method, epoch, 1)
            fine = [*losses.terms.values(), *gradients(method, total_loss(losses)).values()]
            advice = "use log_softmax and cross_entropy, never log(softmax), and clamp what is divided by."
            sentence = f"classifiers scaled by {scale:g} give a loss or gradient that is not finite; {advice}"
            require_that(all(value.isfinite().all() for value in fine), sentence)


@register_check
def half_precision_changes_little(examined: MethodUnderTest) -> None:
    """Under bf16 autocast the losses are finite and near those of 32 bits, and so are the gradients."""
    everything = examined.selecting("all")
    for epoch in examined.ends:
        full = everything.loss(everything.at(epoch), epoch)
        method = everything.at(epoch)
        with torch.autocast("cpu", torch.bfloat16):
            half = everything.loss(method, epoch)
        for name, term in half.terms.items():
            wanted, found = full.terms[name].item(), term.item()
            sentence = f"'{name}' is {found:g} under bf16 and {wanted:g} in 32 bits; compute losses in .float()."
            require_that(term.isfinite() and abs(found - wanted) <= 0.02 + 0.15 * abs(wanted), sentence)
        # Three tries: oneDNN's bf16 gradient of a 3D convolution's weights is now and then made of memory that nobody
        # wrote (PyTorch 2.15 on AVX-512), and is finite when the same graph is passed back again.
        tries = (gradients(method, total_loss(half)) for _ in range(3))
        fine = any(all(gradient.isfinite().all() for gradient in found.values()) for found in tries)
        require_that(fine, "a gradient is not finite under bf16 autocast; compute losses in .float().")
