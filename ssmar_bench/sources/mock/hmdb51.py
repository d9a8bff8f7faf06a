"""A mock data set of HMDB51: a folder a class of avi files, and lists with 70 clips a class to train, 30 to test on."""

from __future__ import annotations

from ssmar_bench.sources.hmdb51 import FACTS
from ssmar_bench.sources.mock.plan import MockPlan, MockVideo, motions, trimmed_video, unix

FRAMES, RATE = 12, 30
CLIPS = 6766
SPLITS = (1, 2, 3)
TRAIN, TEST = (FACTS.counts[part][0] for part in ("train", "test"))
"""Clips of each class that a split trains and tests on."""
FILMS = ("April_09", "Fellowship_5", "the_matrix", "Veoh_Alpha_Dog_1", "[_Boom_Snap_Clap_]_challenge")
"""Names as the real ones are: with underlines, brackets and numbers."""


def plan(layout: str, clips: int | None) -> MockPlan:  # noqa: ARG001
    """Each split tests on another stretch of a class's clips and trains on the next ones; the rest is unused."""
    texts: dict[str, bytes] = {}
    videos: list[MockVideo] = []
    share, further = divmod(CLIPS, len(FACTS.names))
    few = max(1, round((clips or 0) / len(FACTS.names) / 5))
    for label, name in FACTS.names.items():
        if clips is None:
            count, train, test, film = share + (label < further), TRAIN, TEST, 5
        else:
            count, train, test, film = 5 * few, 3 * few, few, few
        files = [_file(name, clip, film) for clip in range(count)]
        for split in SPLITS:
            codes = [0] * count
            codes[(split - 1) * test : split * test] = [2] * test
            free = [place for place, code in enumerate(codes) if code == 0]
            for place in free[:train]:
                codes[place] = 1
            lines = [f"{file} {code} " for file, code in zip(files, codes, strict=True)]
            texts[f"testTrainMulti_7030_splits/{name}_test_split{split}.txt"] = unix(lines)
        videos += [
            trimmed_video(f"hmdb51_org/{name}/{file}", clip // film, label, FRAMES, RATE)
            for clip, file in enumerate(files)
        ]
    return MockPlan(texts, videos, motions(FACTS))


def _file(name: str, clip: int, film: int) -> str:
    source = clip // film
    return f"{FILMS[source % len(FILMS)]}{source // len(FILMS) or ''}_{name}_u_nm_np1_ba_goo_{clip % film}.avi"
