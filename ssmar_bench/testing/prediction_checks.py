"""The checks of predictions: ``predict`` and the heads beside it."""

from __future__ import annotations

from copy import deepcopy

import torch

from ssmar_bench.testing.check import NotApplicableError, register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest, equal_states


@register_check
def prediction_is_of_each_clip_by_itself(examined: MethodUnderTest) -> None:
    """``predict`` gives finite logits (B, classes), the same for a clip alone and among others, and changes nothing."""
    for epoch in examined.ends:
        method = examined.at(epoch)
        examined.train(method, epoch, 1)
        method.eval()
        clips = next(iter(examined.batch(method).labelled.clips.values()))
        before = deepcopy(method.state_dict())
        with torch.no_grad():
            logits = method.predict(clips)
            alone = torch.cat([method.predict(clip[None]) for clip in clips])
        shape = (examined.tiny.batch, examined.tiny.classes)
        require_that(logits.shape == shape, f"predict() gave {tuple(logits.shape)} for {shape[0]} clips, not {shape}.")
        require_that(logits.isfinite().all(), "predict() gave logits that are not finite.")
        near = torch.allclose(alone.float(), logits.float(), rtol=1e-3, atol=1e-4)
        require_that(
            near, "a clip's logits depend on the other clips; predict() runs in evaluation mode and normalises none."
        )
        require_that(
            equal_states(method.state_dict(), before), "predict() changed the method's state; only loss() may."
        )


@register_check
def further_predictions_are_logits(examined: MethodUnderTest) -> None:
    """Heads beside ``predict`` give finite logits (B, classes), the same for a clip alone; none is lost in training."""
    names: set[str] = set()
    for epoch in examined.ends:
        method = examined.at(epoch)
        clips = next(iter(examined.batch(method).labelled.clips.values()))
        method.eval()
        with torch.no_grad():
            heads = method.further_predictions(clips)
            alone = [method.further_predictions(clip[None]) for clip in clips]
        if epoch == examined.ends[-1] and not heads and not names:
            raise NotApplicableError("it has one head")
        shape = (examined.tiny.batch, examined.tiny.classes)
        for name, logits in heads.items():
            require_that(
                name.isidentifier(), f"further_predictions() names a head '{name}'; use letters, digits and '_'."
            )
            require_that(
                logits.shape == shape, f"the head '{name}' gave {tuple(logits.shape)}, not {shape}; give logits."
            )
            require_that(logits.isfinite().all(), f"the head '{name}' gave logits that are not finite.")
            single = torch.cat([one[name] for one in alone])
            near = torch.allclose(single.float(), logits.float(), rtol=1e-3, atol=1e-4)
            require_that(near, f"a clip's logits of the head '{name}' depend on the other clips; normalise none.")
        lost = ", ".join(sorted(names - heads.keys()))
        require_that(not lost, f"further_predictions() gave {lost} in an earlier epoch, and not now; a head stays.")
        names |= heads.keys()
