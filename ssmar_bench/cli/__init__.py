"""The command line: the user's words into calls of :mod:`ssmar_bench.api`, and their progress on a screen.

One module a group of commands. Exit status: 0 done, 1 some runs failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer

from ssmar_bench import __version__
from ssmar_bench.cli import (
    cache,
    data,
    methods,
    own_videos,
    predict,
    prepare,
    pretrain,
    report,
    reproduce,
    results,
    run,
    runs,
    splits,
    watch,
)
from ssmar_bench.cli.strict_options import App
from ssmar_bench.cli.suggestions import own_words, unknown_command
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import PACKAGE
from ssmar_bench.core.printable import visible
from ssmar_bench.core.renamed import renamed_note
from ssmar_bench.screen import screened

app = App(
    no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)
app.command()(run.run)
app.command()(report.report)
app.command()(predict.predict)
app.command()(pretrain.pretrain)
app.command()(reproduce.reproduce)
app.command()(watch.watch)
data.app.command()(prepare.prepare)
data.app.command()(prepare.compare_decoders)
data.app.command()(own_videos.new)
app.add_typer(data.app, name="data")
app.add_typer(methods.app, name="methods")
app.add_typer(splits.app, name="splits")
app.add_typer(results.app, name="results")
app.add_typer(runs.app, name="runs")
app.add_typer(cache.app, name="cache")

INTERRUPTED = 130
READER_GONE = 141
"""What a shell says of a process that SIGPIPE has ended."""
CONTINUED = {"run", "reproduce", "prepare"}
"""Commands that, stopped and typed again, do the rest alone."""


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Which semi-supervised method recognises micro-actions best when few clips are labelled?"""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> NoReturn:
    """The entry point: known errors become one line and an exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?" for it
    try:
        with screened(), _warnings_as_sentences():
            # the status of a typer.Exit is returned, not raised
            code = app(prog_name=_program(), standalone_mode=False) or 0
    except UserError as error:
        typer.echo(f"ssmar-bench: {visible(str(error))}", err=True)
        code = 2
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = READER_GONE
    except OSError as error:  # a disk that is full or goes away, a file that may not be read
        if error.filename is None:
            raise
        typer.echo(f"ssmar-bench: {error.filename}: this cannot be read or written ({error.strerror}).", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):  # which of them, or a returned 130, depends on typer's version
        code = INTERRUPTED
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own errors of usage have it
            raise
        if message := _usage(error):
            typer.echo(f"ssmar-bench: {visible(message)}", err=True)
        code = int(getattr(error, "exit_code", 2))
    if code == INTERRUPTED:
        continued = CONTINUED & set(sys.argv[1:3]) and "--overwrite" not in sys.argv
        more = "; the same command continues where it stopped" if continued else ""
        typer.echo(f"ssmar-bench: interrupted{more}.", err=True)
    sys.exit(code)


@contextlib.contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """What this package warns of is a line as any other, without the place in its code."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if Path(filename).is_relative_to(PACKAGE):
            typer.echo(f"ssmar-bench: {visible(str(message))}", err=True)
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _program() -> str:
    """How the user has called it, so that what is proposed can be typed."""
    return "python -m ssmar_bench" if Path(sys.argv[0]).name == "__main__.py" else "ssmar-bench"


def _usage(error: Any) -> str:
    """What is wrong with the words, as a sentence; "" where the help was printed in its place."""
    message, context = str(error.format_message()).strip(), getattr(error, "ctx", None)
    unknown = re.search(r"No such (command|option):? '?([\w-]+)", message)
    if note := renamed_note(unknown[2]) if unknown else "":
        return f"{message.rstrip('.')}{note}."
    if unknown and unknown[1] == "command" and context is not None:
        return unknown_command(unknown[2], context.command, context.command_path)
    if missing := re.search(r"Missing (?:option|argument) '?([\w-]+)", message):
        path = "ssmar-bench" if context is None else context.command_path
        word = missing[1] if missing[1].startswith("-") else missing[1].upper()
        return f"{path if context is None else own_words(context)} needs {word}; see `{path} --help`."
    return message
