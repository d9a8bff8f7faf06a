"""Where the record of a run is: a folder of files, or rows of an archive; both are asked in the same way."""

from __future__ import annotations

from typing import Protocol


class RecordPlace(Protocol):
    """The part of :class:`pathlib.Path` that readers of records use: a record, or one of its files."""

    def __truediv__(self, name: str, /) -> RecordPlace:
        """A file of the record."""

    def is_file(self) -> bool:
        """Whether there is such a file."""

    def is_dir(self) -> bool:
        """Whether it is a folder."""

    def exists(self) -> bool:
        """Whether there is anything of this name."""

    def is_symlink(self) -> bool:
        """Whether it is a link, which no reader follows."""

    def read_bytes(self) -> bytes:
        """The content of a file."""
