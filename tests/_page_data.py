"""The data of a page: read from its text, or made up for many runs, of which no record is written."""

from __future__ import annotations

import json
import math
import re
from hashlib import blake2b
from typing import Any

from ssmar_bench.core import metrics
from ssmar_bench.reports.line_styles import DARK, OKABE_ITO
from ssmar_bench.reports.summary_findings import FirstView
from ssmar_bench.reports.web.clip_parts import SIGNS
from ssmar_bench.reports.web.page import parts_files
from ssmar_bench.reports.web.page_data import SECTIONS
from ssmar_bench.reports.web.run_parts import bucket, bucket_digits
from ssmar_bench.results.summary import GROUPS

RATIOS = (0.1, 0.5)
CLASSES = [f"class {i}" for i in range(12)]
EPOCHS = 20
SEEDS = 5
CLIPS = [f"clip{i:03d}" for i in range(120)]


def parts_of(text: str) -> dict[str, Any]:
    """The parts that are in a page, by their keys."""
    found = re.findall(r'<script type="application/json" data-part="([^"]*)">(.*?)</script>', text, re.DOTALL)
    assert found
    return {key: json.loads(part) for key, part in found}


def many_runs(count: int) -> dict[str, str]:
    """The files of a page of about ``count`` runs of two benchmarks, each run with curves and a confusion matrix."""
    methods = count // (2 * len(RATIOS) * SEEDS)
    digits = bucket_digits(count)
    parts: dict[str, Any] = {"core": _core(digits)}
    rows: list[list[str]] = []
    for name in ("large", "small"):
        cells = [(f"Method {i}", ratio) for i in range(methods) for ratio in RATIOS]
        parts[f"benchmark/{name}"] = _benchmark(name, cells)
        for ratio in RATIOS:
            labels = [label for label, own in cells if own == ratio]
            parts[f"curves/{name}/{ratio}"] = {label: _curves(i) for i, label in enumerate(labels)}
            parts[f"classes/{name}/{ratio}"] = {label: _classes(i) for i, label in enumerate(labels)}
            parts[f"answers/{name}/{ratio}"] = {
                label: [0, _codes(i), "75" * len(CLIPS)] for i, label in enumerate(labels)
            }
            parts[f"pool/{name}/{ratio}"] = _pool(labels)
        parts[f"clips/{name}"] = {
            "clips": CLIPS, "truth": _codes(0), "digits": 1, "strips": {}, "pool_strips": {}
        }  # fmt: skip
        for label, ratio in cells:
            for seed in range(SEEDS):
                folder = folder_of(name, label, ratio, seed)
                part = parts.setdefault(f"run/{bucket(folder, digits)}", {"runs": {}, "shared": [{}]})
                part["runs"][folder] = _run(name, label, ratio, seed, folder)
                rows.append(
                    [name, label, f"{100 * ratio:g} %", str(seed), "done", f"{40 + seed:.1f}", "50.0", "9 s", folder]
                )
    header = ["Data", "Method", "Labelled", "Seed", "State", "Test acc.", "Validation acc.", "Time", "Run"]
    parts["runs"] = _table("runs", "All runs", header, rows, 5)
    parts["core"] |= {"runs": len(rows)}
    table = _table("table1", "Table 1", ["Method", "10 %"], [[f"Method {i}", "40.0"] for i in range(methods)], 1)
    parts["paper"] = [{"name": "table1", "title": "Table 1", "words": ["Made up."], "tables": [table], "pictures": []}]
    return parts_files(FirstView("No method is shown to be better.", ("Made up.",), ()), parts, "0" * 16)


def folder_of(name: str, label: str, ratio: float, seed: int) -> str:
    """The name of a made-up run."""
    folder = f"{name}_m{label[7:]}_r{ratio}_s{seed}_"
    return folder + blake2b(folder.encode(), digest_size=8).hexdigest()


def _codes(shift: int) -> str:
    """A class for every clip: the true ones are those of 0."""
    return "".join(SIGNS[(i + (shift if i % 3 == 0 else 0)) % len(CLASSES)] for i in range(len(CLIPS)))


def _pool(labels: list[str]) -> dict[str, Any]:
    """What methods believed of unlabelled clips in the end, and of three of them in every epoch."""
    used = "10" * (len(CLIPS) // 2)
    lines = [[SIGNS[i] * EPOCHS, "01" * (EPOCHS // 2)] for i in range(3)]
    methods = {label: [0, i % 2 == 0, _codes(i), used, "60" * len(CLIPS)] for i, label in enumerate(labels)}
    history = {"clips": CLIPS[:3], "truth": SIGNS[:3], "methods": dict.fromkeys(labels[:40], lines)}
    return {"clips": CLIPS, "truth": _codes(0), "methods": methods, "history": history}


def _core(digits: int) -> dict[str, Any]:
    return {
        "metrics": [{"key": key, "label": key, "unit": "", "factor": 1, "places": 1} for key in metrics.metric_keys()],
        "palette": {"light": OKABE_ITO, "dark": DARK},
        "styles": [{"color": i % 7, "dash": [2 * i, 2] if i else []} for i in range(8)],
        "benchmarks": [
            {"name": name, "title": name, "runs": runs, "ratios": RATIOS} for name, runs in (("small", 1), ("large", 2))
        ],
        "groups": GROUPS,
        "examples": ["large", "small"],
        "sections": SECTIONS,
        "digits": digits,
    }  # fmt: skip


def _table(name: str, title: str, header: list[str], rows: list[list[str]], left: int) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "notes": [],
        "header": header,
        "rows": rows,
        "rules": [],
        "bold": [],
        "left": left,
    }


def _benchmark(name: str, cells: list[tuple[str, float]]) -> dict[str, Any]:
    labels = list(dict.fromkeys(label for label, _ in cells))
    return {
        "classes": CLASSES,
        "shown": labels[:7],
        "methods": {label: [label, i % len(GROUPS)] for i, label in enumerate(labels)},
        "cells": [
            {"label": label, "ratio": ratio, "accuracy": [40 + i % 30, 2], "forward_passes": 1000 + i}
            for i, (label, ratio) in enumerate(cells)
        ],
        "tables": [_table("accuracy", name, ["Method", "10 %", "50 %"], [[label, "40.0", "—"] for label in labels], 1)],
    }  # fmt: skip


def _line(shift: int) -> list[float]:
    return [round(50 + 20 * math.sin(shift + epoch / 7), 1) for epoch in range(EPOCHS)]


def _curves(number: int) -> dict[str, Any]:
    names = (
        "validation/accuracy",
        "full_pool/accuracy",
        "full_pool/accuracy_at_50",
        "online/accuracy_selected",
        "online/coverage",
    )
    return {name: {"mean": _line(number + i), "std": [1.5] * EPOCHS} for i, name in enumerate(names)}


def _classes(number: int) -> dict[str, Any]:
    return {"confusion": _confusion(number), "calibration": [[10] * 10, [5] * 10, [number % 10] * 10]}


def _confusion(number: int) -> list[int]:
    return [value for i in range(144) for value in (i, (i * number) % 9 + (50 if i % 13 == 0 else 1))]


def _run(name: str, label: str, ratio: float, seed: int, folder: str) -> dict[str, Any]:
    score = {metric.key: 0.5 for metric in metrics.METRICS}
    return {
        "benchmark": name, "method": label, "label": label, "ratio": ratio, "seed": seed, "state": "done", "reason": "",
        "folder": folder, "group": [], "classes": 0, "environment": None, "seconds": 9, "confusion": [],
        "spec": {"hyperparameters": {"threshold": 0.95}, "split": "x", **dict.fromkeys(SECTIONS, 0)},
        "metrics": {"majority": 0.1, "counts": {"test": 200}, "steps": 100, "test": score, "validation": score},
        "curves": {key: _line(seed) for key in ("validation/accuracy", "online/coverage", "train/loss")},
    }  # fmt: skip
