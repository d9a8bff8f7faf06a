"""The video files of a folder, found by the endings of their names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "mpe", "wmv", "flv", "f4v", "ogv", "3gp", "3g2"),
        *("ts", "mts", "m2ts", "vob", "asf", "gif", "mxf", "y4m", "divx"),
    )
)
"""Of names that are taken for videos in a folder, in small letters; a file that is named itself may have any."""


@dataclass(frozen=True)
class FolderFiles:
    """What lies in a folder and below it.

    Attributes:
        videos: files whose names end as a video's, sorted by their paths.
        others: how many other files there are; hidden ones are not counted.
    """

    videos: tuple[Path, ...]
    others: int


def is_video_name(name: str) -> bool:
    """Whether a file of this name is taken for a video: by its ending, and it is not hidden (``._clip.mp4``)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in ENDINGS  # noqa: PTH122 - of many names


def video_files(folder: Path) -> FolderFiles:
    """The videos in ``folder`` and below it; links to folders are followed, each folder is looked at once.

    Raises:
        OSError: ``folder`` itself cannot be read.
    """
    os.scandir(folder).close()
    videos: list[Path] = []
    others, seen = 0, set[tuple[int, int]]()
    for place, folders, files in os.walk(folder, followlinks=True):
        about = os.stat(place)  # noqa: PTH116 - of many folders
        if (about.st_dev, about.st_ino) in seen:
            folders.clear()
            continue
        seen.add((about.st_dev, about.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if is_video_name(name):
                videos.append(Path(place, name))
            else:
                others += not name.startswith(".")
    return FolderFiles(tuple(sorted(videos)), others)
