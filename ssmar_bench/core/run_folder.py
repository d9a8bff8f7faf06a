"""A run's folder: the committed side ``record/`` and the ignored side ``work/``.

The states of a run are read from files alone: ``record/metrics.json`` whose spec has the folder's hash means done;
``work/failure.txt`` means failed; a held lease on ``work/`` means running (:mod:`ssmar_bench.core.lease`); anything
else is missing or interrupted. A killed run is free again at once on its own machine, and after a while on others.

Both sides hold the digests of their files (:mod:`ssmar_bench.core.digests`). What is damaged is removed, and what can
be made again from the rest is made again: the record from ``work/``, the end of a run from its last checkpoint.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ssmar_bench.core import digests, event_file, lease, links
from ssmar_bench.core.digests import DamagedError
from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.files import json_bytes, read_json, write_json, write_text
from ssmar_bench.core.identity import digest
from ssmar_bench.core.run_names import is_name_of
from ssmar_bench.core.run_spec import RunSpec

CHECKPOINTS = ("checkpoint-even.pt", "checkpoint-odd.pt")
"""After an even and after an odd number of epochs: the last two, so that one may be damaged."""

ENDED = "outcome.json"
"""Written last in ``work/``: the run has been trained."""

READ_AGAIN = (
    *CHECKPOINTS,
    ENDED,
    "predictions.npz",
    "weights.pt",
    "split.json",
    "launch.json",
    "pseudo_label_log/*.npz",
)
"""Files of ``work/`` that nothing else than their digests vouches for."""

HISTORY = "pseudo_label_history.csv"
"""What a method that trains on pseudo-labels believed of a few clips in every epoch; older records have none."""

RECORD = (
    *("spec.json", "metrics.json", "timings.json", "environment.json", "method.json"),
    *("curves.csv", "predictions.csv", "pseudo_labels.csv", HISTORY),
)
"""Files of ``record/``; what else lies there is the user's own."""

CLEARED = "cleared"
"""A file of ``work/`` that :meth:`RunFolder.clear` writes again."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run under ``runs/``."""

    path: Path

    @cached_property  # a grid asks for them many times a run
    def record(self) -> Path:
        """What is kept and committed."""
        return self.path / "record"

    @cached_property
    def work(self) -> Path:
        """What resuming and predicting need: checkpoint, pseudo-label log, lease, last weights."""
        return self.path / "work"

    @property
    def weights(self) -> Path:
        """The method's state when its run had ended; it is not committed, and not there where only a record is."""
        return self.work / "weights.pt"

    def refuse_links(self) -> None:
        """A :class:`UserError` if the folder or anything in it is a symbolic link."""
        links.refuse(self.path.parent.parent, self.path.parent.name, self.path.name)

    def begin(self, spec: RunSpec) -> None:
        """Write the spec, unless it is there.

        Raises:
            UserError: it cannot be written.
        """
        self.refuse_links()
        path = self.record / "spec.json"
        if not self._spec_is_whole():
            try:
                write_json(path, spec.to_json())
            except OSError as error:
                raise digests.unwritable(path, error) from error

    def _spec_is_whole(self) -> bool:
        """Whether the spec is there and is the one that the folder is named after."""
        try:
            return self.path.name.endswith(f"_{digest(read_json(self.record / 'spec.json'))}")
        except (OSError, ValueError):
            return False

    def spec(self) -> RunSpec:
        """The spec that :meth:`begin` wrote.

        Raises:
            DamagedError: it is not, or is missing.
        """
        path = self.record / "spec.json"
        try:
            return RunSpec.from_json(read_json(path))
        except (OSError, ValueError, TypeError) as error:
            raise DamagedError(path, str(error)) from error

    def keep(self, files: Mapping[str, bytes | Mapping[str, object]], forget: Iterable[str] = ()) -> None:
        """Write files of ``work/`` together, mappings as JSON, and remove others; the caller holds the lease.

        Raises:
            BusyError: the caller has lost the lease.
            UserError: they cannot be written.
        """
        lease.require(self.work)
        content = {name: data if isinstance(data, bytes) else json_bytes(data) for name, data in files.items()}
        digests.write_files(self.work, content, [*forget])

    def kept(self, name: str) -> bytes:
        """The content of a file of ``work/``.

        Raises:
            DamagedError: it is not what :meth:`keep` wrote, or is missing.
        """
        return digests.read_file(self.work, name)

    def has(self, name: str) -> bool:
        """Whether :meth:`keep` wrote a file of that name, and it is as it was written."""
        return not digests.file_fault(self.work, name)

    def done(self) -> bool:
        """Whether a finished record of exactly this run is here."""
        try:
            spec, metrics = read_json(self.record / "spec.json"), read_json(self.record / "metrics.json")
        except (OSError, ValueError):
            return False
        identity = digest(spec)
        if not isinstance(metrics, dict):
            return False
        return bool(metrics.get("identity") == identity and self.path.name.endswith(f"_{identity}"))

    def damage(self) -> str:
        """The first of :meth:`record_faults`, as "FILE: why"; "" where there is none."""
        return next((f"{self.record / name}: {why}" for name, why in self.record_faults().items()), "")

    def record_faults(self) -> dict[str, str]:
        """Every damaged file of the record -> why; none where there are no digests to compare with."""
        if not digests.has_digests(self.record) and digests.has_digests(self.work) and self.done():
            return {digests.FILE: digests.MISSING}  # whoever wrote the one wrote the other
        return digests.folder_faults(self.record, RECORD)

    def mend(self) -> list[str]:
        """Remove what is damaged, so that it is made again, and what killed writers left; the caller holds the lease.

        Returns:
            A sentence for every damaged file.

        Raises:
            UserError: the folder cannot be written.
        """
        return [*self._mend_record(), *self._mend_work()]

    def _mend_record(self) -> Iterator[str]:
        digests.finish_write(self.record)
        found = self.record_faults()
        if "spec.json" not in found and digests.has_digests(self.work) and not self._spec_is_whole():
            found = {"spec.json": "it is missing, or not the one that the folder is named after"} | found
        for name, why in found.items():
            yield f"{self.record / name} is damaged: {why}; it is written again, from work/ or by training again."
        if found:
            for name in ("metrics.json", *found, digests.FILE):  # without the first one, a record is not there
                (self.record / name).unlink(missing_ok=True)

    def _mend_work(self) -> Iterator[str]:
        digests.finish_write(self.work)
        found = digests.folder_faults(self.work, READ_AGAIN)
        lost = found.keys() - {digests.FILE}
        if not digests.has_digests(self.work):
            lost = {path.relative_to(self.work).as_posix() for kind in READ_AGAIN for path in self.work.glob(kind)}
            found = {digests.FILE: digests.MISSING} if lost else {}
        for name, why in found.items():
            yield f"{self.work / name} is damaged: {why}; it is left out, and what it held is made again."
        if any(name.startswith("pseudo_label_log/") or name in ("predictions.npz", "weights.pt") for name in lost):
            lost.add(ENDED)
        if found:
            self.keep({}, forget=lost)

    def failure(self) -> str:
        """The kept traceback or reason of a failed run, "" where there is none."""
        path = self.work / "failure.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def reason(self) -> str:
        """The last line of :meth:`failure`, which is the sentence for the user."""
        return self.failure().strip().rpartition("\n")[2] or "for a reason that could not be written"

    def held(self) -> bool:
        """Whether another process holds the run at this moment."""
        return not (self.path.is_symlink() or self.work.is_symlink()) and lease.held(self.work)

    @property
    def events(self) -> Path:
        """What the run tells while it is trained (:mod:`ssmar_bench.core.event_file`)."""
        return self.work / event_file.NAME

    def started(self) -> bool:
        """Whether there is something to continue from."""
        return bool(self.checkpoints())

    def checkpoints(self) -> list[str]:
        """The checkpoints that are there, by name."""
        return [name for name in CHECKPOINTS if (self.work / name).is_file()]

    def ended(self) -> bool:
        """Whether the run has been trained to its end; its record may not have been written yet."""
        return (self.work / ENDED).is_file()

    @contextmanager
    def lease(self, patience: float = 0, lost: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the run.

        Args:
            patience: seconds to wait for another process that holds it.
            lost: called, from another thread, should this process lose it.

        Raises:
            BusyError: another process still holds it.
        """
        self.refuse_links()
        own = lease.Lease(self.work, lost)
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            own.acquire(patience)
        except BusyError as error:
            raise BusyError(f"Run {self.path.name} is held by {error}; wait for it or stop it.") from error
        except OSError as error:
            raise digests.unwritable(self.work / lease.PREFIX, error) from error
        try:
            yield
        finally:
            own.release()

    def clear(self) -> None:
        """Forget record and work; the caller holds the lease."""
        self.refuse_links()
        links.remove(self.record)
        for path in self.work.iterdir():
            if not path.name.startswith(lease.PREFIX):
                links.remove(path)
        write_text(self.work / CLEARED, uuid.uuid4().hex)

    def cleared(self) -> str:
        """Names the last :meth:`clear`, "" before any: another command may have forgotten what this one had begun."""
        path = self.work / CLEARED
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def renamed(self) -> str:
        """The name of the finished run that is here under another one; "" if it has its own, or is not finished."""
        try:
            spec, metrics = read_json(self.record / "spec.json"), read_json(self.record / "metrics.json")
            identity, run = digest(spec), RunSpec.from_json(spec)
            whole = metrics["identity"] == identity
        except (OSError, ValueError, TypeError, KeyError):
            return ""
        if not whole or is_name_of(self.path.name, run.benchmark, run.method, identity):
            return ""
        return f"{run.folder().rpartition('_')[0]}_{identity}"
