"""Chooses the parts of a benchmark of somebody's own clips from how many there are."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import UNKNOWN, Index
from ssmar_bench.splits.split_builder import BenchmarkClips

MIN_CLIPS = 3
"""Clips of a class: one is tested on, and two can be divided between training and validation."""
MIN_SUBJECTS = 4
"""Below it, parts are not chosen by subject: somebody is tested on, somebody validated on, two are trained on."""
TEST_SHARES = (0.25, 0.3, 0.2, 0.35, 0.15, 0.4)
VALIDATION_SHARES = (0.2, 0.15, 0.25, 0.1, 0.3)
"""In the order in which they are tried."""
TRAIN, TEST = "train", "test"
"""Official parts that a list may give."""


@dataclass(frozen=True)
class ChosenParts:
    """Parts, and why they are these.

    Attributes:
        clips: the benchmark with them.
        reason: a sentence.
    """

    clips: BenchmarkClips
    reason: str


def choose_parts(index: Index, build: Callable[[dict[str, Any]], BenchmarkClips], where: str) -> ChosenParts:
    """The first parts that leave every class something to train on, and if possible to test on.

    Args:
        index: the clips.
        build: makes the benchmark that has the parts given as plain data; raises :class:`UserError` if it cannot.
        where: what holds the clips, before an error.

    Raises:
        UserError: too few clips or classes; all that is too little at once.
    """
    labelled = index.clips[index.clips["label"] != UNKNOWN]
    _require_enough(index, labelled, where)
    second: ChosenParts | None = None
    why = ""
    for parts, reason in _candidates(index, labelled):
        try:
            found = ChosenParts(build(parts), reason)
        except UserError as error:
            why = str(error)
            continue
        tested = found.clips.clips.loc[found.clips.clips["role"] == "test", "class"].nunique()
        if tested == len(index.classes):
            return found
        second = second or found
    if second is None:
        raise UserError(f"{where}: no division into training, validation and test works ({why}); add clips")
    return second


def _require_enough(index: Index, labelled: pd.DataFrame, where: str) -> None:
    counts = labelled["label"].value_counts()
    faults = []
    if len(index.classes) < 2:
        found = f"one class alone, '{next(iter(index.classes.values()))}'" if index.classes else "no labelled clip"
        faults.append(f"found {found}, expected two classes or more")
    for label, name in index.classes.items():
        if (size := int(counts[label])) < MIN_CLIPS:
            near = difflib.get_close_matches(name, [other for other in index.classes.values() if other != name], n=1)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            faults.append(f"the class '{name}' has {size} clip{'s' if size > 1 else ''}{meant}")
    if faults:
        raise UserError(
            f"{where}: {'; '.join(faults)}; a class needs {MIN_CLIPS} clips to be trained, validated and tested on: "
            "add clips, correct the label, or leave it empty"
        )
    trained = labelled[labelled["part"] != TEST]
    if lacking := [name for label, name in index.classes.items() if not (trained["label"] == label).any()]:
        these = "every class" if len(lacking) == len(index.classes) else f"the class '{lacking[0]}'"
        raise UserError(
            f"{where}: the list has all clips of {these} in the part test, so there is nothing to train on; say train "
            "for some of them, or leave the column part out"
        )


def _candidates(index: Index, labelled: pd.DataFrame) -> Iterator[tuple[dict[str, Any], str]]:
    unlabelled = sorted(index.clips.loc[index.clips["label"] == UNKNOWN, "part"].unique())
    always = {"unlabelled": unlabelled} if unlabelled else {}
    official = sorted(labelled["part"].unique())
    known = labelled["subject"] != ""
    subjects = labelled.loc[known, "subject"].nunique()
    by_subject = bool(known.all()) and subjects >= MIN_SUBJECTS
    if TEST in official:
        for share, unit in product(VALIDATION_SHARES, ("subject", "clip") if by_subject else ("clip",)):
            parts = {"train": [TRAIN], "test": [TEST], "validation": share, "validation_by": unit}
            yield (
                always | parts,
                f"train and test are those of the list, validation is chosen by {unit}{_shared(labelled)}.",
            )
        return
    if by_subject:
        reason = f"by subject: nobody of the {subjects} is in two parts."
        for test, share in product(TEST_SHARES, VALIDATION_SHARES):
            yield (
                always
                | {
                    "train": official,
                    "test": [],
                    "carved_test": {"subjects": test},
                    "validation": share,
                    "validation_by": "subject",
                },
                reason,
            )
    smallest = int(labelled["label"].value_counts().min())
    reason = f"by clip, since {_no_subjects(len(labelled), int(known.sum()), subjects)}."
    for count, share in product(range(max(1, round(smallest * TEST_SHARES[0])), 0, -1), VALIDATION_SHARES):
        yield (
            always
            | {
                "train": official,
                "test": [],
                "carved_test": {"clips_per_class": count},
                "validation": share,
                "validation_by": "clip",
            },
            reason,
        )


SO = "the same person may be in training and test, so accuracy on new persons may be lower"


def _no_subjects(clips: int, known: int, subjects: int) -> str:
    if not known:
        return f"subjects are not known: {SO}"
    if known < clips:
        return f"{clips - known} of {clips} clips {'has' if clips - known == 1 else 'have'} no subject: {SO}"
    if subjects < MIN_SUBJECTS:
        return f"there {'is only 1 subject' if subjects == 1 else f'are only {subjects} subjects'}: {SO}"
    return f"no division of the {subjects} subjects leaves every class something to train on: {SO}"


def _shared(labelled: pd.DataFrame) -> str:
    """What the parts of a list do not keep apart: nothing, or persons."""
    tested = labelled["part"] == TEST
    both = {*labelled.loc[tested, "subject"]} & {*labelled.loc[~tested, "subject"]}
    if "" in both:
        return f"; not all subjects are known: {SO}"
    if both:
        persons = "1 subject is" if len(both) == 1 else f"{len(both)} subjects are"
        return f"; {persons} in both train and test, so accuracy on new persons may be lower"
    return ""
