"""A grid of methods x ratios x seeds on one benchmark, as cells with their specs and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones import build as backbones
from ssmar_bench.clips.segments import check_views
from ssmar_bench.core import method_config as recipes
from ssmar_bench.core import numbers
from ssmar_bench.core.benchmark_config import Definition, StoreRecipe
from ssmar_bench.core.config_layers import SETTABLE, settle
from ssmar_bench.core.contract import HyperParameters, Method, unbuilt
from ssmar_bench.core.errors import UserError, nearest, twice
from ssmar_bench.core.index import Index
from ssmar_bench.core.method_config import Recipe
from ssmar_bench.core.method_set import expand
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import Manifest
from ssmar_bench.core.yaml_file import Document, validate
from ssmar_bench.runs.data_digests import Known
from ssmar_bench.splits.build import build

AS_SEMILEARN = "as_semilearn"
"""``--set ALGORITHM.as_semilearn=true`` lays a recipe's section of that name over its hyper-parameters."""


@dataclass(frozen=True)
class Grid:
    """What a person asked for; None means the benchmark's own choice.

    Attributes:
        benchmark: a benchmark's name, or the path of a definition (.yaml).
        methods: recipes by name or path, and sets of them (``table1``).
        ratios, seeds: labelled ratios in (0, 1], and seeds.
        backbone: a network in place of the benchmark's, by any name that :class:`BackboneRecipe` takes.
        profile: a profile of the definition (``smoke``, ``long``, ...).
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
        object.__setattr__(self, "sets", numbers.plain(self.sets))
        for name, number, expected in (("ratios", numbers.ratio, "numbers"), ("seeds", numbers.whole, "whole numbers")):
            given = getattr(self, name)
            if given is not None:
                try:
                    object.__setattr__(self, name, list(dict.fromkeys(map(number, given))))
                except (TypeError, ValueError) as error:
                    raise UserError(f"Grid({name}={given!r}): expected a list of {expected}.") from error
                if not getattr(self, name):
                    raise UserError(f"Grid({name}={given!r}): expected at least one, or None for the benchmark's own.")


@dataclass(frozen=True)
class Cell:
    """One run of a grid.

    Attributes:
        spec, manifest: what it is.
        label: its method's name in tables.
        skip: why it is skipped, "" if it is not.
        left_out: why clips of the benchmark are not in the manifest, by their ids: their videos cannot be used.
        weights: path of the file that its networks start from, "" if they start from none.
        known: what a finished record must agree with, or None for nothing.
    """

    spec: RunSpec
    manifest: Manifest
    label: str
    skip: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""
    known: Known | None = None

    def folder(self, results: Path) -> RunFolder:
        """Where its record stands."""
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
class Row:
    """A method of the grid, fully resolved and validated."""

    recipe: Recipe
    algorithm: type[Method]
    definition: Definition
    hyperparameters: HyperParameters


def _split_sets(grid: Grid, algorithms: Sequence[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """``--set`` keys of the definition's sections, and those of each algorithm."""
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


def _hyperparameters(recipe: Recipe, source: Document, config: type[HyperParameters], sets: Mapping[str, Any]) -> Any:
    as_semilearn, sets = _reading(recipe, sets)
    values = recipe.values(as_semilearn) | sets
    sections = ("hyperparameters", AS_SEMILEARN) if as_semilearn else ("hyperparameters",)
    lines = {
        place[1:2]: where for section in sections for place, where in source.lines.items() if place[:1] == (section,)
        and len(place) <= 2 and not (len(place) == 2 and place[1] in sets)
    }  # fmt: skip
    if sets:
        lines.pop((), None)
    return validate(config, Document(values, lines))


def _reading(recipe: Recipe, sets: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether semilearn's reading of the method is asked for, and the other ``--set`` keys."""
    others = {name: value for name, value in sets.items() if name != AS_SEMILEARN}
    asked = sets.get(AS_SEMILEARN, False)
    said = f"--set {recipe.algorithm}.{AS_SEMILEARN}={asked}"
    if not isinstance(asked, bool):
        raise UserError(f"{said}: expected true or false.")
    if asked and not recipe.as_semilearn:
        raise UserError(f"{said}: the recipe of {recipe.name} has no section {AS_SEMILEARN}; leave it out.")
    return asked, others


def rows(grid: Grid) -> list[Row]:
    """Every method of the grid under the benchmark, profile and ``--set``.

    Raises:
        UserError: the first fault in methods, recipes, definition or ``--set``.
    """
    if not grid.methods:
        raise UserError(f"No method was given; known: {', '.join(recipes.RECIPES.names())}.")
    words = expand(grid.methods)
    read = [recipes.read(word) for word in words]
    asked: dict[str, str] = {}
    for (recipe, _), word in zip(read, words, strict=True):
        if asked.setdefault(recipe.name, word) != word:
            raise twice("method", recipe.name, [asked[recipe.name], word])
    sections, own = _split_sets(grid, [recipe.algorithm for recipe, _ in read])
    result = []
    for recipe, source in read:
        algorithm = ALGORITHMS.of(recipe, source)
        definition = settle(grid.benchmark, grid.profile, recipe, sections, source)
        config = _hyperparameters(recipe, source, algorithm.Config, own[recipe.algorithm])
        result.append(Row(recipe, algorithm, definition, config))
    return result


def base_definition(grid: Grid) -> Definition:
    """The grid's definition before any recipe's overrides: what data and manifests are made from."""
    sections, _ = _split_sets(grid, [recipes.read(name)[0].algorithm for name in expand(grid.methods)])
    return settle(grid.benchmark, grid.profile, None, sections)


def _check_row(row: Row) -> None:
    """Asks the algorithm whether its hyper-parameters and views work in such a run, before any network is built."""
    method = unbuilt(row.algorithm, row.hyperparameters)
    try:
        method.check(row.definition.train.epochs)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    except Exception as error:
        wrong = f"{row.recipe.name}: its check() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; it may read self.config alone, and raise ValueError.") from error
    try:
        check_views(method.views(), row.definition.store)
    except ValueError as error:
        raise UserError(f"{row.recipe.name} cannot be run on {row.definition.name}: {error}.") from error
    except Exception as error:
        wrong = f"{row.recipe.name}: its views() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; they may read self.config alone.") from error


def _check_networks(table: Sequence[Row]) -> None:
    """Outlines every network, so that an unknown name, or a network that its method cannot use, is told at once."""
    outlines: dict[tuple[str, int], backbones.ClipClassifier] = {}
    for row in table:
        recipe, size = row.definition.backbone, row.definition.clips.size
        if (str(recipe), size) not in outlines:
            segments, classes = row.definition.store.segments, len(row.definition.classes)
            outlines[str(recipe), size] = backbones.outline(recipe, segments, classes, size)
        outline = outlines[str(recipe), size]
        if row.algorithm.needs_stages and not outline.stages:
            raise UserError(
                f"{row.recipe.name} needs a network that tells the feature maps of its stages, as {recipe.name} does "
                f"not; give one with --backbone: {', '.join(backbones.STAGED)}."
            )
        if row.algorithm.needs_tokens and outline.grid is None:
            raise UserError(
                f"{row.recipe.name} needs a network that is made of patch tokens, as {recipe.name} is not; give one "
                f"with --backbone: {', '.join(backbones.TOKENS)}."
            )


def check_fits(table: Sequence[Row]) -> None:
    """Tries the initial weights and the clips' shape of every network, before anything is rendered or decoded.

    Raises:
        UserError: as :func:`ssmar_bench.backbones.build.check_fit`.
    """
    for row in table:
        definition = row.definition
        classes = len(definition.classes)
        backbones.check_fit(definition.backbone, definition.store.segments, classes, definition.clips.size)


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


def check(grid: Grid) -> list[Row]:
    """The grid's rows, after everything that can be checked without data: nothing has been rendered or written.

    Raises:
        UserError: the first fault in methods, recipes, definition, ``--set``, backbone, device, ratios or
            schedule.
    """
    table = rows(grid)
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


def cells(
    grid: Grid,
    index: Index,
    left_out: Mapping[str, str] | None = None,
    pixels: Mapping[StoreRecipe, str] | None = None,
    known: Known | None = None,
) -> list[Cell]:
    """The grid's cells, so ordered that a part of them is a balanced table: seed by seed, ratio by ratio.

    Args:
        grid: what a person asked for.
        index: the clips of its source, without those that are left out.
        left_out: why clips are left out, by their ids.
        pixels: digest of the decoded clips by recipe, as far as they are decoded.
        known: what the records must agree with.

    Raises:
        UserError: anything wrong with recipes, definition, ratios or index; nothing has been written.
    """
    table = check(grid)
    definition = base_definition(grid)
    result = []
    for seed in grid.seeds if grid.seeds is not None else definition.seeds:
        for ratio in grid.ratios if grid.ratios is not None else definition.ratios:
            manifest = build(index, definition, ratio, seed)
            for row in table:
                cell = _cell(row, manifest, grid.device, (pixels or {}).get(row.definition.store, ""))
                result.append(replace(cell, left_out=left_out or {}, known=known))
    return result


def _cell(row: Row, manifest: Manifest, device: str, pixels: str) -> Cell:
    definition = row.definition
    spec = RunSpec(
        benchmark=definition.name,
        source=definition.source.model_dump(mode="json"),
        manifest=manifest.fingerprint(),
        ratio=manifest.ratio,
        seed=manifest.seed,
        method=row.recipe.name,
        algorithm=row.recipe.algorithm,
        revision=row.algorithm.revision,
        hyperparameters=row.hyperparameters.model_dump(mode="json"),
        store=definition.store.told(),
        clips=definition.clips.told(),
        backbone=definition.backbone.told(),
        train=definition.train.told(),
        weights=backbones.weights_digest(definition.backbone),
        device=device.partition(":")[0],  # which of several is no part of what a run is
        pixels=pixels,
    )
    skip = ""
    if row.algorithm.needs_unlabelled and not manifest.unlabelled:
        skip = f"{row.recipe.name} needs unlabelled clips, and at ratio {manifest.ratio:g} there are none"
    return Cell(spec, manifest, row.recipe.label, skip, weights=backbones.weights_file(definition.backbone))
