"""A mock iMiGUE: untrimmed interviews with lists of frame ranges, as the full release or MiGA's two layouts.

Skeletons are left out. The layout ``miga-2025`` comes with the owners' map of videos to subjects, ``miga`` without.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.imigue import FACTS, LABEL_FOLDERS, LABELS, VIDEO_FOLDERS
from ssmar_bench.sources.mock.plan import MockPlan, MockVideo, label_lines, motions, scaled, unix, untrimmed_videos

LONGEST = 24
VIDEOS = {"train": 255, "test": 104, "miga-train": 241, "miga-val": 10, "miga-test": 104}
FEW = {"train": 8, "test": 4, "miga-train": 8, "miga-val": 2, "miga-test": 2}
SUBJECTS, VALIDATION = FACTS.part_subjects, FACTS.part_videos["miga-val"]


def plan(layout: str, clips: int | None) -> MockPlan:
    """The lists and videos of a layout."""
    sizes = VIDEOS if clips is None else FEW
    return _full(sizes, clips) if layout == "full" else _miga(sizes, layout, clips)


def _filmed(
    counts: Mapping[str, Mapping[int, int]], videos: Mapping[str, Sequence[int]], subjects: Mapping[str, Sequence[int]]
) -> dict[str, dict[int, MockVideo]]:
    """Part -> number of a video -> the video; the subjects of a part take turns."""
    return {
        part: untrimmed_videos(
            counts[part],
            {number: subjects[part][place % len(subjects[part])] for place, number in enumerate(numbers)},
            LONGEST,
            int(FACTS.rate),
            *("imigue", part),
        )
        for part, numbers in videos.items()
    }


def _placed(video: MockVideo, part: str, layout: str) -> MockVideo:
    return replace(video, path=f"{VIDEO_FOLDERS[part][layout]}/{video.path}/{video.path}.mp4")


def _full(sizes: Mapping[str, int], clips: int | None) -> MockPlan:
    train, test = sizes["train"], sizes["test"]
    numbers = [n + 1 for n in generator("mock", "imigue videos").permutation(train + test).tolist()]
    subjects = {part: known[: sizes[part]] for part, known in SUBJECTS.items()}
    filmed = _filmed(scaled(FACTS, clips), {"train": numbers[:train], "test": numbers[train:]}, subjects)
    lines, placed = ["video_id,subject_id,class,start_frame,end_frame,win_or_lose"], []
    for part, films in filmed.items():
        for number, film in films.items():
            outcome = "Win" if number % 2 else "Lose"
            lines += [f"{number},{film.subject},{a.label},{a.start},{a.end},{outcome}" for a in film.intervals]
            challenge = "miga-test" if part == "test" else "miga-val" if number in VALIDATION else "miga-train"
            placed.append(_placed(film, challenge, "miga"))
    return MockPlan({LABELS: unix(lines)}, placed, motions(FACTS))


def _miga(sizes: Mapping[str, int], layout: str, clips: int | None) -> MockPlan:
    facts = FACTS.variants["miga"]
    others = [number for number in range(1, 454) if number not in VALIDATION]
    train, test = sizes["miga-train"], sizes["miga-test"]
    videos = {
        "miga-train": others[:train],
        "miga-val": VALIDATION[: sizes["miga-val"]],
        "miga-test": others[train : train + test],
    }
    known = SUBJECTS["train"]
    subjects = {"miga-train": known, "miga-val": known[:5], "miga-test": SUBJECTS["test"]}
    hidden = dict.fromkeys(FACTS.names, 1 if clips else 142)  # about as many a class as the test part has clips
    filmed = _filmed({**scaled(facts, clips), "miga-test": hidden}, videos, subjects)
    texts = {
        f"{LABEL_FOLDERS[part][0]}/{film.path}/{film.path}_label.csv": label_lines(film)
        for part in ("miga-train", "miga-val")
        for film in filmed[part].values()
    }
    if layout == "miga-2025":
        texts["Link_V2.xlsx"] = _map({n: film.subject for films in filmed.values() for n, film in films.items()})
    placed = [_placed(film, part, layout) for part, films in filmed.items() for film in films.values()]
    return MockPlan(texts, placed, motions(facts))


def _map(subjects: Mapping[int, int]) -> bytes:
    """The owners' spreadsheet of videos and subjects."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Video_id", "Link", "Sub_id"])
    for video, subject in sorted(subjects.items()):
        sheet.append([video, f"https://example.org/{video:04d}", subject])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
