"""Videos inside zip archives, unpacked once into the cache so that nobody has to do it by hand."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from filelock import FileLock

from ssmar_bench.core import links, paths
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.identity import digest


class BadArchiveError(UserError):
    """An archive that cannot be unpacked, whatever space there is."""


def unpacked(archive: Path, suffix: str, listener: Listener) -> Path:
    """The folder that holds every file of ``archive`` ending in ``suffix``, without the archive's own folders.

    It is unpacked when it is first asked for, and again when the archive has changed.

    Raises:
        BadArchiveError: the archive is damaged or encrypted, or holds two files of one name.
        UserError: it does not fit on the disk.
    """
    about = archive.stat()
    key = digest([str(archive), about.st_size, about.st_mtime_ns, suffix])
    folder = paths.cache_folder() / "unpacked" / f"{archive.stem}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _unpack(archive, suffix, folder, listener)
    return folder


def _unpack(archive: Path, suffix: str, folder: Path, listener: Listener) -> None:
    aside = folder.with_name(f".{folder.name}.partial")
    links.discard(aside)
    aside.mkdir()
    try:
        with zipfile.ZipFile(archive) as file:
            members = _members(archive, file, suffix)
            _check_space(archive, members, aside)
            for done, (name, member) in enumerate(members.items(), start=1):
                with file.open(member) as inside, (aside / name).open("wb") as out:
                    shutil.copyfileobj(inside, out, 1 << 20)
                listener(Event("", "prepare", f"unpacking {archive.name}", done, len(members)))
        aside.rename(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadArchiveError(f"{archive}: this zip archive is damaged ({error}); download it again") from None
    except (RuntimeError, NotImplementedError) as error:
        raise BadArchiveError(f"{archive}: cannot be unpacked ({error}); unpack it yourself beside it") from None
    finally:
        links.discard(aside)


def _members(archive: Path, file: zipfile.ZipFile, suffix: str) -> dict[str, zipfile.ZipInfo]:
    """File name -> member; what macOS adds to archives is passed over."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in file.infolist():
        path = PurePosixPath(member.filename)
        if member.is_dir() or path.suffix != suffix or "__MACOSX" in path.parts:
            continue
        if path.name in members:
            raise BadArchiveError(f"{archive}: expected each file once, found '{path.name}' in two of its folders")
        members[path.name] = member
    return members


def _check_space(archive: Path, members: dict[str, zipfile.ZipInfo], folder: Path) -> None:
    wanted, free = sum(member.file_size for member in members.values()), shutil.disk_usage(folder).free
    if wanted > free:
        raise UserError(
            f"{archive}: unpacked it takes {wanted / 1e9:.1f} GB, and {folder.parent} has {free / 1e9:.1f} GB left; "
            "let SSMAR_BENCH_CACHE name a folder with more"
        )
