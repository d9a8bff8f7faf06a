"""The parts that several algorithms are put together from, against numbers worked out by hand or plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from _loops import cross, softmax
from torch import nn

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.algorithms.shared.consistency import (
    kl_divergence,
    mean_entropy,
    mean_squared_error,
    soft_cross_entropy,
)
from ssmar_bench.algorithms.shared.distribution import UniformAlignment, sharpen
from ssmar_bench.algorithms.shared.learning_status import LearningStatus
from ssmar_bench.algorithms.shared.mixing import cutmix_clips, draw_coefficients, draw_cutmix_boxes, mixup_clips
from ssmar_bench.algorithms.shared.schedule import momentum_of_run, ramp
from ssmar_bench.algorithms.shared.self_adaptive import SelfAdaptiveThreshold
from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.backbones.build import build_backbone
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import Progress

# ---- schedule


@pytest.mark.parametrize(
    ("momentum", "memory", "steps", "expected"),
    [
        (0.999, 0.05, 300, 1 - 1 / 15),  # 15 steps, not 1000
        (0.999, 0.05, 20_000, 0.999),  # a thousand steps are a twentieth of it
        (0.999, 0.05, 2**20, 0.999),  # never longer than the paper's
        (0.9, 0.05, 300, 0.9),
        (0.999, 0.05, 10, 0.0),  # half a step: no memory at all
        (0.999, None, 300, 0.999),
    ],
)
def test_a_memory_is_a_share_of_the_run_and_never_longer_than_the_papers(
    momentum: float, memory: float | None, steps: int, expected: float
) -> None:
    assert momentum_of_run(momentum, memory, steps) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("step", "end", "start", "shape", "expected"),
    [
        (0, 0.4, 0.0, "linear", 0.0),
        (10, 0.4, 0.0, "linear", 0.25),
        (40, 0.4, 0.0, "linear", 1.0),
        (99, 0.4, 0.0, "linear", 1.0),
        (0, 0.0, 0.0, "linear", 1.0),  # no ramp
        (9, 0.6, 0.1, "linear", 0.0),
        (35, 0.6, 0.1, "linear", 0.5),
        (19, 0.2, 0.2, "linear", 0.0),  # a step
        (20, 0.2, 0.2, "linear", 1.0),
        (0, 0.4, 0.0, "sigmoid", math.exp(-5)),
        (20, 0.4, 0.0, "sigmoid", math.exp(-1.25)),
        (40, 0.4, 0.0, "sigmoid", 1.0),
        (9, 0.6, 0.1, "sigmoid", 0.0),
    ],
)
def test_a_ramp_is_a_share_of_the_run(step: int, end: float, start: float, shape: str, expected: float) -> None:
    assert ramp(Progress(step, 100, 0, 1), end, start, shape) == pytest.approx(expected)  # type: ignore[arg-type]


# ---- BatchNorm

LAYERS = {
    1: (nn.BatchNorm1d, (6, 4)),
    2: (nn.BatchNorm2d, (6, 4, 5, 5)),
    3: (nn.BatchNorm3d, (6, 4, 2, 5, 5)),
}


@pytest.mark.parametrize("dimensions", LAYERS)
def test_running_statistics_of_every_dimension_stay_still(dimensions: int) -> None:
    layer, shape = LAYERS[dimensions]
    network = nn.Sequential(layer(4), nn.ReLU())
    clips = 3 + 2 * torch.randn(shape)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with frozen_statistics(network):
        found = network(clips)
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())
    torch.testing.assert_close(found, network(clips))  # normalised by the batch all the same
    assert not network.state_dict()["0.running_mean"].equal(before["0.running_mean"])  # and now they move again


def test_running_statistics_are_used_in_evaluation_mode_and_move_again_after_an_error() -> None:
    network = nn.Sequential(nn.BatchNorm3d(2)).eval()
    clips = 5 + torch.randn(3, 2, 2, 4, 4)
    with frozen_statistics(network):
        torch.testing.assert_close(network(clips), clips, rtol=1e-4, atol=1e-4)
    with pytest.raises(RuntimeError), frozen_statistics(network):
        raise RuntimeError
    assert network[0].track_running_stats


def test_a_layer_that_tracks_nothing_is_left_alone() -> None:
    network = nn.Sequential(nn.BatchNorm2d(2, track_running_stats=False))
    with frozen_statistics(network):
        network(torch.randn(2, 2, 3, 3))
    assert not network[0].track_running_stats


# ---- teacher


def networks() -> tuple[nn.Module, Teacher]:
    method_config = BackboneConfig(name="micro-tsm", weights="none", input="mean_subtracted")
    return build_backbone(method_config, 4, 3, seed=1), Teacher(build_backbone(method_config, 4, 3, seed=1))


def test_a_teacher_averages_parameters_and_copies_statistics() -> None:
    student, teacher = networks()
    first = [parameter.clone() for parameter in teacher.network.parameters()]
    student(torch.randn(4, 4, 3, 16, 16))  # its statistics move
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(1)
    teacher.update(student, 0.9)
    for start, mine in zip(first, teacher.network.parameters(), strict=True):
        torch.testing.assert_close(mine, start + 0.1)
    for mine, theirs in zip(teacher.network.buffers(), student.buffers(), strict=True):
        assert mine.equal(theirs)


def test_a_teacher_learns_nothing_and_keeps_its_statistics_still() -> None:
    student, teacher = networks()
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    clips = torch.randn(4, 4, 3, 16, 16)
    output = teacher(clips)
    assert not output.logits.requires_grad
    assert all(value.equal(before[name]) for name, value in teacher.state_dict().items())
    torch.testing.assert_close(output.logits, student(clips).logits)  # by the batch, as the student
    assert teacher.network.forward_passes == 4


# ---- losses and distributions


def test_consistency_losses_by_hand() -> None:
    z, other = [[1.0, 0.0, -1.0], [0.5, 0.5, 3.0]], [[0.0, 2.0, 0.0], [1.0, 1.0, 1.0]]
    p, q = [softmax(row) for row in z], [softmax(row) for row in other]
    logits, target = torch.tensor(z), torch.tensor(q)
    expected = [cross(t, row) for t, row in zip(q, z, strict=True)]
    assert soft_cross_entropy(logits, target).tolist() == pytest.approx(expected)
    gap = sum((a - b) ** 2 for x, y in zip(p, q, strict=True) for a, b in zip(x, y, strict=True)) / 6
    assert mean_squared_error(logits, target).item() == pytest.approx(gap)
    kl = sum(b * math.log(b / a) for x, y in zip(p, q, strict=True) for a, b in zip(x, y, strict=True)) / 2
    assert kl_divergence(torch.tensor(other), logits).item() == pytest.approx(kl)
    assert mean_entropy(logits).item() == pytest.approx(-sum(a * math.log(a) for x in p for a in x) / 2)


def test_consistency_losses_are_finite_where_probabilities_vanish() -> None:
    logits = torch.tensor([[1e6, 0.0, -1e6]], requires_grad=True)
    far = torch.tensor([[-1e6, 0.0, 1e6]])
    terms = [soft_cross_entropy(logits, far.softmax(1)).mean(), mean_squared_error(logits, far.softmax(1))]
    terms += [kl_divergence(far, logits), kl_divergence(logits, far), mean_entropy(logits)]
    assert all(term.isfinite() for term in terms)
    (gradient,) = torch.autograd.grad(torch.stack(terms).sum(), logits)
    assert gradient.isfinite().all()


def test_sharpening_by_hand() -> None:
    found = sharpen(torch.tensor([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), 0.5)
    assert found[0].tolist() == pytest.approx([0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38])
    assert found[1].tolist() == pytest.approx([1, 0, 0])
    torch.testing.assert_close(sharpen(found[:1], 1.0), found[:1])
    assert sharpen(torch.tensor([[0.5, 0.3, 0.2]]), 1e-3).tolist()[0] == pytest.approx([1, 0, 0])


def test_alignment_to_uniform_by_hand() -> None:
    align = UniformAlignment(2, momentum=0.5)
    first = align(torch.tensor([[0.8, 0.2], [0.4, 0.6]]))
    assert align.mean.tolist() == pytest.approx([0.6, 0.4])  # the first batch, not an average with 1 / C
    assert first[0].tolist() == pytest.approx([0.8 / 0.6 / (0.8 / 0.6 + 0.5), 0.5 / (0.8 / 0.6 + 0.5)], rel=1e-5)
    align(torch.tensor([[0.2, 0.8]]))
    assert align.mean.tolist() == pytest.approx([0.4, 0.6])
    other = UniformAlignment(2, momentum=0.5)
    other.load_state_dict(align.state_dict())
    assert other(torch.tensor([[0.2, 0.8]])).equal(align(torch.tensor([[0.2, 0.8]])))


# ---- thresholds


def test_learning_status_by_hand() -> None:
    status = LearningStatus(5, 3)
    assert [value.tolist() for value in status.counts()] == [[0, 0, 0], 5]
    status.record(torch.tensor([4, 0, 1]), torch.tensor([2, 2, 0]), torch.tensor([True, True, False]))
    assert [value.tolist() for value in status.counts()] == [[0, 0, 2], 3]
    status.record(torch.tensor([4]), torch.tensor([0]), torch.tensor([True]))  # the last label counts
    assert status.label.tolist() == [2, -1, -1, -1, 0]
    status.clear()
    assert status.counts()[1].item() == 5


def test_the_self_adaptive_threshold_by_hand() -> None:
    threshold = SelfAdaptiveThreshold(2, momentum=0.5)
    probability = torch.tensor([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]])
    found = threshold(torch.tensor([7, 8, 9]), probability)
    level = 0.5 * 0.5 + 0.5 * (0.9 + 0.7 + 0.6) / 3  # 0.6167
    expected = [0.25 + 1 / 3, 0.25 + 1 / 6]
    assert threshold.level.item() == pytest.approx(level)
    assert threshold.expected.tolist() == pytest.approx(expected)
    assert level * expected[1] / expected[0] < 0.6 < level  # the rarer class needs less
    assert found.weight.tolist() == [1, 1, 1]
    assert found.label.tolist() == [0, 0, 1]
    again = threshold(torch.tensor([7]), torch.tensor([[0.55, 0.45]]))
    assert again.weight.tolist() == [0]


# ---- mixing


def test_coefficients_are_for_each_clip_or_for_all() -> None:
    torch.manual_seed(0)
    each, one = draw_coefficients(200, 0.75), draw_coefficients(200, 0.75, per_clip=False)
    assert each.shape == one.shape == (200,)
    assert ((each >= 0.5) & (each <= 1)).all()
    assert len(each.unique()) > 190
    assert len(one.unique()) == 1
    torch.manual_seed(0)
    assert draw_coefficients(200, 0.75).equal(each)


def test_blending_by_hand() -> None:
    own, other = torch.ones(2, 1, 1, 2, 2), torch.full((2, 1, 1, 2, 2), 5.0)
    found = mixup_clips(own, other, torch.tensor([1.0, 0.75]))
    assert found[0].equal(own[0])
    assert found[1].unique().tolist() == [2.0]


def test_boxes_are_those_of_cutmix() -> None:
    rows, height, width = 40, 20, 30
    torch.manual_seed(3)
    boxes = draw_cutmix_boxes(rows, height, width)
    torch.manual_seed(3)
    side = (1 - draw_coefficients(rows, 1.0)).sqrt().tolist()
    down, across = torch.rand(rows).tolist(), torch.rand(rows).tolist()
    for box, s, y, x in zip(boxes, side, down, across, strict=True):
        top, left = int(y * height), int(x * width)
        tall, wide = int(s * height) // 2, int(s * width) // 2
        for row in range(height):
            for column in range(width):
                inside = top - tall <= row < top + tall and left - wide <= column < left + wide
                assert bool(box[row, column]) == inside
    assert boxes.float().mean((1, 2)).max() <= 0.5  # a clip keeps the larger part


def test_a_box_is_the_same_in_every_frame() -> None:
    own, other = torch.zeros(2, 3, 3, 4, 4), torch.ones(2, 3, 3, 4, 4)
    boxes = torch.zeros(2, 4, 4, dtype=torch.bool)
    boxes[1, 1:3, 0:2] = True
    mixed, share = cutmix_clips(own, other, boxes)
    assert share.tolist() == [1.0, 0.75]
    assert not mixed[0].any()
    assert mixed[1].sum() == 3 * 3 * 4
    assert mixed[1, :, :, 1:3, 0:2].all()
    assert not own.any()
