"""A shard in the making: its clips one after the other in a file, so that a killed writer loses none of them.

``shard-00007.draft`` holds the frames of the clips that are finished, ``shard-00007.journal`` a line for each. When
the last clip is finished they become the shard's two files (:mod:`ssmar_bench.clips.shards`).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from types import TracebackType
from typing import IO, Any

import filelock

from ssmar_bench.clips.decode import Frames
from ssmar_bench.clips.shards import ClipFile, Shard, unchanged, write_sidecar
from ssmar_bench.core.files import write_bytes

DRAFT = (".draft", ".journal", ".lock")
"""Endings of a draft's files."""


class Draft:
    """A context that writes one shard, going on where a former writer stopped.

    Attributes:
        entries: the entries of the clips finished so far, in the shard's order.
    """

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.entries: list[dict[str, Any]] = []
        self._data_path = shard.stem.with_suffix(".draft")
        self._journal_path = shard.stem.with_suffix(".journal")
        # A worker whose parent was killed may still be writing for a moment; the system frees the lock at its end.
        self._lock = filelock.FileLock(shard.stem.with_suffix(".lock"))
        self._data: IO[bytes] | None = None
        self._journal: IO[bytes] | None = None

    def __enter__(self) -> Draft:
        self.shard.stem.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        kept = self._kept()
        self.entries = [entry for _, entry in kept]
        header = json.dumps(self.shard.identity()).encode() + b"\n"
        write_bytes(self._journal_path, b"".join([header, *(line for line, _ in kept)]))
        self._journal = self._journal_path.open("ab")
        self._data = self._data_path.open("r+b" if kept else "wb")
        self._data.truncate(self._end())
        self._data.seek(0, os.SEEK_END)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._data, self._journal):
            if file is not None:
                file.close()
        self._lock.release()

    @property
    def waiting(self) -> tuple[ClipFile, ...]:
        """The clips that are not finished."""
        return self.shard.clips[len(self.entries) :]

    def add(self, frames: Frames, entry: dict[str, Any]) -> None:
        """Keep the next clip's ``frames`` and ``entry``; with the last one the shard is whole."""
        assert self._data is not None
        assert self._journal is not None
        entry = {"id": self.waiting[0].clip_id, "shape": list(frames.shape), "offset": self._end()} | entry
        self._data.write(frames.tobytes())
        self._data.flush()  # the journal must never be ahead of the frames
        self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()
        self.entries.append(entry)

    def finish(self) -> list[dict[str, Any]]:
        """Turn the draft of all clips into the shard; its entries."""
        assert self._data is not None
        assert not self.waiting
        os.fsync(self._data.fileno())
        self._data.close()
        write_sidecar(self.shard, self.entries)
        self._data_path.replace(self.shard.data)  # killed before this, the draft is still there to go on from
        self._journal_path.unlink()
        return self.entries

    def _end(self) -> int:
        """Bytes of the finished clips' frames."""
        return sum(math.prod(entry["shape"]) for entry in self.entries)

    def _kept(self) -> list[tuple[bytes, dict[str, Any]]]:
        """Lines and entries of a former writer's clips, up to the first one that is not whole or not as it was."""
        kept: list[tuple[bytes, dict[str, Any]]] = []
        try:
            with self._journal_path.open("rb") as journal, self._data_path.open("rb") as data:
                if json.loads(journal.readline()) != self.shard.identity():
                    return []
                for clip, line in zip(self.shard.clips, journal, strict=False):
                    entry = json.loads(line)
                    frames = data.read(math.prod(entry["shape"]))
                    if (
                        entry["id"] != clip.clip_id
                        or not unchanged(clip, entry)
                        or hashlib.sha256(frames).hexdigest() != entry["sha256"]
                    ):
                        break
                    kept.append((line, entry))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # what could be read before is kept
        return kept
