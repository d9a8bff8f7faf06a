"""The options that say how much is printed of what goes on, the same for every command that trains."""

from __future__ import annotations

from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result and what went wrong, no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every epoch and step that is reported.")]
