"""Whether a second training of a run has given what is in its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.short_list import short
from ssmar_bench.results import record_logs
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Environment, Metrics, read_object, read_part

Verdict = Literal["bit-equal", "equal within the tolerance", "different"]
LOGS = ("curves.csv", "predictions.csv", "pseudo_labels.csv")
TOLERANCE = 0.01
"""Largest difference of a test score that counts as equal: one percentage point."""

ADDED = {"identity", "truth", "videos", "left_out", "mock", "resolved"}
"""What ``metrics.json`` holds besides what was measured; the identity is compared as the spec."""


@short
@dataclass(frozen=True)
class Verification:
    """What the comparison of a record with a second training has found.

    Attributes:
        run: its folder's name.
        verdict: ``bit-equal``: every curve, prediction, pseudo-label and score is the same; ``equal within the
            tolerance``: no score of the test part differs by more; else ``different``.
        tolerance: of a score, as a fraction.
        scores: metric of the test part -> (recorded, now), in [0, 1].
        same_predictions: share of the test clips with the same predicted class, or None where the clips differ or no
            predictions were kept.
        files: of the record, those that differ.
        spec: what is run differently today: key -> (recorded, now).
        environment: versions and machine, where they differ: key -> (recorded, now).
    """

    run: str
    verdict: Verdict
    tolerance: float
    scores: Mapping[str, tuple[float, float]]
    same_predictions: float | None
    files: tuple[str, ...] = ()
    spec: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __str__(self) -> str:
        stated = f" of {100 * self.tolerance:g} points" if self.verdict == "equal within the tolerance" else ""
        lines = [f"{self.run}: {self.verdict}{stated}"]
        for key, (one, other) in self.scores.items():
            lines.append(f"  {key}: recorded {100 * one:.2f} %, now {100 * other:.2f} %")
        if self.same_predictions is not None:
            lines.append(f"  same predicted class: {100 * self.same_predictions:.1f} % of the test clips")
        if self.files:
            lines.append(f"  files that differ: {', '.join(self.files)}")
        for title, pairs in (("run", self.spec), ("machine and versions", self.environment)):
            if pairs:
                lines.append(f"  {title}:")
                lines += [
                    f"    {key}: recorded {_shown(one)}, now {_shown(other)}" for key, (one, other) in pairs.items()
                ]
        return "\n".join(lines)


def compare_records(run: str, recorded: RecordPlace, now: RecordPlace, tolerance: float = TOLERANCE) -> Verification:
    """Compare the record of a run with that of a second training.

    Args:
        run: its folder's name.
        recorded: the ``record/`` folder of the run.
        now: that of the second training.
        tolerance: largest difference of a test score that counts as equal, as a fraction.

    Raises:
        UserError: names a file that is damaged.
    """
    outcomes = [read_part(Metrics, record / "metrics.json") for record in (recorded, now)]
    scores = {
        key: (outcomes[0].test[key], outcomes[1].test[key])
        for key in metrics.metric_keys()
        if key in outcomes[0].test and key in outcomes[1].test
    }
    measured = [
        {key: value for key, value in read_object(record / "metrics.json").items() if key not in ADDED}
        for record in (recorded, now)
    ]
    files = [name for name in LOGS if _content(recorded / name) != _content(now / name)]
    if measured[0] != measured[1]:
        files.append("metrics.json")
    spec = _differing(*(_flat(read_object(record / "spec.json")) for record in (recorded, now)))
    same = _same_predictions(recorded, now)
    machines = [recorded_environment(record) for record in (recorded, now)]
    near = all(abs(one - other) <= tolerance for one, other in scores.values())
    verdict: Verdict = "different" if not near or same is None else "equal within the tolerance"
    if not files and not spec:
        verdict = "bit-equal"
    return Verification(
        run,
        verdict,
        tolerance,
        scores,
        same,
        tuple(files),
        spec,
        _differing(*machines),
    )


def recorded_environment(record: RecordPlace) -> dict[str, str]:
    """Versions and machine of a record; empty for an older one without them."""
    path = record / "environment.json"
    return read_part(Environment, path).root if path.is_file() else {}


def _content(path: RecordPlace) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _same_predictions(recorded: RecordPlace, now: RecordPlace) -> float | None:
    answers = [record_logs.predictions(record).set_index("clip") for record in (recorded, now)]
    one, other = (frame.sort_index() for frame in answers)
    if one.empty or not one.index.equals(other.index) or not one["label"].equals(other["label"]):
        return None
    same: pd.Series[bool] = one["prediction"] == other["prediction"]
    return float(same.mean())


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) else {f"{prefix}{key}": inner}
    return found


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Keys of which both say something else; what only one of them says is shown as None."""
    return {key: (one.get(key), other.get(key)) for key in sorted({*one, *other}) if one.get(key) != other.get(key)}


def _shown(value: object) -> str:
    return "unknown" if value in (None, "") else str(value)
