"""Where an algorithm, a method config or another named thing comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssmar_bench import __version__


@dataclass(frozen=True)
class Provider:
    """A package with its version, or a single file.

    Attributes:
        package: the distribution's name as pip says it, or the file's name.
        version: the distribution's; "" of a file.
        file: the plugin's file, None of a package.
        digest: SHA-256 of that file in hexadecimal digits, "" of a package.
    """

    package: str
    version: str = ""
    file: Path | None = None
    digest: str = ""

    def __str__(self) -> str:
        return str(self.file) if self.file is not None else f"{self.package} {self.version}".strip()


OURS = Provider("ssmar-bench", __version__)
