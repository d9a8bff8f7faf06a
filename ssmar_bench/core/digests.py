"""A folder's files and their digests: damage is noticed when a file is read again, and a kill does not look like it.

``SHA256SUMS`` holds the SHA-256 of every file of the folder that is read again, as ``sha256sum --check`` reads it. New
files are written aside, then their digests, then they are renamed. A kill in between leaves temporary files that have
their digests already: :func:`finish_write` renames them, and removes all others.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import temporary_path, write_temporary, write_text

FILE = "SHA256SUMS"
DIFFERENT = f"its SHA-256 is not the one in {FILE}"
MISSING = "it is missing"
UNLISTED = f"{FILE} does not hold its SHA-256"
_NAME = r"(?!\.)[\w.+-]+"
_LINE = re.compile(rf"([0-9a-f]{{64}})  ({_NAME}(?:/{_NAME})*)", re.ASCII)
_ASIDE = re.compile(r"\.(.+)\.\d+\.tmp", re.ASCII)


class DamagedError(UserError):
    """A file is not what was written.

    Attributes:
        path: of the file.
        why: what is wrong with it.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is damaged: {why}; the `ssmar-bench run` that made it makes it again.")
        self.path, self.why = path, why


def write_files(folder: Path, files: Mapping[str, bytes], forget: Collection[str] = ()) -> None:
    """Write files of a folder together, in their order, and their digests; the caller alone writes there.

    Args:
        folder: where they are.
        files: path below ``folder``, with ``/`` -> content.
        forget: files to remove, which are needed no longer.

    Raises:
        UserError: they cannot be written; what was there before still is, and no temporary file.
    """
    asides: list[tuple[Path, Path]] = []
    removed = [folder / name for name in forget if (folder / name).is_file()]
    try:
        for name, data in files.items():
            asides.append((write_temporary(folder / name, data), folder / name))
        for path in removed:
            path.replace(temporary_path(path))
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        text = {name: digest for name, digest in read_digests(folder).items() if name not in forget} | digests
        write_text(folder / FILE, "".join(f"{digest}  {name}\n" for name, digest in text.items()))
    except OSError as error:
        for aside, _ in asides:
            aside.unlink(missing_ok=True)
        for path in removed:
            if temporary_path(path).exists():
                temporary_path(path).replace(path)
        raise unwritable(folder / next(iter(files), FILE), error) from error
    for aside, path in asides:
        aside.replace(path)
    for path in removed:
        temporary_path(path).unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> UserError:
    """The error of a file that cannot be written, for instance because the disk is full."""
    return UserError(
        f"{path} cannot be written: {error.strerror}; mend that, and the same command goes on from what is there."
    )


def read_digests(folder: Path) -> dict[str, str]:
    """The digests of a folder's files by their paths below it, in the order of writing; lines that are none are not."""
    return {match[2]: match[1] for line in _lines(folder) if (match := _LINE.fullmatch(line))}


def _lines(folder: Path) -> list[str]:
    try:
        return (folder / FILE).read_bytes().decode(errors="replace").removesuffix("\n").split("\n")
    except FileNotFoundError:
        return []


def has_digests(folder: Path) -> bool:
    """Whether the folder has digests; folders that older versions wrote have none, and nothing can be compared."""
    return (folder / FILE).exists()


def file_fault(folder: Path, name: str) -> str:
    """What is wrong with one file of a folder that has digests: "" or why it is not what was written."""
    digest = read_digests(folder).get(name)
    if digest is None:
        return MISSING if not (folder / name).exists() else UNLISTED
    return _fault(folder / name, digest)


def _fault(path: Path, digest: str) -> str:
    try:
        return "" if _digest(path) == digest else DIFFERENT
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"it cannot be read ({error.strerror})"


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")  # a pipe would be waited for
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_faults(folder: Path, kinds: Iterable[str] = ()) -> dict[str, str]:
    """Every damaged file of a folder by its path below it -> why; none where the folder has no digests.

    Files that match one of ``kinds`` (as ``pseudo_label_log/*.npz``) must have a digest.
    """
    if not has_digests(folder):
        return {}
    digests = read_digests(folder)
    found = {name: why for name, digest in digests.items() if (why := _fault(folder / name, digest))}
    there = (path.relative_to(folder).as_posix() for kind in kinds for path in folder.glob(kind))
    found |= {name: UNLISTED for name in there if name not in digests}
    wrong = [number for number, line in enumerate(_lines(folder), start=1) if not _LINE.fullmatch(line)]
    if wrong:
        found[FILE] = f"line {wrong[0]} is no SHA-256 with a name"
    return found


def read_file(folder: Path, name: str) -> bytes:
    """The content of one file of a folder, as it was written.

    Raises:
        DamagedError: it is not, or is missing.
    """
    path = folder / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DamagedError(path, MISSING if isinstance(error, FileNotFoundError) else str(error.strerror)) from error
    if has_digests(folder):
        digest = read_digests(folder).get(name)
        if digest is None:
            raise DamagedError(path, UNLISTED)
        if digest != hashlib.sha256(data).hexdigest():
            raise DamagedError(path, DIFFERENT)
    return data


def finish_write(folder: Path) -> None:
    """Finish what a killed :func:`write_files` began, remove other temporary files; the caller alone writes there."""
    asides = {
        aside: aside.with_name(match[1]).relative_to(folder).as_posix()
        for aside in folder.rglob(".*.tmp")
        if (match := _ASIDE.fullmatch(aside.name)) and aside.is_file() and not aside.is_symlink()
    }
    for name, digest in read_digests(folder).items():  # the last one says that all are there
        for aside in [aside for aside, target in asides.items() if target == name]:
            if _fault(folder / name, digest) and not _fault(aside, digest):
                aside.replace(folder / name)
    for aside in asides:
        aside.unlink(missing_ok=True)
