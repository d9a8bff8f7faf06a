"""The option ``--plugin``, the same for every command that has it, and what is said of plugins that are broken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ssmar_bench.core.printable import visible
from ssmar_bench.screen import Screen

if TYPE_CHECKING:
    from ssmar_bench.api import BrokenPlugin

Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", help="A .py file with a method of yours and its method config; may be given several times."
    ),
]


def use_plugins(files: Sequence[Path] | None) -> None:
    """Adds the plugins to what this command knows."""
    from ssmar_bench import api

    for path in files or ():
        api.use_plugin(path)


def print_broken(broken: Sequence[BrokenPlugin], console: Screen) -> None:
    """Says of every broken plugin whose it is and why it cannot be used."""
    for one in broken:
        name = f"{one.kind} '{one.name}'" if one.name else f"a {one.kind}"
        said = visible(f"{name} of {one.provider}: {one.reason}")
        console.print(Text.assemble(("Broken", "red"), f": {said}"), soft_wrap=True)
