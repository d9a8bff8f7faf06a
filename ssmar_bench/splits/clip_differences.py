"""Two splits clip by clip, where another laboratory gives its manifests."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.split import Manifest
from ssmar_bench.splits.fingerprints import cell_words
from ssmar_bench.splits.split_set import Built

PARTS = ("labelled", "unlabelled", "validation", "test")
SHOWN = 5
"""Clips that a line names before it counts the others."""


def clip_differences(here: Built, there: Mapping[str, Manifest]) -> list[str]:
    """Which clips differ between a built split and another's manifests, a line a part and class.

    Raises:
        UserError: another benchmark, or no cell in common.
    """
    others = {manifest.benchmark for manifest in there.values()}
    if others != {here.definition.name}:
        names = ", ".join(sorted(others))
        raise UserError(f"This is a split of {here.definition.name}, the other one of {names}; compare like ones.")
    cells = [cell for cell in here.manifests if cell in there]
    if not cells:
        raise UserError(
            f"The splits have no ratio and seed in common: here {', '.join(here.manifests)}; there {', '.join(there)}."
        )
    of = dict(zip(here.clips["clip_id"].tolist(), here.clips["label"].tolist(), strict=True))
    return [line for cell in cells for line in _of_cell(cell, here, there[cell], of)]


def _of_cell(cell: str, here: Built, theirs: Manifest, of: Mapping[str, int]) -> list[str]:
    ours = here.manifests[cell]
    names = here.definition.classes
    lines = []
    if ours.classes != theirs.classes:
        lines.append(f"{cell_words(cell)}: other classes ({', '.join(theirs.classes)} there).")
    for part in PARTS:
        in_ours, in_theirs = set(getattr(ours, part)), set(getattr(theirs, part))
        for where, clips in (("here only", in_ours - in_theirs), ("there only", in_theirs - in_ours)):
            for label, group in groupby(sorted(clips, key=lambda clip: (of.get(clip, -1), clip)), lambda c: of.get(c)):
                whose = "no class that is known here" if label is None else f"class {label} ({names[label]})"
                lines.append(f"{cell_words(cell)}, {part}, {whose}: {where} {_some(list(group))}.")
    for clip in sorted({*ours.labels} & {*theirs.labels}):
        mine, other = _name(ours, clip), _name(theirs, clip)
        if mine != other:
            lines.append(f"{cell_words(cell)}: {clip} is '{mine}' here and '{other}' there.")
    return lines


def _name(manifest: Manifest, clip: str) -> str:
    """The name of a labelled clip's class."""
    label = manifest.labels[clip]
    return manifest.classes[label] if 0 <= label < len(manifest.classes) else f"class {label} of none"


def _some(clips: list[str]) -> str:
    more = f" and {len(clips) - SHOWN} more" if len(clips) > SHOWN else ""
    return ", ".join(clips[:SHOWN]) + more
