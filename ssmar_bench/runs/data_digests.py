"""What a finished record must agree with, beside its spec: the truth, and the videos where they are not decoded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_names import beginning_with
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.runs.archived_runs import ArchivedRuns, name_start


@dataclass(frozen=True)
class DataDigests:
    """What no spec holds of the data, since a training process reads the spec.

    Attributes:
        truth: digest of all labels and subjects, the hidden ones too.
        videos: digest of the video files' sizes, "" where they are not all there.
    """

    truth: str
    videos: str

    @classmethod
    def of(cls, folder: RunFolder) -> DataDigests:
        """What the record in ``folder`` says; empty texts where it says nothing."""
        try:
            metrics = read_json(folder.record / "metrics.json")
            return cls(str(metrics.get("truth", "")), str(metrics.get("videos", "")))
        except (OSError, ValueError, AttributeError):
            return cls("", "")

    def agrees(self, folder: RunFolder) -> bool:
        """Whether the record in ``folder`` was written with these labels and subjects."""
        return self.of(folder).truth == self.truth


def matching_spec(
    spec: RunSpec, known: DataDigests | None, results: Path, names: Sequence[str], archived: ArchivedRuns
) -> RunSpec:
    """``spec``, or where its clips are not decoded, that of the run in ``results`` which agrees with it in all else.

    The run is in a folder or ``archived``. A finished record is taken for today's only if its video files had the same
    sizes; a run that is not finished is taken for today's until its clips are decoded. Where there is none, or more
    than one, nobody knows the pixels.

    Args:
        spec: of a run.
        known: what a finished record must agree with, None for nothing.
        results: the folder that holds ``runs/``.
        names: those of the folders in ``runs/``, sorted.
        archived: finished runs of archives.
    """
    if spec.pixels:
        return spec
    finished: list[RunSpec] = []
    begun: list[RunSpec] = []
    for folder, found in _namesakes(spec, results, names):
        if not found.pixels or replace(found, pixels="") != spec:
            continue
        if not folder.done():
            begun.append(found)
        elif known is None or not known.videos or DataDigests.of(folder).videos == known.videos:
            finished.append(found)
    for run in archived.like(spec):
        same = run.spec.pixels and replace(run.spec, pixels="") == spec and run.spec not in finished
        if same and (known is None or not known.videos or run.videos == known.videos):
            finished.append(run.spec)
    chosen = finished or begun
    return chosen[0] if len(chosen) == 1 else spec


def former_plugin_run(spec: RunSpec, results: Path, names: Sequence[str]) -> str:
    """Folder name of a run that differs from ``spec`` in its plugin's file alone; "" if there is none.

    Arguments as in :func:`matching_spec`.
    """
    if not spec.plugin_file:
        return ""
    runs = _namesakes(spec, results, names)
    same = (folder.path.name for folder, run in runs if replace(run, plugin_file=spec.plugin_file) == spec != run)
    return next(same, "")


def _namesakes(spec: RunSpec, results: Path, names: Sequence[str]) -> Iterator[tuple[RunFolder, RunSpec]]:
    """The runs in ``results`` whose folders are called as that of ``spec``, its identity apart."""
    for name in beginning_with(name_start(spec), names):
        folder = RunFolder(results / "runs" / name)
        with contextlib.suppress(UserError):  # the report names a damaged record
            yield folder, folder.spec()
