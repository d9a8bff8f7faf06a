"""Options of ``run`` that say who executes the runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from ssmar_bench.cli.parsing import AUTO
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.engine_options import METHODS, read_options

Engine = Annotated[
    str, typer.Option(help="Who executes the runs: local, slurm, ray, or an engine that a plugin brings.")
]
Slurm = Annotated[
    str | None,
    typer.Option("--slurm", help="Options of sbatch: partition=gpu,gres=gpu:1,time=02:00:00, or a .yaml file."),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Submit the runs and end; the same command, or watch, says how far they are.")
]
Devices = Annotated[
    str | None, typer.Option("--devices", help="Several GPUs of this machine, one run each: cuda:0,cuda:1.")
]
Ray = Annotated[
    str | None,
    typer.Option("--ray", help="address=HOST:PORT, num_cpus, num_gpus (may be 0.5), memory, or a .yaml file."),
]
StageTo = Annotated[
    str,
    typer.Option(
        "--stage-to",
        help="A folder on the own disk of the machine that trains: copy the decoded clips there, and read the copy; "
        "for instance '$TMPDIR'.",
    ),
]
ELSEWHERE = ("slurm", "ray")
"""Engines whose runs are executed by other machines."""

QUEUES = ("slurm",)
"""Engines whose runs go on when their command has ended."""


@dataclass(frozen=True)
class EngineChoice:
    """What was typed: an engine, and the texts of the options that belong to one.

    Attributes:
        name: of the engine.
        texts: engine -> its option's text, None where it was not given.
        detach: as typed.
        devices: of this machine, over which the runs are spread.
    """

    name: str
    texts: dict[str, str | None]
    detach: bool = False
    devices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kinds = {device.partition(":")[0] for device in self.devices}
        if self.devices and (self.name.lower() != "local" or len(kinds) > 1):
            raise UserError(f"--devices {','.join(self.devices)}: expected devices of one kind, for --engine local.")
        for engine, text in self.texts.items():
            if text is not None and self.name.lower() != engine:
                raise UserError(f"--{engine} is for --engine {engine}; give both, or leave it out.")
        if self.detach and self.name.lower() not in QUEUES:
            raise UserError(
                f"--detach is for --engine {' or '.join(QUEUES)}; --engine {self.name} ends with its command."
            )

    @property
    def elsewhere(self) -> bool:
        """Whether the runs are executed by other machines."""
        return self.name.lower() in ELSEWHERE

    def options(self) -> dict[str, Any]:
        """What the engine is told.

        Raises:
            UserError: its option cannot be read.
        """
        name = self.name.lower()
        return read_options(self.texts.get(name), f"--{name}")

    def device(self, asked: str) -> str:
        """``asked``, or for ``auto`` on other machines a GPU if their options ask for one."""
        if asked.lower() != AUTO or not self.elsewhere:
            return self.devices[0] if self.devices else asked
        options = self.options()
        sets = [options, *options.get(METHODS, {}).values()]
        wants = any(
            "gpu" in str(value) or (name.replace("_", "-").startswith(("gpus", "num-gpus")) and str(value) != "0")
            for one in sets
            for name, value in one.items()
            if name != METHODS and name not in ("partition", "setup")
        )
        return "cuda" if wants else "cpu"

    def collect(self) -> list[str]:
        """The command that records what a detached one has begun: the same, without training and without waiting."""
        before = ["", *sys.argv[1:]]
        kept = [
            word
            for last, word in zip(before, sys.argv[1:], strict=False)
            if last != "--overwrite" and word.partition("=")[0] not in ("--detach", "--overwrite")
        ]
        return [*kept, "--overwrite", "only-record"]
