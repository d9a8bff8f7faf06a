"""A mock data set of SMG: one untrimmed video a subject, with its labels and rate; skeletons and depth are left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from ssmar_bench.sources.mock.plan import MockPlan, MockVideo, label_lines, motions, scaled, unix, untrimmed_videos
from ssmar_bench.sources.smg import FACTS, MIGA, SAMPLE, TABLES, VIDEOS

LONGEST, RATE = 28, 28
FEW = {"train": 6, "val": 2, "test": 2}


def plan(layout: str, clips: int | None) -> MockPlan:
    """A folder a sample; in the challenge's layout tables and videos are apart and the test labels are kept back."""
    counts = scaled(FACTS, clips)
    texts: dict[str, bytes] = {}
    videos: list[MockVideo] = []
    for part, subjects in FACTS.part_subjects.items():
        kept = subjects if clips is None else subjects[: FEW[part]]
        for video in untrimmed_videos(counts[part], {n: n for n in kept}, LONGEST, RATE, "smg", part).values():
            sample = f"{SAMPLE}{video.path}"
            places = (TABLES[0], VIDEOS[0]) if layout == "miga" else ("", "")
            tables, films = (PurePosixPath(place.format(*MIGA[part]), sample) for place in places)
            videos.append(replace(video, path=f"{films}/{sample}_color.mp4"))
            texts[f"{tables}/{sample}_data.csv"] = unix([f"{video.frames},{RATE},4500"])
            if layout == "full" or part != "test":
                texts[f"{tables}/{sample}_finelabels.csv"] = label_lines(video)
    return MockPlan(texts, videos, motions(FACTS))
