"""A split: which clips are labelled, unlabelled, validated and tested on, for a ratio and a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ssmar_bench.core.identity import digest

PARTS = ("labelled", "unlabelled", "validation", "test")


def opaque_id(clip_id: str) -> str:
    """The name of a clip in the frame cache and in a training process: 16 hexadecimal digits of a digest of its id.

    A source's own ids may hold the class, or sort by it; these tell nothing, nor does their order.
    """
    return hashlib.blake2b(clip_id.encode(), digest_size=8, person=b"opaque").hexdigest()


def salted_id(benchmark: str, name: str) -> str:
    """A name that says nothing of the clip or subject, the same in every record of a benchmark."""
    return hashlib.blake2b(
        name.encode(), digest_size=6, salt=hashlib.blake2b(benchmark.encode()).digest()[:16]
    ).hexdigest()


@dataclass(frozen=True)
class Split:
    """Which clips a split puts where, and the labels that a training process may know.

    Attributes:
        benchmark, ratio, seed: what it was built for.
        classes: names, in the order of class indices 0..C-1.
        labelled, unlabelled, validation, test: clip ids, sorted: the source's own, or :func:`opaque_id` ones.
        labels: class index of every labelled and validation clip. Those of unlabelled and test clips are in the
            :class:`GroundTruth` alone, which no training process reads.
        never_labelled: those of ``unlabelled`` that have no label anywhere, so that nobody can say what is right. A
            training process is not given them apart: to a method all unlabelled clips are alike.
    """

    benchmark: str
    ratio: float
    seed: int
    classes: tuple[str, ...]
    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    labels: dict[str, int]
    never_labelled: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """16 hexadecimal digits over ids and labels: equal on every machine that trains on the same clips."""
        return digest(self.to_json() | {"ratio": f"{self.ratio:.6g}"})

    def clips(self) -> Iterable[str]:
        """Ids of all clips."""
        return (clip for part in PARTS for clip in getattr(self, part))

    def in_opaque_order(self) -> Split:
        """The same ids in the order of their opaque names, which is the order that a training process has."""
        parts: dict[str, Any] = {part: tuple(sorted(getattr(self, part), key=opaque_id)) for part in PARTS}
        return replace(self, **parts)

    def with_opaque_ids(self) -> Split:
        """What a training process is given: opaque names in place of the source's ids, in their own order."""
        parts: dict[str, Any] = {part: tuple(sorted(map(opaque_id, getattr(self, part)))) for part in PARTS}
        labels = {opaque_id(clip): label for clip, label in self.labels.items()}
        return replace(self, **parts, labels=labels, never_labelled=())

    def to_json(self) -> dict[str, Any]:
        """Plain data for :meth:`from_json`; a split without clips that were never labelled has no word of them."""
        values = dict(vars(self))  # asdict would copy a million ids one by one
        return values if self.never_labelled else {key: values[key] for key in values if key != "never_labelled"}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Split:
        """The split that :meth:`to_json` wrote."""
        clips = {part: tuple(data[part]) for part in ("classes", *PARTS)}
        clips["never_labelled"] = tuple(data.get("never_labelled", ()))
        return cls(**{**data, **clips})


@dataclass(frozen=True)
class GroundTruth:
    """What only the recorder reads, after a run.

    Attributes:
        label, subject: class index (:data:`~ssmar_bench.core.index.UNKNOWN` of one that was never labelled) and
            subject of every clip of a benchmark.
        mock: whether these clips are a mock data set's.
    """

    label: dict[str, int]
    subject: dict[str, str]
    mock: bool = False

    def digest(self, clips: Iterable[str]) -> str:
        """16 hexadecimal digits over labels and subjects of ``clips``, whatever their order.

        It is in finished records alone: with few clips, labels could be guessed from it.
        """
        known = [[opaque_id(clip), self.label[clip], self.subject[clip]] for clip in clips]
        return digest([sorted(known), self.mock])
