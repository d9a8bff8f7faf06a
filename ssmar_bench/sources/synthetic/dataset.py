"""The synthetic source ``micro-motion``: a seated person's micro-actions, as real video files in MA-52's layout.

Clip ``number`` of a part is drawn from the seed, the part and the number alone, so the number of processes that
render it does not matter; ``amplitude`` multiplies what the action moves and touches nothing else.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, fields
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.processes import apart_from_main, broken_pool, end_with_parent
from ssmar_bench.core.writable import new_folder
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.synthetic.drawing import Frames
from ssmar_bench.sources.synthetic.motion import ACTIONS
from ssmar_bench.sources.synthetic.rendering import ActionInterval, encode_video, render_subject, seeded

if TYPE_CHECKING:
    from ssmar_bench.core.index import Index

SOURCE = "micro-motion"
OPTIONS_FILE = "micro-motion.json"
PARTS = ("train", "val")
REVISION = 1  # raised when the same options give other pixels


def _between(low: int, high: int, default: Any) -> Any:
    return field(default=default, metadata={"limits": (low, high)})


@dataclass(frozen=True)
class SyntheticOptions:
    """The options of a synthetic data set.

    Attributes:
        train_clips, test_clips: clips of the two parts (``train``, and ``val``, which MA-52's users test on).
        train_subjects, test_subjects: subjects seen in each part.
        subject_overlap: how many of the test subjects also occur in train.
        balanced_test: 1: test has as many clips of every class; 0: it has MA-52's imbalance, as train has.
        size, frames, fps: side in pixels (even), frames a clip, frames a second.
        amplitude: factor of the actions' displacements and of nothing else: the difficulty.
        idle, noise, jitter: factors of idle motion and fidgets, of pixel noise, and of the camera's trembling.
        crf: libx264's constant rate factor, 0 (lossless) to 51.
        seed: of everything.
    """

    train_clips: int = _between(1, 10**6, 2000)
    test_clips: int = _between(1, 10**6, 600)
    train_subjects: int = _between(1, 5000, 40)
    test_subjects: int = _between(1, 4000, 20)
    subject_overlap: int = _between(0, 4000, 0)
    balanced_test: int = _between(0, 1, 0)
    size: int = _between(16, 2048, 64)
    frames: int = _between(4, 1000, 24)
    fps: int = _between(1, 240, 12)
    amplitude: float = _between(0, 10, 1.0)
    idle: float = _between(0, 10, 1.0)
    noise: float = _between(0, 10, 1.0)
    jitter: float = _between(0, 10, 1.0)
    crf: int = _between(0, 51, 20)
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {option.name: option.metadata["limits"] for option in fields(self) if option.metadata}
        limits["subject_overlap"] = (0, min(self.train_subjects, self.test_subjects))
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise UserError(f"{SOURCE}: {name} is {getattr(self, name)}, expected {low} to {high}")
        if self.size % 2:
            raise UserError(f"{SOURCE}: size is {self.size}, expected an even number, as H.264 needs")


class SyntheticClip(NamedTuple):
    """One clip to render: its part, its number there, class id, subject and file name without ``.mp4``."""

    part: str
    number: int
    label: int
    subject: int
    name: str


@cache
def train_counts() -> dict[int, int]:
    """How often MA-52's train list names its twelve most frequent classes: the imbalance of every part."""
    published = read_facts("ma52.yaml").counts["train"]
    return {label: published[label] for label in ACTIONS}


def class_counts(clips: int, balanced: bool = False) -> dict[int, int]:
    """Class id -> clips of a part: MA-52's imbalance by largest remainder, three a class where ``clips`` allow it.

    ``balanced``: as many of every class, one more of the first ones where ``clips`` is no multiple.
    """
    if balanced:
        return {label: clips // len(ACTIONS) + (place < clips % len(ACTIONS)) for place, label in enumerate(ACTIONS)}
    total = sum(train_counts().values())
    exact = {label: clips * count / total for label, count in train_counts().items()}
    counts = {label: int(value) for label, value in exact.items()}
    for label in sorted(exact, key=lambda k: (counts[k] - exact[k], k))[: clips - sum(counts.values())]:
        counts[label] += 1
    while min(counts.values()) < min(3, clips // len(counts)):
        counts[max(counts, key=lambda k: counts[k])] -= 1
        counts[min(counts, key=lambda k: counts[k])] += 1
    return counts


@lru_cache(maxsize=4)
def plan_clips(options: SyntheticOptions) -> tuple[SyntheticClip, ...]:
    """Every clip of a data set, part by part in the order of their names; no name says what a clip shows."""
    first = options.train_subjects - options.subject_overlap
    subjects = {"train": range(options.train_subjects), "val": range(first, first + options.test_subjects)}
    sizes = {"train": options.train_clips, "val": options.test_clips}
    seen: dict[int, int] = {}
    clips: list[SyntheticClip] = []
    for part in PARTS:
        rng = seeded(options.seed, part, "plan")
        counts = class_counts(sizes[part], balanced=part == "val" and bool(options.balanced_test))
        labels = [label for label, count in counts.items() for _ in range(count)]
        # Dealt in turn, a class's clips spread evenly over the subjects, and so do all clips.
        turn = rng.permutation(np.array(subjects[part]))
        dealt = [(int(turn[i % len(turn)]), label) for i, label in enumerate(labels)]
        named = []
        for i in rng.permutation(len(dealt)).tolist():
            who, label = dealt[i]
            count = seen[who] = seen.get(who, -1) + 1
            named.append((f"{who + 3:04d}_{count % 7:02d}_{count // 7:04d}", who, label))
        clips += [SyntheticClip(part, n, label, who, name) for n, (name, who, label) in enumerate(sorted(named))]
    return tuple(clips)


def render_clip(options: SyntheticOptions, clip: SyntheticClip) -> Frames:
    """The frames ``(frames, size, size, 3)`` of a clip before they are encoded."""
    return render_subject(
        options.seed,
        clip.subject,
        options.frames,
        [ActionInterval(clip.label, 0, options.frames - 1)],
        lambda axis: seeded(options.seed, clip.part, clip.number, axis),
        size=options.size,
        amplitude=options.amplitude,
        idle=options.idle,
        noise=options.noise,
        jitter=options.jitter,
    )


def _write_clips(options: SyntheticOptions, clips: Sequence[SyntheticClip], folder: Path) -> int:
    for clip in clips:
        encode_video(
            render_clip(options, clip), folder / f"videos_{clip.part}" / f"{clip.name}.mp4", options.fps, options.crf
        )
    return len(clips)


def write_dataset(
    options: SyntheticOptions,
    out: Path,
    processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Renders a data set into the new folder ``out``, which appears when it is complete.

    Args:
        options: what to render.
        out: a folder that does not exist or is empty.
        processes: how many processes render (default: one a core).
        progress: called with (clips done, clips in all).

    Raises:
        UserError: ``out`` is a file or holds something, or there are no processes.
    """
    workers = os.cpu_count() or 1 if processes is None else processes
    if workers < 1:
        raise UserError(f"{SOURCE}: processes is {processes}, expected 1 or more")
    with new_folder(out, str(Path(out).absolute())) as aside:
        for part in (*PARTS, "test"):
            (aside / f"videos_{part}").mkdir(parents=True)
        _write_lists(options, aside)
        done = 0
        for ready in _write_videos(options, aside, workers):
            done += ready
            if progress:
                progress(done, len(plan_clips(options)))


def write_outline(options: SyntheticOptions, root: Path) -> Index:
    """The index that is going to be read of the data set once it is rendered into ``root``: enough to plan with."""
    import pandas as pd  # here: a listing of the sources needs none of it

    from ssmar_bench.core.index import Index

    facts = read_facts("ma52.yaml")
    clips = plan_clips(options)
    rows = pd.DataFrame(
        {
            "clip_id": [f"{clip.part}/{clip.name}" for clip in clips],
            "path": [f"{root}{os.sep}videos_{clip.part}{os.sep}{clip.name}.mp4" for clip in clips],
            "start": np.full(len(clips), -1, np.int64),
            "end": np.full(len(clips), -1, np.int64),
            "label": np.array([clip.label for clip in clips], np.int64),
            "subject": [clip.name.split("_", 1)[0] for clip in clips],
            "part": [clip.part for clip in clips],
        }
    )
    return Index(SOURCE, rows.sort_values("clip_id", ignore_index=True), dict(facts.names), groups=facts.groups)


def _write_videos(options: SyntheticOptions, folder: Path, processes: int) -> Iterator[int]:
    """Renders every clip; yields how many became ready each time some did."""
    clips = plan_clips(options)
    chunks = [clips[i : i + 16] for i in range(0, len(clips), 16)]
    if processes == 1:
        yield from (_write_clips(options, chunk, folder) for chunk in chunks)
        return
    # Started afresh rather than forked: a fork of a process with threads (torch has some) may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(chunks)), context, initializer=end_with_parent) as pool:
        with apart_from_main():
            jobs = [pool.submit(_write_clips, options, chunk, folder) for chunk in chunks]
        try:
            yield from (job.result() for job in as_completed(jobs))
        except BrokenProcessPool:
            raise broken_pool("rendering") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _write_lists(options: SyntheticOptions, folder: Path) -> None:
    """The lists, with MA-52's line ends, and the options; the test list is empty, as in an official release."""
    for part in PARTS:
        lines = [f"{clip.name}.mp4 {clip.label}" for clip in plan_clips(options) if clip.part == part]
        (folder / f"{part}_list_videos.txt").write_bytes("\r\n".join(lines).encode())
    (folder / "test_list_videos.txt").write_bytes(b"")
    names = [f"{label}\t{name}\r\n" for label, name in read_facts("ma52.yaml").names.items()]
    (folder / "label_name.txt").write_bytes("".join(names).encode())
    record = {"source": SOURCE, "revision": REVISION, "options": asdict(options)}
    (folder / OPTIONS_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_options(root: Path) -> SyntheticOptions:
    """The options that a data set at ``root`` was written with.

    Raises:
        UserError: ``root`` holds no data set of this source, or one of another revision.
    """
    path = Path(root) / OPTIONS_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        revision, options = record["revision"], record["options"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{path}: expected the options of a {SOURCE} data set; write one with `ssmar-bench data`"
        ) from None
    if revision != REVISION or set(options) != {option.name for option in fields(SyntheticOptions)}:
        raise UserError(f"{path}: written by revision {revision} of {SOURCE}, this is {REVISION}; write it again")
    return SyntheticOptions(**options)
