"""Indices with the real number of clips of every class in every official part, and made-up subjects.

Counted from the owners' lists: of MA-52's 52 classes, of SMG's 17, and of iMiGUE's 32 in the MiGA release's train and
validation parts, with what the full release has beyond them (about: its figure gives percentages).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ssmar_bench.core.index import COLUMNS, Index

MA52 = {  # id: (train, val)
    0: (309, 153), 1: (150, 74), 2: (20, 9), 3: (9, 3), 4: (156, 76), 5: (337, 168), 6: (242, 121), 7: (456, 228),
    8: (962, 480), 9: (1283, 641), 10: (1193, 595), 11: (227, 112), 12: (112, 56), 13: (95, 47), 14: (42, 21),
    15: (82, 41), 16: (76, 37), 17: (355, 176), 18: (87, 43), 19: (277, 138), 20: (147, 73), 21: (356, 177),
    22: (373, 186), 23: (397, 197), 24: (238, 119), 25: (66, 33), 26: (92, 46), 27: (97, 48), 28: (60, 30),
    29: (231, 115), 30: (259, 128), 31: (398, 198), 32: (63, 30), 33: (82, 40), 34: (53, 25), 35: (33, 16),
    36: (43, 21), 37: (43, 20), 38: (89, 44), 39: (82, 40), 40: (58, 28), 41: (126, 63), 42: (66, 33), 43: (147, 72),
    44: (52, 25), 45: (6, 2), 46: (25, 12), 47: (68, 34), 48: (421, 209), 49: (497, 248), 50: (92, 45), 51: (20, 10),
}  # fmt: skip
SMG = {  # id: (subjects 1-30, 31-35, 36-40)
    1: (40, 3, 13), 2: (48, 0, 3), 3: (175, 7, 15), 4: (9, 0, 2), 5: (720, 384, 49), 6: (21, 2, 1), 7: (101, 22, 3),
    8: (249, 6, 191), 9: (724, 156, 243), 10: (11, 5, 34), 11: (14, 2, 8), 12: (167, 23, 30), 13: (41, 19, 4),
    14: (63, 1, 5), 15: (11, 0, 0), 16: (19, 2, 0), 17: (39, 5, 9),
}  # fmt: skip
IMIGUE = {  # id: (MiGA train and validation, about the rest)
    1: (10, 5), 2: (418, 96), 3: (39, 5), 4: (207, 65), 5: (80, 11), 6: (23, 8), 7: (64, 27), 8: (858, 276),
    9: (87, 44), 10: (3, 3), 11: (302, 151), 12: (154, 44), 13: (97, 44), 14: (41, 29), 15: (28, 16), 16: (27, 3),
    17: (322, 83), 18: (83, 48), 19: (2, 0), 20: (942, 275), 21: (170, 58), 22: (373, 154), 23: (657, 379),
    24: (700, 188), 25: (11, 9), 26: (287, 142), 27: (87, 13), 28: (60, 40), 29: (1237, 310), 30: (6, 1),
    31: (2272, 608), 99: (4023, 1693),
}  # fmt: skip
PARTS: dict[str, tuple[Mapping[int, tuple[int, ...]], tuple[str, ...]]] = {
    "ma52": (MA52, ("train", "val")),
    "smg": (SMG, ("train", "val", "test")),
    "imigue": (IMIGUE, ("train", "test")),
}


def _subject(source: str, part: str, clip: int) -> int:
    """Who does it: MA-52's 186 subjects are in both parts, SMG's and iMiGUE's parts share nobody."""
    if source == "ma52":
        return 3 + 53 * clip % 186
    first, subjects = {"smg": {"train": (1, 30), "val": (31, 5), "test": (36, 5)}}.get(
        source, {"train": (1, 37), "test": (38, 35)}
    )[part]
    return first + 7 * clip % subjects


def index(source: str) -> Index:
    """The index of ``source``, its clips named as its reader names them."""
    counts, parts = PARTS[source]
    rows = []
    for position, part in enumerate(parts):
        number = 0
        for label, sizes in counts.items():
            for _ in range(sizes[position]):
                subject, start = f"{_subject(source, part, number):04d}", 60 * number
                if source == "ma52":
                    clip = f"{part}/{subject}_00_{number:04d}"
                    rows.append((clip, f"/d/{clip}.mp4", -1, -1, label, subject, part))
                else:
                    clip = f"{subject}/{part}-{start}-{start + 49}"
                    rows.append((clip, f"/d/{subject}.mp4", start, start + 49, label, subject, part))
                number += 1
    clips = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("clip_id", ignore_index=True)
    return Index(source, clips, {label: f"class {label}" for label in counts})


def most_frequent(source: str, count: int, part: int | None = None, but: tuple[int, ...] = ()) -> list[int]:
    """The ``count`` most frequent classes in all parts, or in one, without ``but``."""
    counts = {label: sum(sizes) if part is None else sizes[part] for label, sizes in PARTS[source][0].items()}
    return sorted(sorted({*counts} - {*but}, key=lambda label: -counts[label])[:count])
