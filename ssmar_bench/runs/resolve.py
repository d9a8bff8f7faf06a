"""Resolves a grid, once: what each method of it runs with, read, validated and checked before anything is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones import build as backbones
from ssmar_bench.backbones import fit
from ssmar_bench.clips.segments import check_views
from ssmar_bench.core.benchmark_config import BackboneConfig, BenchmarkConfig, FrameCacheConfig
from ssmar_bench.core.config_layers import SETTABLE, BenchmarkResolver
from ssmar_bench.core.contract import HyperParameters, Method, method_without_network
from ssmar_bench.core.errors import UserError, name_taken_twice, nearest
from ssmar_bench.core.method_config import METHODS, MethodConfig, expand_method_sets, read_method_config
from ssmar_bench.core.method_facts import differing, flat_settings
from ssmar_bench.core.network_names import TOKENS, beside, with_usual_weights
from ssmar_bench.core.run_names import note_of
from ssmar_bench.core.video_networks import check_clips
from ssmar_bench.core.yaml_file import Document
from ssmar_bench.runs.further_weights import further_names, with_digests
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.hyperparameters import resolve_hyperparameters
from ssmar_bench.training.lr_schedule import check_restarts


@dataclass(frozen=True)
class ResolvedMethod:
    """A method of a grid with all that it runs with.

    Attributes:
        method_config, algorithm: its file, and the class that the file names.
        benchmark_config: under the profile, the method config's overrides and ``--set``.
        hyperparameters: validated by the algorithm.
        given: benchmark and method as the grid names them: by a name, or by the path of a file.
        note: what departs from the defaults of benchmark and method, as names of folders say it.
        weight_files: paths of the files that further networks start from, by how ``hyperparameters`` name them.
    """

    method_config: MethodConfig
    algorithm: type[Method]
    benchmark_config: BenchmarkConfig
    hyperparameters: HyperParameters
    given: tuple[str, str] = ("", "")
    note: str = ""
    weight_files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resolved:
    """A grid whose configs are read and checked; whoever plans, prepares or trains it reads none of them again.

    Attributes:
        grid: what was asked for.
        benchmark_config: before any method config's overrides: what data and splits are made from.
        methods: the rows, in the order of the grid.
    """

    grid: Grid
    benchmark_config: BenchmarkConfig
    methods: tuple[ResolvedMethod, ...]

    def __repr__(self) -> str:
        names = [method.method_config.name for method in self.methods]
        some = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        return f"<{self.benchmark_config.name}: {some}; ratios {list(self.ratios)}, seeds {list(self.seeds)}>"

    @property
    def ratios(self) -> Sequence[float]:
        """The grid's labelled ratios, or else the benchmark's."""
        return self.benchmark_config.ratios if self.grid.ratios is None else self.grid.ratios

    @property
    def seeds(self) -> Sequence[int]:
        """The grid's seeds, or else the benchmark's."""
        return self.benchmark_config.seeds if self.grid.seeds is None else self.grid.seeds

    @property
    def frame_caches(self) -> dict[FrameCacheConfig, BenchmarkConfig]:
        """The frame caches that the methods are trained from, each with the benchmark config that has it.

        Most methods share one, some need more of each clip.
        """
        configs = dict.fromkeys(method.benchmark_config.frame_cache for method in self.methods)
        return {config: self.benchmark_config.model_copy(update={"frame_cache": config}) for config in configs}

    def check_fits(self) -> list[str]:
        """Tries initial weights and the clips' shape of every network, before anything is rendered or decoded.

        Returns:
            Sentences about weights and clips that a user should read, each once.

        Raises:
            UserError: as :func:`ssmar_bench.backbones.fit.check_fit`.
        """
        told: list[str] = []
        for method in self.methods:
            config = method.benchmark_config
            sizes = config.frame_cache.segments, len(config.classes), config.clips.size
            told += fit.check_fit(config.backbone, *sizes)
            for backbone in _further_networks(method):
                told += fit.check_fit(backbone, *sizes, classifier=True)
        return list(dict.fromkeys(told))


def resolve(asked: Grid | Resolved) -> Resolved:
    """The grid with everything done that can be done without data; nothing is rendered or written.

    Args:
        asked: a grid; one that is resolved is given back as it is.

    Raises:
        UserError: the first fault in methods, method configs, benchmark config, ``--set``, backbone, device, ratios or
            schedule.
    """
    return asked if isinstance(asked, Resolved) else resolve_all([asked])[0]


def resolve_all(grids: Sequence[Grid]) -> list[Resolved]:
    """Several grids, of which each config is read once; arguments and errors as in :func:`resolve`."""
    read, benchmark = cache(read_method_config), cache(BenchmarkResolver)
    found = []
    for grid in grids:
        if not grid.methods:
            raise UserError(f"No method was given; known: {', '.join(METHODS.names())}.")
        words = expand_method_sets(grid.methods)
        given = [read(word) for word in words]
        asked: dict[str, str] = {}
        for (config, _), word in zip(given, words, strict=True):
            if asked.setdefault(config.name, word) != word:
                raise name_taken_twice("method", config.name, [asked[config.name], word])
        sections, own = _split_sets(grid, [config.algorithm for config, _ in given])
        resolver = benchmark(grid.benchmark)
        base = _with_usual_weights(resolver.resolve(grid.profile, sections))
        methods = []
        for (config, document), word in zip(given, words, strict=True):
            algorithm = ALGORITHMS.of(config, document)
            under = base
            if config.overrides:
                under = _with_usual_weights(resolver.resolve(grid.profile, sections, config, document))
            values = resolve_hyperparameters(config, document, algorithm.Config, own[config.algorithm])
            values, files = with_digests(config.name, algorithm, values, under.backbone)
            note = _note(grid.profile, resolver, ResolvedMethod(config, algorithm, under, values), document)
            methods.append(ResolvedMethod(config, algorithm, under, values, (grid.benchmark, word), note, files))
        for method in methods:
            _check_method(method)
        _check_networks(methods)
        grid.check()
        found.append(Resolved(grid, base, tuple(methods)))
    return found


def _with_usual_weights(config: BenchmarkConfig) -> BenchmarkConfig:
    return config.model_copy(update={"backbone": with_usual_weights(config.backbone)})


def _note(profile: str | None, resolver: BenchmarkResolver, row: ResolvedMethod, document: Document) -> str:
    """Where a row is not its method config on its benchmark config: the profile, and what departs from that."""
    config = row.method_config
    values = resolve_hyperparameters(config, document, row.algorithm.Config, {})

    def settings(benchmark_config: BenchmarkConfig, hyperparameters: HyperParameters) -> dict[str, Any]:
        plain = hyperparameters.model_dump(mode="json")
        return flat_settings(benchmark_config, config.name, config.algorithm, plain)

    plain, profiled = (settings(resolver.resolve(name, {}, config, document), values) for name in (None, profile))
    departing = differing(settings(row.benchmark_config, row.hyperparameters), profiled)
    return note_of(profile if profile and profiled != plain else "", departing)


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


def _check_method(resolved: ResolvedMethod) -> None:
    """Asks the algorithm whether its hyper-parameters and views work in such a run, before any network is built."""
    name, config = resolved.method_config.name, resolved.benchmark_config
    method = method_without_network(resolved.algorithm, resolved.hyperparameters)
    try:
        method.check(config.train.epochs)
        check_restarts(method.restarts(config.train.epochs), config.train.epochs)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    except Exception as error:
        wrong = f"{name}: its check() or restarts() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; they may read self.config alone, and raise ValueError.") from error
    try:
        check_views(method.views(), config.frame_cache)
    except ValueError as error:
        raise UserError(f"{name} cannot be run on {config.name}: {error}.") from error
    except Exception as error:
        wrong = f"{name}: its views() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; they may read self.config alone.") from error


def _further_networks(resolved: ResolvedMethod) -> list[BackboneConfig]:
    """Those that a method has besides the run's network; an unknown one is reported with the method's name."""
    method = resolved.method_config.name
    names = further_names(method, resolved.algorithm, resolved.hyperparameters)
    try:
        return [beside(resolved.benchmark_config.backbone, name, resolved.weight_files) for name in names]
    except UserError as error:
        raise UserError(f"{method}: {error}") from error


def _check_networks(methods: Sequence[ResolvedMethod]) -> None:
    """Outlines every network, so that an unknown name, or a network that its method cannot use, is reported at once."""
    outlines: dict[tuple[str, int], backbones.ClipClassifier] = {}
    for method in methods:
        config, name = method.benchmark_config, method.method_config.name
        backbone, size = config.backbone, config.clips.size
        if (str(backbone), size) not in outlines:
            outlines[str(backbone), size] = backbones.build_outline(
                backbone, config.frame_cache.segments, len(config.classes), size
            )
        outline = outlines[str(backbone), size]
        for further in _further_networks(method):
            backbones.build_outline(further, config.frame_cache.segments, len(config.classes), size)
            _check_lengths(method, further.name)
        _check_lengths(method, backbone.name)
        if method.algorithm.needs_stages and not outline.stages:
            raise UserError(
                f"{name} needs a network that gives the feature maps of its stages, as {backbone.name} does not; "
                f"give one with --backbone: {', '.join(backbones.STAGED)}."
            )
        if method.algorithm.needs_tokens and outline.grid is None:
            raise UserError(
                f"{name} needs a network that is made of patch tokens, as {backbone.name} is not; "
                f"give one with --backbone: {', '.join(TOKENS)}."
            )


def _check_lengths(method: ResolvedMethod, network: str) -> None:
    """Refuses views whose frames ``network`` cannot take, in their number or size."""
    config = method.benchmark_config
    for view in method_without_network(method.algorithm, method.hyperparameters).views():
        try:
            check_clips(network, view.frames or config.frame_cache.segments, config.clips.size)
        except UserError as error:
            raise UserError(f"{method.method_config.name}: {error}") from error
