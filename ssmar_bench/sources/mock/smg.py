"""A counterfeit of SMG: one untrimmed video a person, with its labels and rate; skeletons and depth are left out."""

from __future__ import annotations

from ssmar_bench.sources.mock.plan import Order, Plan, Video, dealt, motions, scaled, strung, unix
from ssmar_bench.sources.official.smg import FACTS, PEOPLE

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


def plan(order: Order) -> Plan:
    """A folder a sample; in the challenge's layout tables and videos stand apart and the test labels are kept back."""
    counts = scaled(FACTS, order.clips)
    texts: dict[str, bytes] = {}
    videos: list[Video] = []
    for part, people in PEOPLE.items():
        people = people if order.clips is None else people[: FEW[part]]
        labels: dict[int, list[int]] = {person: [] for person in people}
        for person, label in dealt(counts[part], people, "smg", part):
            labels[person].append(label)
        for person in people:
            sample = f"Sample{person:04d}"
            tables, films = (sample, sample)
            if order.layout == "miga":
                tables, films = f"{TABLES[part]}/{sample}", f"{VIDEOS[part]}/{sample}"
            deeds, frames = strung(labels[person], SHORTEST, LONGEST, "smg", sample)
            videos.append(Video(f"{films}/{sample}_color.mp4", person, deeds, frames, RATE))
            texts[f"{tables}/{sample}_data.csv"] = unix([f"{frames},{RATE},4500"])
            if order.layout == "full" or part != "test":
                lines = [f"{deed.label},{deed.start},{deed.end}" for deed in deeds]
                texts[f"{tables}/{sample}_finelabels.csv"] = unix(lines)
    return Plan(texts, videos, motions(FACTS))
