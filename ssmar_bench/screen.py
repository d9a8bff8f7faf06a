"""What reaches a terminal: names of files, labels and errors are text, whatever signs they hold.

Inside :func:`screened`, everything that is printed has its control characters written out, so that nobody's text moves
the cursor, hides a line or sets a title. :class:`Screen` alone writes styles, and takes no text for markup.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from ssmar_bench.core.printable import visible_lines


class Screened:
    """A stream whose text is made visible; everything else is that of the stream ``behind`` it."""

    def __init__(self, behind: TextIO) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        """Write ``text``, with every control character but line ends and tabs written out."""
        if not isinstance(text, str):  # typer tries bytes, to see which kind of stream this is
            raise TypeError("expected text")
        self.behind.write(visible_lines(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


@contextlib.contextmanager
def screened() -> Iterator[None]:
    """Standard output and standard error, in here, are :class:`Screened`."""
    out, err = (cast("TextIO", Screened(stream)) for stream in (sys.stdout, sys.stderr))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


class Screen(Console):
    """A console that prints texts as they are; styles are given as :class:`rich.text.Text`.

    Args:
        width: columns where standard output is no terminal.
        stderr: write to standard error.
    """

    def __init__(self, width: int | None = None, stderr: bool = False) -> None:
        stream = sys.stderr if stderr else sys.stdout
        behind = cast("TextIO", getattr(stream, "behind", stream))
        super().__init__(
            file=behind,
            width=None if behind.isatty() else width,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def render_str(self, text: str, **options: Any) -> Text:
        """As Rich has it, with control characters written out."""
        return super().render_str(visible_lines(text), **options)
