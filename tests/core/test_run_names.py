"""A folder's name says what departs from the defaults; what counts is the identity at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_names import (
    LONGEST,
    beginning_with,
    identity_in,
    is_name_of,
    names_by_identity,
    note_of,
    sorted_names,
)

HASH = "0123456789abcdef"


@pytest.mark.parametrize(
    ("profile", "settings", "note"),
    [
        ("", {}, ""),
        ("smoke", {}, "smoke"),
        ("smoke", {"train.epochs": 3}, "smoke_epochs-3"),
        ("", {"train.lr": 0.01, "clips.flip": False}, "lr-0.01_flip-false"),
        ("", {"train.lr": 1e-5}, "lr-1e-05"),
        ("", {"backbone.name": "tsm:resnet18"}, "tsm-resnet18"),
        ("", {"backbone.weights": "My Weights.PTH"}, "my-weights.pth"),
        ("", {"clips.mean": [0.4, 0.5]}, "mean-0.4-0.5"),
        ("", {"aplt.warm_up": "1/3"}, "warm-up-1-3"),
        ("", {"a.key": "../é_" + "x" * 40}, "key-" + "x" * 20),
    ],
)
def test_a_note_is_read_and_fits_every_file_system(profile: str, settings: dict[str, Any], note: str) -> None:
    assert note_of(profile, settings) == note


def test_a_long_note_counts_what_it_leaves_out() -> None:
    note = note_of("smoke", {f"train.setting_{i}": i for i in range(20)})
    assert note.startswith("smoke_setting-0-0_setting-1-1_")
    assert note.endswith("_and-16-more")
    assert len(note) < LONGEST + 15


def test_a_folder_is_known_by_its_identity(tmp_path: Path) -> None:
    for name in (f"b_m_r10_s0_epochs-3_{HASH}", f"b_m_r10_s0_{HASH}", f".b_{HASH[::-1]}.removed", "notes"):
        (tmp_path / name).mkdir()
    assert names_by_identity(sorted_names(tmp_path)) == {HASH: f"b_m_r10_s0_{HASH}"}
    assert sorted_names(tmp_path / "none") == []
    assert identity_in(f"b_m_r10_s0_smoke_{HASH}") == HASH


def test_names_that_begin_alike() -> None:
    names = sorted(["b_m_r10_s1_x", "b_m_r10_s10_x", "b_m_r10_s1_smoke_x", "b_m_r10_s2_x", "a"])
    assert [*beginning_with("b_m_r10_s1_", names)] == ["b_m_r10_s1_smoke_x", "b_m_r10_s1_x"]
    assert [*beginning_with("c", names)] == []
    assert identity_in("b_m_r10_s0_smoke") == identity_in(f"b_m_{HASH[1:]}") == ""
    assert is_name_of(f"b_m_r10_s0_smoke_{HASH}", "b", "m", HASH)
    assert not is_name_of(f"mine_{HASH}", "b", "m", HASH)
