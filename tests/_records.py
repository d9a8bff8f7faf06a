"""Writes made-up run records, whole and broken, for the tests of results and reports."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core import method_config
from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.core.method_facts import method_facts
from ssmar_bench.core.network_names import with_usual_weights
from ssmar_bench.core.run_spec import RunSpec

SECTIONS: dict[str, dict[str, Any]] = {
    "source": {"name": "micro-motion", "options": {"noise": 0.1}},
    "frame_cache": {"decoder": "pyav", "short_side": 64, "segments": 8, "candidates": 3},
    "clips": {
        "size": 56,
        "flip": True,
        "strong_ops": 2,
        "cutout": 0.5,
        "per_frame": False,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
    },
    "backbone": {"name": "micro-tsm", "weights": "none", "input": "mean_subtracted"},
    "train": {
        "epochs": 4,
        "batch": 8,
        "lr": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 5e-4,
        "ema": 0.99,
        "precision": "fp32",
        "threads": 1,
    },
}
"""Sections of a made-up spec, as JSON."""

LABELS = {
    "supervised": "Supervised",
    "fixmatch": "FixMatch",
    "aplt": "APLT",
    "softmatch": "SoftMatch",
    "flexmatch": "FlexMatch",
    "freematch": "FreeMatch",
    "uda": "UDA",
    "vat": "VAT",
    "mixmatch": "MixMatch",
}


@dataclass(frozen=True)
class Fake:
    """One made-up run; ``accuracy`` and its fellows are what a test computes with."""

    method: str = "fixmatch"
    ratio: float = 0.1
    seed: int = 0
    accuracy: float = 0.5
    benchmark: str = "micro-motion-12"
    epochs: int = 4
    state: str = "done"
    reason: str = "Traceback (most recent call last):\n  File x\nValueError: loss is not finite\n"
    label: str = ""
    split: str = ""
    threshold: float = 0.95
    pixels: str = ""
    clips: bool = False
    """Whether to write what the run said of single clips, too."""
    subjects: int = 5
    """Of the test part."""
    changed: dict[str, Any] = field(default_factory=dict)
    """Metrics to put in place of the made-up ones."""

    def spec(self) -> RunSpec:
        sections = {**SECTIONS, "train": {**SECTIONS["train"], "epochs": self.epochs}}
        plain: dict[str, Any] = {
            "benchmark": self.benchmark,
            "split": self.split or f"m-{self.ratio}-{self.seed}",
            "ratio": self.ratio,
            "seed": self.seed,
            "method": self.method,
            "algorithm": self.method,
            "revision": 1,
            "hyperparameters": {"threshold": self.threshold},
            "pixels": self.pixels,
        }
        return RunSpec.from_json(plain | sections)

    def write(self, results: Path) -> Path:
        """Write the run's folder under ``runs/`` and return it."""
        spec = self.spec()
        folder = results / "runs" / spec.folder()
        _json(folder / "record" / "spec.json", spec.to_json())
        if self.state == "failed":
            (folder / "work").mkdir()
            (folder / "work" / "failure.txt").write_text(self.reason)
        if self.state == "done":
            _json(folder / "record" / "metrics.json", {**self.metrics(), **self.changed})
            seconds = {"train_seconds": 100.0 + self.seed, "epochs": [25.0] * self.epochs}
            _json(folder / "record" / "timings.json", seconds)
            (folder / "record" / "curves.csv").write_text(_csv(self.curves()))
            if self.clips:
                (folder / "record" / "predictions.csv").write_text(self.predictions())
                (folder / "record" / "pseudo_labels.csv").write_text(self.pseudo_labels())
            _json(folder / "record" / "environment.json", {"python": "3.11.7", "system": "Linux x86_64"})
        return folder

    def metrics(self) -> dict[str, Any]:
        return {
            "identity": self.spec().identity(),
            "label": self.label or LABELS.get(self.method, self.method),
            "classes": [f"class {i}" for i in range(12)],
            "majority": 0.125,
            "parameters": 1000,
            "counts": {
                "labelled": 40,
                "unlabelled": 360,
                "validation": 60,
                "test": 200,
                "test_subjects": self.subjects,
            },
            **{
                part: _scores(self.accuracy + shift)
                for part, shift in (("test", 0), ("test_ema", 0.01), ("validation", 0.02))
            },
            "steps": 200,
            "epochs": self.epochs,
            "clips_seen": 3200,
            "forward_passes": 4800,
        }

    def predictions(self, clips: int = 200) -> str:
        """Clips of twelve classes and five subjects, of which about the share ``accuracy`` is right."""
        right = round(self.accuracy * clips)
        rows = [
            f"clip{i:03d},subject{i % 5},{i % 12},{(i + (i >= right)) % 12},{0.2 + 0.02 * (i % 40):.4f},{i % 12}"
            for i in range(clips)
        ]
        return "\n".join(["clip,subject,label,prediction,confidence,prediction_ema", *rows]) + "\n"

    def pseudo_labels(self, clips: int = 40) -> str:
        """Full-pool labels with right confidence, distances for offline pseudo-labels; an empty line without a pool."""
        if self.ratio == 1:
            return "\n"
        rows = [f"full_pool,clip{i:03d},{i % 12},{(i + (i % 4 == 0)) % 12},1,0.75" for i in range(clips)]
        if self.method.startswith("aplt"):
            rows += [f"offline,clip{i:03d},{i % 12},{i % 12},{i % 2},{-1 - 0.01 * i:.4f}" for i in range(clips)]
        return "\n".join(["series,clip,label,pseudo_label,weight,confidence", *rows]) + "\n"

    def curves(self) -> list[tuple[int, str, str, float]]:
        """Rows (epoch, series, quantity, value) that look like training."""
        rows: list[tuple[int, str, str, float]] = []
        offset = 0.02 * math.sin(7.0 * self.seed) + 0.025 * (sum(map(ord, self.method)) % 11)
        for epoch in range(1, self.epochs + 1):
            t = epoch / self.epochs
            score = 0.15 + offset + 0.45 * (1 - math.exp(-3 * t)) + 0.01 * math.sin(5 * epoch + self.seed)
            rows += [(epoch, "train", "loss/labelled", 2 - t), (epoch, "validation", "accuracy", score)]
            if self.ratio == 1:
                continue
            rows += _stream(epoch, "full_pool", score, 1.0)
            if self.method != "supervised":
                rows += _stream(epoch, "online", score, 0.2 + 0.75 * t)
            if self.method.startswith("aplt") and epoch > 0.3 * self.epochs:
                rows += _stream(epoch, "offline", score + 0.05, 0.6 + 0.1 * t)
        return rows


@dataclass(frozen=True)
class Real(Fake):
    """A made-up run of a shipped method config on a shipped benchmark, so that a table takes it for its own.

    ``epochs`` other than 4 are another schedule.
    """

    subjects: int = 20

    def spec(self) -> RunSpec:
        found, source = method_config.read_method_config(self.method)
        settled = resolve_config(self.benchmark, None, found, {}, source)
        train = settled.train.model_copy(update={"epochs": self.epochs} if self.epochs != 4 else {})
        values = {name: value.value for name, value in found.hyperparameters.items()}
        return RunSpec(
            benchmark=self.benchmark, split=f"m-{self.ratio}-{self.seed}", ratio=self.ratio, seed=self.seed,
            method=self.method, algorithm=found.algorithm, revision=1, hyperparameters=values,
            source=settled.source, frame_cache=settled.frame_cache, clips=settled.clips,
            backbone=with_usual_weights(settled.backbone), train=train,
        )  # fmt: skip

    def write(self, results: Path) -> Path:
        """Also what 200 test clips of 20 subjects were taken for."""
        folder = super().write(results)
        rng = np.random.default_rng([self.seed, sum(map(ord, self.method))])
        lines = ["clip,subject,label,prediction,confidence,prediction_ema"]
        for i in range(200):
            right = rng.random() < self.accuracy
            lines.append(f"c{i},p{i % 20},{i % 12},{i % 12 if right else (i + 1) % 12},0.5,0")
        spec = self.spec()
        label = self.label or LABELS.get(self.method, self.method)
        _json(folder / "record" / "method.json", method_facts(spec, label, initial_weights(spec.backbone)))
        if self.state == "done":
            (folder / "record" / "predictions.csv").write_text("\n".join(lines) + "\n")
        return folder


def _stream(epoch: int, name: str, score: float, coverage: float) -> list[tuple[int, str, str, float]]:
    values = {
        "accuracy": min(1.0, score),
        "accuracy_selected": min(1.0, score + 0.3 * (1 - coverage)),
        "coverage": coverage,
        **{f"accuracy_at_{k}": min(1.0, score + 0.3 * (1 - k / 100)) for k in (10, 25, 50, 75)},
    }
    return [(epoch, name, quantity, value) for quantity, value in values.items()]


def say(folder: Path, text: str) -> Path:
    """Put other predictions into a run's record, and count them in its metrics; returns their file."""
    clips = [line.split(",") for line in text.splitlines()[1:]]
    metrics = json.loads((folder / "record" / "metrics.json").read_text())
    metrics["counts"] |= {"test": len(clips), "test_subjects": len({subject for _, subject, *_ in clips})}
    _json(folder / "record" / "metrics.json", metrics)
    (folder / "record" / "predictions.csv").write_text(text)
    return folder / "record" / "predictions.csv"


def _scores(accuracy: float) -> dict[str, float]:
    return {"accuracy": accuracy, "macro_f1": accuracy - 0.1, "balanced_accuracy": accuracy - 0.05}


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def _csv(rows: list[tuple[int, str, str, float]]) -> str:
    return "\n".join(["epoch,series,quantity,value", *(",".join(map(str, row)) for row in rows)]) + "\n"
