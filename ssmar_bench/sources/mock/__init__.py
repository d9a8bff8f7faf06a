"""Mock data sets: small folders in the exact layout and formats of the real sources, with synthetic subjects.

For trying the whole path before the signed form arrives, and for tests. With ``lists_only`` the lists have the real
number of clips of every class, and the video files are empty.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.writable import require_new
from ssmar_bench.sources import MOCK_MARKER, known_source
from ssmar_bench.sources.known_sources import SOURCES
from ssmar_bench.sources.mock.plan import MockPlan, MockRequest

PLANNERS = {name: f"{__name__}.{name}" for name, source in SOURCES.items() if source.facts}
CLIPS = 240
MOST_CLIPS = 1_000_000


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

    The folder also says what it is (``MOCK_MARKER.txt``), so that nobody takes a result on it for a real one.

    Raises:
        UserError: there is no such source or layout, or ``out`` holds something.
    """
    plan = _plan(name, layout, clips if clips or lists_only else CLIPS)
    out = Path(out).absolute()
    require_new(out, str(out))
    aside = out.with_name(f".{out.name}.{os.getpid()}.partial")
    links.discard(aside)
    try:
        _fill(aside, plan, lists_only, f"counterfeiting {name}", listener)
        if out.exists():
            out.rmdir()
        aside.rename(out)
    finally:
        links.discard(aside)


def _plan(name: str, layout: str | None, clips: int | None) -> MockPlan:
    source = known_source(name)
    if name not in PLANNERS:
        raise UserError(f"{name} is synthetic itself; `ssmar-bench data synthesize {name}` renders it")
    if clips is not None and not 1 <= clips <= MOST_CLIPS:
        raise UserError(f"clips is {clips}, expected 1 to {MOST_CLIPS:,}")
    layouts = source.layouts
    if layout is not None and (layout := meant(layout, layouts)) not in layouts:
        raise UserError(f"{name} has no layout '{layout}'{nearest(layout, layouts)}")
    planner = cast("Callable[[MockRequest], MockPlan]", import_module(PLANNERS[name]).plan)
    return planner(MockRequest(layout or (layouts[0] if layouts else ""), clips))


def _fill(folder: Path, plan: MockPlan, lists_only: bool, title: str, listener: Listener) -> None:
    from ssmar_bench.sources.mock import render

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
            render.render_video(video, plan.motions, folder / video.path)
        listener(Event("", "prepare", title, done, len(plan.videos)))
    for archive, inside in plan.archives.items():
        _pack(folder / archive, folder / inside)


def _pack(archive: Path, folder: Path) -> None:
    """Packs ``folder`` into ``archive`` under its own name, uncompressed as videos are, and removes it."""
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.iterdir()):
            file.write(path, f"{folder.name}/{path.name}")
    links.remove(folder)
