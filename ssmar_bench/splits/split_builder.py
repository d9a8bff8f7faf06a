"""From an index to a split, decided by hashing clip ids and by nothing else.

A test part of our own is carved out of train first, then validation; both are the same for every ratio and seed. Which
of the training clips are labelled is chosen in ``labelled_clips``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import UNKNOWN, Index
from ssmar_bench.core.numbers import parse_ratio as meant
from ssmar_bench.core.split import GroundTruth, Split
from ssmar_bench.core.split_config import CarvedTest
from ssmar_bench.splits.hash_order import Integers, first_subjects, hash_rank
from ssmar_bench.splits.labelled_clips import class_name, labelled_clips, require_subjects

ROLES = ("train", "validation", "test")
"""What a clip with a label is for."""
UNLABELLED = "unlabelled"
"""The role of a clip that nobody has labelled: it is in the unlabelled pool at every ratio."""


@dataclass(frozen=True)
class BenchmarkClips:
    """Every clip of a benchmark in its role, before any ratio and seed.

    Attributes:
        benchmark_config: what it was made by.
        clips: the index's rows of the benchmark config's classes and parts, sorted by clip id, with ``class`` 0..C-1
            and ``role`` (one of :data:`ROLES`); then those that were never labelled, with class
            :data:`~ssmar_bench.core.index.UNKNOWN` and role :data:`UNLABELLED`.
    """

    benchmark_config: BenchmarkConfig
    clips: pd.DataFrame

    @classmethod
    def of(cls, index: Index, benchmark_config: BenchmarkConfig) -> BenchmarkClips:
        """The clips that ``benchmark_config`` takes from ``index``.

        Raises:
            UserError: a clip occurs twice, a part is empty, a class has no training clip, clips without a subject.
        """
        clips = _chosen(index, benchmark_config)
        train = clips["part"].isin(benchmark_config.parts.train).to_numpy()
        if benchmark_config.parts.carved_test is not None:
            train = ~_carved(clips, benchmark_config, benchmark_config.parts.carved_test)
        _require_both(index, benchmark_config, train)
        held_out = np.zeros(len(clips), bool)
        held_out[train] = _validated(clips[train], benchmark_config)
        role = np.select([held_out, train], ["validation", "train"], "test")
        clips = clips.assign(role=pd.Series(role, index=clips.index, dtype=object))
        _require_every_class(index, benchmark_config, clips)
        return cls(benchmark_config, _with_unlabelled(clips, index, benchmark_config))

    def split(self, ratio: float, seed: int) -> Split:
        """The split at labelled ``ratio`` in (0, 1] and split ``seed``.

        Raises:
            UserError: a ratio outside (0, 1], or not the one that labelled_per_class amounts to; subjects who would
                all have to be labelled.
        """
        ratio = meant(ratio)
        if not 0 < ratio <= 1:
            raise UserError(f"A labelled ratio lies in (0, 1]; {ratio:g} does not.")
        train = self._of_role["train"]
        labelled = labelled_clips(train, self.benchmark_config, ratio, seed)
        ids, classes = self._ids_and_classes["train"]
        validation, validation_classes = self._ids_and_classes["validation"]
        never = tuple(self._ids_and_classes[UNLABELLED][0])
        known = zip(
            [*ids[labelled], *validation], [*classes[labelled].tolist(), *validation_classes.tolist()], strict=True
        )
        return Split(
            benchmark=self.benchmark_config.name,
            ratio=ratio,
            seed=seed,
            classes=tuple(self.benchmark_config.classes[label] for label in sorted(self.benchmark_config.classes)),
            labelled=tuple(ids[labelled]),
            unlabelled=tuple(sorted([*ids[~labelled], *never])),
            validation=tuple(validation),
            test=tuple(self._ids_and_classes["test"][0]),
            labels=dict(known),
            never_labelled=never,
        )

    @cached_property
    def _of_role(self) -> dict[str, pd.DataFrame]:
        """The rows of each role: the same for all ratios and seeds."""
        return {role: self.clips[self.clips["role"] == role] for role in (*ROLES, UNLABELLED)}

    @cached_property
    def _ids_and_classes(self) -> dict[str, tuple[np.ndarray[tuple[int], np.dtype[np.object_]], Integers]]:
        return {
            role: (rows["clip_id"].to_numpy(dtype=object), rows["class"].to_numpy())
            for role, rows in self._of_role.items()
        }

    def truth(self) -> GroundTruth:
        """Class index, where there is one, and subject of every clip."""
        ids = self.clips["clip_id"].tolist()
        return GroundTruth(
            label=dict(zip(ids, self.clips["class"].tolist(), strict=True)),
            subject=dict(zip(ids, map(str, self.clips["subject"]), strict=True)),
        )


def build_split(index: Index, benchmark_config: BenchmarkConfig, ratio: float, seed: int) -> Split:
    """The split of ``benchmark_config`` at labelled ``ratio`` in (0, 1] and ``seed``; errors as in BenchmarkClips."""
    return BenchmarkClips.of(index, benchmark_config).split(ratio, seed)


def ground_truth(index: Index, benchmark_config: BenchmarkConfig) -> GroundTruth:
    """Class index and subject of every clip of the benchmark, for the recorder alone."""
    return replace(BenchmarkClips.of(index, benchmark_config).truth(), mock=index.mock)


def _with_unlabelled(clips: pd.DataFrame, index: Index, benchmark_config: BenchmarkConfig) -> pd.DataFrame:
    """The clips, and behind them those without any label in the parts that are trained on unlabelled."""
    parts = benchmark_config.parts.unlabelled
    if not parts:
        return clips
    found = index.clips[index.clips["part"].isin(parts) & (index.clips["label"] == UNKNOWN)]
    for part in parts:
        if part not in set(found["part"]):
            raise UserError(
                f"{benchmark_config.name} trains on the clips without a label in the part '{part}' "
                f"(parts.unlabelled), and this copy of {index.source} has none there; take the part out."
            )
    found = found.sort_values("clip_id", ignore_index=True).assign(role=UNLABELLED)
    found["class"] = UNKNOWN
    return pd.concat([clips, found], ignore_index=True)


def _chosen(index: Index, benchmark_config: BenchmarkConfig) -> pd.DataFrame:
    """The rows of the benchmark config's classes and parts, sorted by clip id, with ``class`` 0..C-1."""
    clips = index.clips
    twice = clips["clip_id"].duplicated()
    if twice.any():
        raise UserError(f"Clip {clips.loc[twice, 'clip_id'].iloc[0]} occurs twice in {index.source}; remove one.")
    used = clips["part"].isin([*benchmark_config.parts.train, *benchmark_config.parts.test])
    clips = clips[used & clips["label"].isin(list(benchmark_config.classes))].sort_values("clip_id", ignore_index=True)
    number = {label: i for i, label in enumerate(sorted(benchmark_config.classes))}
    return clips.assign(**{"class": clips["label"].map(number).astype(np.int64)})


def _carved(
    clips: pd.DataFrame, benchmark_config: BenchmarkConfig, carved: CarvedTest
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Marks the clips of a test part of our own."""
    if carved.clips_per_class:
        classes: Integers = clips["class"].to_numpy()
        sizes = np.bincount(classes, minlength=len(benchmark_config.classes))
        if sizes.min() <= carved.clips_per_class:
            raise UserError(
                f"{benchmark_config.name} tests on {carved.clips_per_class} clips of every class, and "
                f"{class_name(benchmark_config, int(sizes.argmin()))} has only {sizes.min()}, which leaves none to "
                "train "
                "on; use the whole data set, or lower parts.carved_test.clips_per_class in a benchmark config of "
                "your own."
            )
        return hash_rank("test", clips["clip_id"].tolist(), classes) < carved.clips_per_class
    require_subjects(clips, "carved_test.subjects")
    chosen = first_subjects("test-person", clips["subject"], carved.subjects * len(clips))
    return clips["subject"].isin(chosen).to_numpy()


def _validated(train: pd.DataFrame, benchmark_config: BenchmarkConfig) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Marks the training clips that are validated on: whole subjects, or single clips, in hash order."""
    by_subject = benchmark_config.parts.validation_by == "subject"
    if by_subject:
        require_subjects(train, "validation_by")
    unit = train["subject"] if by_subject else train["clip_id"]
    return unit.isin(first_subjects("validation", unit, benchmark_config.parts.validation * len(train))).to_numpy()


def _require_both(
    index: Index, benchmark_config: BenchmarkConfig, train: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> None:
    """Something to train on, and something to test on."""
    parts = benchmark_config.parts
    for name, wanted, there in (("train", parts.train, train.any()), ("test", parts.test, not train.all())):
        if not there:
            of_classes = index.clips["label"].isin(list(benchmark_config.classes))
            held = ", ".join(sorted(set(index.clips.loc[of_classes, "part"]))) or "no part at all"
            raise UserError(
                f"{benchmark_config.name} has nothing to {name} on: this copy of {index.source} holds no clip of its "
                "classes "
                f"in the part {' or '.join(wanted or parts.train)}; it holds such clips in {held}."
            )


def _require_every_class(index: Index, benchmark_config: BenchmarkConfig, clips: pd.DataFrame) -> None:
    there = set(clips.loc[clips["role"] == "train", "class"])
    names = [
        class_name(benchmark_config, label) for label in range(len(benchmark_config.classes)) if label not in there
    ]
    if names:
        have, it, classes = ("has", "it", "class") if len(names) == 1 else ("have", "them", "classes")
        listed = ", ".join([names[0][0].upper() + names[0][1:], *names[1:]])
        raise UserError(
            f"{listed} of {benchmark_config.name} {have} no training clip in {index.source}; "
            f"add clips of {it}, or take the {classes} out of the benchmark config."
        )
