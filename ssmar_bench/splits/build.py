"""From an index to a split: stratified, nested, decided by hashing clip ids and by nothing else.

A clip's place among its class is the hash of its id and the seed, so the 10 % labelled clips lie inside the 25 %,
and adding one clip moves at most one other clip of its class across a ratio's border. A test part of our own is
carved out of train first, then validation; both are the same for every ratio and seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import UNKNOWN, Index
from ssmar_bench.core.numbers import exact_ratio
from ssmar_bench.core.numbers import parse_ratio as meant
from ssmar_bench.core.split import GroundTruth, Split
from ssmar_bench.core.split_config import CarvedTest
from ssmar_bench.splits.hash_order import Integers, first_subjects, hash_rank

ROLES = ("train", "validation", "test")
"""What a clip with a label is for."""
UNLABELLED = "unlabelled"
"""The role of a clip that nobody has labelled: it is in the unlabelled pool at every ratio."""


def labelled_count(ratio: float, clips: int) -> int:
    """ceil(ratio x clips), computed on the number that a user meant (0.1 x 30 is 3, and 5 / 6 x 30 is 25)."""
    return math.ceil(exact_ratio(ratio) * clips)


def ratio_of(benchmark_config: BenchmarkConfig, per_class: int, train_clips: int) -> float:
    """The ratio, of four digits, that ``per_class`` labelled clips of every class amount to."""
    return float(f"{per_class * len(benchmark_config.classes) / train_clips:.4g}")


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
        by_subject = self.benchmark_config.parts.labelled_by == "subject"
        labelled = self._subjects(train, ratio, seed) if by_subject else self._clips(train, ratio, seed)
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

    def _clips(self, train: pd.DataFrame, ratio: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Marks the first clips of every class in the order of the seed."""
        classes: Integers = train["class"].to_numpy()
        sizes = np.bincount(classes)
        wanted = np.array([self._wanted(ratio, int(size), label) for label, size in enumerate(sizes)])
        if self.benchmark_config.parts.labelled_per_class:
            self._require_ratio(ratio, len(train))
        return hash_rank(f"labelled/{seed}", train["clip_id"].tolist(), classes) < wanted[classes]

    def _wanted(self, ratio: float, size: int, label: int) -> int:
        """Labelled clips of a class of ``size`` training clips."""
        per_class = self.benchmark_config.parts.labelled_per_class
        if per_class > size:
            raise UserError(
                f"{self.benchmark_config.name} labels {per_class} clips of every class, and "
                f"{_class_name(self.benchmark_config, label)} has only {size} to train on; label fewer."
            )
        return per_class or labelled_count(ratio, size)

    def _require_ratio(self, ratio: float, clips: int) -> None:
        """Tables and folders' names say the ratio, so it must be the true one."""
        per_class = self.benchmark_config.parts.labelled_per_class
        true = ratio_of(self.benchmark_config, per_class, clips)
        if ratio != true:
            raise UserError(
                f"{per_class} labelled clips of each of the {len(self.benchmark_config.classes)} classes of "
                f"{self.benchmark_config.name} are {true:g} of its {clips} training clips, not {ratio:g}; "
                f"write ratios: [{true:g}]."
            )

    def _subjects(self, train: pd.DataFrame, ratio: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Marks the clips of the first subjects in the order of the seed, until every class is labelled as well."""
        if ratio == 1:
            return np.ones(len(train), bool)
        _require_subjects(train, "labelled_by")
        ordered = first_subjects(f"labelled-person/{seed}", train["subject"], math.inf)
        rank = {subject: place for place, subject in enumerate(ordered)}
        place = train["subject"].map(rank).fillna(len(ordered)).to_numpy(int)  # the last one stays unlabelled
        enough = len(first_subjects(f"labelled-person/{seed}", train["subject"], labelled_count(ratio, len(train))))
        seen = np.full(
            len(self.benchmark_config.classes), len(ordered)
        )  # class -> place of the first subject who does it
        np.minimum.at(seen, train["class"].to_numpy(), place)
        if seen.max() >= len(ordered):
            name = _class_name(self.benchmark_config, int(seen.argmax()))
            raise UserError(
                f"No ratio below 1 labels {name} of {self.benchmark_config.name} by subject with seed {seed}: its "
                "clips are "
                f"all of one subject, who comes last; use labelled_by: clip, or another seed."
            )
        return place < max(enough, int(seen.max()) + 1)


def build_split(index: Index, benchmark_config: BenchmarkConfig, ratio: float, seed: int) -> Split:
    """The split of ``benchmark_config`` at labelled ``ratio`` in (0, 1] and ``seed``; errors as in BenchmarkClips."""
    return BenchmarkClips.of(index, benchmark_config).split(ratio, seed)


def ground_truth(index: Index, benchmark_config: BenchmarkConfig) -> GroundTruth:
    """Class index and subject of every clip of the benchmark, for the recorder alone."""
    return replace(BenchmarkClips.of(index, benchmark_config).truth(), mock=index.mock)


def _class_name(benchmark_config: BenchmarkConfig, label: int) -> str:
    """What a user calls the class of index ``label``."""
    number = sorted(benchmark_config.classes)[label]
    return f"class {number} ({benchmark_config.classes[number]})"


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
                f"{_class_name(benchmark_config, int(sizes.argmin()))} has only {sizes.min()}, which leaves none to "
                "train "
                "on; use the whole data set, or lower parts.carved_test.clips_per_class in a benchmark config of "
                "your own."
            )
        return hash_rank("test", clips["clip_id"].tolist(), classes) < carved.clips_per_class
    _require_subjects(clips, "carved_test.subjects")
    chosen = first_subjects("test-person", clips["subject"], carved.subjects * len(clips))
    return clips["subject"].isin(chosen).to_numpy()


def _validated(train: pd.DataFrame, benchmark_config: BenchmarkConfig) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Marks the training clips that are validated on: whole subjects, or single clips, in hash order."""
    by_subject = benchmark_config.parts.validation_by == "subject"
    if by_subject:
        _require_subjects(train, "validation_by")
    unit = train["subject"] if by_subject else train["clip_id"]
    return unit.isin(first_subjects("validation", unit, benchmark_config.parts.validation * len(train))).to_numpy()


def _require_subjects(clips: pd.DataFrame, key: str) -> None:
    nameless = clips["subject"] == ""
    if nameless.any():
        clip = clips.loc[nameless, "clip_id"].iloc[0]
        instead = "clips_per_class" if key.startswith("carved") else f"{key}: clip"
        raise UserError(f"Clip {clip} has no subject, which parts.{key} needs; define {instead} for this source.")


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
        _class_name(benchmark_config, label) for label in range(len(benchmark_config.classes)) if label not in there
    ]
    if names:
        have, it, classes = ("has", "it", "class") if len(names) == 1 else ("have", "them", "classes")
        listed = ", ".join([names[0][0].upper() + names[0][1:], *names[1:]])
        raise UserError(
            f"{listed} of {benchmark_config.name} {have} no training clip in {index.source}; "
            f"add clips of {it}, or take the {classes} out of the benchmark config."
        )
