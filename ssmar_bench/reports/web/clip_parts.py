"""Data of single clips for the page: frames, the truth, and what every method took them for."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ssmar_bench.results.answers import STRIPS, Answers, clips_to_show, read_answers, strip_file
from ssmar_bench.results.records import Runs

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Digits of a class's number: one up to 64 classes, else two."""

MOST_BYTES = 300_000
"""Of frames in one page; clips beyond it are shown without frames."""


def clip_parts(runs: Runs, benchmarks: Sequence[str], classes: Mapping[str, int]) -> dict[str, Any]:
    """The parts ``clips/<benchmark>`` and ``answers/<benchmark>/<ratio>`` by their keys.

    Args:
        runs: all runs.
        benchmarks: names.
        classes: benchmark -> number of classes.
    """
    parts: dict[str, Any] = {}
    left = MOST_BYTES
    for name in benchmarks:
        answers = read_answers(runs, name)
        if answers is None:
            continue
        strips = _strips(runs.root, name, clips_to_show(answers, STRIPS // len(benchmarks)), left)
        left -= sum(map(len, strips.values()))
        digits = 1 if classes[name] <= len(SIGNS) else 2
        parts[f"clips/{name}"] = {
            "clips": answers.clips,
            "truth": _codes(answers.labels, digits),
            "digits": digits,
            "strips": {clip: b64encode(data).decode() for clip, data in strips.items()},
        }
        parts |= {f"answers/{name}/{ratio}": part for ratio, part in _answers(answers, digits).items()}
    return parts


def _answers(answers: Answers, digits: int) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> seed, classes as codes, confidences in two digits."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for one in answers.methods:
        sure = "".join(f"{min(99, round(100 * value)):02d}" for value in one.confidence)
        found[f"{one.ratio:g}"][one.label] = [one.seed, _codes(one.prediction, digits), sure]
    return found


def _codes(classes: Iterable[int], digits: int) -> str:
    if digits == 1:
        return "".join(SIGNS[number] for number in classes)
    return "".join(SIGNS[number // len(SIGNS)] + SIGNS[number % len(SIGNS)] for number in classes)


def _strips(root: Path, benchmark: str, clips: Sequence[str], most: int) -> dict[str, bytes]:
    """The frames that were recorded, up to ``most`` bytes."""
    found: dict[str, bytes] = {}
    for clip in clips:
        path = strip_file(root, benchmark, clip)
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= most:
            found[clip] = path.read_bytes()
            most -= len(found[clip])
    return found
