"""What every command asks of the words that it is given, before it does anything: none is empty, none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from ssmar_bench.cli.suggestions import loose_words
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import expand_home


class Command(TyperCommand):
    """A command that refuses empty words, and options given twice."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as typer does.

        Raises:
            UserError: a word is empty, holds a zero byte or belongs to no option, or an option that takes one value is
                given twice.
        """
        if not ctx.resilient_parsing:  # a shell that completes a half-typed line
            given, rest, order = self.make_parser(ctx).parse_args(list(args))
            for parameter, times in Counter(order).items():
                _check(parameter, given.get(parameter.name), times)
            if rest:
                raise UserError(loose_words(rest, self, ctx))
        left: list[str] = super().parse_args(ctx, args)
        return left


class App(typer.Typer):
    """A group of such commands, whose paths may begin with ``~``: a shell leaves it in ``--out='~/x'``."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """As typer's."""
        register = super().command(name, **{"cls": Command, **options})

        def registered(function: Callable[..., None]) -> Callable[..., None]:
            @wraps(function)
            def at_home_everywhere(**given: Any) -> None:
                function(**{name: _at_home(value) for name, value in given.items()})

            register(at_home_everywhere)
            return function

        return registered


def _check(parameter: Any, given: Any, times: int) -> None:
    """One parameter's words as they were typed."""
    is_option = parameter.param_type_name == "option"
    said = max(parameter.opts, key=len) if is_option else str(parameter.name).strip("_").upper()
    for word in given if isinstance(given, list | tuple) else [given]:
        if isinstance(word, str) and not word.strip():
            raise UserError(f"{said}: the value is empty; give one{', or leave the option out' * is_option}.")
        if isinstance(word, str) and "\0" in word:
            raise UserError(f"{said}: the value holds a zero byte, which no name and no path has.")
    if is_option and times > 1 and not parameter.multiple:
        raise UserError(f"{said} is given {times} times; give it once.")


def _at_home(value: Any) -> Any:
    """Paths, and lists of them, without ``~``; anything else as it is."""
    if isinstance(value, list):
        return [_at_home(one) for one in value]
    return expand_home(value) if isinstance(value, Path) else value
