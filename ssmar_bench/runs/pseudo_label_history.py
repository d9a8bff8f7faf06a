"""What a run believed of a few unlabelled clips in every epoch, for those who want to look at single clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
import pandas as pd

CLIPS = 24
"""Clips of which the history is kept: the record of a run stays small."""

SERIES = ("offline", "online")
"""Pseudo-labels that a method trains on; of an epoch that has both, the first are kept."""

Array = npt.NDArray[Any]


def clips_to_follow(ids: Sequence[str], labels: Array) -> pd.DataFrame:
    """At most ``CLIPS`` clips: the first of every class by their ids, then the second ones, and so on.

    Args:
        ids: (N,) salted, so that their order says nothing of a clip.
        labels: (N,) true classes; clips that nobody labelled are a class of their own.

    Returns:
        Columns clip, label; the index is a clip's place among the N.
    """
    frame = pd.DataFrame({"clip": ids, "label": labels}).sort_values("clip", kind="stable")
    turn = frame.groupby("label").cumcount()
    return frame.assign(turn=turn).sort_values(["turn", "label"], kind="stable")[["clip", "label"]].head(CLIPS)


def epoch_rows(epoch: int, logged: Mapping[str, Mapping[str, Array]], clips: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Last pseudo-labels of one epoch: epoch, series, clip, label, pseudo_label, weight, confidence.

    Args:
        epoch: from 1.
        logged: the pseudo-label log of that epoch: series -> field -> (entries,).
        clips: of :func:`clips_to_follow`; those that were given no label have no row.
    """
    series = next((name for name in SERIES if name in logged), None)
    if series is None:
        return []
    index, label, weight, confidence = (logged[series][name] for name in ("index", "label", "weight", "confidence"))
    last = {int(clip): row for row, clip in enumerate(index)}
    return [
        (epoch, series, clip, true, int(label[row]), float(weight[row]), round(float(confidence[row]), 4))
        for place, clip, true in zip(clips.index, clips["clip"], clips["label"], strict=True)
        if (row := last.get(place)) is not None
    ]
