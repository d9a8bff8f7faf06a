"""Copies of files of initial weights beside the runs, for machines that do not see the files: one copy a grid."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from ssmar_bench.backbones.build import file_digest
from ssmar_bench.core import digests, links
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import temporary_path
from ssmar_bench.core.network_names import split_digest
from ssmar_bench.runs.plan import PlannedRun

FOLDER = "initial_weights"
"""Of the folder of results. A copy is in a folder named after its digest; it keeps its name, which a spec holds."""


def pack_weights(runs: Iterable[PlannedRun], results: Path) -> dict[str, str]:
    """Path of a file of initial weights -> absolute path of its copy, for the files that ``runs`` start from.

    A copy that is there, and whole, is not made again.

    Raises:
        UserError: a copy cannot be written, or a file is not the one any more that the runs were planned with.
    """
    digest_of: dict[str, str] = {}
    for run in runs:
        if run.weights:
            digest_of[run.weights] = run.spec.weights
        digest_of |= {path: split_digest(name)[1] for name, path in run.further_weights.items()}
    return {path: str(_packed(Path(path), digest, results.absolute())) for path, digest in digest_of.items()}


def _packed(file: Path, digest: str, results: Path) -> Path:
    links.refuse(results, FOLDER)
    place = results / FOLDER / digest / file.name
    if place.is_file() and file_digest(place) == digest:
        return place
    aside = temporary_path(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, aside)
        if file_digest(aside) != digest:
            raise UserError(f"{file} was changed after this command had begun; start it again.")
        aside.replace(place)
    except OSError as error:
        raise digests.unwritable(place, error) from error
    finally:
        aside.unlink(missing_ok=True)
    return place
