"""What many runs of a grid have in common, made once: ``split.json``, and what ``method.json`` says.

The latter is what tables need to know of a method, and the command that trains the run again.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core.files import json_bytes
from ssmar_bench.core.identity import canonical_json, digest
from ssmar_bench.core.method_facts import method_facts
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.runs.rerun_command import RerunCommand, command_of_all

OF_ONE_RUN = ("ratio", "seed", "split", "pixels")
"""Parts of a spec of which no fact depends, but for ratio and seed in the command."""

SPLITS = 32
"""That are kept: the methods of a ratio and seed are laid out one after another."""


@dataclass
class RunFacts:
    """The facts of a grid's runs: worked out once for all runs that differ in ratio and seed alone.

    Configs are read when the first of such runs is asked for.
    """

    _known: dict[str, tuple[dict[str, Any], RerunCommand]] = field(default_factory=dict)
    _splits: dict[str, bytes] = field(default_factory=dict)

    def content(self, spec: RunSpec, label: str, given: tuple[str, str] = ("", "")) -> bytes:
        """The content of ``method.json``.

        Args:
            spec: of the run.
            label: the method's name in tables.
            given: benchmark and method as the grid names them, which may be paths of files.
        """
        alike = {name: value for name, value in spec.to_json().items() if name not in OF_ONE_RUN}
        key = digest([alike, label, given])
        if key not in self._known:
            facts = method_facts(spec, label, initial_weights(spec.backbone), given)
            self._known[key] = facts, command_of_all(spec, facts["departures"])
        facts, command = self._known[key]
        return json_bytes({**facts, "command": _without_folders(command.of(spec))})

    def split(self, split: Split, fingerprint: str) -> bytes:
        """The content of ``split.json``, without hidden labels and telling ids.

        Args:
            split: of the run.
            fingerprint: of the split; runs of several methods have the same.
        """
        content = self._splits.get(fingerprint)
        if content is None:
            content = canonical_json(split.with_opaque_ids().to_json()).encode()
            self._splits = dict([*self._splits.items()][1 - SPLITS :]) | {fingerprint: content}
        return content


def _without_folders(command: str) -> str:
    """The command with a plugin's file by its name alone, since folders are the user's."""
    words = shlex.split(command)
    pairs = zip(["", *words], words, strict=False)
    return shlex.join([Path(word).name if before == "--plugin" else word for before, word in pairs])
