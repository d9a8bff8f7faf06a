"""Train a recorded run again, and compare."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ssmar_bench.api.find_run import FoundRun, find_record
from ssmar_bench.api.run_list import run_state
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results.verification import TOLERANCE, Verification, compare_records, recorded_environment
from ssmar_bench.runs import execute
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.further_weights import with_places
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.launch_file import read_launch
from ssmar_bench.runs.rerun_command import departures
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.instruction_set import limit_to


@dataclass(frozen=True)
class SecondTraining:
    """What a record does not hold and a second training needs.

    Attributes:
        benchmark, method: paths of the run's own config files; "" where they are shipped.
        roots: folders of sources by name.
        device: in place of the recorded kind of device; "" for the same kind.
    """

    benchmark: str = ""
    method: str = ""
    roots: Mapping[str, Path] = field(default_factory=dict)
    device: str = ""


def verify_run(
    run: Path | str,
    folder: Path | str = RESULTS,
    how: SecondTraining | None = None,
    tolerance: float = TOLERANCE,
    listener: Listener = ignore_events,
) -> Verification:
    """Train a finished run again in a temporary folder, and compare what comes out with its record.

    Args:
        run: its folder, its name, or a start of names that one run alone has.
        folder: the folder that ``run`` wrote in.
        how: configs, folders and device, where the record does not say it.
        tolerance: largest difference of a test score that counts as equal, as a fraction.
        listener: hears how far it is.

    Raises:
        UserError: no such run, one that is not finished, a config or data that is not here, or the second training
            failed.
    """
    how = how or SecondTraining()
    found = find_record(run, results_of(folder))
    state = "done" if found.folder is None else run_state(found.folder)
    if state != "done" or not (found.record / "metrics.json").is_file():
        raise UserError(
            f"Run {found.name} is {state if state != 'done' else 'failed'}; only a finished run can be verified."
        )
    if not 0 <= tolerance <= 1:
        raise UserError(f"The tolerance {tolerance:g} is no fraction from 0 to 1.")
    with tempfile.TemporaryDirectory(prefix="ssmar-verify-") as scratch:
        results = Path(scratch)
        # Another instruction set gives other last bits: the recorded one is used where this processor has it.
        variables = limit_to(recorded_environment(found.record).get("instruction_set", ""))
        execution = Execution(results, how.roots, jobs=1, variables=variables)
        states = execute.run(resolve(_grid(found, how)), execution, listener)
        (name,) = states
        again = RunFolder(results / "runs" / name)
        if states[name] != "done":
            why = again.reason() if states[name] == "failed" else f"it is {states[name]}"
            raise UserError(f"Run {found.name} could not be trained again: {why}")
        return compare_records(found.name, found.record, again.record, tolerance)


def _grid(found: FoundRun, how: SecondTraining) -> Grid:
    """The grid of the one run."""
    spec = found.spec()
    for kind, given, known, option in (
        (spec.benchmark, how.benchmark, benchmark_configs.BENCHMARKS.names(), "--benchmark"),
        (spec.method, how.method, method_configs.METHODS.names(), "--method"),
    ):
        if not given and kind not in known:
            raise UserError(
                f"The config {kind}.yaml of the run {found.name} is not shipped; give its path with {option}."
            )
    return Grid(
        how.benchmark or spec.benchmark,
        [how.method or spec.method],
        [spec.ratio],
        [spec.seed],
        sets=with_places(
            departures(spec, how.benchmark, how.method), read_launch(found.folder) if found.folder else {}
        ),
        device=how.device or spec.device,
    )
