"""What another laboratory needs to know that it trains on the very same clips: digests, and no clip's name.

A split's fingerprints say for every class of every part, and for the labelled part at every ratio and seed, how many
clips there are and a digest of their ids; and for every ratio and seed the split's own fingerprint, which run
records carry. So two splits that differ can be distinguished by class, part and ratio without showing a clip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from pydantic import Field, ValidationError

from ssmar_bench.core.config_section import Section
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.identity import digest
from ssmar_bench.core.split import Split
from ssmar_bench.splits.split_builder import UNLABELLED

FORMAT = 1
"""Raised when a digest's meaning changes; fingerprints of another format are not compared."""

ByClass = dict[int, "ClassFingerprint"]


class ClassFingerprint(Section):
    """Some clips: their number, and 16 hexadecimal digits over their sorted ids."""

    clips: int = Field(ge=0)
    digest: str = Field(pattern="^[0-9a-f]{16}$")


class Fingerprints(Section):
    """A built split's fingerprints, the small file that a paper or a benchmark config carries.

    Attributes:
        benchmark, classes: the benchmark config's name, and its classes by the source's id.
        splits: name of a split (``r10_s0``) -> its fingerprint.
        parts: ``train``, ``validation``, ``test`` -> class -> clips; the same for all splits.
        labelled: name of a split -> class -> labelled clips.
        unlabelled: the clips that were never labelled, the same for all splits; None where there are none.
        frame_cache: fingerprint of the decoded frames, "" where none are decoded. It holds for one version of the
            decoder.
    """

    format: int = FORMAT
    benchmark: str
    classes: dict[int, str]
    splits: dict[str, str]
    parts: dict[str, ByClass]
    labelled: dict[str, ByClass]
    unlabelled: ClassFingerprint | None = None
    frame_cache: str = ""


def split_name(ratio: float, seed: int) -> str:
    """``r10_s0`` for 10 % and seed 0, as run folders write it."""
    return f"r{100 * ratio:g}_s{seed}"


def split_description(cell: str) -> str:
    """``ratio 10 %, seed 0`` for ``r10_s0``."""
    ratio, _, seed = cell.partition("_")
    return f"ratio {ratio[1:]} %, seed {seed[1:]}"


def fingerprints(
    name: str, classes: Mapping[int, str], clips: pd.DataFrame, splits: Sequence[Split], frame_cache: str = ""
) -> Fingerprints:
    """The fingerprints of a split.

    Args:
        name: the benchmark's.
        classes: the source's id -> name.
        clips: every clip of the benchmark with ``clip_id``, ``label`` (the source's id) and ``role``.
        splits: the splits.
        frame_cache: fingerprint of the decoded frames, if there are any.
    """
    of_role = {str(role): group for role, group in clips.groupby("role")}
    never = of_role.get(UNLABELLED)
    return Fingerprints(
        benchmark=name,
        classes=dict(classes),
        splits={_cell(split): split.fingerprint() for split in splits},
        parts={role: _prints(of_role.get(role, clips.iloc[:0]), classes) for role in ("train", "validation", "test")},
        labelled={_cell(split): _prints(clips[clips["clip_id"].isin(split.labelled)], classes) for split in splits},
        unlabelled=None if never is None else _print(never["clip_id"].tolist()),
        frame_cache=frame_cache,
    )


def _cell(split: Split) -> str:
    return split_name(split.ratio, split.seed)


def _prints(clips: pd.DataFrame, classes: Mapping[int, str]) -> ByClass:
    of_class: dict[int, list[str]] = {label: [] for label in classes}
    for clip, label in zip(clips["clip_id"].tolist(), clips["label"].tolist(), strict=True):
        of_class[label].append(clip)
    return {label: _print(ids) for label, ids in of_class.items()}


def _print(ids: Iterable[str]) -> ClassFingerprint:
    return ClassFingerprint(clips=len(names := sorted(ids)), digest=digest(names))


def read_fingerprints(path: Path) -> Fingerprints:
    """The fingerprints in a file.

    Raises:
        UserError: the file is no such file, or of another format.
    """
    try:
        data = read_json(path)
        if data["format"] != FORMAT:
            raise UserError(
                f"{path}: these fingerprints have format {data['format']}, this version compares {FORMAT}; "
                "build the split again with one version."
            )
        return Fingerprints.model_validate(data)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; expected the fingerprints.json of a built split.") from None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise UserError(
            f"{path}: expected the fingerprints.json of a built split, found something else ({type(error).__name__})."
        ) from error


def common_splits(here: tuple[str, Iterable[str]], there: tuple[str, Iterable[str]]) -> list[str]:
    """The splits that are here and there, each given as the name of a benchmark and its splits.

    Raises:
        UserError: they are of different benchmarks or have no split in common.
    """
    (benchmark, ours), (other, theirs) = here, there
    if benchmark != other:
        raise UserError(f"This is a split of {benchmark}, the other one of {other}; compare like ones.")
    if not {*ours} & {*theirs}:
        raise UserError(
            f"The splits have no ratio and seed in common: here {', '.join(ours)}; there {', '.join(theirs)}."
        )
    return [cell for cell in ours if cell in {*theirs}]


def differences(here: Fingerprints, there: Fingerprints) -> list[str]:
    """What differs between two splits of one benchmark, a line each; empty if they hold the same clips.

    Splits that only one of them has are no difference.

    Raises:
        UserError: as :func:`common_splits`.
    """
    cells = common_splits((here.benchmark, here.splits), (there.benchmark, there.splits))
    found = [*_of_classes(here, there)]
    for part in ("train", "validation", "test"):
        found += _of_part(part, here, here.parts.get(part, {}), there.parts.get(part, {}))
    found += _of_unlabelled(here.unlabelled, there.unlabelled)
    for cell in cells:
        words = f"{split_description(cell)}, labelled"
        labelled = _of_part(words, here, here.labelled.get(cell, {}), there.labelled.get(cell, {}))
        found += labelled
        if not found and here.splits[cell] != there.splits[cell]:
            found.append(f"{split_description(cell)}: the splits' fingerprints differ, though every part agrees.")
    if here.frame_cache and there.frame_cache and here.frame_cache != there.frame_cache:
        found.append(
            "decoded frames: other pixels (another copy of the videos, frame cache config, or version of the decoder)."
        )
    return found


def _of_classes(here: Fingerprints, there: Fingerprints) -> Iterator[str]:
    for label in sorted({*here.classes, *there.classes}):
        ours, theirs = here.classes.get(label), there.classes.get(label)
        if ours is None or theirs is None:
            yield f"class {label} ({ours or theirs}): only {'here' if theirs is None else 'there'}."
        elif ours != theirs:
            yield f"class {label}: '{ours}' here, '{theirs}' there."


def _of_unlabelled(here: ClassFingerprint | None, there: ClassFingerprint | None) -> Iterator[str]:
    if here != there:
        yield f"never labelled: {_counts(here.clips if here else 0, there.clips if there else 0)}."


def _of_part(words: str, names: Fingerprints, here: ByClass, there: ByClass) -> list[str]:
    """Differences in the classes that both have."""
    found = []
    for label in sorted({*here} & {*there}):
        ours, theirs = here[label], there[label]
        if ours == theirs:
            continue
        counts = _counts(ours.clips, theirs.clips)
        found.append(f"{words}, class {label} ({names.classes.get(label, 'unnamed')}): {counts}.")
    return found


def _counts(here: int, there: int) -> str:
    if here == there:
        return f"{here} clip{'s'[: here != 1]} on both sides, but not the same ones"
    return f"{here} clip{'s'[: here != 1]} here, {there} there"
