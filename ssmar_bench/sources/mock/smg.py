"""A mock data set of SMG: one untrimmed video a subject, with its labels and rate; skeletons and depth are left out."""

from __future__ import annotations

from ssmar_bench.sources.mock.plan import (
    MockPlan,
    MockRequest,
    MockVideo,
    deal_out,
    motions,
    scaled,
    string_together,
    unix,
)
from ssmar_bench.sources.official.smg import FACTS, SUBJECTS

SHORTEST, LONGEST = 12, 28
RATE = 28
FEW = {"train": 6, "val": 2, "test": 2}
TABLES = {
    "train": "smg_data_phase1/smg_skeleton_train",
    "val": "smg_data_phase1/smg_skeleton_validate",
    "test": "smg_data_phase2/smg_skeleton_test",
}
VIDEOS = {
    "train": "SMG_RGB_Phase1/smg_rgb_train",
    "val": "SMG_RGB_Phase1/smg_rgb_validate",
    "test": "SMG_RGB_Phase2/smg_rgb_test",
}


def plan(order: MockRequest) -> MockPlan:
    """A folder a sample; in the challenge's layout tables and videos are apart and the test labels are kept back."""
    counts = scaled(FACTS, order.clips)
    texts: dict[str, bytes] = {}
    videos: list[MockVideo] = []
    for part, subjects in SUBJECTS.items():
        subjects = subjects if order.clips is None else subjects[: FEW[part]]
        labels: dict[int, list[int]] = {subject: [] for subject in subjects}
        for subject, label in deal_out(counts[part], subjects, "smg", part):
            labels[subject].append(label)
        for subject in subjects:
            sample = f"Sample{subject:04d}"
            tables, films = (sample, sample)
            if order.layout == "miga":
                tables, films = f"{TABLES[part]}/{sample}", f"{VIDEOS[part]}/{sample}"
            intervals, frames = string_together(labels[subject], SHORTEST, LONGEST, "smg", sample)
            videos.append(MockVideo(f"{films}/{sample}_color.mp4", subject, intervals, frames, RATE))
            texts[f"{tables}/{sample}_data.csv"] = unix([f"{frames},{RATE},4500"])
            if order.layout == "full" or part != "test":
                lines = [f"{interval.label},{interval.start},{interval.end}" for interval in intervals]
                texts[f"{tables}/{sample}_finelabels.csv"] = unix(lines)
    return MockPlan(texts, videos, motions(FACTS))
