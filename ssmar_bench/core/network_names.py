"""Which networks the package has and what initial weights each of them may start from: known without building one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.video_networks import VIDEO_NETWORKS, WORDS

FAMILIES = ("tsn", "tsm", "manet")
"""``tsn:NAME``, ``tsm:NAME`` and ``manet:NAME`` take any network of timm."""
CONVOLUTIONS_3D = ("r3d18",)
TOKENS = ("timesformer-micro", "timesformer-small", "timesformer-base")
"""Networks that are made of patch tokens."""
PRETEXT_NETWORKS = ("micro-tsm", "micro-tsm-wide", "micro-r3d", "timesformer-micro")
"""Networks whose ``pretext`` weights come with the package (``ssmar-bench pretrain`` makes them)."""
FETCHED = ("imagenet", *WORDS)
"""Words for weights that a library fetches."""

SMALLER = {
    "micro-tsm-wide": "micro-tsm",
    "micro-tsm": "micro-tsm-narrow",
    **{f"{family}:resnet50": f"{family}:resnet18" for family in FAMILIES},
    **{f"{family}:resnet18": f"{family}:resnet10t" for family in FAMILIES},
}
"""The network that ``smaller`` stands for beside a run's network."""
LARGER = {light: heavy for heavy, light in SMALLER.items()}
"""The network that ``larger`` stands for."""
SAME = "same"
"""The run's own network, as a further one of it with other initial weights is called."""
_DIGEST = re.compile(r"#([0-9a-f]{16})$")


def beside(config: BackboneConfig, name: str, files: Mapping[str, str] | None = None) -> BackboneConfig:
    """A further network of a run, with the run's input and dropout.

    Args:
        config: the run's network.
        name: a network, ``smaller`` or ``larger`` for the next of the family of the run's, or ``same``.
            ``NAME@WEIGHTS`` starts from weights of its own, which are said as in ``backbone.weights``. Without them it
            starts from scratch if the run's network does, else from its own usual weights.
        files: where files of weights are that a run's hyper-parameters name by their content (``FILE#DIGEST``).

    Raises:
        UserError: there is no smaller or larger network beside the run's, or nothing follows ``@``.
    """
    given = name
    name, at, own = name.partition("@")
    if at and not own:
        raise UserError(f"'{given}' names no weights behind '@'; write {name}@FILE, {name}@none or {name} alone.")
    for word, known in (("smaller", SMALLER), ("larger", LARGER)):
        if name == word:
            if config.name not in known:
                raise UserError(f"No network is known as {word} than {config.name}; name the second network.")
            name = known[config.name]
            break
    name = config.name if name == SAME else name
    weights = "none" if config.weights == "none" else usual_weights(name)
    weights = (files or {}).get(own, own) or weights
    return with_usual_weights(config.model_copy(update={"name": name, "weights": weights}))


def with_digest(file: str, digest: str) -> str:
    """How a run's hyper-parameters name a file of weights: its name and 16 digits of its content's SHA-256."""
    return f"{PurePath(file).name}#{digest}"


def split_digest(file: str) -> tuple[str, str]:
    """A file as it is given, and the digest that it must have; "" where none is named."""
    found = _DIGEST.search(file)
    return (file[: found.start()], found[1]) if found else (file, "")


def without_place(value: Any) -> Any:
    """A hyper-parameter's value as names and tables say it: of ``NAME@FILE`` the file's name, without a digest."""
    if isinstance(value, list | tuple):
        return [without_place(one) for one in value]
    if not isinstance(value, str) or "@" not in value:
        return value
    name, _, file = value.partition("@")
    return f"{name}@{PurePath(split_digest(file)[0]).name}"


def is_file(weights: str) -> bool:
    """Whether these initial weights are a file's; neither "" nor a word is one."""
    return weights.casefold() not in ("", "none", "pretext", "pretrained", *FETCHED, *map(str.casefold, WORDS.values()))


def weights_of(name: str) -> tuple[str, ...]:
    """What ``backbone.weights`` may say of the network ``name`` besides ``none``; ``FILE`` stands for a path."""
    if name in PRETEXT_NETWORKS:
        return ("pretext", "FILE")
    if name in CONVOLUTIONS_3D:
        return ("kinetics400", "FILE")
    if name in VIDEO_NETWORKS:
        return (*VIDEO_NETWORKS[name].weights, "FILE")
    if name in TOKENS or name.partition(":")[0] in FAMILIES:
        return ("imagenet", "FILE")
    return ()


def usual_weights(name: str) -> str:
    """What ``weights: pretrained`` stands for with the network ``name``; ``none`` if it has no such weights."""
    return next(iter(weights_of(name)), "none")


def with_usual_weights(config: BackboneConfig) -> BackboneConfig:
    """The same with a word that the network has for ``pretrained`` (``none`` if it has none) and torchvision's names.

    torchvision's ``KINETICS400_V1`` is ``kinetics400``, in any case.
    """
    theirs = {name.casefold(): word for word, name in WORDS.items()}
    weights = theirs.get(config.weights.casefold(), config.weights)
    weights = usual_weights(config.name) if weights == "pretrained" else weights
    return config if weights == config.weights else config.model_copy(update={"weights": weights})
