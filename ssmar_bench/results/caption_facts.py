"""What a caption has to say about a benchmark's runs: network, initialisation, seeds, test part, shared setting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ssmar_bench.core.benchmark_config import BackboneConfig, ClipConfig, FrameCacheConfig, TrainConfig
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.comparability import TrainingSetup, training_setup
from ssmar_bench.results.records import Runs
from ssmar_bench.results.variants import SHARED, differing, settings_of

NEUTRAL = {
    f"{section}.{key}": field.default
    for section, model in (
        ("frame_cache", FrameCacheConfig),
        ("clips", ClipConfig),
        ("backbone", BackboneConfig),
        ("train", TrainConfig),
    )
    for key, field in model.model_fields.items()
    if not field.is_required()
}
"""What a key that is left out of a spec stands for."""


@dataclass(frozen=True)
class CaptionFacts:
    """Facts for captions; each tuple holds the distinct values, normally one.

    Attributes:
        networks: ``micro-tsm, from scratch, RGB input``.
        seeds: distinct seeds of finished runs.
        test_clips, test_subjects, classes: sizes of the test part and number of classes.
        differences: shared settings that are not the same in all finished runs: dotted key -> values.
        mixed_splits: ``(ratio, seed)`` whose finished runs are on different splits.
        training_setups: of every row, by its label.
        never_labelled: how many unlabelled clips nobody has ever labelled, 0 for none.
        mock: whether a run was made on a mock data set.
    """

    benchmark: str
    networks: tuple[str, ...]
    seeds: tuple[int, ...]
    test_clips: tuple[int, ...]
    test_subjects: tuple[int, ...]
    classes: tuple[int, ...]
    differences: dict[str, list[Any]]
    mixed_splits: tuple[tuple[float, int], ...]
    training_setups: dict[str, TrainingSetup]
    never_labelled: tuple[int, ...] = ()
    mock: bool = False


def caption_facts(runs: Runs, benchmark: str, labels: Collection[str] | None = None) -> CaptionFacts:
    """The facts of ``benchmark``'s finished runs, or of those in the rows ``labels`` alone."""
    rows = runs.of(benchmark)
    rows = rows if labels is None else rows[rows["label"].isin(labels)]
    done = rows[rows["state"] == "done"]
    specs = [runs.specs[folder] for folder in done["folder"]]
    shared = {*SHARED} - {"pixels"}
    settings = [
        NEUTRAL | {key: value for key, value in settings_of(spec).items() if key.split(".")[0] in shared}
        for spec in (runs.specs[folder] for folder in done.drop_duplicates("variant")["folder"])
    ]
    return CaptionFacts(
        benchmark=benchmark,
        networks=tuple(dict.fromkeys(_network(runs, folder) for folder in done["folder"])),
        seeds=tuple(sorted({int(seed) for seed in done["seed"]})),
        test_clips=_sizes(done["count_test"]),
        test_subjects=_sizes(done["count_test_subjects"]),
        classes=_sizes(done["count_classes"]),
        differences=differing(settings) | _pixels(specs),
        mixed_splits=_mixed(done),
        training_setups={
            str(label): training_setup(runs.specs[folder], runs.facts[folder])
            for label, folder in zip(rows["label"], rows["folder"], strict=True)
        },
        never_labelled=_sizes(done["count_never_labelled"].fillna(0)),
        mock=bool(done["mock"].any()),
    )


def _network(runs: Runs, folder: str) -> str:
    backbone = runs.specs[folder].backbone
    inputs = {"rgb": "RGB", "diff": "frame differences", "mean_subtracted": "mean-subtracted frames"}
    return f"{backbone.name}, {runs.facts[folder].initial_weights}, on {inputs[backbone.input]}"


def _pixels(specs: Sequence[RunSpec]) -> dict[str, list[Any]]:
    """The key ``pixels`` with its values where clips of one method config do not look the same in all runs."""
    seen: dict[FrameCacheConfig, dict[str, None]] = {}
    for spec in specs:
        seen.setdefault(spec.frame_cache, {})[spec.pixels] = None
    mixed = [value for values in seen.values() if len(values) > 1 for value in values]
    return {"pixels": mixed} if mixed else {}


def _sizes(column: pd.Series[float]) -> tuple[int, ...]:
    return tuple(sorted({int(value) for value in column}))


def _mixed(done: pd.DataFrame) -> tuple[tuple[float, int], ...]:
    splits = done.groupby(["ratio", "seed"])["split"].nunique()
    mixed = splits[splits > 1].reset_index()
    return tuple((float(row["ratio"]), int(row["seed"])) for row in mixed.to_dict("records"))
