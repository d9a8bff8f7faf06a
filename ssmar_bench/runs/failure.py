"""Why a run failed: the whole traceback for whoever mends it, and one sentence at its end for everybody else."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core.errors import DivergedError, UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.files import write_text
from ssmar_bench.core.run_folder import RunFolder

LONGEST = 300
"""Characters of an error's own words."""

HINTS = {"SIGSEGV": ", native code crashed", "SIGKILL": ", for instance because memory was short"}


def failure_text(error: BaseException, algorithm: str) -> str:
    """The traceback of ``error`` and, as its last line, the sentence that a user is shown."""
    return f"{''.join(traceback.format_exception(error)).rstrip()}\n\n{_sentence(error, algorithm)}\n"


def keep_failure(folder: RunFolder, reason: str, tell: Listener) -> None:
    """Write why a run failed where :meth:`RunFolder.failure` finds it; tell its last line if even that cannot be."""
    path = folder.work / "failure.txt"
    try:
        write_text(path, reason)
    except OSError as error:
        sentence = reason.strip().rpartition("\n")[2]
        tell(Event(folder.path.name, "note", f"{folder.path.name}: {sentence} ({path.name}: {error.strerror})"))


def unrecorded_text(error: Exception) -> str:
    """As :func:`failure_text`, of an error in writing the record of a run that has been trained."""
    words = str(error) if isinstance(error, UserError) else repr(error)
    trace = "".join(traceback.format_exception(error)).rstrip()
    return f"{trace}\n\nthe run was trained, but its record could not be written: {' '.join(words.split())}\n"


def recorded(folder: RunFolder, finish: Callable[[RunFolder], None], tell: Listener) -> str:
    """``done`` once ``finish`` has recorded a trained run, ``failed`` and why if it cannot."""
    try:
        finish(folder)
    except Exception as error:  # noqa: BLE001  # whatever went wrong belongs to this run alone
        keep_failure(folder, unrecorded_text(error), tell)
        return "failed"
    return "done"


def _sentence(error: BaseException, algorithm: str) -> str:
    words = " ".join(str(error).split())[:LONGEST]
    if isinstance(error, UserError | DivergedError):
        return words
    place, own = _place(error, algorithm)
    if isinstance(error, SystemExit):
        return f"{algorithm} ended its process with sys.exit({error.code!r}) {place}; raise an error instead."
    if isinstance(error, OSError) and not own:  # files, which are not the method's business
        return f"training could not read or write a file {place}: {words or type(error).__name__}"
    return f"{algorithm} raised {type(error).__name__} {place}: {words or 'without a word'}"


def _place(error: BaseException, algorithm: str) -> tuple[str, bool]:
    """The last line of the algorithm's own file that took part; if there is none, the one that raised the error.

    And whether the algorithm's own file took part.
    """
    frames = traceback.extract_tb(error.__traceback__)
    try:
        source = ALGORITHMS.entry(algorithm).source
    except UserError:
        source = None
    own = [frame for frame in frames if source is not None and Path(frame.filename) == source]
    last = (own or frames)[-1]
    return f"({Path(last.filename).name}, line {last.lineno})", bool(own)


def exit_text(status: int, errors: str) -> str:
    """What is left of a process that ended with ``status`` and said nothing: its last output, and a sentence."""
    if status < 0:
        sentence = f"its process was ended by {signal_text(-status)}"
    else:
        sentence = f"its process ended itself with status {status} in the middle of training"
    return f"{errors.rstrip()}\n\n{sentence}\n".lstrip()


def signal_text(number: int) -> str:
    """A signal's name, and what that may mean."""
    name = signal.Signals(number).name
    return f"{name}{HINTS.get(name, '')}"
