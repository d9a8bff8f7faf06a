"""What iMiGUE and SMG share: clips that are frame ranges of long videos, one folder a video."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.listing import Missing, absent_videos
from ssmar_bench.sources.text import label_ranges, nothing, whole_number, wrong_line


@dataclass(frozen=True, order=True)
class Range:
    """A labelled range of frames (0-based, inclusive) of a video; the label is -1 where it is hidden."""

    video: str
    start: int
    end: int
    label: int


def numbered(folder: Path, prefix: str = "") -> dict[str, Path]:
    """The sub-folders called ``prefix`` and four digits, by their digits."""
    found = {}
    for path in sorted(folder.iterdir()):
        digits = path.name.removeprefix(prefix)
        if path.is_dir() and path.name.startswith(prefix) and len(digits) == 4 and whole_number(digits) is not None:
            found[digits] = path
    return found


def ranges_of(video: str, path: Path, names: Mapping[int, str], hidden: bool) -> list[Range]:
    """The ranges of a headerless label file; in a part whose labels may be ``hidden``, class 0 says that they are.

    Raises:
        UserError: a line is malformed, or its class is none of ``names``; or no line where none may be ``hidden``.
    """
    found = []
    for number, label, start, end in label_ranges(path):
        is_hidden = hidden and label == 0
        if label not in names and not is_hidden:
            raise wrong_line(path, number, f"a class of {list_ids(names)}", str(label))
        found.append(Range(video, start, end, -1 if is_hidden else label))
    if not found and not hidden:
        raise nothing(path, "'<class>,<first frame>,<last frame>' on each line")
    return found


def list_ids(names: Iterable[int]) -> str:
    """Class ids as a user writes them: ``1..31 and 99``."""
    ids = sorted(names)
    run = [label for place, label in enumerate(ids) if label == ids[0] + place]
    others = [str(label) for label in ids[len(run) :]]
    return " and ".join([f"{run[0]}..{run[-1]}", *others])


def clip_ids(ranges: Sequence[Range]) -> tuple[dict[str, Range], int]:
    """Clip id ``video/start-end`` -> range, and how many ranges occurred twice with the same class.

    A second class on the same frames is a further clip, ``video/start-end-2``.
    """
    clips: dict[str, Range] = {}
    unique = sorted(set(ranges))
    for one in unique:
        clip_id = plain = f"{one.video}/{one.start}-{one.end}"
        further = 1
        while clip_id in clips:
            further += 1
            clip_id = f"{plain}-{further}"
        clips[clip_id] = one
    return clips, len(ranges) - len(unique)


def missing_videos(
    root: Path, listed: str, paths: Mapping[str, Path], reasons: Mapping[str, str]
) -> tuple[Missing, ...]:
    """The videos of ``listed`` that are not there, by the ``reasons`` why whole folders of them are not ("" for none).

    Args:
        root: the source's folder.
        listed: what names the videos.
        paths: video -> where it is or should be.
        reasons: video -> sentence on its folder.
    """
    found: list[Missing] = []
    for reason in dict.fromkeys(reasons.values()):
        of_reason = {path.name: str(path) for video, path in paths.items() if reasons[video] == reason}
        there = {name for name, path in of_reason.items() if Path(path).is_file()}
        found += absent_videos(root, listed, of_reason, there, reason)
    return tuple(found)


def repeated_note(count: int) -> tuple[str, ...]:
    """A note on ranges that are in the label files more than once."""
    return (f"{count} labelled ranges occur twice with the same class; each is one clip.",) if count else ()


def lacks_label_file(video: Path, name: str) -> UserError:
    """The error of a video of a labelled part without its labels."""
    return UserError(f"{video / name}: there is no such file; expected the labels of the video in {video.name}/")
