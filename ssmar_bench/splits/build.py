"""From an index to a manifest: stratified, nested, decided by hashing clip ids and by nothing else.

A clip's place among its class is the hash of its id and the seed, so the 10 % labelled clips lie inside the 25 %,
and adding one clip moves at most one other clip of its class across a ratio's border. A test part of our own is
carved out of train first, then validation; both are the same for every ratio and seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ssmar_bench.core.benchmark_config import CarvedTest, Definition
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import Index
from ssmar_bench.core.numbers import exact
from ssmar_bench.core.numbers import ratio as meant
from ssmar_bench.core.split import Manifest, Truth
from ssmar_bench.splits.hash_order import Integers, first_people, places

ROLES = ("train", "validation", "test")


def labelled_count(ratio: float, clips: int) -> int:
    """ceil(ratio x clips), computed on the number that a person meant (0.1 x 30 is 3, and 5 / 6 x 30 is 25)."""
    return math.ceil(exact(ratio) * clips)


def ratio_of(definition: Definition, per_class: int, train_clips: int) -> float:
    """The ratio, of four digits, that ``per_class`` labelled clips of every class amount to."""
    return float(f"{per_class * len(definition.classes) / train_clips:.4g}")


@dataclass(frozen=True)
class Benchmark:
    """Every clip of a benchmark in its role, before any ratio and seed.

    Attributes:
        definition: what it was made by.
        clips: the index's rows of the definition's classes and parts, sorted by clip id, with ``class`` 0..C-1 and
            ``role`` (one of :data:`ROLES`).
    """

    definition: Definition
    clips: pd.DataFrame

    @classmethod
    def of(cls, index: Index, definition: Definition) -> Benchmark:
        """The benchmark that ``definition`` makes of ``index``.

        Raises:
            UserError: a clip stands twice, a part is empty, a class has no training clip, clips without a person.
        """
        clips = _chosen(index, definition)
        train = clips["part"].isin(definition.parts.train).to_numpy()
        if definition.parts.carved_test is not None:
            train = ~_carved(clips, definition, definition.parts.carved_test)
        _require_both(index, definition, train)
        held_out = np.zeros(len(clips), bool)
        held_out[train] = _validated(clips[train], definition)
        role = np.select([held_out, train], ["validation", "train"], "test")
        clips = clips.assign(role=pd.Series(role, index=clips.index, dtype=object))
        _require_every_class(index, definition, clips)
        return cls(definition, clips)

    def manifest(self, ratio: float, seed: int) -> Manifest:
        """The manifest at labelled ``ratio`` in (0, 1] and split ``seed``.

        Raises:
            UserError: a ratio outside (0, 1], or not the one that labelled_per_class amounts to; people who would
                all have to be labelled.
        """
        ratio = meant(ratio)
        if not 0 < ratio <= 1:
            raise UserError(f"A labelled ratio lies in (0, 1]; {ratio:g} does not.")
        of_role = {role: self.clips[self.clips["role"] == role] for role in ROLES}
        train = of_role["train"]
        by_person = self.definition.parts.labelled_by == "person"
        labelled = self._people(train, ratio, seed) if by_person else self._clips(train, ratio, seed)
        known = pd.concat([train[labelled], of_role["validation"]])
        return Manifest(
            benchmark=self.definition.name,
            ratio=ratio,
            seed=seed,
            classes=tuple(self.definition.classes[label] for label in sorted(self.definition.classes)),
            labelled=tuple(train.loc[labelled, "clip_id"]),
            unlabelled=tuple(train.loc[~labelled, "clip_id"]),
            validation=tuple(of_role["validation"]["clip_id"]),
            test=tuple(of_role["test"]["clip_id"]),
            labels=dict(zip(known["clip_id"].tolist(), known["class"].tolist(), strict=True)),
        )

    def truth(self) -> Truth:
        """Class index and person of every clip."""
        ids = self.clips["clip_id"].tolist()
        return Truth(
            label=dict(zip(ids, self.clips["class"].tolist(), strict=True)),
            subject=dict(zip(ids, map(str, self.clips["subject"]), strict=True)),
        )

    def _clips(self, train: pd.DataFrame, ratio: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Marks the first clips of every class in the order of the seed."""
        classes: Integers = train["class"].to_numpy()
        sizes = np.bincount(classes)
        wanted = np.array([self._wanted(ratio, int(size), label) for label, size in enumerate(sizes)])
        if self.definition.parts.labelled_per_class:
            self._require_ratio(ratio, len(train))
        return places(f"labelled/{seed}", train["clip_id"].tolist(), classes) < wanted[classes]

    def _wanted(self, ratio: float, size: int, label: int) -> int:
        """Labelled clips of a class of ``size`` training clips."""
        per_class = self.definition.parts.labelled_per_class
        if per_class > size:
            raise UserError(
                f"{self.definition.name} labels {per_class} clips of every class, and "
                f"{_class_name(self.definition, label)} has only {size} to train on; label fewer."
            )
        return per_class or labelled_count(ratio, size)

    def _require_ratio(self, ratio: float, clips: int) -> None:
        """Tables and folders' names say the ratio, so it must be the true one."""
        per_class = self.definition.parts.labelled_per_class
        true = ratio_of(self.definition, per_class, clips)
        if ratio != true:
            raise UserError(
                f"{per_class} labelled clips of each of the {len(self.definition.classes)} classes of "
                f"{self.definition.name} are {true:g} of its {clips} training clips, not {ratio:g}; "
                f"write ratios: [{true:g}]."
            )

    def _people(self, train: pd.DataFrame, ratio: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Marks the clips of the first people in the order of the seed, until every class is labelled as well."""
        if ratio == 1:
            return np.ones(len(train), bool)
        _require_people(train, "labelled_by")
        ordered = first_people(f"labelled-person/{seed}", train["subject"], math.inf)
        rank = {person: place for place, person in enumerate(ordered)}
        place = train["subject"].map(rank).fillna(len(ordered)).to_numpy(int)  # the last one stays unlabelled
        enough = len(first_people(f"labelled-person/{seed}", train["subject"], labelled_count(ratio, len(train))))
        seen = np.full(len(self.definition.classes), len(ordered))  # class -> place of the first person who does it
        np.minimum.at(seen, train["class"].to_numpy(), place)
        if seen.max() >= len(ordered):
            name = _class_name(self.definition, int(seen.argmax()))
            raise UserError(
                f"No ratio below 1 labels {name} of {self.definition.name} by person with seed {seed}: its clips are "
                f"all of one person, who comes last; use labelled_by: clip, or another seed."
            )
        return place < max(enough, int(seen.max()) + 1)


def build(index: Index, definition: Definition, ratio: float, seed: int) -> Manifest:
    """The manifest of ``definition`` at labelled ``ratio`` in (0, 1] and split ``seed``; errors as in Benchmark."""
    return Benchmark.of(index, definition).manifest(ratio, seed)


def truth(index: Index, definition: Definition) -> Truth:
    """Class index and person of every clip of the benchmark, for the recorder alone."""
    return replace(Benchmark.of(index, definition).truth(), counterfeit=index.counterfeit)


def _class_name(definition: Definition, label: int) -> str:
    """What a person calls the class of index ``label``."""
    number = sorted(definition.classes)[label]
    return f"class {number} ({definition.classes[number]})"


def _chosen(index: Index, definition: Definition) -> pd.DataFrame:
    """The rows of the definition's classes and parts, sorted by clip id, with ``class`` 0..C-1."""
    clips = index.clips
    twice = clips["clip_id"].duplicated()
    if twice.any():
        raise UserError(f"Clip {clips.loc[twice, 'clip_id'].iloc[0]} stands twice in {index.source}; remove one.")
    used = clips["part"].isin([*definition.parts.train, *definition.parts.test])
    clips = clips[used & clips["label"].isin(list(definition.classes))].sort_values("clip_id", ignore_index=True)
    number = {label: i for i, label in enumerate(sorted(definition.classes))}
    return clips.assign(**{"class": clips["label"].map(number).astype(np.int64)})


def _carved(
    clips: pd.DataFrame, definition: Definition, carved: CarvedTest
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Marks the clips of a test part of our own."""
    if carved.clips_per_class:
        classes: Integers = clips["class"].to_numpy()
        sizes = np.bincount(classes, minlength=len(definition.classes))
        if sizes.min() <= carved.clips_per_class:
            raise UserError(
                f"{definition.name} tests on {carved.clips_per_class} clips of every class, and "
                f"{_class_name(definition, int(sizes.argmin()))} has only {sizes.min()}, which leaves none to train "
                f"on; use the whole data set, or lower parts.carved_test.clips_per_class in a definition of your own."
            )
        return places("test", clips["clip_id"].tolist(), classes) < carved.clips_per_class
    _require_people(clips, "carved_test.people")
    chosen = first_people("test-person", clips["subject"], carved.people * len(clips))
    return clips["subject"].isin(chosen).to_numpy()


def _validated(train: pd.DataFrame, definition: Definition) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Marks the training clips that are validated on: whole people, or single clips, in hash order."""
    by_person = definition.parts.validation_by == "person"
    if by_person:
        _require_people(train, "validation_by")
    unit = train["subject"] if by_person else train["clip_id"]
    return unit.isin(first_people("validation", unit, definition.parts.validation * len(train))).to_numpy()


def _require_people(clips: pd.DataFrame, key: str) -> None:
    nameless = clips["subject"] == ""
    if nameless.any():
        clip = clips.loc[nameless, "clip_id"].iloc[0]
        instead = "clips_per_class" if key.startswith("carved") else f"{key}: clip"
        raise UserError(f"Clip {clip} has no person, which parts.{key} needs; define {instead} for this source.")


def _require_both(index: Index, definition: Definition, train: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    """Something to train on, and something to test on."""
    parts = definition.parts
    for name, wanted, there in (("train", parts.train, train.any()), ("test", parts.test, not train.all())):
        if not there:
            of_classes = index.clips["label"].isin(list(definition.classes))
            held = ", ".join(sorted(set(index.clips.loc[of_classes, "part"]))) or "no part at all"
            raise UserError(
                f"{definition.name} has nothing to {name} on: this copy of {index.source} holds no clip of its classes "
                f"in the part {' or '.join(wanted or parts.train)}; it holds such clips in {held}."
            )


def _require_every_class(index: Index, definition: Definition, clips: pd.DataFrame) -> None:
    there = set(clips.loc[clips["role"] == "train", "class"])
    for label in range(len(definition.classes)):
        if label not in there:
            name = _class_name(definition, label)
            raise UserError(
                f"{name[0].upper()}{name[1:]} of {definition.name} has no training clip in {index.source}; "
                f"add clips of it, or take the class out of the definition."
            )
