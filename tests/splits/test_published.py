"""The fingerprints that are shipped beside the definitions are those of the splits that these make."""

from __future__ import annotations

import pandas as pd
import pytest

from ssmar_bench.core import benchmark_config as definitions
from ssmar_bench.core import paths
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.sources import synthetic
from ssmar_bench.sources.synthetic import MicroMotion
from ssmar_bench.splits import fingerprints as prints
from ssmar_bench.splits.build import Benchmark
from ssmar_bench.splits.split_set import build_all

PUBLISHED = sorted((paths.shipped("splits") / "fingerprints").glob("*.json"))


def test_they_belong_to_a_benchmark() -> None:
    assert {path.stem for path in PUBLISHED} <= {*definitions.BENCHMARKS.names()}
    assert [path.stem for path in PUBLISHED]


@pytest.mark.parametrize(
    "path", [path for path in PUBLISHED if path.stem.startswith("micro-motion")], ids=lambda p: p.stem
)
def test_synthetic_splits_have_the_published_fingerprints(path) -> None:
    """Names, labels and people of the clips are known before any of them is rendered."""
    definition = definitions.read(path.stem)
    planned = synthetic.plan(MicroMotion(**definition.source.knobs))  # type: ignore[arg-type]
    rows = [
        (f"{clip.part}/{clip.name}", clip.name, -1, -1, clip.label, clip.name.split("_")[0], clip.part)
        for clip in planned
    ]
    clips = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("clip_id", ignore_index=True)
    found = build_all(Benchmark.of(Index("micro-motion", clips, {}), definition)).fingerprints
    assert prints.differences(found, prints.read(path)) == []
    assert found == prints.read(path)
