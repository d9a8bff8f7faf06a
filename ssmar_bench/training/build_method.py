"""A run's method, built from its spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.backbones.build import build_backbone, seeded_build
from ssmar_bench.core.contract import Context, Method
from ssmar_bench.core.network_names import beside
from ssmar_bench.core.run_spec import OWN, RunSpec
from ssmar_bench.core.seeds import seed_of
from ssmar_bench.core.split import Split
from ssmar_bench.training.run_data import unlabelled_pool


def build_method(spec: RunSpec, split: Split, steps: int, files: Mapping[str, str] | None) -> Method:
    """The spec's algorithm with its networks; initial weights depend on the seed and each network's role alone.

    Args:
        spec: of the run.
        split: of the run.
        steps: of the whole run.
        files: paths of the files of initial weights (:attr:`~ssmar_bench.core.run_spec.Launch.weight_files`); None for
            networks whose weights are replaced afterwards: none are read or fetched.
    """
    algorithm: type[Method] = ALGORITHMS.load(spec.algorithm)
    segments, size, classes = spec.frame_cache.segments, spec.clips.size, len(split.classes)
    pixels = spec.clips.mean, spec.clips.std

    def network(role: str, name: str = "") -> Any:
        config = beside(spec.backbone, name, files) if name else spec.backbone
        if files is None:
            config = config.model_copy(update={"weights": "none"})
        elif not name and OWN in files:
            config = config.model_copy(update={"weights": files[OWN]})
        seed = seed_of("network", spec.seed, role)
        return build_backbone(config, segments, classes, seed, size, pixels, classifier=bool(name))

    context = Context(
        classes=classes,
        n_labelled=len(split.labelled),
        n_unlabelled=len(unlabelled_pool(spec, split)),
        steps=steps,
        epochs=spec.train.epochs,
        network=network,
        module=lambda role, make: seeded_build(seed_of("part", spec.seed, role), make),
        unlabelled_per_labelled=spec.train.unlabelled_per_labelled,
        class_names=tuple(split.classes),
    )
    return algorithm(context, algorithm.Config.model_validate(spec.hyperparameters))
