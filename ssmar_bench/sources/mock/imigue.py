"""A counterfeit of iMiGUE: untrimmed interviews with lists of frame ranges, as the full release or MiGA's two layouts.

Skeletons are left out. The layout ``miga-2025`` comes with the owners' map of videos to people, ``miga`` without.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.imigue import LABEL_FOLDERS, LABELS, VIDEO_FOLDERS
from ssmar_bench.sources.mock.plan import Order, Plan, Video, dealt, motions, scaled, strung, unix
from ssmar_bench.sources.official.imigue import FACTS, MIGA_FACTS, MIGA_VALIDATION, RATE, TEST_PEOPLE, TRAIN_PEOPLE

SHORTEST, LONGEST = 12, 24
VIDEOS = {"train": 255, "test": 104}
MIGA_VIDEOS = {"miga-train": 241, "miga-val": 10, "miga-test": 104}
FEW = {"train": 8, "test": 4, "miga-train": 8, "miga-val": 2, "miga-test": 2}


def plan(order: Order) -> Plan:
    """The lists and videos of a layout."""
    return _full(order) if order.layout == "full" else _miga(order)


def _filmed(
    counts: Mapping[str, Mapping[int, int]], videos: Mapping[str, Sequence[int]], people: Mapping[int, int]
) -> dict[str, list[Video]]:
    """Part -> its videos, with the clips dealt out evenly; the path is still the video's four digits."""
    filmed: dict[str, list[Video]] = {}
    for part, numbers in videos.items():
        labels: dict[int, list[int]] = {number: [] for number in numbers}
        for number, label in dealt(counts[part], numbers, "imigue", part):
            labels[number].append(label)
        for number in sorted(numbers):
            deeds, frames = strung(labels[number], SHORTEST, LONGEST, "imigue", str(number))
            filmed.setdefault(part, []).append(Video(f"{number:04d}", people[number], deeds, frames, int(RATE)))
    return filmed


def _cast(videos: Mapping[str, Sequence[int]], people: Mapping[str, Sequence[int]]) -> dict[int, int]:
    """Video -> person, in turn."""
    return {n: people[part][place % len(people[part])] for part in videos for place, n in enumerate(videos[part])}


def _full(order: Order) -> Plan:
    sizes = {part: count if order.clips is None else FEW[part] for part, count in VIDEOS.items()}
    numbers = [n + 1 for n in generator("counterfeit", "imigue videos").permutation(sum(sizes.values())).tolist()]
    videos = {"train": numbers[: sizes["train"]], "test": numbers[sizes["train"] :]}
    people = {"train": sorted(TRAIN_PEOPLE)[: sizes["train"]], "test": sorted(TEST_PEOPLE)[: sizes["test"]]}
    filmed = _filmed(scaled(FACTS, order.clips), videos, _cast(videos, people))
    lines, moved = ["video_id,subject_id,class,start_frame,end_frame,win_or_lose"], []
    for part, films in filmed.items():
        for film in films:
            outcome = "Win" if int(film.path) % 2 else "Lose"
            lines += [f"{int(film.path)},{film.person},{d.label},{d.start},{d.end},{outcome}" for d in film.deeds]
            moved.append(_placed(film, _challenge_part(part, int(film.path)), "miga"))
    return Plan({LABELS: unix(lines)}, moved, motions(FACTS))


def _challenge_part(part: str, video: int) -> str:
    if part == "test":
        return "miga-test"
    return "miga-val" if video in MIGA_VALIDATION else "miga-train"


def _placed(film: Video, part: str, layout: str) -> Video:
    folder = VIDEO_FOLDERS[part][layout]
    return Video(f"{folder}/{film.path}/{film.path}.mp4", film.person, film.deeds, film.frames, film.rate)


def _miga(order: Order) -> Plan:
    sizes = {part: count if order.clips is None else FEW[part] for part, count in MIGA_VIDEOS.items()}
    others = [number for number in range(1, 454) if number not in MIGA_VALIDATION]
    train, test = sizes["miga-train"], sizes["miga-test"]
    videos = {
        "miga-train": others[:train],
        "miga-val": list(MIGA_VALIDATION[: sizes["miga-val"]]),
        "miga-test": others[train : train + test],
    }
    known = sorted(TRAIN_PEOPLE)
    people = {"miga-train": known, "miga-val": known[:5], "miga-test": sorted(TEST_PEOPLE)}
    cast = _cast(videos, people)
    counts = scaled(MIGA_FACTS, order.clips)
    hidden = dict.fromkeys(FACTS.names, 1 if order.clips else 142)  # about as many a class as the test part has clips
    filmed = _filmed({**counts, "miga-test": hidden}, videos, cast)
    texts: dict[str, bytes] = {}
    for part, films in filmed.items():
        for film in films if part != "miga-test" else ():
            lines = [f"{deed.label},{deed.start},{deed.end}" for deed in film.deeds]
            texts[f"{LABEL_FOLDERS[part][0]}/{film.path}/{film.path}_label.csv"] = unix(lines)
    if order.layout == "miga-2025":
        texts["Link_V2.xlsx"] = _map(cast)
    moved = [_placed(film, part, order.layout) for part, films in filmed.items() for film in films]
    return Plan(texts, moved, motions(MIGA_FACTS))


def _map(cast: Mapping[int, int]) -> bytes:
    """The owners' spreadsheet of videos and people."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Video_id", "Link", "Sub_id"])
    for video, person in sorted(cast.items()):
        sheet.append([video, f"https://example.org/{video:04d}", person])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
