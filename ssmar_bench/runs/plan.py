"""A grid of methods x ratios x seeds on one benchmark, as runs with their specs and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones import build as backbones
from ssmar_bench.clips.segments import check_views
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core import numbers
from ssmar_bench.core.benchmark_config import BenchmarkConfig, FrameCacheConfig
from ssmar_bench.core.config_layers import SETTABLE, resolve_config
from ssmar_bench.core.contract import HyperParameters, Method, method_without_network
from ssmar_bench.core.errors import UserError, name_taken_twice, nearest
from ssmar_bench.core.index import Index
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.method_set import expand_method_sets
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.core.yaml_file import Document, validate
from ssmar_bench.runs.data_digests import DataDigests
from ssmar_bench.splits.build import build_split

AS_SEMILEARN = "as_semilearn"
"""``--set ALGORITHM.as_semilearn=true`` lays a method config's section of that name over its hyper-parameters."""


@dataclass(frozen=True)
class Grid:
    """What a user asked for; None means the benchmark's own choice.

    Attributes:
        benchmark: a benchmark's name, or the path of a benchmark config (.yaml).
        methods: method configs by name or path, and sets of them (``table1``).
        ratios, seeds: labelled ratios in (0, 1], and seeds.
        backbone: a network in place of the benchmark's, by any name that :class:`BackboneConfig` takes.
        profile: a profile of the benchmark config (``smoke``, ``long``, ...).
        sets: ``section.key`` -> value, as ``--set``: ``{"train.lr": 0.01}``; an algorithm's own begin with its name.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
    """

    benchmark: str
    methods: Sequence[str]
    ratios: Sequence[float] | None = None
    seeds: Sequence[int] | None = None
    backbone: str | None = None
    profile: str | None = None
    sets: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "benchmark", str(self.benchmark))  # a script may give a path
        object.__setattr__(self, "device", self.device.lower())
        if isinstance(self.methods, str):  # one word is a sequence of letters, too
            object.__setattr__(self, "methods", [self.methods])
        object.__setattr__(self, "sets", numbers.plain_numbers(self.sets))
        for name, number, expected in (
            ("ratios", numbers.parse_ratio, "numbers"),
            ("seeds", numbers.parse_whole, "whole numbers"),
        ):
            given = getattr(self, name)
            if given is not None:
                try:
                    object.__setattr__(self, name, list(dict.fromkeys(map(number, given))))
                except (TypeError, ValueError) as error:
                    raise UserError(f"Grid({name}={given!r}): expected a list of {expected}.") from error
                if not getattr(self, name):
                    raise UserError(f"Grid({name}={given!r}): expected at least one, or None for the benchmark's own.")


@dataclass(frozen=True)
class PlannedRun:
    """One run of a grid.

    Attributes:
        spec, split: what it is.
        label: its method's name in tables.
        skip: why it is skipped, "" if it is not.
        left_out: why clips of the benchmark are not in the split, by their ids: their videos cannot be used.
        weights: path of the file that its networks start from, "" if they start from none.
        known: what a finished record must agree with, or None for nothing.
    """

    spec: RunSpec
    split: Split
    label: str
    skip: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""
    known: DataDigests | None = None

    def folder(self, results: Path) -> RunFolder:
        """Where its record is."""
        return RunFolder(results / "runs" / self.spec.folder())

    def state(self, results: Path) -> str:
        """``skipped``, ``done``, ``damaged``, ``outdated`` (other labels), ``failed``, ``interrupted``, ``missing``."""
        folder = self.folder(results)
        if self.skip:
            return "skipped"
        if folder.done():
            if folder.damage():
                return "damaged"
            return "done" if self.known is None or self.known.agrees(folder) else "outdated"
        if folder.failure():
            return "failed"
        return "interrupted" if folder.started() else "missing"


@dataclass(frozen=True)
class ResolvedMethod:
    """A method of the grid, fully resolved and validated."""

    method_config: MethodConfig
    algorithm: type[Method]
    benchmark_config: BenchmarkConfig
    hyperparameters: HyperParameters


def _split_sets(grid: Grid, algorithms: Sequence[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """``--set`` keys of the benchmark config's sections, and those of each algorithm."""
    sections: dict[str, Any] = {}
    own: dict[str, dict[str, Any]] = {name: {} for name in algorithms}
    for key, value in grid.sets.items():
        space, _, name = key.partition(".")
        if space in SETTABLE:
            sections[key] = value
        elif space in own:
            own[space][name] = value
        else:
            raise UserError(f"--set {key}: unknown section '{space}'{nearest(space, [*SETTABLE, *own])}")
    if grid.backbone is not None:
        sections["backbone.name"] = grid.backbone
    if isinstance(backbone := sections.get("backbone.name"), str):
        sections["backbone.name"] = backbones.named(backbone)
    return sections, own


def _hyperparameters(
    method_config: MethodConfig, source: Document, config: type[HyperParameters], sets: Mapping[str, Any]
) -> Any:
    as_semilearn, sets = _reading(method_config, sets)
    values = method_config.values(as_semilearn) | sets
    sections = ("hyperparameters", AS_SEMILEARN) if as_semilearn else ("hyperparameters",)
    lines = {
        place[1:2]: where for section in sections for place, where in source.lines.items() if place[:1] == (section,)
        and len(place) <= 2 and not (len(place) == 2 and place[1] in sets)
    }  # fmt: skip
    if sets:
        lines.pop((), None)
    return validate(config, Document(values, lines))


def _reading(method_config: MethodConfig, sets: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether semilearn's reading of the method is asked for, and the other ``--set`` keys."""
    others = {name: value for name, value in sets.items() if name != AS_SEMILEARN}
    asked = sets.get(AS_SEMILEARN, False)
    said = f"--set {method_config.algorithm}.{AS_SEMILEARN}={asked}"
    if not isinstance(asked, bool):
        raise UserError(f"{said}: expected true or false.")
    if asked and not method_config.as_semilearn:
        raise UserError(
            f"{said}: the method config of {method_config.name} has no section {AS_SEMILEARN}; leave it out."
        )
    return asked, others


def resolve_rows(grid: Grid) -> list[ResolvedMethod]:
    """Every method of the grid under the benchmark, profile and ``--set``.

    Raises:
        UserError: the first fault in methods, method configs, benchmark config or ``--set``.
    """
    if not grid.methods:
        raise UserError(f"No method was given; known: {', '.join(method_configs.METHODS.names())}.")
    words = expand_method_sets(grid.methods)
    read = [method_configs.read_method_config(word) for word in words]
    asked: dict[str, str] = {}
    for (method_config, _), word in zip(read, words, strict=True):
        if asked.setdefault(method_config.name, word) != word:
            raise name_taken_twice("method", method_config.name, [asked[method_config.name], word])
    sections, own = _split_sets(grid, [method_config.algorithm for method_config, _ in read])
    result = []
    for method_config, source in read:
        algorithm = ALGORITHMS.of(method_config, source)
        benchmark_config = resolve_config(grid.benchmark, grid.profile, method_config, sections, source)
        config = _hyperparameters(method_config, source, algorithm.Config, own[method_config.algorithm])
        result.append(ResolvedMethod(method_config, algorithm, benchmark_config, config))
    return result


def base_config(grid: Grid) -> BenchmarkConfig:
    """The grid's benchmark config before any method config's overrides: what data and splits are made from."""
    sections, _ = _split_sets(
        grid, [method_configs.read_method_config(name)[0].algorithm for name in expand_method_sets(grid.methods)]
    )
    return resolve_config(grid.benchmark, grid.profile, None, sections)


def _check_row(row: ResolvedMethod) -> None:
    """Asks the algorithm whether its hyper-parameters and views work in such a run, before any network is built."""
    method = method_without_network(row.algorithm, row.hyperparameters)
    try:
        method.check(row.benchmark_config.train.epochs)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    except Exception as error:
        wrong = f"{row.method_config.name}: its check() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; it may read self.config alone, and raise ValueError.") from error
    try:
        check_views(method.views(), row.benchmark_config.frame_cache)
    except ValueError as error:
        raise UserError(f"{row.method_config.name} cannot be run on {row.benchmark_config.name}: {error}.") from error
    except Exception as error:
        wrong = f"{row.method_config.name}: its views() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; they may read self.config alone.") from error


def _check_networks(table: Sequence[ResolvedMethod]) -> None:
    """Outlines every network, so that an unknown name, or a network that its method cannot use, is reported at once."""
    outlines: dict[tuple[str, int], backbones.ClipClassifier] = {}
    for row in table:
        method_config, size = row.benchmark_config.backbone, row.benchmark_config.clips.size
        if (str(method_config), size) not in outlines:
            segments, classes = row.benchmark_config.frame_cache.segments, len(row.benchmark_config.classes)
            outlines[str(method_config), size] = backbones.build_outline(method_config, segments, classes, size)
        outline = outlines[str(method_config), size]
        if row.algorithm.needs_stages and not outline.stages:
            raise UserError(
                f"{row.method_config.name} needs a network that gives the feature maps of its stages, as "
                f"{method_config.name} does "
                f"not; give one with --backbone: {', '.join(backbones.STAGED)}."
            )
        if row.algorithm.needs_tokens and outline.grid is None:
            raise UserError(
                f"{row.method_config.name} needs a network that is made of patch tokens, as {method_config.name} is "
                "not; give one "
                f"with --backbone: {', '.join(backbones.TOKENS)}."
            )


def check_fits(table: Sequence[ResolvedMethod]) -> None:
    """Tries the initial weights and the clips' shape of every network, before anything is rendered or decoded.

    Raises:
        UserError: as :func:`ssmar_bench.backbones.build.check_fit`.
    """
    for row in table:
        benchmark_config = row.benchmark_config
        classes = len(benchmark_config.classes)
        backbones.check_fit(
            benchmark_config.backbone, benchmark_config.frame_cache.segments, classes, benchmark_config.clips.size
        )


def check_device(name: str) -> None:
    """A :class:`UserError` unless ``name`` is a device that is here."""
    try:
        kind = torch.device(name).type
    except RuntimeError:
        kind = ""
    if kind not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected cpu, cuda or cuda:N.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--device {name}: torch finds no CUDA device here; use --device cpu.")
    if kind == "cuda" and (torch.device(name).index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device {name}: torch finds {torch.cuda.device_count()} CUDA devices here, from cuda:0 on.")


def check_grid(grid: Grid) -> list[ResolvedMethod]:
    """The grid's rows, after everything that can be checked without data: nothing has been rendered or written.

    Raises:
        UserError: the first fault in methods, method configs, benchmark config, ``--set``, backbone, device, ratios or
            schedule.
    """
    table = resolve_rows(grid)
    for row in table:
        _check_row(row)
    _check_networks(table)
    check_device(grid.device)
    for ratio in grid.ratios or ():
        if not 0 < ratio <= 1:
            meant = f"; did you mean {ratio / 100:g}?" if 2 <= ratio <= 100 else "."
            raise UserError(f"A labelled ratio lies in (0, 1]; {ratio:g} does not{meant}")
    for seed in grid.seeds or ():
        if not 0 <= seed < 2**31:
            raise UserError(f"A seed is a whole number from 0 to {2**31 - 1}; {str(seed)[:40]} is not.")
    return table


def plan_runs(
    grid: Grid,
    index: Index,
    left_out: Mapping[str, str] | None = None,
    pixels: Mapping[FrameCacheConfig, str] | None = None,
    known: DataDigests | None = None,
) -> list[PlannedRun]:
    """The grid's runs, so ordered that a part of them is a balanced table: seed by seed, ratio by ratio.

    Args:
        grid: what a user asked for.
        index: the clips of its source, without those that are left out.
        left_out: why clips are left out, by their ids.
        pixels: digest of the decoded clips by method config, as far as they are decoded.
        known: what the records must agree with.

    Raises:
        UserError: anything wrong with method configs, benchmark config, ratios or index; nothing has been written.
    """
    table = check_grid(grid)
    benchmark_config = base_config(grid)
    result = []
    for seed in grid.seeds if grid.seeds is not None else benchmark_config.seeds:
        for ratio in grid.ratios if grid.ratios is not None else benchmark_config.ratios:
            split = build_split(index, benchmark_config, ratio, seed)
            for row in table:
                planned_run = _plan_run(
                    row, split, grid.device, (pixels or {}).get(row.benchmark_config.frame_cache, "")
                )
                result.append(replace(planned_run, left_out=left_out or {}, known=known))
    return result


def _plan_run(row: ResolvedMethod, split: Split, device: str, pixels: str) -> PlannedRun:
    benchmark_config = row.benchmark_config
    spec = RunSpec(
        benchmark=benchmark_config.name,
        source=benchmark_config.source.model_dump(mode="json"),
        split=split.fingerprint(),
        ratio=split.ratio,
        seed=split.seed,
        method=row.method_config.name,
        algorithm=row.method_config.algorithm,
        revision=row.algorithm.revision,
        hyperparameters=row.hyperparameters.model_dump(mode="json"),
        frame_cache=benchmark_config.frame_cache.to_config(),
        clips=benchmark_config.clips.to_config(),
        backbone=benchmark_config.backbone.to_config(),
        train=benchmark_config.train.to_config(),
        weights=backbones.weights_digest(benchmark_config.backbone),
        device=device.partition(":")[0],  # which of several is no part of what a run is
        pixels=pixels,
    )
    skip = ""
    if row.algorithm.needs_unlabelled and not split.unlabelled:
        skip = f"{row.method_config.name} needs unlabelled clips, and at ratio {split.ratio:g} there are none"
    return PlannedRun(
        spec, split, row.method_config.label, skip, weights=backbones.weights_file(benchmark_config.backbone)
    )
