"""Thousands of valid records in an archive, quick to make, with which reports and readers of many runs are measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from _records import Fake, _csv

from ssmar_bench.core.files import json_bytes
from ssmar_bench.results.archive_write import ArchiveEntry, write_archive

RATIOS = (0.1, 0.25, 0.5, 1.0)
SEEDS = 10
CLIPS, SUBJECTS = 200, 20


def many_records(root: Path, count: int, epochs: int = 10) -> Path:
    """About ``count`` runs below ``root``: two benchmarks, ``count`` / 80 methods, four ratios and ten seeds."""
    methods = max(1, count // (2 * len(RATIOS) * SEEDS))
    for benchmark in ("micro-motion-12", "micro-motion-easy"):
        entries = [*_entries(benchmark, methods, epochs)]
        write_archive(root / benchmark, entries)
    return root


def _entries(benchmark: str, methods: int, epochs: int) -> Iterator[ArchiveEntry]:
    rng = np.random.default_rng(0)
    names = ["supervised", "fixmatch", "aplt", *(f"method-{i}" for i in range(methods))][:methods]
    for method in names:
        for ratio in RATIOS:
            tables = _tables(Fake(method, ratio, 0, epochs=epochs, benchmark=benchmark))
            for seed in range(SEEDS):
                fake = Fake(method, ratio, seed, 0.3 + 0.4 * rng.random(), benchmark, epochs, subjects=SUBJECTS)
                yield _entry(fake, tables, rng)


def _tables(fake: Fake) -> dict[str, pd.DataFrame]:
    """Curves and pseudo-labels, which are the same for all seeds."""
    tables = {"curves": pd.read_csv(StringIO(_csv(fake.curves())))}
    if fake.ratio < 1:
        tables["pseudo_labels"] = pd.read_csv(StringIO(fake.pseudo_labels()))
    return tables


def _entry(fake: Fake, tables: dict[str, pd.DataFrame], rng: np.random.Generator) -> ArchiveEntry:
    spec = fake.spec()
    labels = np.arange(CLIPS) % 12
    right = rng.random(CLIPS) < fake.accuracy
    predictions = pd.DataFrame(
        {
            "clip": [f"clip{i:03d}" for i in range(CLIPS)],
            "subject": [f"subject{i % SUBJECTS}" for i in range(CLIPS)],
            "label": labels,
            "prediction": np.where(right, labels, (labels + 1) % 12),
            "confidence": 0.5,
            "prediction_ema": labels,
        }
    )
    texts = {
        "spec.json": json_bytes(spec.to_json()).decode(),
        "metrics.json": json.dumps(fake.metrics()),
        "timings.json": json.dumps({"train_seconds": 100.0}),
        "environment.json": json.dumps({"python": "3.11.7"}),
        "method.json": json.dumps({"label": fake.method, "initial_weights": "from scratch", "departures": {}}),
    }
    row = {
        "folder": spec.folder(), "benchmark": fake.benchmark, "method": fake.method, "label": fake.method,
        "state": "done", "reason": "", "ratio": fake.ratio, "seed": fake.seed, **texts,
        "tables": ["curves.csv", "predictions.csv", "pseudo_labels.csv"][: 2 + (fake.ratio < 1)],
        "verbatim": [], "digests": [],
    }  # fmt: skip
    return ArchiveEntry(row, {**tables, "predictions": predictions})
