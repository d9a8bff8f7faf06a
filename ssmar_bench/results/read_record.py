"""Reads what the JSON files of one record say, of a run's folder or of an archive."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import digest
from ssmar_bench.core.printable import shortened, visible
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_names import is_name_of
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import (
    OWN,
    Environment,
    MethodFacts,
    Metrics,
    OwnOfSpec,
    Spec,
    Timings,
    read_object,
    read_part,
    require_file,
    there,
)
from ssmar_bench.results.variants import variant

PARTS = ("test", "test_ema", "validation")
"""What is scored."""


@dataclass(frozen=True)
class RecordedRun:
    """A run, as far as the JSON files of its record tell.

    Attributes:
        record: where the record is.
        spec: what was run.
        row: of ``Runs.runs``.
        facts: what tables need to know of the method.
        outcome: the metrics; None unless the run is finished.
    """

    record: RecordPlace
    spec: RunSpec
    row: dict[str, Any]
    facts: MethodFacts
    outcome: Metrics | None


def read_folder(path: Path) -> RecordedRun | None:
    """The run in a folder; None for a folder that holds nothing yet.

    Raises:
        UserError: a damaged record, by its file's name.
    """
    folder = RunFolder(path)
    for place in (path, folder.record, folder.work):
        if place.is_symlink():
            raise damaged_record(place, "it is a symbolic link")
    failure = folder.failure()
    for name, why in folder.record_faults().items():
        raise damaged_record(folder.record / name, why)
    for other in sorted(folder.record.glob("[!.]*")) if there(folder.record / "metrics.json") else ():
        if other.is_symlink() or not other.is_dir():  # the user's own folder is nobody's damage
            require_file(other)
    return read_record(path.name, folder.record, _last_line(failure) if failure else "")


def read_record(name: str, record: RecordPlace, reason: str) -> RecordedRun | None:
    """The run of a record.

    Args:
        name: the run's folder name.
        record: where it is.
        reason: why the run failed, "" if it did not.

    Raises:
        UserError: a damaged record, by its file's name.
    """
    spec_file, metrics_file = record / "spec.json", record / "metrics.json"
    if not spec_file.is_file():
        if reason or there(metrics_file):
            raise damaged_record(spec_file, "it is missing, so nobody knows what was run")
        return None
    spec, own_variant = _read_spec(spec_file, name)
    outcome = _read_metrics(metrics_file, name) if there(metrics_file) else None
    row: dict[str, Any] = {
        "benchmark": spec.benchmark,
        "method": spec.method,
        "ratio": spec.ratio,
        "seed": spec.seed,
        "folder": name,
        "split": spec.split,
        "variant": own_variant,
        "main": True,
        "state": "done" if outcome else "failed" if reason else "unfinished",
        "reason": "" if outcome else reason,
        "mock": False,
        "truth": "",
        "ended": "",
    }
    if outcome:
        row |= _numbers(outcome, record)
    if (record / "method.json").is_file():
        facts = read_part(MethodFacts, record / "method.json")
    else:  # records of engine 1 say nothing until they are published
        label = outcome.label if outcome else spec.method
        facts = MethodFacts(label=label, initial_weights=initial_weights(spec.backbone))
    return RecordedRun(record, spec, {**row, "label": facts.label}, facts, outcome)


def _read_spec(path: RecordPlace, folder: str) -> tuple[RunSpec, str]:
    """What was run, and its variant."""
    data = read_object(path)
    try:
        spec, own_variant = _known_spec(data)
    except (ValidationError, ValueError, TypeError, KeyError):
        read_part(Spec, path)
        try:
            spec = RunSpec.from_json(data)
        except ValueError as error:
            raise damaged_record(path, str(error)) from error
        own_variant = variant(spec)
    # The digest of the file itself, as RunFolder.done() takes it: a later field's default must not change old names.
    if not is_name_of(folder, spec.benchmark, spec.method, digest(data)):
        own = RunFolder(path.parent.parent).renamed() if isinstance(path, Path) else ""
        if own and isinstance(path, Path):
            raise UserError(f"{path.parent.parent}: this is the run {own}; give the folder its name again.")
        raise damaged_record(path, f"it does not belong to the folder '{folder}'")
    return spec, own_variant


def _known_spec(data: Mapping[str, Any]) -> tuple[RunSpec, str]:
    """A spec of which all but the keys ``OWN`` is often the same."""
    own = OwnOfSpec.model_validate({key: data[key] for key in OWN})
    template, own_variant = _template(marshal.dumps({key: value for key, value in data.items() if key not in OWN}, 2))
    spec = copy(template)
    for key in OWN:
        object.__setattr__(spec, key, getattr(own, key))
    return spec, own_variant


@lru_cache(maxsize=4096)
def _template(rest: bytes) -> tuple[RunSpec, str]:
    data = {"benchmark": "any", "split": "any", "ratio": 1.0, "seed": 0, **marshal.loads(rest)}  # noqa: S302  # our own
    Spec.model_validate(data)
    spec = RunSpec.from_json(data)
    return spec, variant(spec)


def _read_metrics(path: RecordPlace, name: str) -> Metrics:
    outcome = read_part(Metrics, path)
    if not name.endswith(f"_{outcome.identity}"):
        raise damaged_record(path, f"its identity {shortened(outcome.identity)} is not this run's")
    return outcome


def _numbers(outcome: Metrics, record: RecordPlace) -> dict[str, Any]:
    row: dict[str, Any] = {f"{part}_{key}": value for part in PARTS for key, value in getattr(outcome, part).items()}
    for key in ("majority", "steps", "epochs", "clips_seen", "forward_passes", "parameters", "mock", "truth"):
        row[key] = getattr(outcome, key)
    row |= {f"count_{key}": value for key, value in outcome.counts}
    row |= {"classes": tuple(outcome.classes), "count_classes": len(outcome.classes)}
    if there(record / "environment.json"):
        read_part(Environment, record / "environment.json")
    if there(record / "timings.json"):
        timings = read_part(Timings, record / "timings.json")
        row |= {"train_seconds": timings.train_seconds, "ended": timings.ended}
    return row


def _last_line(text: str) -> str:
    """What a traceback ends with: the error itself."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return visible(lines[-1]) if lines else "no reason was written"
