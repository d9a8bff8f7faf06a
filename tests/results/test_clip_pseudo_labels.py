"""What methods believed of single unlabelled clips, and of which of them a page has frames."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from _records import Fake

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.results.clip_pseudo_labels import (
    MethodPseudoLabels,
    PoolAnswers,
    PoolHistory,
    pool_clips_to_show,
    read_pools,
)
from ssmar_bench.results.publish import publish
from ssmar_bench.results.records import load_runs

B = "micro-motion-12"
HEAD = "series,clip,label,pseudo_label,weight,confidence"


def write(root: Path, method: str, seed: int, *lines: str) -> None:
    folder = Fake(method, 0.5, seed).write(root)
    (folder / "record" / "pseudo_labels.csv").write_text("\n".join([HEAD, *lines]) + "\n")


def test_the_labels_that_a_method_trains_on_are_read_before_what_its_network_predicts(tmp_path: Path) -> None:
    pool = ("full_pool,b,1,4,1,0.9", "full_pool,a,0,5,1,0.8", "full_pool,c,2,6,1,0.7")
    write(tmp_path, "supervised", 0, *pool)
    write(tmp_path, "fixmatch", 0, *pool, "online,b,1,1,0,0.3", "online,a,0,2,0,0.5", "online,a,0,3,1,0.96")
    write(tmp_path, "aplt", 0, *pool, "online,a,0,3,1,0.96", "offline,a,0,0,1,-1.5")
    (found,) = read_pools(load_runs(tmp_path), B)
    assert (found.ratio, found.clips, [*found.labels]) == (0.5, ("a", "b", "c"), [0, 1, 2])
    said = {one.label: (one.trains, [*one.pseudo_label], [*one.used]) for one in found.methods}
    assert said == {
        "Supervised": (False, [5, 4, 6], [False] * 3),
        "FixMatch": (True, [3, 1, UNKNOWN], [True, False, False]),
        "APLT": (True, [0, UNKNOWN, UNKNOWN], [True, False, False]),
    }
    np.testing.assert_array_equal(found.methods[1].confidence, [0.96, 0.3, np.nan])
    assert np.isnan(found.methods[2].confidence).all()  # distances are no shares


def test_methods_of_one_draw_are_read_and_runs_with_other_clips_left_out(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0, "online,z,0,0,1,0.9")
    for method in ("fixmatch", "uda"):
        write(tmp_path, method, 1, "online,a,0,0,1,0.9")
    write(tmp_path, "vat", 1, "online,b,0,0,1,0.9")
    (found,) = read_pools(load_runs(tmp_path), B)
    assert [(one.label, one.seed) for one in found.methods] in ([("UDA", 1), ("FixMatch", 1)], [("VAT", 1)])


def test_a_pool_of_clips_that_nobody_labelled_is_read(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0, "online,a,-1,3,1,0.96")
    (path,) = (tmp_path / "runs").glob("*/record/metrics.json")
    metrics = json.loads(path.read_text())
    metrics["counts"]["never_labelled"] = 1
    path.write_text(json.dumps(metrics))
    (found,) = read_pools(load_runs(tmp_path), B)
    assert [*found.labels] == [UNKNOWN]
    assert pool_clips_to_show([found], 4) == ["a"]


def test_the_history_of_followed_clips_is_read_from_folders_and_from_an_archive(tmp_path: Path) -> None:
    for method in ("supervised", "fixmatch", "aplt"):
        write(tmp_path, method, 0, "online,b,1,4,1,0.9")
    lines = ["2,online,b,1,1,1,0.97", "1,online,b,1,4,0,0.5", "2,online,a,0,0,0,0.2"]
    for method, rows in (("fixmatch", lines), ("aplt", [line.replace("a,0", "z,0") for line in lines])):
        (folder,) = (tmp_path / "runs").glob(f"*_{method}_*")
        (folder / "record" / "pseudo_label_history.csv").write_text("\n".join([f"epoch,{HEAD}", *rows]) + "\n")
    publish([tmp_path], tmp_path / "archive")
    for place in (tmp_path, tmp_path / "archive"):
        (pool,) = read_pools(load_runs(place), B)
        assert pool.history is not None
        assert (pool.history.clips, [*pool.history.labels]) == (("a", "b"), [0, 1])
        (label,) = pool.history.methods  # APLT followed other clips
        assert label.startswith("FixMatch")
        said, used = pool.history.methods[label]
        assert said.tolist() == [[UNKNOWN, 0], [4, 1]]
        assert used.tolist() == [[False, False], [False, True]]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("99,online,a,0,0,1,0.9", "an epoch is outside 1 to"),
        ("0,online,a,0,0,1,0.9", "an epoch is outside 1 to"),
        ("1,online,a,0,12,1,0.9", "a pseudo_label is outside 0 to 11"),
        ("1,online,a,0,0,inf,0.9", "a weight is not a finite number"),
    ],
)
def test_a_damaged_history_is_named(line: str, why: str, tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0, "online,a,0,0,1,0.9")
    (folder,) = (tmp_path / "runs").glob("*")
    (folder / "record" / "pseudo_label_history.csv").write_text(f"epoch,{HEAD}\n{line}\n")
    (damage,) = load_runs(tmp_path).damage
    assert "pseudo_label_history.csv" in damage.why
    assert why in damage.why


def test_one_run_with_and_without_a_history_is_one_run(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        write(tmp_path / name, "fixmatch", 0, "online,a,0,0,1,0.9")
    (folder,) = (tmp_path / "newer" / "runs").glob("*")
    (folder / "record" / "pseudo_label_history.csv").write_text(f"epoch,{HEAD}\n1,online,a,0,0,1,0.9\n")
    for order in (("older", "newer"), ("newer", "older")):
        publish([tmp_path / name for name in order], tmp_path / "-".join(order))
        (pool,) = read_pools(load_runs(tmp_path / "-".join(order)), B)
        assert pool.history is not None


def test_frames_are_of_wrong_labels_that_were_trained_on_and_of_the_first_of_each_class() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])

    def method(said: list[int], used: list[int]) -> MethodPseudoLabels:
        return MethodPseudoLabels("A", 0, True, np.array(said), np.array(used, dtype=bool), np.full(len(said), np.nan))

    wrong = method([0, 1, 1, 1, 0, 0], [1, 0, 1, 1, 1, 1])
    pool = PoolAnswers(0.1, tuple("abcdef"), labels, (wrong, method([0, 0, 1, 1, 1, 0], [1] * 6)))
    assert pool_clips_to_show([pool], 4) == ["c", "f", "a", "d"]
    smaller = PoolAnswers(0.5, ("a", "c"), labels[[0, 2]], ())
    assert pool_clips_to_show([pool, smaller], 4) == ["c", "a"]
    assert pool_clips_to_show([], 4) == []
    followed = PoolHistory(("b", "e"), labels[[1, 4]], {})
    assert pool_clips_to_show([replace(pool, history=followed)], 4) == ["c", "f", "b", "e"]
