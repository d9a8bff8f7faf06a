"""Mock data sets: small folders in the exact layout and formats of the real sources, with synthetic subjects.

For trying the whole path before the signed form arrives, and for tests. With ``lists_only`` the lists have the real
number of clips of every class, and the video files are empty.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.seeds import generator
from ssmar_bench.core.writable import new_folder
from ssmar_bench.sources import MOCK_MARKER, known_source
from ssmar_bench.sources.mock.plan import MockPlan, MockVideo
from ssmar_bench.sources.source_catalog import SOURCES
from ssmar_bench.sources.synthetic import Frames, encode_video, render_subject

PLANNERS = {name: f"{__name__}.{name}" for name, source in SOURCES.items() if source.facts}
CLIPS = 240
MOST_CLIPS = 1_000_000
SIZE, AMPLITUDE, CRF, SEED = 64, 2.5, 23, 52


def write_mock(
    name: str,
    out: Path,
    layout: str | None = None,
    lists_only: bool = False,
    clips: int | None = None,
    listener: Listener = ignore_events,
) -> None:
    """Writes a mock data set of source ``name`` into the new folder ``out``, which appears when it is complete.

    Args:
        name: a source that has owners.
        out: a folder that does not exist or is empty.
        layout: one of the source's layouts; by default its first.
        lists_only: the real counts in the lists, and empty video files.
        clips: about how many clips; by default ``CLIPS``, or the real number where there are only lists.
        listener: hears of the progress.

    The folder also says what it is (``MOCK_DATA.txt``), so that nobody takes a result on it for a real one.

    Raises:
        UserError: there is no such source or layout, or ``out`` holds something.
    """
    plan = _plan(name, layout, clips if clips or lists_only else CLIPS)
    with new_folder(out, str(Path(out).absolute())) as aside:
        _fill(aside, plan, lists_only, f"mock data set of {name}", listener)


def _plan(name: str, layout: str | None, clips: int | None) -> MockPlan:
    source = known_source(name)
    if name not in PLANNERS:
        raise UserError(f"{name} is synthetic itself; `ssmar-bench data synthesize {name}` renders it")
    if clips is not None and not 1 <= clips <= MOST_CLIPS:
        raise UserError(f"clips is {clips}, expected 1 to {MOST_CLIPS:,}")
    layouts = source.layouts
    if layout is not None and (layout := meant(layout, layouts)) not in layouts:
        raise UserError(f"{name} has no layout '{layout}'{nearest(layout, layouts)}")
    planner = cast("Callable[[str, int | None], MockPlan]", import_module(PLANNERS[name]).plan)
    return planner(layout or (layouts[0] if layouts else ""), clips)


def _fill(folder: Path, plan: MockPlan, lists_only: bool, title: str, listener: Listener) -> None:
    folder.mkdir(parents=True)
    (folder / MOCK_MARKER).write_text(f"{title.capitalize()}: synthetic subjects, made up lists.\n", encoding="utf-8")
    for path, text in plan.texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    for parent in {(folder / video.path).parent for video in plan.videos}:
        parent.mkdir(parents=True, exist_ok=True)
    for done, video in enumerate(plan.videos, start=1):
        if lists_only:
            (folder / video.path).touch()
        else:
            encode_video(render_frames(video, plan.motions), folder / video.path, video.rate, CRF)
        listener(Event("", "prepare", title, done, len(plan.videos)))
    for archive, inside in plan.archives.items():
        _pack(folder / archive, folder / inside)


def render_frames(video: MockVideo, motions: Mapping[int, int]) -> Frames:
    """The frames ``(T, SIZE, SIZE, 3)``: at rest, and moving as each action's motion does from its start to its end."""
    actions = [action._replace(label=motions[action.label]) for action in video.intervals]

    def rng(axis: str) -> np.random.Generator:
        return generator("mock", video.path, axis)

    return render_subject(SEED, video.subject, video.frames, actions, rng, size=SIZE, amplitude=AMPLITUDE)


def _pack(archive: Path, folder: Path) -> None:
    """Packs ``folder`` into ``archive`` under its own name, uncompressed as videos are, and removes it."""
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.iterdir()):
            file.write(path, f"{folder.name}/{path.name}")
    links.remove(folder)
