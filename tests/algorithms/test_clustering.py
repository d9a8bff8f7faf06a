from __future__ import annotations

from typing import Any

import pytest
import torch
from _loops import naive_kmeans, naive_thresholds
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssmar_bench.algorithms.aplt import APLT
from ssmar_bench.algorithms.shared.clustering import Clusters, class_sums, semi_supervised_kmeans

few = settings(max_examples=40, deadline=None, derandomize=True, database=None)


def problem(
    seed: int, classes: int, per_class: int, points: int, width: int, dtype: Any = torch.float64
) -> dict[str, Any]:
    """Overlapping blobs; as many anchors a class."""
    draw = torch.Generator().manual_seed(seed)
    centre = torch.randn(classes, width, generator=draw, dtype=dtype)
    label = torch.arange(classes).repeat(per_class)
    of = torch.randint(classes, (points,), generator=draw)
    return {
        "anchors": centre[label] + torch.randn(len(label), width, generator=draw, dtype=dtype),
        "anchor_label": label,
        "points": centre[of] + torch.randn(points, width, generator=draw, dtype=dtype),
        "classes": classes,
    }


def naively(tolerance: float, iterations: int, **given_: Any) -> Any:
    plain = {key: value.tolist() if isinstance(value, Tensor) else value for key, value in given_.items()}
    return naive_kmeans(**plain, tolerance=tolerance, iterations=iterations)


@few
@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(2, 5),
    per_class=st.integers(1, 4),
    points=st.integers(1, 40),
    width=st.integers(1, 6),
    tolerance=st.sampled_from([0.0, 1e-4, 0.3]),
    iterations=st.sampled_from([1, 2, 3, 100]),
)
def test_it_does_what_its_docstring_says(
    seed: int, classes: int, per_class: int, points: int, width: int, tolerance: float, iterations: int
) -> None:
    given_ = problem(seed, classes, per_class, points, width)
    found = semi_supervised_kmeans(**given_, tolerance=tolerance, iterations=iterations)
    expected = naively(tolerance, iterations, **given_)
    assert found.iterations == expected.iterations
    assert found.label.tolist() == expected.label
    torch.testing.assert_close(found.centres, torch.tensor(expected.centres, dtype=torch.float64))
    torch.testing.assert_close(found.distance, torch.tensor(expected.distance, dtype=torch.float64))


@pytest.mark.parametrize("seed", range(4))
def test_32_bit_features_end_in_the_same_clusters(seed: int) -> None:
    given_ = problem(seed, 4, 3, 80, 8, torch.float32)
    found = semi_supervised_kmeans(**given_, tolerance=1e-4, iterations=100)
    expected = naively(1e-4, 100, **given_)
    assert found.label.tolist() == expected.label
    torch.testing.assert_close(found.centres, torch.tensor(expected.centres), rtol=1e-4, atol=1e-5)


def test_by_hand() -> None:
    """Anchors at 0 and 10; points 1, 4, 6: 6 joins 10 and drags it to 8, the left centre goes to 5/3."""
    found = semi_supervised_kmeans(
        anchors=torch.tensor([[0.0], [10.0]]),
        anchor_label=torch.tensor([0, 1]),
        points=torch.tensor([[1.0], [4.0], [6.0]]),
        classes=2,
        tolerance=0.0,
        iterations=10,
    )
    assert found.label.tolist() == [0, 0, 1]
    torch.testing.assert_close(found.centres, torch.tensor([[5 / 3], [8.0]]))
    torch.testing.assert_close(found.distance, torch.tensor([2 / 3, 7 / 3, 2.0]))


@pytest.mark.parametrize("seed", range(5))
def test_where_it_converges_centres_are_means_and_points_are_with_the_nearest(seed: int) -> None:
    given_ = problem(seed, 4, 2, 60, 3)
    found = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=1000)
    assert found.iterations < 1000
    for c in range(4):
        own = torch.cat([given_["anchors"][given_["anchor_label"] == c], given_["points"][found.label == c]])
        torch.testing.assert_close(found.centres[c], own.mean(0))
    assert torch.cdist(given_["points"], found.centres).argmin(1).equal(found.label)


def test_anchors_keep_their_class_wherever_they_lie() -> None:
    """The second anchor of class 0 lies on class 1; it still counts for class 0 alone."""
    found = semi_supervised_kmeans(
        torch.tensor([[0.0], [10.0], [10.0]]), torch.tensor([0, 0, 1]), torch.tensor([[9.0]]), 2, 0.0, 10
    )
    torch.testing.assert_close(found.centres, torch.tensor([[5.0], [9.5]]))


def test_a_cluster_that_no_point_joins_stays_with_its_anchors() -> None:
    given_ = problem(0, 3, 2, 20, 2)
    given_["anchors"][given_["anchor_label"] == 2] += 1000
    found = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=100)
    assert not (found.label == 2).any()
    assert found.centres.isfinite().all()
    torch.testing.assert_close(found.centres[2], given_["anchors"][given_["anchor_label"] == 2].mean(0))


def test_without_points_the_centres_are_the_anchors_means() -> None:
    given_ = problem(0, 3, 2, 0, 2)
    found = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=100)
    assert len(found.label) == len(found.distance) == 0
    torch.testing.assert_close(found.centres[1], given_["anchors"][given_["anchor_label"] == 1].mean(0))


def test_it_draws_nothing_and_changes_nothing() -> None:
    given_ = problem(0, 4, 2, 60, 3, torch.float32)
    kept = {key: value.clone() for key, value in given_.items() if isinstance(value, Tensor)}
    one = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=100)
    torch.manual_seed(1)
    two = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=100)
    assert one.centres.equal(two.centres)
    assert one.label.equal(two.label)
    assert all(given_[key].equal(value) for key, value in kept.items())


def test_the_order_of_points_and_anchors_does_not_matter() -> None:
    given_ = problem(3, 4, 2, 60, 3)
    order, turned = torch.randperm(60, generator=torch.Generator().manual_seed(0)), torch.arange(7, -1, -1)
    one = semi_supervised_kmeans(**given_, tolerance=0.0, iterations=100)
    two = semi_supervised_kmeans(
        given_["anchors"][turned], given_["anchor_label"][turned], given_["points"][order], 4, 0.0, 100
    )
    assert two.label.equal(one.label[order])
    torch.testing.assert_close(two.centres, one.centres)


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), min_size=1, max_size=12))
def test_class_sums_are_sums(rows: list[tuple[int, int]]) -> None:
    total, count = class_sums(torch.tensor([[float(x), 1.0] for _, x in rows]), torch.tensor([c for c, _ in rows]), 4)
    for c in range(4):
        own = [float(x) for y, x in rows if y == c]
        assert total[c].tolist() == [sum(own), len(own)]
        assert count[c] == len(own)


# ---- eq. 3.4


def clusters(distance: list[float], label: list[int]) -> Clusters:
    return Clusters(torch.zeros(0), torch.tensor(label), torch.tensor(distance, dtype=torch.float64), 1)


@few
@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.integers(0, 4)), min_size=1, max_size=30), st.sampled_from([5, 6]))
def test_the_threshold_is_equation_3_4_and_one_common_ratio(rows: list[tuple[float, int]], classes: int) -> None:
    """Also methods.md 8, row 12: d < tau_adapt(c) if and only if d / tau_local(c) < tau_global / max(tau_local)."""
    distance, label = [d for d, _ in rows], [c for _, c in rows]
    found = APLT.self_adaptive_threshold(clusters(distance, label), classes)
    torch.testing.assert_close(found, torch.tensor(naive_thresholds(distance, label, classes), dtype=torch.float64))
    local = {c: sum(own) / len(own) for c in set(label) if (own := [d for d, y in rows if y == c])}
    ratio = sum(distance) / len(distance) / max(local.values())
    assert ratio <= 1 + 1e-12
    for d, c in rows:
        if abs(d / local[c] - ratio) > 1e-9 * ratio:  # not where rounding decides
            assert (d < found[c]) == (d / local[c] < ratio)


def test_the_threshold_by_hand() -> None:
    """Means 2 and 6, all together 10/3; cluster 1 is empty."""
    found = APLT.self_adaptive_threshold(clusters([1.0, 3.0, 6.0], [0, 0, 2]), 3)
    assert found.tolist() == pytest.approx([2 / 6 * 10 / 3, 0.0, 10 / 3])


def test_points_on_their_centres_pass_no_threshold() -> None:
    found = APLT.self_adaptive_threshold(clusters([0.0, 0.0], [0, 1]), 3)
    assert found.tolist() == [0, 0, 0]
    lone = APLT.self_adaptive_threshold(clusters([0.0, 1.0, 3.0], [0, 1, 1]), 2)  # a lone point, which is its centre
    assert lone[0] == 0
    assert lone[1] > 1
