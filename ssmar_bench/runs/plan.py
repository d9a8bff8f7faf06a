"""A resolved grid as runs, with their specs, states and expected times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones import build as backbones
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.index import Index
from ssmar_bench.core.processes import default_jobs
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_names import is_name_of, names_by_identity, sorted_names
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.runs import prepare_data, step_timing
from ssmar_bench.runs.data_digests import DataDigests, matching_spec
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.resolve import Resolved, ResolvedMethod
from ssmar_bench.splits.split_builder import BenchmarkClips, ground_truth


@dataclass(frozen=True)
class PlannedRun:
    """One run of a grid.

    Attributes:
        spec, split: what it is.
        label: its method's name in tables.
        skip: why it is skipped, "" if it is not.
        left_out: why clips of the benchmark are not in the split, by their ids: their videos cannot be used.
        weights: path of the file that its networks start from, "" if they start from none.
        further_weights: of :class:`~ssmar_bench.core.run_spec.Launch`.
        known: what a finished record must agree with, or None for nothing.
        given: benchmark and method as the grid names them, which may be paths of files.
        note: what departs from the defaults, as a new folder's name says it.
        found: name of the folder that holds the run already, "" if there is none.
        archived: the archive that holds its record, "" if there is none; a folder of the run goes before it.
    """

    spec: RunSpec
    split: Split
    label: str
    skip: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""
    further_weights: Mapping[str, str] = field(default_factory=dict)
    known: DataDigests | None = None
    given: tuple[str, str] = ("", "")
    note: str = ""
    found: str = ""
    archived: str = ""

    @property
    def name(self) -> str:
        """Its folder's name: that of a folder which is there, or else a new one."""
        return self.found or self.spec.folder(self.note)

    def folder(self, results: Path) -> RunFolder:
        """Where its record is."""
        return RunFolder(results / "runs" / self.name)

    def taken(self, results: Path) -> str:
        """The archive that its record is taken from, "" if there is a folder of its own, or neither."""
        return "" if self.folder(results).path.exists() else self.archived

    def state(self, results: Path) -> str:
        """``skipped``, ``done``, ``damaged``, ``outdated`` (other labels), ``failed``, ``interrupted``, ``missing``."""
        folder = self.folder(results)
        if self.skip:
            return "skipped"
        if folder.done():
            if folder.damage():
                return "damaged"
            return "done" if self.known is None or self.known.agrees(folder) else "outdated"
        if self.taken(results):
            return "done"
        if folder.failure():
            return "failed"
        return "interrupted" if folder.started() else "missing"


def plan_runs(
    resolved: Resolved,
    index: Index,
    left_out: Mapping[str, str] | None = None,
    pixels: Mapping[FrameCacheConfig, str] | None = None,
    known: DataDigests | None = None,
) -> list[PlannedRun]:
    """The grid's runs, so ordered that a part of them is a balanced table: seed by seed, ratio by ratio.

    Args:
        resolved: the grid.
        index: the clips of its source, without those that are left out.
        left_out: why clips are left out, by their ids.
        pixels: digest of the decoded clips by frame cache, as far as they are decoded.
        known: what the records must agree with.

    Raises:
        UserError: no split can be built of the index.
    """
    clips, result = BenchmarkClips.of(index, resolved.benchmark_config), []
    rows = [_Row.of(method, resolved.grid.device, pixels or {}) for method in resolved.methods]
    for seed in resolved.seeds:
        for ratio in resolved.ratios:
            split = clips.split(ratio, seed)
            fingerprint = split.fingerprint()
            result += [replace(row.run(split, fingerprint), left_out=left_out or {}, known=known) for row in rows]
    return result


@dataclass(frozen=True)
class _Row:
    """A method of a grid, and what the specs of all its runs have in common."""

    method: ResolvedMethod
    common: Mapping[str, Any]
    weights: str

    @classmethod
    def of(cls, method: ResolvedMethod, device: str, pixels: Mapping[FrameCacheConfig, str]) -> _Row:
        config = method.benchmark_config
        common = {
            "benchmark": config.name,
            "source": config.source,
            "method": method.method_config.name,
            "algorithm": method.method_config.algorithm,
            "revision": method.algorithm.revision,
            "hyperparameters": method.hyperparameters.model_dump(mode="json"),
            "frame_cache": config.frame_cache,
            "clips": config.clips,
            "backbone": config.backbone,
            "train": config.train,
            "weights": backbones.weights_digest(config.backbone),
            "device": device.partition(":")[0],  # which of several is no part of what a run is
            "pixels": pixels.get(config.frame_cache, ""),
            "plugin_file": ALGORITHMS.plugin_file(method.method_config.algorithm),
        }
        return cls(method, common, backbones.weights_file(config.backbone))

    def run(self, split: Split, fingerprint: str) -> PlannedRun:
        """The run on a split, whose fingerprint takes time and is given."""
        config = self.method.method_config
        skip = ""
        if self.method.algorithm.needs_unlabelled and not split.unlabelled:
            skip = f"{config.name} needs unlabelled clips, and at ratio {split.ratio:g} there are none"
        spec = RunSpec(split=fingerprint, ratio=split.ratio, seed=split.seed, **self.common)
        method = self.method
        return PlannedRun(
            spec,
            split,
            config.label,
            skip,
            weights=self.weights,
            further_weights=method.weight_files,
            given=method.given,
            note=method.note,
        )


def known_runs(resolved: Resolved, execution: Execution, index: Index) -> list[PlannedRun]:
    """The grid's runs, without the clips that a former preparation could not use if such clips are skipped.

    A clip that is missing from one of the grid's frame caches is left out of all rows, so that they stay comparable.
    Where clips are not decoded, a run is the recorded run that agrees with it in all else, if there is one. A run that
    has no folder is done if an archive holds exactly this run, recorded with today's labels and subjects.
    """
    whole = prepare_data.any_split(index, resolved.benchmark_config)
    clips = prepare_data.clip_files(index, whole)
    left_out: dict[str, str] = {}
    if execution.on_bad_clip == "skip":
        for variant in resolved.frame_caches.values():
            left_out |= prepare_data.known_left_out(variant, index, whole) or {}
    used = [clip for clip in clips if clip.name not in left_out]
    answers = ground_truth(index, resolved.benchmark_config).digest(clip.name for clip in used)
    pixels = {config: prepare_data.known_pixels(variant, clips) for config, variant in resolved.frame_caches.items()}
    known = DataDigests(answers, prepare_data.sizes_digest(used))
    table = plan_runs(resolved, prepare_data.without_clips(index, left_out), left_out, pixels, known)
    folders = sorted_names(execution.results / "runs")
    names, found = names_by_identity(folders), []
    for planned_run in table:
        spec = matching_spec(planned_run.spec, planned_run.known, execution.results, folders, execution.archived)
        name = names.get(spec.identity(), "")
        here = is_name_of(name, spec.benchmark, spec.method, spec.identity())
        place = "" if here else execution.archived.place_of(spec, answers)
        found.append(replace(planned_run, spec=spec, found=name if here else "", archived=place))
    return found


@dataclass(frozen=True)
class PlanEntry:
    """A run of a plan.

    Attributes:
        planned_run, state: what it is, and its state before execution.
        seconds: that its training is expected to take; None: unknown.
        guess: where they come from if not from runs of the same method: ``other methods`` or ``a timed step``.
    """

    planned_run: PlannedRun
    state: str
    seconds: float | None
    guess: str = ""

    def __repr__(self) -> str:
        return f"<{self.planned_run.name}: {self.state}>"


def steps_of(planned_run: PlannedRun) -> int:
    """Optimiser steps of a run."""
    train = planned_run.spec.train
    clips = len(planned_run.split.labelled) + len(planned_run.split.unlabelled)
    return train.epochs * -(-clips // train.batch)


def plan(resolved: Resolved, execution: Execution) -> list[PlanEntry]:
    """The grid's runs with states and expected times; of a synthetic source only the lists are needed, and made."""
    benchmark_config = resolved.benchmark_config
    prepare_data.source_root(benchmark_config, execution.roots)  # reported before any weights are fetched
    resolved.check_fits()
    index = prepare_data.planning_index(benchmark_config, execution.roots, execution.on_bad_clip)
    measured = step_timing.measured_seconds(execution.results)
    planned = []
    for planned_run in known_runs(resolved, execution, index):
        known = measured.get(step_timing.timing_key(planned_run.spec))
        seconds = None if known is None else known * steps_of(planned_run)
        planned.append(PlanEntry(planned_run, _state_now(planned_run, execution.results), seconds))
    return planned


def _state_now(planned_run: PlannedRun, results: Path) -> str:
    """The run's state, or ``running`` while another command trains it."""
    state = planned_run.state(results)
    return "running" if state not in ("done", "skipped") and planned_run.folder(results).held() else state


def to_train(planned: Sequence[PlanEntry], execution: Execution) -> tuple[list[PlanEntry], int]:
    """The runs that would be trained, and how many of them side by side."""
    todo = [entry for entry in planned if execution.wants(entry.planned_run.state(execution.results))]
    threads = max((entry.planned_run.spec.train.threads for entry in todo), default=1)
    return todo, min(execution.jobs or default_jobs(threads), len(todo))


def expected_seconds(planned: Sequence[PlanEntry], execution: Execution) -> tuple[float, int]:
    """Wall-clock seconds for what would be trained, and the number of runs whose time is unknown."""
    todo, jobs = to_train(planned, execution)
    known = [entry.seconds for entry in todo if entry.seconds is not None]
    return sum(known) / max(1, jobs), len(todo) - len(known)
