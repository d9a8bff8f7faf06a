"""A mock data set of UCF101: a folder a class of avi files, and the lists of the three official splits.

As in the real splits, the first tests on the groups 1 to 7 of every class, the second on 8 to 14, the third on 15 to
21, and each trains on all others.
"""

from __future__ import annotations

from ssmar_bench.sources.mock.plan import MockPlan, motions, trimmed_video, unix
from ssmar_bench.sources.ucf101 import FACTS

FRAMES, RATE = 12, 25
BLOCKS = {1: range(1, 8), 2: range(8, 15), 3: range(15, 22), 0: range(22, 26)}
"""Split that tests on them -> groups; those of 0 are tested on by none."""


def plan(layout: str, clips: int | None) -> MockPlan:  # noqa: ARG001
    """Lists as the owners write them: training lists with ids, test lists without."""
    names = FACTS.names
    tested = {int(split): facts.clips["test"] for split, facts in FACTS.variants.items()}
    tested[0] = sum(FACTS.clips.values()) - sum(tested.values())
    sizes: dict[tuple[int, int], int] = {}  # (class, group) -> clips
    blocks: dict[tuple[int, int], int] = {}
    for block, groups in BLOCKS.items():
        if clips is None:
            places = [(label, group) for group in groups for label in names]
            for place in range(tested[block]):
                sizes[places[place % len(places)]] = sizes.get(places[place % len(places)], 0) + 1
        else:
            a_class = max(1, round(clips / len(names) / len(BLOCKS)))
            sizes |= {(label, groups[0]): a_class for label in names}
        blocks |= {(label, group): block for group in groups for label in names}
    files = {
        (label, group): [_file(names[label], group, clip) for clip in range(1, count + 1)]
        for (label, group), count in sorted(sizes.items())
    }
    texts = {"ucfTrainTestlist/classInd.txt": unix([f"{label} {name}" for label, name in names.items()])}
    for split in (1, 2, 3):
        for part in ("train", "test"):
            chosen = [
                f"{file} {key[0]}" if part == "train" else file
                for key, group in files.items()
                for file in group
                if (blocks[key] == split) == (part == "test")
            ]
            texts[f"ucfTrainTestlist/{part}list{split:02d}.txt"] = unix(chosen)
    videos = [
        trimmed_video(f"UCF-101/{file}", 100 * label + group, label, FRAMES, RATE)
        for (label, group), group_files in files.items()
        for file in group_files
    ]
    return MockPlan(texts, videos, motions(FACTS))


def _file(name: str, group: int, clip: int) -> str:
    inside = "HandStandPushups" if name == "HandstandPushups" else name  # as the owners spell them
    return f"{name}/v_{inside}_g{group:02d}_c{clip:02d}.avi"
