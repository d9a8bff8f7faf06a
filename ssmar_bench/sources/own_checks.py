"""What is wrong with the files of a laboratory's own videos, told before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.index import UNKNOWN, Index
from ssmar_bench.core.printable import shortened
from ssmar_bench.sources.duplicates import same_content, twins
from ssmar_bench.sources.videos import ABSENT, faults

Pair = Sequence[str]
"""A clip and another one with the same frames."""


def unusable(index: Index) -> dict[str, str]:
    """Clip id -> why its file cannot be used, of the files that are there."""
    reasons = faults(dict.fromkeys(index.clips["path"]), ignore_events)
    pairs = zip(index.clips["clip_id"], index.clips["path"], strict=True)
    return {clip: reasons[path] for clip, path in pairs if reasons[path] not in ("", ABSENT)}


def same_frames(index: Index, where: str) -> tuple[str, ...]:
    """Sentences on clips that show the same frames: copies of a video, and clips of one video that overlap.

    Args:
        index: the clips; files of the same size are read.
        where: what holds the labels, before an error.

    Raises:
        UserError: two copies have two labels.
    """
    clips = index.clips.set_index("clip_id")
    pairs = list(twins(index.clips, same_content(index.clips["path"], ignore_events)).items())
    label = {str(clip): index.classes.get(number, "") for clip, number in clips["label"].items()}
    if differ := [pair for pair in pairs if all(map(label.get, pair)) and len({label[clip] for clip in pair}) == 2]:
        clip, other = differ[0]
        more = f" (and so are {len(differ) - 1} more)" if len(differ) > 1 else ""
        names = f"'{label[clip]}' and '{label[other]}'"
        raise UserError(
            f"{where}: '{shortened(clip)}' is a copy of '{shortened(other)}', but they are labelled {names}"
            f"{more}; keep one of them"
        )
    return tuple(_notes(clips, pairs, label))


def _notes(clips: pd.DataFrame, pairs: Sequence[Pair], label: Mapping[str, str]) -> Iterator[str]:
    labelled = [pair for pair in pairs if all(map(label.get, pair))]
    half = [
        sorted(pair, key=lambda clip: label[clip]) for pair in pairs if sum(bool(label[clip]) for clip in pair) == 1
    ]
    if labelled:
        yield f"{_copies(labelled, 'labelled')}; one may be trained on and the other tested on, so keep one."
    if half:
        yield f"{_copies(half, 'unlabelled')}; what is tested on may be trained on, so keep the labelled one."
    if overlapping := _overlapping(clips[clips["label"] != UNKNOWN]):
        first = f"the first is '{shortened(overlapping[0])}'"
        count = "1 clip shares" if len(overlapping) == 1 else f"{len(overlapping)} clips share"
        yield f"{count} frames with another clip of its video, {first}: one may be trained on and the other tested on."


def _copies(pairs: Sequence[Pair], what: str) -> str:
    """``3 unlabelled videos are copies of labelled ones, the first is 'a', a copy of 'b'``."""
    count = f"1 {what} video is a copy of a" if len(pairs) == 1 else f"{len(pairs)} {what} videos are copies of"
    clip, other = map(shortened, pairs[0])
    return f"{count} labelled one{'s' * (len(pairs) > 1)}, the first is '{clip}', a copy of '{other}'"


def _overlapping(clips: pd.DataFrame) -> list[str]:
    """Clips that begin before an earlier one of the same video has ended; a whole video is all of its frames."""
    found = []
    for _, own in clips[clips.duplicated("path", keep=False)].sort_values("start").groupby("path"):
        last = -1
        for clip, start, end in zip(own.index, own["start"], own["end"], strict=True):
            if last >= 0 and start <= last:
                found.append(str(clip))
            last = max(last, 10**9 if end < 0 else end)
    return found
