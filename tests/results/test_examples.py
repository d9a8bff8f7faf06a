"""Clips on which two methods disagree: counted, and chosen by their names alone."""

from __future__ import annotations

from pathlib import Path

from _records import Real, say

from ssmar_bench.results.examples import EACH, examples, picture
from ssmar_bench.results.records import load_runs


def write(root: Path, method: str, seed: int, said: list[int], ratio: float = 0.5) -> None:
    folder = Real(method, ratio, seed).write(root)
    lines = [f"c{i},p{i % 9},{i % 4},{label},0.5,0" for i, label in enumerate(said)]
    text = "\n".join(["clip,subject,label,prediction,confidence,prediction_ema", *lines]) + "\n"
    say(folder, text)


def test_both_kinds_are_counted_and_shown_whatever_they_look_like(tmp_path: Path) -> None:
    #                                true: 0  1  2  3  0  1  2  3
    write(tmp_path, "aplt", 1, [0, 1, 2, 3, 0, 0, 0, 0])
    write(tmp_path, "fixmatch", 1, [1, 1, 1, 1, 1, 1, 2, 0])
    write(tmp_path, "fixmatch", 0, [0] * 8)
    found = examples(load_runs(tmp_path), "micro-motion")
    assert found is not None
    assert (found.rows, found.seed, found.benchmark) == (("APLT (Ours)", "FixMatch"), 1, "micro-motion-12")
    assert (found.first, found.second, found.both, found.neither) == (4, 2, 1, 1)
    assert [one.clip for one in found.chosen] == ["c0", "c2", "c5", "c6"]  # c4 is of c0's class
    assert found.chosen[2].label == "class 1"
    assert found.chosen[2].said == ("class 0", "class 1")
    assert len(found.chosen) == 2 * EACH


def test_the_last_column_with_a_common_seed_is_shown(tmp_path: Path) -> None:
    write(tmp_path, "aplt", 0, [0] * 8)
    write(tmp_path, "fixmatch", 1, [0] * 8)
    assert examples(load_runs(tmp_path), "micro-motion") is None
    for method in ("aplt", "fixmatch"):
        write(tmp_path, method, 2, [0] * 8, ratio=0.1)
    found = examples(load_runs(tmp_path), "micro-motion")
    assert found is not None
    assert found.column == "Micro-Motion-12, 10%"
    assert found.chosen == ()  # they agree on everything
    assert examples(load_runs(tmp_path), "real") is None


def test_a_clips_frames_have_a_place(tmp_path: Path) -> None:
    assert picture(tmp_path, "b", "c1") == tmp_path / "frames" / "b" / "c1.jpg"
