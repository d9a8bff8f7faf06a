"""What a user looks at before training: clips, subjects and seconds of every class, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.splits.split_builder import ROLES, UNLABELLED
from ssmar_bench.splits.split_set import SplitSet

SHOWN = 5
"""Classes, or pairs of clips, that a warning names before it counts the others."""


@dataclass(frozen=True)
class SplitSummary:
    """A split in numbers.

    Attributes:
        parts: a row a class and one for ``all``; columns (role, ``clips`` | ``subjects`` | ``seconds``); subjects and
            seconds are NaN where they are not known of every clip. Clips that were never labelled have a role of
            their own, and are of no class.
        labelled: a row a class and one for ``all``; a column a split: labelled clips.
        warnings: a sentence each.
    """

    parts: pd.DataFrame
    labelled: pd.DataFrame
    warnings: list[str]

    def __repr__(self) -> str:
        roles = dict.fromkeys(self.parts.columns.get_level_values(0))
        counts = ", ".join(f"{int(self.parts.loc['all', (role, 'clips')])} {role}" for role in roles)
        return f"<split of {counts} clips; {len(self.warnings)} warnings>"


def summarise_split(split_set: SplitSet) -> SplitSummary:
    """The numbers of a built split."""
    clips = split_set.clips
    labelled = {
        cell: clips[clips["clip_id"].isin(split.labelled)].groupby("label").size()
        for cell, split in split_set.splits.items()
    }
    counts = pd.DataFrame(labelled).reindex(sorted(split_set.benchmark_config.classes)).fillna(0).astype(int)
    counts.loc["all"] = counts.sum()
    return SplitSummary(_parts(clips, split_set.benchmark_config), counts, list(_warnings(split_set)))


def _parts(clips: pd.DataFrame, benchmark_config: BenchmarkConfig) -> pd.DataFrame:
    labels = [*sorted(benchmark_config.classes), "all"]
    both = pd.concat([clips, clips.assign(label="all")])
    tables = {}
    for role in ROLES:
        groups = both[both["role"] == role].groupby("label")
        table = groups.agg(clips=("clip_id", "size"), subjects=("subject", _subjects), seconds=("seconds", _seconds))
        tables[role] = table.reindex(labels, fill_value=0)
    alone = clips[clips["role"] == UNLABELLED]
    if len(alone):
        counts = {"clips": len(alone), "subjects": _subjects(alone["subject"]), "seconds": _seconds(alone["seconds"])}
        tables[UNLABELLED] = pd.DataFrame(counts, index=["all"], dtype=float).reindex(labels)
    return pd.concat(tables, axis=1)


def _subjects(names: pd.Series[str]) -> float:
    """How many; NaN if one is not known."""
    return float("nan") if (names == "").any() else float(names.nunique())


def _seconds(seconds: pd.Series[float]) -> float:
    return float(seconds.sum(skipna=False))


def _warnings(split_set: SplitSet) -> Iterator[str]:
    clips, benchmark_config = split_set.clips, split_set.benchmark_config
    of_role = {role: clips[clips["role"] == role] for role in (*ROLES, UNLABELLED)}
    for official, expected in benchmark_config.expected_clips.items():
        found = int(((clips["part"] == official) & (clips["role"] != UNLABELLED)).sum())
        if found != expected:
            yield (
                f"The owners' lists hold {expected:,} clips of these classes in the part '{official}', this copy "
                f"{found:,}: it is not the whole data set, and its figures compare with no other's."
            )
    for one, other, so in (
        ("train", "test", "test accuracy is measured on known subjects, not on new ones"),
        ("train", "validation", "validation accuracy favours a method that memorises subjects"),
        ("validation", "test", "choices made on validation know some subjects of the test"),
        (UNLABELLED, "test", "test accuracy is measured on known subjects, not on new ones"),
    ):
        yield from _shared(of_role[one], of_role[other], f"{one} and {other}", so)
    yield from _twins(clips)
    for role in ROLES[1:]:
        missing = sorted(set(benchmark_config.classes) - set(of_role[role]["label"]))
        if missing:
            names = ", ".join(f"{label} ({benchmark_config.classes[label]})" for label in missing[:SHOWN])
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            yield f"No {role} clip shows class {names}{more}: its recognition is not measured there."
    if benchmark_config.parts.labelled_by == "subject":
        for split in split_set.splits.values():
            with_label = len(split.labelled) + len(split.unlabelled) - len(split.never_labelled)
            true = len(split.labelled) / with_label
            if abs(true - split.ratio) > 0.1 * split.ratio:
                yield (
                    f"Whole subjects are labelled: at ratio {split.ratio:g} and seed {split.seed} they hold "
                    f"{true:.1%} of the training clips."
                )


def _shared(one: pd.DataFrame, other: pd.DataFrame, where: str, so: str) -> Iterator[str]:
    subjects = ({*one["subject"]} & {*other["subject"]}) - {""}
    if subjects:
        who = "1 subject or source video" if len(subjects) == 1 else f"{len(subjects):,} subjects or source videos"
        yield f"{who} in both {where}: {so}."
    videos = {*one["video"]} & {*other["video"]}
    if videos:
        what = "1 untrimmed video" if len(videos) == 1 else f"{len(videos):,} untrimmed videos"
        yield f"{what} with clips in both {where}: they share a scene, and may overlap in time."


def _twins(clips: pd.DataFrame) -> Iterator[str]:
    """Clips that show the same frames under two names, by the pair of roles that they have."""
    label = dict(zip(clips["clip_id"], clips["label"], strict=True))
    roles = (*ROLES, UNLABELLED)
    first = clips["twin"].where(clips["twin"] != "", clips["clip_id"])
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for _, group in clips[first.duplicated(keep=False)].groupby(first):
        of_role = {role: group.loc[group["role"] == role, "clip_id"].tolist() for role in roles}
        for place, one in enumerate(roles):
            for two in roles[place:]:
                others = of_role[two][1:] if one == two else of_role[two]
                pairs.setdefault((one, two), []).extend((clip, other) for clip in of_role[one][:1] for other in others)
    for (one, two), found in pairs.items():
        if not found:
            continue
        where = f"twice in {one}" if one == two else f"in both {one} and {two}"
        names = ", ".join(f"{clip} = {other}" for clip, other in found[:SHOWN])
        more = f" and {len(found) - SHOWN} more (column twin of clips.csv)" if len(found) > SHOWN else ""
        labels_of = [(label[clip], label[other]) for clip, other in found]
        clashing = sum(mine != theirs and UNKNOWN not in (mine, theirs) for mine, theirs in labels_of)
        labels = f", {clashing} of them with another class" if clashing else ""
        so = "one may tell the other's label" if one == two else "what is measured there was seen before"
        what = "1 clip has" if len(found) == 1 else f"{len(found):,} clips have"
        yield f"{what} the same content {where}{labels}: {so}; keep one of each pair: {names}{more}."
