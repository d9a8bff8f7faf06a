"""From an index to a manifest: stratified, nested, decided by hashing clip ids and by nothing else.

A clip's place among its class is the hash of its id and the seed, so the 10 % labelled clips lie inside the 25 %,
and adding one clip moves at most one other clip of its class across a ratio's border. Validation is carved out of
train before the ratio is applied, and is the same for every seed.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import pandas as pd

from ssmar_bench.core.definition import Definition, Parts
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import Index
from ssmar_bench.core.manifest import Manifest, Truth


def _rank(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def labelled_count(ratio: float, clips: int) -> int:
    """ceil(ratio x clips), computed on the decimal that a person typed (0.1 x 30 is 3, not 4)."""
    return math.ceil(Fraction(str(ratio)) * clips)


def _in_validation(train: pd.DataFrame, parts: Parts) -> pd.Series[bool]:
    """Marks the training clips that are validated on: whole people, or single clips, in hash order."""
    unit = train["subject"] if parts.validation_by == "person" else train["clip_id"]
    if parts.validation_by == "person" and (unit == "").any():
        clip = train.loc[unit == "", "clip_id"].iloc[0]
        raise UserError(f"Clip {clip} has no person; define validation_by: clip for this source.")
    sizes = unit.value_counts()
    order = sorted(sizes.index, key=lambda name: _rank(f"validation/{name}"))
    wanted, held = parts.validation * len(train), 0
    chosen: list[str] = []
    for name in order[:-1]:  # at least one is left to train on
        if held >= wanted:
            break
        chosen.append(name)
        held += int(sizes[name])
    return unit.isin(chosen)


def _of_benchmark(index: Index, definition: Definition) -> pd.DataFrame:
    """The rows of the definition's classes and parts, with ``class`` 0..C-1 and ``role`` train, validation, test."""
    clips = index.clips.reset_index(drop=True)
    twice = clips["clip_id"].duplicated()
    if twice.any():
        raise UserError(f"Clip {clips.loc[twice, 'clip_id'].iloc[0]} stands twice in {index.source}; remove one.")
    used = clips["part"].isin([*definition.parts.train, *definition.parts.test])
    clips = clips[used & clips["label"].isin(list(definition.classes))].sort_values("clip_id")
    ids = sorted(definition.classes)
    clips["class"] = clips["label"].map({label: i for i, label in enumerate(ids)}).astype(int)
    clips["role"] = "test"
    is_train = clips["part"].isin(definition.parts.train)
    train = clips[is_train]
    if train.empty:
        raise UserError(f"{index.source} holds no clip of {definition.name} in its part {definition.parts.train}.")
    if is_train.all():
        raise UserError(f"{index.source} holds no clip of {definition.name} in its part {definition.parts.test}.")
    held_out = _in_validation(train, definition.parts)
    clips.loc[train.index, "role"] = held_out.map({True: "validation", False: "train"})
    for label in ids:
        if not ((clips["label"] == label) & (clips["role"] == "train")).any():
            name = definition.classes[label]
            raise UserError(
                f"Class {label} ({name}) of {definition.name} has no training clip in {index.source}; "
                f"add clips of it, or take the class out of the definition."
            )
    return clips


def build(index: Index, definition: Definition, ratio: float, seed: int) -> Manifest:
    """The manifest of ``definition`` at labelled ``ratio`` in (0, 1] and split ``seed``.

    Raises:
        UserError: a ratio outside (0, 1], a class without a training clip, clips without a person.
    """
    if not 0 < ratio <= 1:
        raise UserError(f"A labelled ratio lies in (0, 1]; {ratio:g} does not.")
    clips = _of_benchmark(index, definition)
    train = clips[clips["role"] == "train"]
    train = train.assign(rank=[_rank(f"labelled/{seed}/{clip}") for clip in train["clip_id"]])
    place = train.sort_values("rank").groupby("class").cumcount()
    size = train.groupby("class")["clip_id"].transform("size")
    wanted = size.map({count: labelled_count(ratio, count) for count in size.unique()})
    is_labelled = place.reindex(train.index) < wanted
    validation = clips[clips["role"] == "validation"]
    known = pd.concat([train[is_labelled], validation])
    return Manifest(
        benchmark=definition.name,
        ratio=ratio,
        seed=seed,
        classes=tuple(definition.classes[label] for label in sorted(definition.classes)),
        labelled=tuple(train.loc[is_labelled, "clip_id"]),
        unlabelled=tuple(train.loc[~is_labelled, "clip_id"]),
        validation=tuple(validation["clip_id"]),
        test=tuple(clips.loc[clips["role"] == "test", "clip_id"]),
        labels={str(clip): int(label) for clip, label in zip(known["clip_id"], known["class"], strict=True)},
    )


def truth(index: Index, definition: Definition) -> Truth:
    """Class index and person of every clip of the benchmark, for the recorder alone."""
    clips = _of_benchmark(index, definition)
    return Truth(
        label={str(clip): int(label) for clip, label in zip(clips["clip_id"], clips["class"], strict=True)},
        subject={str(clip): str(name) for clip, name in zip(clips["clip_id"], clips["subject"], strict=True)},
    )
