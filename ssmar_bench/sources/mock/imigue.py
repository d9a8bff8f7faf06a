"""A mock iMiGUE: untrimmed interviews with lists of frame ranges, as the full release or MiGA's two layouts.

Skeletons are left out. The layout ``miga-2025`` comes with the owners' map of videos to subjects, ``miga`` without.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.imigue import LABEL_FOLDERS, LABELS, VIDEO_FOLDERS
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
from ssmar_bench.sources.official.imigue import FACTS, MIGA_FACTS, MIGA_VALIDATION, RATE, TEST_SUBJECTS, TRAIN_SUBJECTS

SHORTEST, LONGEST = 12, 24
VIDEOS = {"train": 255, "test": 104}
MIGA_VIDEOS = {"miga-train": 241, "miga-val": 10, "miga-test": 104}
FEW = {"train": 8, "test": 4, "miga-train": 8, "miga-val": 2, "miga-test": 2}


def plan(order: MockRequest) -> MockPlan:
    """The lists and videos of a layout."""
    return _full(order) if order.layout == "full" else _miga(order)


def _filmed(
    counts: Mapping[str, Mapping[int, int]], videos: Mapping[str, Sequence[int]], subjects: Mapping[int, int]
) -> dict[str, list[MockVideo]]:
    """Part -> its videos, with the clips dealt out evenly; the path is still the video's four digits."""
    filmed: dict[str, list[MockVideo]] = {}
    for part, numbers in videos.items():
        labels: dict[int, list[int]] = {number: [] for number in numbers}
        for number, label in deal_out(counts[part], numbers, "imigue", part):
            labels[number].append(label)
        for number in sorted(numbers):
            intervals, frames = string_together(labels[number], SHORTEST, LONGEST, "imigue", str(number))
            filmed.setdefault(part, []).append(
                MockVideo(f"{number:04d}", subjects[number], intervals, frames, int(RATE))
            )
    return filmed


def _cast(videos: Mapping[str, Sequence[int]], subjects: Mapping[str, Sequence[int]]) -> dict[int, int]:
    """Video -> subject, in turn."""
    return {n: subjects[part][place % len(subjects[part])] for part in videos for place, n in enumerate(videos[part])}


def _full(order: MockRequest) -> MockPlan:
    sizes = {part: count if order.clips is None else FEW[part] for part, count in VIDEOS.items()}
    numbers = [n + 1 for n in generator("counterfeit", "imigue videos").permutation(sum(sizes.values())).tolist()]
    videos = {"train": numbers[: sizes["train"]], "test": numbers[sizes["train"] :]}
    subjects = {"train": sorted(TRAIN_SUBJECTS)[: sizes["train"]], "test": sorted(TEST_SUBJECTS)[: sizes["test"]]}
    filmed = _filmed(scaled(FACTS, order.clips), videos, _cast(videos, subjects))
    lines, moved = ["video_id,subject_id,class,start_frame,end_frame,win_or_lose"], []
    for part, films in filmed.items():
        for film in films:
            outcome = "Win" if int(film.path) % 2 else "Lose"
            lines += [f"{int(film.path)},{film.subject},{d.label},{d.start},{d.end},{outcome}" for d in film.intervals]
            moved.append(_placed(film, _challenge_part(part, int(film.path)), "miga"))
    return MockPlan({LABELS: unix(lines)}, moved, motions(FACTS))


def _challenge_part(part: str, video: int) -> str:
    if part == "test":
        return "miga-test"
    return "miga-val" if video in MIGA_VALIDATION else "miga-train"


def _placed(film: MockVideo, part: str, layout: str) -> MockVideo:
    folder = VIDEO_FOLDERS[part][layout]
    return MockVideo(f"{folder}/{film.path}/{film.path}.mp4", film.subject, film.intervals, film.frames, film.rate)


def _miga(order: MockRequest) -> MockPlan:
    sizes = {part: count if order.clips is None else FEW[part] for part, count in MIGA_VIDEOS.items()}
    others = [number for number in range(1, 454) if number not in MIGA_VALIDATION]
    train, test = sizes["miga-train"], sizes["miga-test"]
    videos = {
        "miga-train": others[:train],
        "miga-val": list(MIGA_VALIDATION[: sizes["miga-val"]]),
        "miga-test": others[train : train + test],
    }
    known = sorted(TRAIN_SUBJECTS)
    subjects = {"miga-train": known, "miga-val": known[:5], "miga-test": sorted(TEST_SUBJECTS)}
    cast = _cast(videos, subjects)
    counts = scaled(MIGA_FACTS, order.clips)
    hidden = dict.fromkeys(FACTS.names, 1 if order.clips else 142)  # about as many a class as the test part has clips
    filmed = _filmed({**counts, "miga-test": hidden}, videos, cast)
    texts: dict[str, bytes] = {}
    for part, films in filmed.items():
        for film in films if part != "miga-test" else ():
            lines = [f"{interval.label},{interval.start},{interval.end}" for interval in film.intervals]
            texts[f"{LABEL_FOLDERS[part][0]}/{film.path}/{film.path}_label.csv"] = unix(lines)
    if order.layout == "miga-2025":
        texts["Link_V2.xlsx"] = _map(cast)
    moved = [_placed(film, part, order.layout) for part, films in filmed.items() for film in films]
    return MockPlan(texts, moved, motions(MIGA_FACTS))


def _map(cast: Mapping[int, int]) -> bytes:
    """The owners' spreadsheet of videos and subjects."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Video_id", "Link", "Sub_id"])
    for video, subject in sorted(cast.items()):
        sheet.append([video, f"https://example.org/{video:04d}", subject])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
