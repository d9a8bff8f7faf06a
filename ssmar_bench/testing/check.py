"""A check: something that holds for every method, with a sentence that says what failed and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ssmar_bench.testing.method_under_test import MethodUnderTest


class FailedError(Exception):
    """The method does not do what the check asks; its message says what it did and how to mend it."""


class NotApplicableError(Exception):
    """The check has nothing to look at in this method; its message says why."""


@dataclass(frozen=True)
class Check:
    """A named function that raises :class:`FailedError` or :class:`NotApplicableError`.

    ``slow``: it starts processes and takes seconds.
    """

    name: str
    holds: str
    function: Callable[[MethodUnderTest], None]
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a check, and why if it did not pass.

    ``last``: the others are not worth trying.
    """

    check: str
    state: Literal["passed", "failed", "not applicable"]
    message: str = ""
    last: bool = False


CHECKS: dict[str, Check] = {}


def register_check(
    function: Callable[[MethodUnderTest], None], slow: bool = False
) -> Callable[[MethodUnderTest], None]:
    """Registers ``function`` under its name; its docstring is what holds."""
    name = function.__name__.replace("_", "-")
    CHECKS[name] = Check(name, " ".join((function.__doc__ or "").split()), function, slow)
    return function


def require_that(holds: object, sentence: str) -> None:
    """Fail with ``sentence`` unless ``holds``."""
    if not holds:
        raise FailedError(sentence)


def examine(examined: MethodUnderTest, name: str) -> Outcome:
    """The outcome of one check; that the method raises is a failure too."""
    try:
        CHECKS[name].function(examined)
    except NotApplicableError as reason:
        return Outcome(name, "not applicable", str(reason))
    except FailedError as fault:
        return Outcome(name, "failed", f"{examined.name}: {fault}", last=name == FIRST)
    except SystemExit as error:
        return Outcome(name, "failed", f"{examined.name}: it calls sys.exit({error.code!r}); raise an error instead.")
    except Exception as error:  # noqa: BLE001  # whatever a stranger's method raises is what the check found
        raised = f"{type(error).__name__}: {error}"
        sentence = f"{examined.name}: it raised {raised} (checked: {CHECKS[name].holds})"
        return Outcome(name, "failed", sentence, last=name == FIRST)
    return Outcome(name, "passed")


FIRST = "the-method-config-is-complete"
"""The check without which the others have nothing to look at."""


def ordered_checks() -> list[str]:
    """The names of all checks: that of the method config first, slow ones last."""
    return sorted(CHECKS, key=lambda name: (name != FIRST, CHECKS[name].slow))


def examine_all(examined: MethodUnderTest) -> list[Outcome]:
    """Every check."""
    return [examine(examined, name) for name in ordered_checks()]
