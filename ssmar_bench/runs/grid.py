"""What a user asks for: methods x ratios x seeds on one benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ssmar_bench.core import numbers
from ssmar_bench.core.errors import UserError


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
        device: ``auto`` (a GPU if there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``; of ``auto``
            it holds what was chosen.
        elsewhere: the device is another machine's, so that it is not looked for on this one.
    """

    benchmark: str
    methods: Sequence[str]
    ratios: Sequence[float] | None = None
    seeds: Sequence[int] | None = None
    backbone: str | None = None
    profile: str | None = None
    sets: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    elsewhere: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "benchmark", str(self.benchmark))  # a script may give a path
        object.__setattr__(self, "device", chosen_device(self.device))
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

    def check(self) -> None:
        """Checks device, ratios and seeds.

        Raises:
            UserError: the first of them that cannot be.
        """
        check_device(self.device, self.elsewhere)
        for ratio in self.ratios or ():
            if not 0 < ratio <= 1:
                meant = f"; did you mean {ratio / 100:g}?" if 2 <= ratio <= 100 else "."
                raise UserError(f"A labelled ratio lies in (0, 1]; {ratio:g} does not{meant}")
        for seed in self.seeds or ():
            if not 0 <= seed < 2**31:
                raise UserError(f"A seed is a whole number from 0 to {2**31 - 1}; {str(seed)[:40]} is not.")


def chosen_device(name: str) -> str:
    """``name`` in small letters; for ``auto`` the device that is used: ``cuda`` where there is one, else ``cpu``."""
    name = name.lower()
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def check_device(name: str, elsewhere: bool = False) -> None:
    """A :class:`UserError` unless ``name`` is a device that is here, or may be ``elsewhere``."""
    try:
        kind = torch.device(name).type
    except RuntimeError:
        kind = ""
    if kind not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected auto, cpu, cuda or cuda:N.")
    if elsewhere:
        return
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--device {name}: torch finds no CUDA device here; use --device cpu.")
    if kind == "cuda" and (torch.device(name).index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device {name}: torch finds {torch.cuda.device_count()} CUDA devices here, from cuda:0 on.")
