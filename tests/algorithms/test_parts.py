from __future__ import annotations

import math

import torch
from _loops import method_of

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.testing.tiny import Tiny


def test_one_pass_gives_each_batch_its_outputs() -> None:
    network = method_of(Tiny(), "fixmatch").network
    clips = [torch.randn(size, 4, 3, 16, 16) for size in (1, 3, 2)]
    network.eval()
    for batch, output in zip(clips, forward_together(network, *clips), strict=True):
        torch.testing.assert_close(output.logits, network(batch).logits)
        torch.testing.assert_close(output.features, network(batch).features)


def test_batchnorm_sees_all_views_at_once() -> None:
    network = method_of(Tiny(), "fixmatch").network
    clips = [torch.randn(2, 4, 3, 16, 16), 3 * torch.randn(2, 4, 3, 16, 16)]
    joint = network(torch.cat(clips)).logits
    found = torch.cat([output.logits for output in forward_together(network, *clips)])
    torch.testing.assert_close(found, joint)
    assert not torch.allclose(found[:2], network(clips[0]).logits, atol=1e-4)
    assert network.forward_passes == 4 + 4 + 2


def test_a_label_is_used_from_the_threshold_on() -> None:
    logits = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, math.log(3)], [-9.0, 9.0]], requires_grad=True)
    index = torch.tensor([5, 1, 1, 0])
    at = confident_labels(index, logits, 0.5)
    assert at.label[1:].tolist() == [0, 1, 1]
    assert at.weight.tolist() == [1, 1, 1, 1]  # the softmax of two equal logits is exactly 1/2
    torch.testing.assert_close(at.confidence[:3], torch.tensor([0.5, 1 / (1 + math.exp(-1)), 0.75]))
    assert at.index is index
    assert confident_labels(index, logits, 0.501).weight.tolist() == [0, 1, 1, 1]
    assert confident_labels(index, logits, 0.76).weight.tolist() == [0, 0, 0, 1]
    assert not at.confidence.requires_grad
    assert not at.weight.requires_grad


def test_half_precision_logits_give_32_bit_confidences() -> None:
    found = confident_labels(torch.tensor([0]), torch.tensor([[0.0, 3.0]], dtype=torch.bfloat16), 0.95)
    assert found.confidence.dtype == torch.float32
    torch.testing.assert_close(found.confidence, torch.tensor([1 / (1 + math.exp(-3))]))
    assert found.weight.tolist() == [1]


def test_clips_of_weight_0_still_count_in_b() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 2.0], [5.0, 0.0], [0.0, 0.0]])
    label = torch.tensor([0, 0, 1, 1])
    found = weighted_cross_entropy(logits, label, torch.tensor([1.0, 0.5, 0.0, 0.0]))
    by_hand = (1.0 * math.log(2) + 0.5 * math.log(1 + math.exp(2))) / 4
    torch.testing.assert_close(found, torch.tensor(by_hand))
    assert weighted_cross_entropy(logits, label, torch.zeros(4)) == 0
