"""What a mock data set consists of: lists as bytes, and videos of subjects who do given things at given frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.official import PublishedFacts
from ssmar_bench.sources.synthetic import motion


@dataclass(frozen=True)
class MockRequest:
    """What was asked for.

    Attributes:
        layout: one of the source's layouts.
        clips: about how many clips, spread over parts and classes as the real ones are; None: the real counts.
    """

    layout: str
    clips: int | None


@dataclass(frozen=True)
class ActionInterval:
    """A class done from frame ``start`` to ``end`` (0-based, inclusive)."""

    label: int
    start: int
    end: int


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
        motions: class id -> the motion of :data:`motion.ACTIONS` that stands for it.
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
    actions = list(motion.ACTIONS)
    by_count = sorted(facts.names, key=lambda label: (-totals[label], label))
    return {label: actions[place % len(actions)] for place, label in enumerate(by_count)}


def deal_out(counts: Mapping[int, int], hands: Sequence[int], *key: str) -> list[tuple[int, int]]:
    """``(hand, label)`` of every clip in an order shuffled by ``key``; each class is spread evenly over ``hands``."""
    rng = generator("counterfeit", *key)
    turn = rng.permutation(len(hands)).tolist()
    labels = [label for label, count in sorted(counts.items()) for _ in range(count)]
    pairs = [(hands[turn[place % len(hands)]], label) for place, label in enumerate(labels)]
    return [pairs[place] for place in rng.permutation(len(pairs)).tolist()]


def string_together(
    labels: Sequence[int], shortest: int, longest: int, *key: str
) -> tuple[tuple[ActionInterval, ...], int]:
    """Deeds one after the other in an untrimmed video, with pauses between, and how many frames that takes."""
    rng = generator("counterfeit", "strung", *key)
    intervals, at = [], int(rng.integers(4, 12))
    for label in labels:
        end = at + int(rng.integers(shortest, longest + 1)) - 1
        intervals.append(ActionInterval(label, at, end))
        at = end + 1 + int(rng.integers(0, 8))  # sometimes the next one begins at once
    return tuple(intervals), at + int(rng.integers(4, 12))


def crlf(lines: Sequence[str], last: bool) -> bytes:
    """Lines with Windows line ends, with one after the last line too if ``last``."""
    return ("\r\n".join(lines) + ("\r\n" if last and lines else "")).encode()


def unix(lines: Sequence[str]) -> bytes:
    """Lines with Unix line ends."""
    return "".join(f"{line}\n" for line in lines).encode()
