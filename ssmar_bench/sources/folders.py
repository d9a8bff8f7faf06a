"""Where a source's lists and videos are: a short list of known places for each, tried in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath


def places(root: Path, candidates: Iterable[str], is_it: Callable[[Path], bool] = Path.is_dir) -> Iterator[Path]:
    """Those of the relative ``candidates`` that are there and ``is_it``; ``"."`` is the root itself.

    A name that is not there in its own spelling may be there in capital or small letters.
    """
    for name in candidates:
        yield from filter(is_it, _spelled(root, PurePosixPath(name).parts))


def first_folder(root: Path, candidates: Iterable[str]) -> Path | None:
    """The first of the relative ``candidates`` that is a folder."""
    return next(places(root, candidates), None)


def first_file(root: Path, candidates: Iterable[str]) -> Path | None:
    """The first of the relative ``candidates`` that is a file."""
    return next(places(root, candidates, Path.is_file), None)


def best_folder(root: Path, candidates: Iterable[str], holds: Callable[[Path], bool]) -> Path | None:
    """The first of the relative ``candidates`` that is a folder and ``holds`` what is wanted, else the first folder."""
    there = list(dict.fromkeys(places(root, candidates)))
    return next((folder for folder in there if holds(folder)), there[0] if there else None)


def likeliest(paths: Sequence[Path]) -> Path:
    """The first of ``paths`` that is a file, else that is anything, else that has a folder of its name, else any."""
    for is_it in (Path.is_file, os.path.lexists, lambda path: path.parent.is_dir() and path.parent.name in path.stem):
        found = next((path for path in paths if is_it(path)), None)
        if found is not None:
            return found
    return paths[0]


def files_in(folder: Path) -> set[str]:
    """The names of all files of a folder, with one look at it; a link to nothing is no file, and no folder is one."""
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if _is_file(entry)}


def listed(candidates: Iterable[str], between: str = "nor") -> str:
    """``a/, b/ nor c/`` for a sentence."""
    names = [f"{name}/" for name in candidates]
    return f" {between} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link into a folder that may not be looked into
        return False


def _spelled(root: Path, words: Sequence[str]) -> Iterator[Path]:
    """Every path below ``root`` that is spelled as ``words``, the same letters first."""
    if not words:
        yield root
        return
    word, *further = words
    if (root / word).exists():
        yield from _spelled(root / word, further)
    if root.is_dir():
        for name in sorted(os.listdir(root)):  # noqa: PTH208 - names alone, of a folder that may be long
            if name != word and name.lower() == word.lower():
                yield from _spelled(root / name, further)
