"""A mock data set of MA-52 in its three layouts; train and validation share their subjects, as the real parts do."""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.sources.ma52 import FACTS
from ssmar_bench.sources.mock.plan import MockPlan, MockVideo, crlf, deal_out, motions, scaled, trimmed_video
from ssmar_bench.sources.synthetic import ACTIONS

FRAMES, RATE = 24, 30
FEW_SUBJECTS, SUBJECTS = 12, 186
FOLDERS = {"code": "videos_{}", "unzipped": "raw_videos/{}", "zips": "{}"}


def plan(layout: str, clips: int | None) -> MockPlan:
    """Lists with Windows line ends, flat folders of mp4 files (or a zip archive a part), hidden test labels."""
    everything = replace(FACTS, counts={**FACTS.counts, **FACTS.hidden_counts})
    counts = scaled(everything, clips, least=1)
    lists = "" if layout == "code" else "annotations/"
    texts = {f"{lists}label_name.txt": crlf([f"{label}\t{name}" for label, name in FACTS.names.items()], last=True)}
    subjects = range(3, 3 + (SUBJECTS if clips is None else FEW_SUBJECTS))
    seen = dict.fromkeys(subjects, 0)
    videos: list[MockVideo] = []
    for part, classes in counts.items():
        folder = FOLDERS[layout].format(part)
        named = []
        for place, (subject, label) in enumerate(deal_out(classes, subjects, "ma52", part)):
            count = seen[subject] = seen[subject] + 1
            name = f"test{place:04d}" if part == "test" else f"{subject:04d}_{count % 7:02d}_{count // 7:04d}"
            named.append((name, subject, label))
        named.sort()
        videos += [trimmed_video(f"{folder}/{name}.mp4", who, label, FRAMES, RATE) for name, who, label in named]
        lines = [f"{name}.mp4 {0 if part == 'test' else label}" for name, _, label in named]
        texts[f"{lists}{part}_list_videos.txt"] = crlf(lines, last=part == "train")
    own = {label: label if label in ACTIONS else other for label, other in motions(FACTS).items()}
    archives = {f"{part}.zip": part for part in counts} if layout == "zips" else {}
    return MockPlan(texts, videos, own, archives)
