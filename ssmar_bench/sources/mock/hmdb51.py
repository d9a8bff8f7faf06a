"""A mock data set of HMDB51: a folder a class of avi files, and lists with 70 clips a class to train, 30 to test on."""

from __future__ import annotations

from dataclasses import dataclass

from ssmar_bench.sources.mock.plan import ActionInterval, MockPlan, MockRequest, MockVideo, motions, unix
from ssmar_bench.sources.official.hmdb51 import FACTS, TEST, TRAIN

FRAMES, RATE = 12, 30
CLIPS = 6766
SPLITS = (1, 2, 3)
FILMS = ("April_09", "Fellowship_5", "the_matrix", "Veoh_Alpha_Dog_1", "[_Boom_Snap_Clap_]_challenge")
"""Names as the real ones are: with underlines, brackets and numbers."""


@dataclass(frozen=True)
class _Sizes:
    """Clips of a class: all, to train on, to test on, and of one film."""

    clips: int
    train: int
    test: int
    film: int


def plan(order: MockRequest) -> MockPlan:
    """Each split tests on another stretch of a class's clips and trains on the next ones; the rest is unused."""
    texts: dict[str, bytes] = {}
    videos: list[MockVideo] = []
    for label, name in FACTS.names.items():
        sizes = _sizes(label, order)
        files = [_file(name, clip, sizes.film) for clip in range(sizes.clips)]
        for split in SPLITS:
            first = (split - 1) * sizes.test
            codes = [0] * sizes.clips
            codes[first : first + sizes.test] = [2] * sizes.test
            free = [place for place, code in enumerate(codes) if code == 0]
            for place in free[: sizes.train]:
                codes[place] = 1
            lines = [f"{file} {code} " for file, code in zip(files, codes, strict=True)]
            texts[f"testTrainMulti_7030_splits/{name}_test_split{split}.txt"] = unix(lines)
        videos += [
            MockVideo(
                f"hmdb51_org/{name}/{file}", clip // sizes.film, (ActionInterval(label, 0, FRAMES - 1),), FRAMES, RATE
            )
            for clip, file in enumerate(files)
        ]
    return MockPlan(texts, videos, motions(FACTS))


def _sizes(label: int, order: MockRequest) -> _Sizes:
    if order.clips is None:
        share, further = divmod(CLIPS, len(FACTS.names))
        return _Sizes(share + (label < further), TRAIN, TEST, film=5)
    test = max(1, round(order.clips / len(FACTS.names) / 5))
    return _Sizes(5 * test, 3 * test, test, film=test)


def _file(name: str, clip: int, film: int) -> str:
    source = clip // film
    return f"{FILMS[source % len(FILMS)]}{source // len(FILMS) or ''}_{name}_u_nm_np1_ba_goo_{clip % film}.avi"
