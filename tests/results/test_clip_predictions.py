"""What methods said of single clips, and of which clips a page has frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _records import Fake, say

from ssmar_bench.results.clip_predictions import Answers, MethodAnswers, clips_to_show, read_answers
from ssmar_bench.results.records import load_runs


def write(root: Path, method: str, seed: int, said: list[tuple[str, int, int]]) -> None:
    folder = Fake(method, 0.5, seed).write(root)
    lines = [f"{clip},p{i},{label},{prediction},0.5,0" for i, (clip, label, prediction) in enumerate(said)]
    say(folder, "\n".join(["clip,subject,label,prediction,confidence,prediction_ema", *lines]) + "\n")


def test_the_seed_that_most_methods_have_is_read(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0, [("b", 1, 0), ("a", 0, 0)])
    for method in ("fixmatch", "aplt"):
        write(tmp_path, method, 1, [("b", 1, 1), ("a", 0, 2)])
    answers = read_answers(load_runs(tmp_path), "micro-motion-12")
    assert answers is not None
    assert answers.clips == ("a", "b")
    assert [*answers.labels] == [0, 1]
    assert [(one.label, one.seed, [*one.prediction]) for one in answers.methods] == [
        ("FixMatch", 1, [2, 1]),
        ("APLT", 1, [2, 1]),
    ]


def test_runs_without_predictions_have_no_answers(tmp_path: Path) -> None:
    Fake().write(tmp_path)
    assert read_answers(load_runs(tmp_path), "micro-motion-12") is None


def test_half_of_the_clips_shown_are_confident_mistakes_and_half_are_spread_over_classes() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    said = np.array([0, 0, 1, 1, 1, 1, 2, 0])
    sure = np.array([0.9, 0.9, 0.4, 0.8, 0.9, 0.9, 0.9, 0.6])
    answers = Answers(tuple("abcdefgh"), labels, (MethodAnswers("A", 0.5, 0, said, sure),))
    assert clips_to_show(answers, 4) == ["d", "h", "a", "e"]
    assert sorted(clips_to_show(answers, 100)) == [*"abcdefgh"]
    assert clips_to_show(answers, 0) == []
