"""Made-up indices, and the benchmark config that splits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.index import COLUMNS, Index

MakeIndex = Callable[..., Index]
MakeDefinition = Callable[..., BenchmarkConfig]


@pytest.fixture(scope="session")
def make_index() -> MakeIndex:
    def make(sizes: Mapping[int, int], subjects: int = 10, test: int = 2, prefix: str = "") -> Index:
        """``sizes`` training clips a class by ``subjects`` subjects in turn, and ``test`` clips a class by others."""
        rows = []
        for label, size in sizes.items():
            for part, count, name in (("train", size, "p"), ("val", test, "q")):
                rows += [
                    (f"{prefix}{part}-{label}-{i}", f"/v/{label}/{i}.mp4", -1, -1, label, f"{name}{i % subjects}", part)
                    for i in range(count)
                ]
        clips = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("clip_id", ignore_index=True)
        return Index("made-up", clips, {label: f"class {label}" for label in sizes})

    return make


@pytest.fixture(scope="session")
def make_benchmark_config() -> MakeDefinition:
    shipped = benchmark_configs.read_benchmark_config("micro-motion-12")

    def make(classes: Mapping[int, int], **parts: Any) -> BenchmarkConfig:
        """The classes of ``classes``' keys; ``parts`` replace fields of the section of that name."""
        return shipped.model_copy(
            update={
                "name": "made-up",
                "classes": {label: f"class {label}" for label in classes},
                "parts": shipped.parts.model_copy(update={"test": ["val"], **parts}),
            }
        )

    return make
