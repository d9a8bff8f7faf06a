"""Distinguish runs of one method under different settings, so that no mean is taken over two different things.

A profile or a ``--set`` changes what a method's numbers mean. Such runs are rows of their own, and their labels say
in which key they differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ssmar_bench.core.identity import digest
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.record_schema import MethodFacts

SHARED = ("source", "frame_cache", "clips", "backbone", "weights", "train", "device", "engine", "pixels")
"""What the rows of a comparison normally have in common; the rest belongs to a method."""

NEVER_IN_A_PROFILE = ("revision", "plugin_file", "device", "engine")
"""Settings of a run that a profile cannot hold, so that it never explains them."""

LONGEST = 48
"""Characters of a label's suffix beyond which it counts the settings instead of naming them."""


def settings_of(spec: RunSpec) -> dict[str, Any]:
    """Everything that decides what the run's number means, whatever ratio and seed: dotted key -> value."""
    shared = _flat({name: value for name, value in spec.to_json().items() if name in SHARED})
    own = {"algorithm": spec.algorithm, "revision": spec.revision}
    if spec.plugin_file:
        own["plugin_file"] = spec.plugin_file
    return {**shared, **own, **_flat(spec.hyperparameters, f"{spec.method}.")}


def variant(spec: RunSpec) -> str:
    """Eight hex digits, equal for runs that may be averaged over seeds."""
    return digest(settings_of(spec), 8)


def differing(settings: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Keys that do not have the same value in all ``settings``, with their distinct values in order of first use."""
    found: dict[str, list[Any]] = {}
    rows = list(settings)
    for key in sorted({key for row in rows for key in row}):
        values: list[Any] = []
        for row in rows:
            if row.get(key) not in values:
                values.append(row.get(key))
        if len(values) > 1:
            found[key] = values
    return found


def main_variant(runs: Iterable[tuple[str, RunSpec]], defaults: Collection[str]) -> str:
    """The variant by which a method is known on a benchmark.

    That is the method config's own on the benchmark as it is defined, if there are runs of it; then that of the newest
    engine and algorithm, then the one with the most runs.

    Args:
        runs: runs of one method of one benchmark, at least one: the variant of each, and what was run.
        defaults: variants that have the method config's own settings.
    """
    groups: dict[str, list[RunSpec]] = defaultdict(list)
    for name, spec in runs:
        groups[name].append(spec)

    def standing(name: str) -> tuple[bool, int, int, int, str]:
        first = groups[name][0]
        return name in defaults, first.engine, first.revision, len(groups[name]), name

    return max(groups, key=standing)


def label_suffixes(
    runs: Iterable[tuple[str, RunSpec]], defaults: Collection[str], facts: Mapping[str, MethodFacts] | None = None
) -> dict[str, str]:
    """Variant -> what to append to its method's label: "" for the method config's own and for an only one of unknown.

    The others say in what they differ from each other and from the defaults: `` [train.epochs=2]``, or how many
    settings these are: `` [12 own settings]``. A profile stands for its settings: `` [small, train.epochs=6]``.
    Where two would be the same, a digest follows.

    Args:
        runs: runs of one method of one benchmark: the variant of each, and what was run.
        defaults: variants that have the method config's own settings.
        facts: variant -> what is recorded of its departures from the defaults.
    """
    every = list(runs)
    first: dict[str, RunSpec] = {}
    for name, spec in every:
        first.setdefault(name, spec)
    rows = {name: settings_of(spec) for name, spec in first.items()}
    keys = differing(rows.values())
    texts = {}
    for name, row in rows.items():
        profile, own = _own_settings(keys, (facts or {}).get(name))
        text = ", ".join(f"{key}={row.get(key, 'absent')}" for key in own)
        if len(text) > LONGEST:
            text = f"{len(own)} own settings"
        texts[name] = ", ".join(filter(None, [profile, text]))
    twice = {text for text, count in Counter(texts.values()).items() if count > 1}
    texts = {name: f"{text}, {name}" if text in twice and text else text for name, text in texts.items()}
    said = {name: f" [{text}]" if text else "" for name, text in texts.items()}
    best = main_variant(every, defaults)
    if best in defaults:
        said[best] = ""
    return said


def _own_settings(keys: Iterable[str], facts: MethodFacts | None) -> tuple[str, list[str]]:
    """A variant's profile, and the settings that its label names beside it.

    Args:
        keys: in which variants differ.
        facts: what is recorded of the variant.
    """
    if facts is not None and facts.profile:
        return facts.profile, sorted({*facts.beyond_profile} | ({*keys} & {*NEVER_IN_A_PROFILE}))
    return "", sorted({*keys, *((facts.departures if facts is not None else None) or ())})


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
