"""Two splits clip by clip, where another laboratory gives its splits."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from ssmar_bench.core.split import Split
from ssmar_bench.splits.fingerprints import common_splits, split_description
from ssmar_bench.splits.split_set import SplitSet

PARTS = ("labelled", "unlabelled", "validation", "test")
SHOWN = 5
"""Clips that a line names before it counts the others."""


def clip_differences(here: SplitSet, there: Mapping[str, Split]) -> list[str]:
    """Which clips differ between a built split and another's splits, a line a part and class.

    Raises:
        UserError: as :func:`~ssmar_bench.splits.fingerprints.common_splits`.
    """
    others = ", ".join(sorted({split.benchmark for split in there.values()}))
    cells = common_splits((here.benchmark_config.name, here.splits), (others, there))
    of = dict(zip(here.clips["clip_id"].tolist(), here.clips["label"].tolist(), strict=True))
    return [line for cell in cells for line in _of_cell(cell, here, there[cell], of)]


def _of_cell(cell: str, here: SplitSet, theirs: Split, of: Mapping[str, int]) -> list[str]:
    ours = here.splits[cell]
    names = here.benchmark_config.classes
    lines = []
    if ours.classes != theirs.classes:
        lines.append(f"{split_description(cell)}: other classes ({', '.join(theirs.classes)} there).")
    for part in PARTS:
        in_ours, in_theirs = set(getattr(ours, part)), set(getattr(theirs, part))
        for where, clips in (("here only", in_ours - in_theirs), ("there only", in_theirs - in_ours)):
            for label, group in groupby(sorted(clips, key=lambda clip: (of.get(clip, -1), clip)), lambda c: of.get(c)):
                whose = "no class that is known here" if label is None else f"class {label} ({names[label]})"
                lines.append(f"{split_description(cell)}, {part}, {whose}: {where} {_some(list(group))}.")
    for clip in sorted({*ours.labels} & {*theirs.labels}):
        mine, other = _name(ours, clip), _name(theirs, clip)
        if mine != other:
            lines.append(f"{split_description(cell)}: {clip} is '{mine}' here and '{other}' there.")
    return lines


def _name(split: Split, clip: str) -> str:
    """The name of a labelled clip's class."""
    label = split.labels[clip]
    return split.classes[label] if 0 <= label < len(split.classes) else f"class {label} of none"


def _some(clips: list[str]) -> str:
    more = f" and {len(clips) - SHOWN} more" if len(clips) > SHOWN else ""
    return ", ".join(clips[:SHOWN]) + more
