"""A copy of a frame cache on a disk of the machine that trains, for a cache that is read over a network.

Runs that share a machine share the copy: the first one makes it, the others wait for it. Every clip is compared with
its checksum while it is copied. Before a copy is made, those that no run uses are removed, so that the disk holds what
runs use, and the last copy. Where there is no room for one, the frame cache itself is read: nothing fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock

from ssmar_bench.clips.preparation import FILE, read_list
from ssmar_bench.clips.stored_clip import Entry, clip_path, has_size, stored_bytes
from ssmar_bench.core import in_use, links
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_bytes, write_temporary

FOLDER = "frame_caches"
MARGIN = 64 << 20
"""Bytes that a copy leaves free on the disk."""
TOGETHER = 8
"""Clips that are copied side by side."""


@contextlib.contextmanager
def staged(folder: Path, pixels: str, place: str, note: Callable[[str], None]) -> Iterator[Path]:
    """The copy of a frame cache, held as long as it is read; the frame cache itself where none can be made.

    Args:
        folder: the frame cache.
        pixels: its fingerprint, which names the copy.
        place: folder of this machine's own disk, which may hold variables of the environment; "" for no copy.
        note: hears why there is no copy, a sentence.

    Raises:
        UserError: a clip does not match its checksum.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(in_use.holding(folder))
        used = folder
        if place:
            try:
                top = _own_folder(place)
                copy = top / FOLDER / f"{folder.name}-{pixels or 'any'}"
                stack.enter_context(in_use.holding(copy))  # nobody removes it from now on
                _make_whole(folder, copy)
                used = copy
            except OSError as error:
                why = error.strerror or str(error)
                note(f"--stage-to {place}: {why} on machine {socket.gethostname()}; clips are read from {folder}.")
        yield used


def _own_folder(place: str) -> Path:
    """This user's folder in ``place``, made if need be.

    Raises:
        OSError: it cannot be made.
    """
    path = os.path.expandvars(os.path.expanduser(place))  # noqa: PTH111 - variables are expanded, too
    if "$" in path:
        raise OSError(0, "a variable in it is not set")
    top = Path(path).absolute() / f"ssmar-bench-{os.getuid()}"
    top.mkdir(mode=0o700, parents=True, exist_ok=True)
    if top.is_symlink() or top.stat().st_uid != os.getuid():
        raise OSError(0, f"{top} is not this user's own folder")
    return top


def _make_whole(folder: Path, copy: Path) -> None:
    """Copy what is missing, unless another run does; it is waited for."""
    copy.parent.mkdir(exist_ok=True)
    with FileLock(copy.with_name(f"{copy.name}.lock")):
        known = read_list(folder)
        if known is None:
            return  # whoever opens it says so
        if read_list(copy) == known and all(has_size(copy, entry) for entry in known[1]):
            return
        _remove_unused(copy.parent)
        links.remove(copy)
        _require_room(copy.parent, known[1])
        copy.mkdir()
        try:
            with ThreadPoolExecutor(TOGETHER) as pool:
                for _ in pool.map(lambda entry: _copy_clip(folder, copy, entry), known[1]):
                    pass
            write_bytes(copy / FILE, (folder / FILE).read_bytes())  # last: it is whole
        except BaseException:
            links.discard(copy)
            raise


def _remove_unused(caches: Path) -> None:
    for path in caches.iterdir():
        if path.is_dir():
            with in_use.alone(path) as free:
                if free:
                    links.discard(path)


def _require_room(caches: Path, entries: Sequence[Entry]) -> None:
    needed = sum(entry["offset"] + stored_bytes(entry) for entry in entries) + MARGIN
    free = shutil.disk_usage(caches).free
    if free < needed:
        raise OSError(0, f"{needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free")


def _copy_clip(folder: Path, copy: Path, entry: Entry) -> None:
    data = clip_path(folder, entry["id"]).read_bytes()
    frames = memoryview(data)[entry["offset"] : entry["offset"] + stored_bytes(entry)]
    if hashlib.sha256(frames).hexdigest() != entry["sha256"]:
        raise UserError(
            f"A clip of the frame cache {folder} does not match its checksum ({entry['id']}); give the command again, "
            "which decodes it."
        )
    path = clip_path(copy, entry["id"])
    aside = write_temporary(path, data)
    os.utime(aside, (0, 0))  # as in the frame cache: times tell nothing
    aside.replace(path)
