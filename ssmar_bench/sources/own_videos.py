"""Reads a laboratory's own videos: a folder with a list of labels or a folder a class, and folders without labels.

The folder of the source is one of three things: a folder with the file :data:`PLACES`, which says where videos, list
and unlabelled videos are; a folder of videos with the list :data:`LIST` in it; or one with a folder a class, and
perhaps a folder ``unlabelled``.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import UNKNOWN, Index
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.printable import Line, shortened
from ssmar_bench.core.yaml_file import load_yaml, validate
from ssmar_bench.sources.listing import Missing, SourceListing, absent_videos, index_frame
from ssmar_bench.sources.video_files import ENDINGS, video_files
from ssmar_bench.sources.video_list import ListedClip, VideoList, composed, none_there, read_video_list

SOURCE = "videos"
PLACES = "videos.yaml"
LIST = "labels.csv"
UNLABELLED_FOLDERS = ("unlabelled", "unlabeled")
UNLABELLED = "unlabelled"
"""The part of clips without a label."""
ALL = "all"
"""The part of labelled clips where no list says another one."""
SHOWN = 5
"""Folders that an error names."""


@dataclass(frozen=True)
class VideoPlaces:
    """Where a laboratory's videos are.

    Attributes:
        videos: the folder of the videos.
        labels: the list; None for a folder a class.
        unlabelled: folders whose videos have no label.
    """

    videos: Path
    labels: Path | None = None
    unlabelled: tuple[Path, ...] = ()


class _Places(BaseModel):
    """The file :data:`PLACES`; a path in it begins at its own folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    videos: Line
    labels: Line | None = None
    unlabelled: list[Line] = []
    clips: str = ""


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """The videos of the folder ``root``.

    Raises:
        UserError: no videos, or a list that does not fit them; with file and line.
    """
    return survey_videos(places_of(root), source)


def places_of(root: Path) -> VideoPlaces:
    """Where the videos of the source's folder ``root`` are."""
    file = root / PLACES
    if file.is_file():
        told = validate(_Places, load_yaml(file))
        labels = None if told.labels is None else _below(root, told.labels)
        return VideoPlaces(_below(root, told.videos), labels, tuple(_below(root, word) for word in told.unlabelled))
    return VideoPlaces(root, root / LIST if (root / LIST).is_file() else None)


def _below(root: Path, word: str) -> Path:
    """The path of a word in the file :data:`PLACES`, without ``..``: it was written from ``root`` as it is called."""
    return Path(os.path.normpath(root.absolute() / expand_home(word)))


def survey_videos(places: VideoPlaces, source: str = SOURCE) -> SourceListing:
    """Every clip of ``places``; what nothing names, and what a list has too much, is in the notes.

    Raises:
        UserError: as :func:`survey`.
    """
    there = _videos_in(places.videos, str(places.videos))
    if places.labels is None:
        rows, notes = _by_folder(places.videos, there)
        missing: tuple[Missing, ...] = ()
    else:
        listed = read_video_list(places.labels)
        rows, notes, missing = _by_list(places, there, listed)
    named = {os.path.realpath(row.path) for row in rows}
    folders = [*{os.path.realpath(folder): folder for folder in places.unlabelled}.values()]
    for folder in folders:
        rows += _unlabelled(folder, places.videos.absolute(), folders, named, {row.clip_id for row in rows})
    left = [name for name, path in there.items() if os.path.realpath(path) not in named]
    if left:
        these = "1 video has no label and is" if len(left) == 1 else f"{len(left):,} videos have no label and are"
        how = f"to train on unlabelled ones, add --unlabelled {shlex.quote(str(places.videos))}"
        notes.append(f"{places.videos}: {these} not used, the first is '{shortened(left[0])}'; {how}.")
    names = sorted({row.label for row in rows} - {""}, key=lambda name: (name.casefold(), name))
    number = {"": UNKNOWN} | {name: label for label, name in enumerate(names)}
    frame = index_frame(
        (row.clip_id, row.path, row.start, row.end, number[row.label], row.subject, row.part) for row in rows
    )
    return SourceListing(Index(source, frame, dict(enumerate(names))), "", missing, tuple(notes))


@dataclass(frozen=True)
class _Clip:
    clip_id: str
    path: str
    start: int
    end: int
    label: str
    subject: str
    part: str


def _videos_in(folder: Path, said: str) -> dict[str, str]:
    """Path below ``folder``, composed and with ``/`` -> path, of every video; ``said`` is the folder before an error.

    Raises:
        UserError: no such folder, or no video in it.
    """
    if not folder.is_dir():
        there = "this is a file" if folder.exists() else "there is no such folder"
        raise UserError(f"{said}: {there}; give a folder that holds videos")
    folder = folder.absolute()
    found = {composed(path.relative_to(folder).as_posix()): os.fspath(path) for path in video_files(folder).videos}
    if not found:
        raise UserError(
            f"{said}: there is no video in this folder or below it; a video's name ends in {', '.join(sorted(ENDINGS))}"
        )
    return found


def _by_folder(root: Path, there: Mapping[str, str]) -> tuple[list[_Clip], list[str]]:
    """A class by the first folder of every path; those of ``unlabelled`` have none."""
    clips: list[_Clip] = []
    spelled: dict[str, str] = {}
    for name, path in there.items():
        label, _, below = name.partition("/")
        if not below:
            continue  # beside the folders: nothing names it
        if label.lower() in UNLABELLED_FOLDERS:
            clips.append(_Clip(name, path, -1, -1, "", "", UNLABELLED))
            continue
        if spelled.setdefault(label.casefold(), label) != label:
            raise UserError(f"{root}: the folders {spelled[label.casefold()]}/ and {label}/ are one class; join them")
        if not label.isprintable():
            raise UserError(f"{root}: the folder '{shortened(label)}' has a sign that cannot be shown; rename it")
        clips.append(_Clip(name, path, -1, -1, label, "", ALL))
    if not any(clip.label for clip in clips):
        raise UserError(f"{root}: there is no folder of a class with videos in it; give the labels with --labels FILE")
    if len(spelled) == 1:
        (only,) = spelled.values()
        inner = sorted({name.split("/")[1] for name in there if name.startswith(f"{only}/") and name.count("/") > 1})
        names = ", ".join(map(shortened, inner[:SHOWN]))
        meant = f"if the classes are {names}, give {shortened(str(root / only))}, else" if len(inner) > 1 else "else"
        raise UserError(
            f"{root}: there is one folder of a class, '{shortened(only)}', expected two or more; {meant} give the "
            "labels with --labels FILE"
        )
    return clips, []


def _by_list(
    places: VideoPlaces, there: Mapping[str, str], listed: VideoList
) -> tuple[list[_Clip], list[str], tuple[Missing, ...]]:
    root = places.videos.absolute()
    paths = {clip.file: _path_of(clip, root, there, listed.path) for clip in listed.clips}
    sound = {name for name, path in paths.items() if path in set(there.values()) or Path(path).is_file()}
    if not sound:
        raise _other_folder(places.videos, there, listed)
    _refuse_second_names(listed, paths)
    clips = [
        _Clip(
            _id(os.path.relpath(paths[clip.file], root), clip.start, clip.end),
            paths[clip.file],
            clip.start,
            clip.end,
            clip.label,
            clip.subject,
            (clip.part or ALL) if clip.label else UNLABELLED,
        )
        for clip in listed.clips
    ]
    return clips, [*listed.notes], absent_videos(places.videos, listed.path.name, paths, sound)


def _refuse_second_names(listed: VideoList, paths: Mapping[str, str]) -> None:
    """One clip has one line, also where lines write its file in two ways, or by a link."""
    seen: dict[tuple[str, int, int], ListedClip] = {}
    for clip in listed.clips:
        known = seen.setdefault((os.path.realpath(paths[clip.file]), clip.start, clip.end), clip)
        if known is not clip:
            raise UserError(
                f"{listed.path}:{clip.line}: '{shortened(clip.file)}' is the file of line {known.line}, "
                f"'{shortened(known.file)}'; keep one of the two lines"
            )


def _id(name: str, start: int, end: int) -> str:
    whole = composed(name.replace(os.sep, "/"))
    return whole if end < 0 else f"{whole}#{start}-{end}"


def _path_of(clip: ListedClip, root: Path, there: Mapping[str, str], listed: Path) -> str:
    """Where a listed video is or should be."""
    name = clip.file
    if Path(name).is_absolute():
        name = composed(os.path.relpath(name, root).replace(os.sep, "/"))
    if name.split("/")[0] == "..":
        raise UserError(f"{listed}:{clip.line}: expected a path below {root}, found '{shortened(clip.file)}'")
    return there.get(name) or os.fspath(root / name)


def _other_folder(folder: Path, there: Mapping[str, str], listed: VideoList) -> UserError:
    """The error of a list of which no video is there; it says how the first one may be meant."""
    first = listed.clips[0].file
    last = first.rpartition("/")[2]
    alike = [name for name in there if name.rpartition("/")[2] in (last, *(last + ending for ending in ENDINGS))]
    meant = f"; '{shortened(alike[0])}' may be meant" if alike else ""
    return UserError(
        f"{listed.path}:{listed.clips[0].line}: {none_there([clip.file for clip in listed.clips], folder)}{meant}; "
        "expected paths that begin at the folder of --videos"
    )


def _unlabelled(
    folder: Path, root: Path, folders: Sequence[Path], named: set[str], taken: Iterable[str]
) -> list[_Clip]:
    """The videos of ``folder``, one of ``folders``, that nothing has named yet; they are ``named`` then."""
    said = f"--unlabelled {folder}"
    folder = Path(os.path.normpath(folder.absolute()))
    found = [path for path in _videos_in(folder, said).values() if os.path.realpath(path) not in named]
    if not found:
        raise UserError(f"{said}: every video there has a label or is named already; leave it out")
    start, end = (root, "") if folder.is_relative_to(root) else (folder, f"{_title(folder, folders)}/")
    ids = {f"{end}{_id(os.path.relpath(path, start), -1, -1)}": path for path in found}
    if both := sorted({*ids} & {*taken}):
        raise UserError(f"{said}: '{shortened(both[0])}' is in two folders; rename one of them")
    named.update(map(os.path.realpath, found))
    return [_Clip(clip, path, -1, -1, "", "", UNLABELLED) for clip, path in ids.items()]


def _title(folder: Path, all_folders: Sequence[Path]) -> str:
    """The folder's name, with a number where an earlier folder has the same."""
    alike = [other for other in all_folders if Path(os.path.normpath(other.absolute())).name == folder.name]
    place = [Path(os.path.normpath(other.absolute())) for other in alike].index(folder)
    return composed(folder.name) + (f"-{place + 1}" if place else "")
