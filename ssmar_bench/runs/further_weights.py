"""Files that a method's further networks start from: by content in what a run is, by path where it is executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssmar_bench.backbones.build import weights_digest, weights_file
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import HyperParameters, Method, method_without_network
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_facts import WEIGHTS
from ssmar_bench.core.network_names import beside, split_digest, with_digest
from ssmar_bench.core.paths import expand_home


def further_names(method: str, algorithm: type[Method], values: HyperParameters) -> Sequence[str]:
    """What the method's ``further_networks()`` says before anything is built.

    Raises:
        UserError: it cannot say it from its hyper-parameters.
    """
    try:
        return list(method_without_network(algorithm, values).further_networks())
    except Exception as error:
        wrong = f"{method}: its further_networks() raised {type(error).__name__}: {error}"
        raise UserError(f"{wrong}; it may read self.config alone.") from error


def with_digests(
    method: str, algorithm: type[Method], values: HyperParameters, backbone: BackboneConfig
) -> tuple[HyperParameters, dict[str, str]]:
    """The hyper-parameters with ``NAME@FILE#DIGEST`` for ``NAME@FILE``, so that a file's content is part of a run.

    Args:
        method: its name.
        algorithm: the method's.
        values: its hyper-parameters.
        backbone: the run's network.

    Returns:
        They, and ``FILE#DIGEST`` -> absolute path.

    Raises:
        UserError: a file is not there, is not the one whose digest is given, or is named by no hyper-parameter.
    """
    names, marked, files = further_names(method, algorithm, values), {}, {}
    for name in names:
        network, _, given = name.partition("@")
        word, digest = split_digest(given)
        if not word:
            continue
        try:
            config = beside(backbone, f"{network}@{expand_home(word) if word.startswith('~') else word}")
            if not (path := weights_file(config)):
                continue
            found = weights_digest(config)
        except UserError as error:
            raise UserError(f"{method}: {error}") from error
        if digest not in ("", found):
            raise UserError(
                f"{method}: {word} is not the file that was meant, its SHA-256 begins with {found} and not with "
                f"{digest}; give that file, or leave '#{digest}' away."
            )
        mark = with_digest(path, found)
        marked[name], files[mark] = f"{network}@{mark}", path
    if not marked:
        return values, {}
    digested = type(values).model_validate(_replaced(values.model_dump(mode="json"), marked))
    lost = {marked.get(name, name) for name in names} - set(further_names(method, algorithm, digested))
    if lost:
        raise UserError(
            f"{method}: its further_networks() names {', '.join(sorted(lost))}, which is the value of no "
            "hyper-parameter; make NAME@FILE the value of one, so that the file is part of what a run is."
        )
    return digested, files


def with_places(sets: Mapping[str, Any], launch: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a recorded run with the paths of their files of weights, where ``launch.json`` still knows them."""
    here = {mark: path for mark, path in launch.get("further_weights", {}).items() if Path(path).is_file()}
    own = launch.get("weights", "")
    placed = {key: _placed(value, here) for key, value in sets.items()}
    return placed | ({WEIGHTS: own} if WEIGHTS in sets and own and Path(own).is_file() else {})


def _placed(value: Any, here: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_placed(one, here) for one in value]
    name, _, mark = str(value).partition("@")
    return f"{name}@{here[mark]}#{split_digest(mark)[1]}" if mark in here else value


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(one, texts) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, texts) for one in value]
    return texts.get(value, value) if isinstance(value, str) else value
