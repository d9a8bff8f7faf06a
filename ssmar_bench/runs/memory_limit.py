"""Runs side by side, as many as the memory of a device and of its machine holds.

What a run takes is reckoned beforehand (:mod:`ssmar_bench.runs.step_memory`); what is free is asked once, before the
first run of this command. A run that does not fit beside the others waits until one of them ends. Alone on its device
it is always started: the reckoning may be wrong, and training says best what it lacks.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "this machine"
PROCESS = 600 << 20
"""Bytes of the machine that a run's process takes besides its tensors, and each process that makes its batches.

A run of a small network was seen to take 490 MB for itself alone.
"""
CONTEXT = 600 << 20
"""Bytes of a GPU that a process takes before its first tensor, rounded up from what CUDA's libraries are known for."""
POLL_SECONDS = 1.0


def needs_of(launch: Mapping[str, Any], device: str = "") -> dict[str, int]:
    """Bytes that a run takes of this machine and of its device.

    Args:
        launch: its ``launch.json``.
        device: in place of the one there.
    """
    device = device or str(launch.get("device", "cpu"))
    processes, tensors = PROCESS * (1 + int(launch.get("workers", 0))), int(launch.get("memory", 0))
    return {HOST: processes, device: CONTEXT + tensors} if device.startswith("cuda") else {HOST: processes + tensors}


def free_bytes(place: str) -> int | None:
    """Bytes that are free on this machine (:data:`HOST`) or on a GPU (``cuda:1``); None where nobody knows."""
    try:
        if place == HOST:
            return min(_machine(), _control_group())
        number = int(place.partition(":")[2] or 0)
        visible = [word for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word]
        words = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits", "-i"]
        told = subprocess.run(
            [*words, visible[number] if visible else str(number)],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return int(told.stdout.split()[0]) << 20
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def _machine() -> int:
    (found,) = re.findall(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"))
    return int(found) << 10


def _control_group(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container may still take; more than any machine has where it is not bounded."""
    try:
        most, now = (int((folder / name).read_text(encoding="utf-8")) for name in ("memory.max", "memory.current"))
        words = (folder / "memory.stat").read_text(encoding="utf-8").split()
        stat = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    except (OSError, ValueError):
        return 1 << 62
    files = stat.get("active_file", 0) + stat.get("inactive_file", 0)  # given up when memory is short
    return max(0, most - now + files)


@dataclass
class MemoryPool:
    """What runs of this command have taken of a machine and its devices.

    Attributes:
        free: asks what is free at first.
    """

    free: Callable[[str], int | None] = free_bytes
    _told: bool = False
    _room: dict[str, int | None] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextlib.contextmanager
    def taken(self, needs: Mapping[str, int], stopping: threading.Event, tell: Callable[[str], None]) -> Iterator[None]:
        """Hold memory as long as a run is trained; waits until there is some.

        Args:
            needs: place -> bytes.
            stopping: ends the wait.
            tell: hears what is waited for, a sentence, at the first wait of all runs.
        """
        with self._changed:
            while (short := self._short(needs)) and not stopping.is_set():
                if not self._told:
                    tell(short)
                    self._told = True
                self._changed.wait(POLL_SECONDS)
            for place, number in needs.items():
                self._taken[place] = self._taken.get(place, 0) + number
        try:
            yield
        finally:
            with self._changed:
                for place, number in needs.items():
                    self._taken[place] -= number
                self._changed.notify_all()

    def _short(self, needs: Mapping[str, int]) -> str:
        """Where a run does not fit beside others, a sentence; "" where it does."""
        for place, number in needs.items():
            if place not in self._room:
                self._room[place] = self.free(place)
            room, taken = self._room[place], self._taken.get(place, 0)
            if room is not None and taken and taken + number > room:
                needed, left = number / 1e9, max(0, room - taken) / 1e9
                what = f"one takes about {needed:.1f} GB of {place}, and {left:.1f} GB are left"
                return f"Runs wait for others to end: {what}."
        return ""
