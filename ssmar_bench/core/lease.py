"""A lease on a folder that several processes and machines share: one of them at a time works in it.

File locks are not used, since shared file systems differ in whether they keep them. The folder holds a file
``lease-N``; the highest number decides. Whoever takes the lease creates the next number, which the file system lets one
process do alone (``O_EXCL``), looks whether it is the highest, and removes those below. The number never falls.

The file says who holds the lease, and a counter in it is raised every ``BEAT`` seconds. A lease is free if

- its file says that it was given back, or
- its holder was a process of this machine, which has ended, or
- nothing in the file has changed while this process watched it for ``SILENCE`` seconds of its own clock.

Times of two machines are never compared, so wrong clocks do no harm. A holder that could not raise its counter for
``GRACE`` seconds, which is before others may take the lease, or that finds a higher number, has lost it and must stop.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ssmar_bench.core.errors import BusyError

BEAT = 10.0
"""Seconds between two signs of life."""

SILENCE = 120.0
"""Seconds without one, after which another machine takes the lease."""

GRACE = 90.0
"""Seconds without one, after which the holder itself has lost it."""

PREFIX = "lease-"
FREE = b"free\n"
DIGITS = 12
"""Of the counter, which is written in place."""

_own: dict[Path, Lease] = {}
"""The leases of this process by their folders."""

_watched: dict[Path, tuple[bytes, float]] = {}
"""What this process saw in the files of other machines, and since when by its own clock."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease.

    Attributes:
        host: name of its machine.
        place: tells processes of one running machine apart from those of all others, also in containers.
        pid, started: its process, and when that began, in the machine's own units.
    """

    host: str
    place: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def ended(self) -> bool | None:
        """Whether its process has ended; None if that cannot be seen from here."""
        if self.place != _place():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _started(self.pid) != self.started


class Lease:
    """The lease on ``folder``, which must exist.

    Args:
        folder: where its files are.
        lost: called, from another thread, once the lease is lost; None if nobody needs to know at once.
    """

    def __init__(self, folder: Path, lost: Callable[[], None] | None = None) -> None:
        self.folder, self.lost = folder, lost
        self._number = 0
        self._over = threading.Event()
        self._beaten = 0.0

    def acquire(self, patience: float = 0) -> None:
        """Take the lease.

        Raises:
            BusyError: another process still holds it after ``patience`` seconds; its text names that process.
            OSError: it cannot be written.
        """
        end = time.monotonic() + patience
        pause = 0.05
        other: Holder | None = None
        while not self._take():
            other = holder(self.folder) or other  # its file may be read while it is written
            if time.monotonic() >= end:
                raise BusyError(f"another process ({other or 'its name cannot be read'})")
            time.sleep(pause)
            pause = min(2 * pause, 1.0)
        self._beaten = time.monotonic()
        _own[self.folder] = self
        threading.Thread(target=self._beat, daemon=True).start()
        if self.lost is not None:
            threading.Thread(target=self._guard, daemon=True).start()

    def held(self) -> bool:
        """Whether it is still this process's, as far as the file system tells."""
        return _latest(self.folder) == self._number and time.monotonic() - self._beaten < GRACE

    def release(self) -> None:
        """Give it back; nothing is done if it is lost."""
        self._over.set()
        _own.pop(self.folder, None)
        with contextlib.suppress(OSError):
            if _latest(self.folder) == self._number:
                _path(self.folder, self._number).write_bytes(FREE)

    def _take(self) -> bool:
        number = _latest(self.folder)
        if number and not _is_free(_path(self.folder, number)):
            return False
        mine = _path(self.folder, number + 1)
        try:
            with mine.open("xb") as file:
                file.write(_content(0))
        except FileExistsError:
            return False
        if _latest(self.folder) != number + 1:  # others came and went while this process looked
            mine.unlink(missing_ok=True)
            return False
        for path in self.folder.glob(f"{PREFIX}*"):
            if path != mine:
                path.unlink(missing_ok=True)
        _watched.pop(self.folder, None)
        self._number = number + 1
        return True

    def _beat(self) -> None:
        count = 0
        while not self._over.wait(BEAT):
            count += 1
            try:
                with _path(self.folder, self._number).open("r+b") as file:
                    file.write(_content(count))
            except FileNotFoundError:
                break  # whoever took it has removed this one
            except OSError:
                continue  # a full disk, or a file system that is away: the guard knows how long
            if _latest(self.folder) != self._number:
                break
            self._beaten = time.monotonic()
        if not self._over.is_set() and self.lost is not None:
            self.lost()

    def _guard(self) -> None:
        """Ends the wait of a holder whose file system does not answer."""
        while not self._over.wait(max(0.0, self._beaten + GRACE - time.monotonic())):
            if time.monotonic() - self._beaten >= GRACE and self.lost is not None:
                self.lost()
                return


def require(folder: Path) -> None:
    """A :class:`BusyError` if this process held the lease on ``folder`` and has lost it."""
    own = _own.get(folder)
    if own is not None and not own.held():
        raise BusyError(f"The lease on {folder} was lost, since nothing could be written there for {GRACE:.0f} s.")


def held(folder: Path) -> bool:
    """Whether somebody holds the lease on ``folder``, for those who only want to show it.

    A process of another machine is taken for alive as long as its file is not older than ``SILENCE`` by this machine's
    clock: the one place where clocks are compared, and nobody takes a lease because of it.
    """
    number = _latest(folder)
    path = _path(folder, number)
    content = _read(path) if number else FREE
    if content == FREE:
        return False
    found = _parse(content)
    ended = found.ended() if found is not None else None
    if ended is not None:
        return not ended
    try:
        return time.time() - path.stat().st_mtime < SILENCE
    except OSError:
        return False


def holder(folder: Path) -> Holder | None:
    """Who holds the lease, or has last held it; None where nobody does or its file cannot be read."""
    return _parse(_read(_path(folder, _latest(folder))))


def _is_free(path: Path) -> bool:
    content = _read(path)
    if content == FREE:
        return True
    found = _parse(content)
    ended = found.ended() if found is not None else None
    if ended is not None:
        return ended
    seen, since = _watched.get(path.parent, (b"", 0.0))
    key = path.name.encode() + content
    if seen != key:
        _watched[path.parent] = key, time.monotonic()
        return False
    return time.monotonic() - since >= SILENCE


def _path(folder: Path, number: int) -> Path:
    return folder / f"{PREFIX}{number}"


def _latest(folder: Path) -> int:
    """The highest number; 0 if there is none."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names alone
    except OSError:
        return 0
    numbers = (name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    return max((int(number) for number in numbers if re.fullmatch("[0-9]{1,9}", number)), default=0)


def _read(path: Path) -> bytes:
    """The content, opened anew so that a network file system asks its server; empty if it cannot be read."""
    try:
        return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
    except OSError:
        return b""


def _content(count: int) -> bytes:
    return f"{count:0{DIGITS}}\n{json.dumps(asdict(_me()))}\n".encode()


def _parse(content: bytes) -> Holder | None:
    try:
        return Holder(**json.loads(content.decode().partition("\n")[2]))
    except (ValueError, TypeError):
        return None


def _me() -> Holder:
    return Holder(socket.gethostname(), _place(), os.getpid(), _started(os.getpid()))


@cache
def _place() -> str:
    """The machine, since when it runs, and which processes this one can see."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):  # not everywhere
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - no path
    return " ".join(parts)


def _started(pid: int) -> str:
    """When a process of this machine began; "" where that is not told, and of one that has ended and is not reaped."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else fields[18]
