"""What a record keeps of a few unlabelled clips in every epoch."""

from __future__ import annotations

import numpy as np
import pytest

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.runs import pseudo_label_history
from ssmar_bench.runs.pseudo_label_history import clips_to_follow, epoch_rows


def logged(**series: list[tuple[int, int, float, float]]) -> dict[str, dict[str, np.ndarray]]:
    names = ("index", "label", "weight", "confidence")
    return {
        key: {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
        for key, rows in series.items()
    }


def test_the_first_clips_of_each_class_by_their_ids_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudo_label_history, "CLIPS", 4)
    found = clips_to_follow(["e", "a", "d", "b", "c", "f"], np.array([1, 0, 0, 0, 1, UNKNOWN]))
    assert [*found["clip"]] == ["f", "a", "c", "b"]
    assert [*found.index] == [5, 1, 4, 3]


def test_of_a_clip_that_occurs_twice_the_last_label_is_kept_and_offline_labels_come_first() -> None:
    clips = clips_to_follow(["b", "a"], np.array([0, 1]))
    online = logged(online=[(0, 2, 0, 0.4), (1, 1, 1, 0.97125), (0, 0, 1, 0.96)])
    assert epoch_rows(3, online, clips) == [(3, "online", "b", 0, 0, 1.0, 0.96), (3, "online", "a", 1, 1, 1.0, 0.9712)]
    both = {**online, **logged(offline=[(1, 1, 0.5, -2.0)])}
    assert epoch_rows(4, both, clips) == [(4, "offline", "a", 1, 1, 0.5, -2.0)]


def test_a_method_that_trains_on_no_pseudo_labels_has_no_history() -> None:
    clips = clips_to_follow(["a"], np.array([0]))
    assert epoch_rows(1, logged(full_pool=[(0, 0, 1, 0.9)]), clips) == []
    assert epoch_rows(1, {}, clips) == []
