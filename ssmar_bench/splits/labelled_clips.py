"""Which training clips are labelled at a ratio: stratified and nested.

A clip's place among its class is the hash of its id and the seed, so the 10 % labelled clips lie inside the 25 %,
and adding one clip moves at most one other clip of its class across a ratio's border.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.numbers import exact_ratio
from ssmar_bench.splits.hash_order import Integers, first_subjects, hash_rank


def labelled_count(ratio: float, clips: int) -> int:
    """ceil(ratio x clips), computed on the number that a user meant (0.1 x 30 is 3, and 5 / 6 x 30 is 25)."""
    return math.ceil(exact_ratio(ratio) * clips)


def ratio_of(benchmark_config: BenchmarkConfig, per_class: int, train_clips: int) -> float:
    """The ratio, of four digits, that ``per_class`` labelled clips of every class amount to."""
    return float(f"{per_class * len(benchmark_config.classes) / train_clips:.4g}")


def labelled_clips(
    train: pd.DataFrame, benchmark_config: BenchmarkConfig, ratio: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Marks the labelled clips among those of ``train``, (N,).

    Args:
        train: the training clips, with ``clip_id``, ``class`` (0..C-1) and ``subject``.
        benchmark_config: whose ``parts`` say whether clips or whole subjects are labelled, and how many.
        ratio: in (0, 1].
        seed: of the split.

    Raises:
        UserError: a ratio that is not the one ``labelled_per_class`` amounts to; too few clips of a class; subjects who
            would all have to be labelled, or are unknown.
    """
    choose = _by_subject if benchmark_config.parts.labelled_by == "subject" else _by_clip
    return choose(train, benchmark_config, ratio, seed)


def class_name(benchmark_config: BenchmarkConfig, label: int) -> str:
    """What a user calls the class of index ``label``."""
    number = sorted(benchmark_config.classes)[label]
    return f"class {number} ({benchmark_config.classes[number]})"


def require_subjects(clips: pd.DataFrame, key: str) -> None:
    """Refuses clips without a subject, which the setting ``parts.key`` needs, by a :class:`UserError`."""
    nameless = clips["subject"] == ""
    if nameless.any():
        clip = clips.loc[nameless, "clip_id"].iloc[0]
        instead = "clips_per_class" if key.startswith("carved") else f"{key}: clip"
        raise UserError(f"Clip {clip} has no subject, which parts.{key} needs; define {instead} for this source.")


def _by_clip(train: pd.DataFrame, benchmark_config: BenchmarkConfig, ratio: float, seed: int) -> npt.NDArray[np.bool_]:
    """Marks the first clips of every class in the order of the seed."""
    classes: Integers = train["class"].to_numpy()
    sizes = np.bincount(classes)
    wanted = np.array([_wanted(benchmark_config, ratio, int(size), label) for label, size in enumerate(sizes)])
    if benchmark_config.parts.labelled_per_class:
        _require_ratio(benchmark_config, ratio, len(train))
    return hash_rank(f"labelled/{seed}", train["clip_id"].tolist(), classes) < wanted[classes]


def _wanted(benchmark_config: BenchmarkConfig, ratio: float, size: int, label: int) -> int:
    """Labelled clips of a class of ``size`` training clips."""
    per_class = benchmark_config.parts.labelled_per_class
    if per_class > size:
        raise UserError(
            f"{benchmark_config.name} labels {per_class} clips of every class, and "
            f"{class_name(benchmark_config, label)} has only {size} to train on; label fewer."
        )
    return per_class or labelled_count(ratio, size)


def _require_ratio(benchmark_config: BenchmarkConfig, ratio: float, clips: int) -> None:
    """Tables and folders' names say the ratio, so it must be the true one."""
    per_class = benchmark_config.parts.labelled_per_class
    true = ratio_of(benchmark_config, per_class, clips)
    if ratio != true:
        raise UserError(
            f"{per_class} labelled clips of each of the {len(benchmark_config.classes)} classes of "
            f"{benchmark_config.name} are {true:g} of its {clips} training clips, not {ratio:g}; "
            f"write ratios: [{true:g}]."
        )


def _by_subject(
    train: pd.DataFrame, benchmark_config: BenchmarkConfig, ratio: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Marks the clips of the first subjects in the order of the seed, until every class is labelled as well."""
    if ratio == 1:
        return np.ones(len(train), bool)
    require_subjects(train, "labelled_by")
    ordered = first_subjects(f"labelled-person/{seed}", train["subject"], math.inf)
    rank = {subject: place for place, subject in enumerate(ordered)}
    place = train["subject"].map(rank).fillna(len(ordered)).to_numpy(int)  # the last one stays unlabelled
    enough = len(first_subjects(f"labelled-person/{seed}", train["subject"], labelled_count(ratio, len(train))))
    seen = np.full(len(benchmark_config.classes), len(ordered))  # class -> place of the first subject who does it
    np.minimum.at(seen, train["class"].to_numpy(), place)
    if seen.max() >= len(ordered):
        name = class_name(benchmark_config, int(seen.argmax()))
        raise UserError(
            f"No ratio below 1 labels {name} of {benchmark_config.name} by subject with seed {seed}: its clips are all "
            "of one subject, who comes last; use labelled_by: clip, or another seed."
        )
    return np.asarray(place < max(enough, int(seen.max()) + 1))
