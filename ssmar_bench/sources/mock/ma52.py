"""A counterfeit of MA-52 in its three layouts; train and validation share their people, as the real parts do."""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.sources.mock.plan import Deed, Order, Plan, Video, crlf, dealt, motions, scaled
from ssmar_bench.sources.official.ma52 import FACTS, HIDDEN_COUNTS
from ssmar_bench.sources.synthetic.motion import ACTIONS

FRAMES, RATE = 24, 30
FEW_PEOPLE, PEOPLE = 12, 186
FOLDERS = {"code": "videos_{}", "unzipped": "raw_videos/{}", "zips": "{}"}


def plan(order: Order) -> Plan:
    """Lists with Windows line ends, flat folders of mp4 files (or a zip archive a part), hidden test labels."""
    everything = replace(FACTS, counts={**FACTS.counts, "test": HIDDEN_COUNTS})
    counts = scaled(everything, order.clips, least=1)
    lists = "" if order.layout == "code" else "annotations/"
    texts = {f"{lists}label_name.txt": crlf([f"{label}\t{name}" for label, name in FACTS.names.items()], last=True)}
    people = range(3, 3 + (PEOPLE if order.clips is None else FEW_PEOPLE))
    seen = dict.fromkeys(people, 0)
    videos: list[Video] = []
    for part, classes in counts.items():
        folder = FOLDERS[order.layout].format(part)
        named = []
        for place, (person, label) in enumerate(dealt(classes, people, "ma52", part)):
            count = seen[person] = seen[person] + 1
            name = f"test{place:04d}" if part == "test" else f"{person:04d}_{count % 7:02d}_{count // 7:04d}"
            named.append((name, person, label))
        named.sort()
        videos += [
            Video(f"{folder}/{name}.mp4", person, (Deed(label, 0, FRAMES - 1),), FRAMES, RATE)
            for name, person, label in named
        ]
        lines = [f"{name}.mp4 {0 if part == 'test' else label}" for name, _, label in named]
        texts[f"{lists}{part}_list_videos.txt"] = crlf(lines, last=part == "train")
    own = {label: label if label in ACTIONS else other for label, other in motions(FACTS).items()}
    archives = {f"{part}.zip": part for part in counts} if order.layout == "zips" else {}
    return Plan(texts, videos, own, archives)
