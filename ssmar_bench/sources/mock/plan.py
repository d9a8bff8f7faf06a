"""What a mock data set consists of: lists as bytes, and videos of subjects who do given things at given frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.published_facts import PublishedFacts
from ssmar_bench.sources.synthetic import ACTIONS, ActionInterval


@dataclass(frozen=True)
class MockVideo:
    """A video file: where, who is seen, what they do, how many frames at what rate (``.mp4`` or ``.avi``)."""

    path: str
    subject: int
    intervals: tuple[ActionInterval, ...]
    frames: int
    rate: int


@dataclass(frozen=True)
class MockPlan:
    """The whole folder.

    Attributes:
        texts: path -> content of a list.
        videos: the videos.
        motions: class id -> the action of the synthetic source that stands for it.
        archives: path of a zip archive -> the folder that is packed into it, and removed.
    """

    texts: Mapping[str, bytes]
    videos: Sequence[MockVideo]
    motions: Mapping[int, int]
    archives: Mapping[str, str] = field(default_factory=dict)


def scaled(facts: PublishedFacts, clips: int | None, least: int = 3) -> dict[str, dict[int, int]]:
    """Part -> class id -> clips: the real counts, or about ``clips`` in their proportions.

    A class keeps ``least`` clips of a part, or as many as it really has there.
    """
    counts = {part: dict(classes) for part, classes in facts.counts.items()}
    if clips is None:
        return counts
    total = sum(sum(classes.values()) for classes in counts.values())
    return {
        part: {label: min(count, max(least, round(clips * count / total))) for label, count in classes.items()}
        for part, classes in counts.items()
    }


def motions(facts: PublishedFacts) -> dict[int, int]:
    """A motion for every class: the most frequent classes get different ones, an action that is known its own."""
    totals = {label: sum(classes.get(label, 0) for classes in facts.counts.values()) for label in facts.names}
    actions = list(ACTIONS)
    by_count = sorted(facts.names, key=lambda label: (-totals[label], label))
    return {label: actions[place % len(actions)] for place, label in enumerate(by_count)}


def deal_out(counts: Mapping[int, int], hands: Sequence[int], *key: str) -> list[tuple[int, int]]:
    """``(hand, label)`` of every clip in an order shuffled by ``key``; each class is spread evenly over ``hands``."""
    rng = generator("mock", *key)
    turn = rng.permutation(len(hands)).tolist()
    labels = [label for label, count in sorted(counts.items()) for _ in range(count)]
    pairs = [(hands[turn[place % len(hands)]], label) for place, label in enumerate(labels)]
    return [pairs[place] for place in rng.permutation(len(pairs)).tolist()]


def trimmed_video(path: str, subject: int, label: int, frames: int, rate: int) -> MockVideo:
    """A video of one clip."""
    return MockVideo(path, subject, (ActionInterval(label, 0, frames - 1),), frames, rate)


def untrimmed_videos(
    counts: Mapping[int, int], subjects: Mapping[int, int], longest: int, rate: int, *key: str
) -> dict[int, MockVideo]:
    """Number of a video -> the video, with a class's clips spread evenly over all; its path is its four digits.

    Args:
        counts: class id -> clips.
        subjects: number of a video -> its subject.
        longest: the most frames of a clip, which has 12 at least.
        rate: frames a second.
        key: decides what is shuffled.
    """
    labels: dict[int, list[int]] = {number: [] for number in subjects}
    for number, label in deal_out(counts, list(subjects), *key):
        labels[number].append(label)
    videos = {}
    for number, subject in sorted(subjects.items()):
        rng = generator("mock", "untrimmed", *key, number)
        intervals, at = [], int(rng.integers(4, 12))
        for label in labels[number]:
            end = at + int(rng.integers(12, longest + 1)) - 1
            intervals.append(ActionInterval(label, at, end))
            at = end + 1 + int(rng.integers(0, 8))  # sometimes the next one begins at once
        videos[number] = MockVideo(f"{number:04d}", subject, tuple(intervals), at + int(rng.integers(4, 12)), rate)
    return videos


def label_lines(video: MockVideo) -> bytes:
    """A headerless label file: class, first and last frame of each of the video's clips."""
    return unix([f"{action.label},{action.start},{action.end}" for action in video.intervals])


def crlf(lines: Sequence[str], last: bool) -> bytes:
    """Lines with Windows line ends, with one after the last line too if ``last``."""
    return ("\r\n".join(lines) + ("\r\n" if last and lines else "")).encode()


def unix(lines: Sequence[str]) -> bytes:
    """Lines with Unix line ends."""
    return "".join(f"{line}\n" for line in lines).encode()
