"""``run --config grid.yaml``: the options of ``run`` in a file; what the command line gives wins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field

from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.yaml_file import load_yaml, validate

Word = str | int | float
Words = Word | list[Word]


class GridFile(BaseModel):
    """What the file may hold: the options of ``run`` by their long names, lists in place of commas."""

    model_config = ConfigDict(extra="forbid", strict=True)

    benchmark: str | None = None
    methods: str | list[str] | None = None
    ratios: Words | None = None
    seeds: Words | None = None
    backbone: str | None = None
    profile: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    plugin: list[str] = Field(default_factory=list)
    data: dict[str, str] = Field(default_factory=dict)
    device: str | None = None
    jobs: int | None = None
    workers: int | None = None
    time_limit: int | float | None = None
    out: str | None = None
    overwrite: str | None = None
    on_bad_clip: str | None = None
    engine: str | None = None
    slurm: str | None = None
    ray: str | None = None
    devices: str | list[str] | None = None
    stage_to: str | None = None

    def defaults(self) -> dict[str, Any]:
        """Parameter of ``run`` -> its value as one would type it, without ``set`` and ``data``."""
        given = {name: value for name, value in self if value not in (None, []) and name not in ("set", "data")}
        return {
            name: ",".join(map(str, value)) if isinstance(value, list) and name != "plugin" else _typed(value)
            for name, value in given.items()
        }


def _typed(value: Any) -> Any:
    return value if isinstance(value, list) else str(value)


def read_grid_file(ctx: typer.Context, path: Path | None) -> Path | None:
    """The callback of ``--config``: its values become the defaults of the other options.

    Raises:
        UserError: no such file, or a fault with its file and line.
    """
    if path is not None and not ctx.resilient_parsing:
        path = expand_home(path)
        document = load_yaml(path)
        grid_file = validate(GridFile, document)
        ctx.default_map = {**(ctx.default_map or {}), **grid_file.defaults()}
        ctx.obj = grid_file
    return path


def grid_file_of(ctx: typer.Context) -> GridFile:
    """The file of ``--config``, or an empty one."""
    return ctx.obj if isinstance(ctx.obj, GridFile) else GridFile()


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", is_eager=True, callback=read_grid_file, help="A .yaml file with options of this command by name."
    ),
]
