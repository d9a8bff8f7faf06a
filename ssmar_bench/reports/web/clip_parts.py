"""Data of single clips for the page: frames, the truth, and what every method took them for."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ssmar_bench.results.summary import Answers, BenchmarkSummary

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Digits of a class's number: one up to 64 classes, else two."""


def clip_parts(found: BenchmarkSummary) -> dict[str, Any]:
    """The parts ``clips/<benchmark>`` and ``answers/<benchmark>/<ratio>`` by their keys."""
    if found.examples is None:
        return {}
    answers, name = found.examples.answers, found.name
    digits = 1 if len(found.classes) <= len(SIGNS) else 2
    clips = {
        "clips": answers.clips,
        "truth": _codes(answers.labels, digits),
        "digits": digits,
        "strips": {clip: b64encode(data).decode() for clip, data in found.examples.strips.items()},
    }
    return {
        f"clips/{name}": clips,
        **{f"answers/{name}/{ratio}": part for ratio, part in _answers(answers, digits).items()},
    }


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
