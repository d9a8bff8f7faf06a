"""The fingerprints that are shipped beside the benchmark configs are those of the splits that these make."""

from __future__ import annotations

import pandas as pd
import pytest

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import paths
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.sources.synthetic import SyntheticOptions
from ssmar_bench.sources.synthetic.dataset import plan_clips
from ssmar_bench.splits import fingerprints as prints
from ssmar_bench.splits.split_builder import BenchmarkClips
from ssmar_bench.splits.split_set import build_split_set

PUBLISHED = sorted((paths.shipped_folder("splits") / "fingerprints").glob("*.json"))


def test_they_belong_to_a_benchmark() -> None:
    assert {path.stem for path in PUBLISHED} <= {*benchmark_configs.BENCHMARKS.names()}
    assert [path.stem for path in PUBLISHED]


@pytest.mark.parametrize(
    "path", [path for path in PUBLISHED if path.stem.startswith("micro-motion")], ids=lambda p: p.stem
)
def test_synthetic_splits_have_the_published_fingerprints(path) -> None:
    """Names, labels and subjects of the clips are known before any of them is rendered."""
    benchmark_config = benchmark_configs.read_benchmark_config(path.stem)
    planned = plan_clips(SyntheticOptions(**benchmark_config.source.options))  # type: ignore[arg-type]
    rows = [
        (f"{clip.part}/{clip.name}", clip.name, -1, -1, clip.label, clip.name.split("_")[0], clip.part)
        for clip in planned
    ]
    clips = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("clip_id", ignore_index=True)
    found = build_split_set(BenchmarkClips.of(Index("micro-motion", clips, {}), benchmark_config)).fingerprints
    assert prints.differences(found, prints.read_fingerprints(path)) == []
    assert found == prints.read_fingerprints(path)
