"""How far the answers of a run can be trusted, in words for those who label videos with it."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.api.find_run import find_record
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.results.intervals import recorded_interval
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Metrics, read_part


def trust(run: Path | str, results: Path | str = RESULTS) -> str:
    """A sentence or two: how many of its test clips a finished run named rightly, and whether that is more than chance.

    Args:
        run: as :func:`ssmar_bench.api.load_model` takes it.
        results: the folder that ``run`` wrote in.

    Raises:
        UserError: no such run, or its record is damaged.
    """
    return trust_of(find_record(run, results_of(results)).record)


def trust_of(record: RecordPlace) -> str:
    """:func:`trust` of the record of a finished run."""
    outcome = read_part(Metrics, record / "metrics.json")
    right, clips = outcome.test["accuracy"], outcome.counts.test
    if not clips:
        return "This run was tested on no clip, so nobody knows how often its labels are right."
    said = f"This run named {100 * right:.1f} % of its {clips:,} test clips rightly"
    always = f"always naming one class would name {100 * outcome.majority:.1f} %"
    interval = recorded_interval(outcome)
    if interval is None:
        return f"{said}; {always}."
    said += f" (95 % interval: {100 * interval.low:.1f} to {100 * interval.high:.1f} %); {always}"
    return f"{said}, and it is not shown to be better." if interval.touches(outcome.majority) else f"{said}."
