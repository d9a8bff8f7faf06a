"""What holds for every method of ``methods/``, whatever its mathematics; a new recipe is covered by being there.

Names of terms are part of it: terms of labelled clips begin with ``labelled``, all others are the unlabelled loss.
"""

from __future__ import annotations

import dataclasses
import io

import pytest
import torch
from _loops import advance, method_of
from torch import Tensor, nn

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import recipe
from ssmar_bench.core.contract import Batch, Losses, Method
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny()
LAST = TINY.epochs - 1
EVERYTHING_SELECTED = {"threshold": 0.0, "self_adaptive_threshold": False}
NOTHING_SELECTED = {"threshold": 1.0}

recipes = pytest.mark.parametrize("name", recipe.RECIPES.names())
early_and_late = pytest.mark.parametrize("epoch", [0, LAST])


def semi_supervised(names: list[str]) -> list[str]:
    return [name for name in names if ALGORITHMS.load(recipe.read(name)[0].algorithm).needs_unlabelled]


needing_unlabelled = pytest.mark.parametrize("name", semi_supervised(recipe.RECIPES.names()))


def loss_at(method: Method, epoch: int, step: int = 0, tiny: Tiny = TINY) -> Losses:
    return method.loss(tiny.batch_of(method.views(), step), tiny.progress(epoch))


def unlabelled_terms(losses: Losses) -> list[Tensor]:
    return [value for name, value in losses.terms.items() if not name.startswith("labelled")]


def gradients(method: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    method.zero_grad()
    loss.backward(retain_graph=True)
    return {name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None}


def tensors(batch: Batch) -> dict[str, Tensor]:
    sides = {"labelled": batch.labelled, **({"unlabelled": batch.unlabelled} if batch.unlabelled else {})}
    found = {f"{side}/{name}": clip for side, pool in sides.items() for name, clip in pool.clips.items()}
    found |= {f"{side}/index": pool.index for side, pool in sides.items()}
    return found | {"labelled/label": batch.labelled.label}


@recipes
@early_and_late
def test_terms_are_attached_finite_scalars_that_train_every_weight(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name), TINY, epoch)
    losses = loss_at(method, epoch)
    assert losses.terms
    for term, value in losses.terms.items():
        assert value.shape == (), term
        assert value.isfinite(), term
    found = gradients(method, sum(losses.terms.values()))
    trained = {key for key, parameter in method.named_parameters() if parameter.requires_grad}
    assert set(found) == trained
    assert all(gradient.isfinite().all() and gradient.any() for gradient in found.values())


@recipes
@early_and_late
def test_pseudo_labels_are_whole_and_detached(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name), TINY, epoch)
    batch = TINY.batch_of(method.views())
    pseudo = method.loss(batch, TINY.progress(epoch)).pseudo
    assert method.needs_unlabelled or not pseudo
    for stream in pseudo.values():
        assert set(stream.index.tolist()) <= set(batch.unlabelled.index.tolist())
        for tensor in (stream.label, stream.weight, stream.confidence):
            assert tensor.shape == stream.index.shape
            assert not tensor.requires_grad
        assert stream.label.dtype == torch.long
        assert ((stream.label >= 0) & (stream.label < TINY.classes)).all()
        assert (stream.weight >= 0).all()
        assert stream.confidence.isfinite().all()


@recipes
@early_and_late
def test_the_batch_is_not_changed(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name), TINY, epoch)
    batch = TINY.batch_of(method.views())
    before = {key: value.clone() for key, value in tensors(batch).items()}
    sum(method.loss(batch, TINY.progress(epoch)).terms.values()).backward()
    method.after_step(TINY.progress(epoch))
    method.eval().predict(batch.labelled.clips["weak"])
    assert all(value.equal(before[key]) and value.grad is None for key, value in tensors(batch).items())


@recipes
@pytest.mark.parametrize("epoch", [1, LAST])
def test_a_method_loaded_in_the_middle_goes_on_alike(name: str, epoch: int) -> None:
    """Everything that the next loss depends on is in the state; the second method starts from other weights."""
    method = advance(method_of(TINY, name), TINY, epoch)
    optimiser = torch.optim.SGD(method.parameters(), 0.05)
    for step in range(3):
        sum(loss_at(method, epoch, step).terms.values()).backward()
        optimiser.step()
        method.after_step(TINY.progress(epoch))
    buffer = io.BytesIO()
    torch.save(method.state_dict(), buffer)
    buffer.seek(0)

    other = method_of(dataclasses.replace(TINY, seed=1), name)
    first = [loss_at(m, epoch, 3).terms for m in (method, other)]
    assert first[0] != first[1]
    other.load_state_dict(torch.load(buffer, weights_only=True))
    method.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))  # undo the look above
    one, two = (loss_at(m, epoch, 3) for m in (method, other))
    assert {key: value.item() for key, value in one.terms.items()} == {k: v.item() for k, v in two.terms.items()}
    clips = TINY.batch_of(method.views(), 4).labelled.clips["weak"]
    assert method.eval().predict(clips).equal(other.eval().predict(clips))


@needing_unlabelled
@early_and_late
def test_the_unlabelled_loss_trains_the_backbone_once_labels_are_selected(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name, **EVERYTHING_SELECTED), TINY, epoch)
    losses = loss_at(method, epoch)
    assert all(stream.weight.any() for stream in losses.pseudo.values())
    found = unlabelled_terms(losses)
    assert found
    for term in found:
        assert any(grad.any() for key, grad in gradients(method, term).items() if "backbone" in key)


@needing_unlabelled
def test_a_batch_in_which_no_clip_passes_leaves_the_labelled_loss(name: str) -> None:
    method = method_of(TINY, name, **NOTHING_SELECTED)
    if "threshold" not in type(method).Config.model_fields:
        pytest.skip(f"{name} has no threshold that a test can raise")
    losses = loss_at(method, 0)
    assert not any(stream.weight.any() for stream in losses.pseudo.values())
    assert all(term == 0 for term in unlabelled_terms(losses))
    whole = gradients(method, sum(losses.terms.values()))
    labelled = gradients(method, sum(v for key, v in losses.terms.items() if key.startswith("labelled")))
    assert whole.keys() == labelled.keys()
    for key, gradient in whole.items():
        torch.testing.assert_close(gradient, labelled[key])
        assert gradient.isfinite().all()


@recipes
@early_and_late
def test_a_batch_of_one(name: str, epoch: int) -> None:
    tiny = dataclasses.replace(TINY, batch=1)
    method = advance(method_of(tiny, name), tiny, epoch)
    try:
        losses = loss_at(method, epoch, tiny=tiny)
    except ValueError as error:
        if "more than 1 value per channel" in str(error):
            pytest.skip("BatchNorm cannot normalise a single value")
        raise
    assert all(value.isfinite() for value in losses.terms.values())


@recipes
@early_and_late
@pytest.mark.parametrize("scale", [0.0, 1e6])
def test_extreme_logits_give_finite_losses_and_gradients(name: str, epoch: int, scale: float) -> None:
    """With 0 all classes are equally likely; with 10^6 all but one have probability 0."""
    method = method_of(TINY, name)
    for module in method.modules():
        if isinstance(module, nn.Linear):
            with torch.no_grad():
                module.weight.mul_(scale)
                module.bias.mul_(scale)
    losses = loss_at(advance(method, TINY, epoch), epoch)
    assert all(value.isfinite() for value in losses.terms.values())
    assert all(g.isfinite().all() for g in gradients(method, sum(losses.terms.values())).values())


@recipes
@early_and_late
def test_half_precision_changes_little(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name, **EVERYTHING_SELECTED), TINY, epoch)
    full = loss_at(method, epoch).terms
    with torch.autocast("cpu", torch.bfloat16):
        half = loss_at(method, epoch)
    assert half.terms.keys() == full.keys()
    for term, value in half.terms.items():
        assert value.isfinite(), term
        assert value.item() == pytest.approx(full[term].item(), rel=0.15, abs=0.02), term
    assert all(g.isfinite().all() for g in gradients(method, sum(half.terms.values())).values())


@recipes
@early_and_late
def test_prediction_is_of_each_clip_by_itself(name: str, epoch: int) -> None:
    method = advance(method_of(TINY, name), TINY, epoch).eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    state = {key: value.clone() for key, value in method.state_dict().items()}
    with torch.no_grad():
        logits = method.predict(clips)
        single = torch.cat([method.predict(clip[None]) for clip in clips])
    assert logits.shape == (TINY.batch, TINY.classes)
    assert logits.isfinite().all()
    torch.testing.assert_close(single, logits, rtol=1e-4, atol=1e-4)
    assert all(value.equal(state[key]) for key, value in method.state_dict().items())  # looking changes nothing


@recipes
def test_initial_weights_depend_on_the_seed_alone(name: str) -> None:
    """All methods of a seed start from the same student (methods with several networks have it too)."""
    torch.manual_seed(7)
    student = method_of(TINY, "supervised").network.state_dict()
    torch.manual_seed(8)
    found = method_of(TINY, name).state_dict()
    mark = "classifier.weight"
    networks = [key.removesuffix(mark) for key in found if key.endswith(mark)]
    assert any(all(found[prefix + key].equal(value) for key, value in student.items()) for prefix in networks)
