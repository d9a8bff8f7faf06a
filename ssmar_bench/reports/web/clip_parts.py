"""Data of single clips for the page: frames, the truth, and what every method took them for."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ssmar_bench.results.summary import Answers, BenchmarkSummary, PoolAnswers, PoolHistory

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Digits of a class's number: one up to 64 classes, else two."""

UNKNOWN = "~"
"""In place of each digit where a clip has no label, or was given none."""


def clip_parts(found: BenchmarkSummary) -> dict[str, Any]:
    """The parts ``clips/<benchmark>``, and ``answers/`` and ``pool/<benchmark>/<ratio>`` by their keys."""
    if found.examples is None:
        return {}
    answers, name = found.examples.answers, found.name
    digits = 1 if len(found.classes) <= len(SIGNS) else 2
    clips = {
        "clips": answers.clips,
        "truth": _codes(answers.labels, digits),
        "digits": digits,
        "strips": _strips(found.examples.strips),
        "pool_strips": _strips(found.examples.pool_strips),
    }
    return {
        f"clips/{name}": clips,
        **{f"pool/{name}/{pool.ratio:g}": _pool(pool, digits) for pool in found.examples.pools},
        **{f"answers/{name}/{ratio}": part for ratio, part in _answers(answers, digits).items()},
    }


def _strips(strips: Mapping[str, bytes]) -> dict[str, str]:
    return {clip: b64encode(data).decode() for clip, data in strips.items()}


def _pool(pool: PoolAnswers, digits: int) -> dict[str, Any]:
    """Unlabelled clips, and label -> seed, whether it trains on them, classes, use (0 or 1), confidences or ""."""
    methods = {
        one.label: [
            one.seed,
            one.trains,
            _codes(one.pseudo_label, digits),
            _flags(one.used),
            "" if np.isnan(one.confidence).all() else _percents(np.nan_to_num(one.confidence)),
        ]
        for one in pool.methods
    }
    history = {} if pool.history is None else {"history": _history(pool.history, digits)}
    return {"clips": pool.clips, "truth": _codes(pool.labels, digits), "methods": methods, **history}


def _history(history: PoolHistory, digits: int) -> dict[str, Any]:
    """Followed clips, and label -> for each clip the classes by epoch and the use (0 or 1)."""
    methods = {
        label: [[_codes(line, digits), _flags(use)] for line, use in zip(said, used, strict=True)]
        for label, (said, used) in history.methods.items()
    }
    return {"clips": history.clips, "truth": _codes(history.labels, digits), "methods": methods}


def _flags(used: Iterable[bool]) -> str:
    return "".join("1" if one else "0" for one in used)


def _percents(shares: Iterable[float]) -> str:
    return "".join(f"{min(99, round(100 * value)):02d}" for value in shares)


def _answers(answers: Answers, digits: int) -> dict[str, dict[str, Any]]:
    """Ratio as text -> label -> seed, classes as codes, confidences in two digits."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for one in answers.methods:
        found[f"{one.ratio:g}"][one.label] = [one.seed, _codes(one.prediction, digits), _percents(one.confidence)]
    return found


def _codes(classes: Iterable[int], digits: int) -> str:
    return "".join(UNKNOWN * digits if number < 0 else _code(number, digits) for number in classes)


def _code(number: int, digits: int) -> str:
    low = SIGNS[number % len(SIGNS)]
    return low if digits == 1 else SIGNS[number // len(SIGNS)] + low
