"""What a user who typed a word that is no command may have meant."""

from __future__ import annotations

import difflib
from typing import Any


def unknown_command(word: str, group: Any, path: str) -> str:
    """A sentence about ``word``, which is no command of ``group``.

    Args:
        word: what was typed.
        group: the click group that was asked for it.
        path: how its commands begin: ``ssmar-bench data``.
    """
    own, deeper = list(group.commands), _below(group)
    same = [name for name in deeper if name.split()[-1] == word.casefold()]
    near = difflib.get_close_matches(word.casefold(), own, n=1) or [
        name for name in deeper if difflib.get_close_matches(word.casefold(), name.split()[-1:], n=1)
    ]
    found = same or near
    names = [f"`{path} {name}`" for name in found]
    offered = " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    meant = f"did you mean {offered}?" if found else f"see `{path} --help`."
    return f"There is no command `{path} {word}`; {meant}"


def own_words(context: Any) -> str:
    """A command's words behind the program, which may be ``ssmar-bench`` or ``python -m ssmar_bench``."""
    path, program = context.command_path, context.find_root().command_path
    return str(path.removeprefix(program).strip() or path)


def loose_words(words: list[str], command: Any, context: Any) -> str:
    """A sentence about words that belong to no option of ``command``, which was asked for in ``context``."""
    path, own = context.command_path, own_words(context)
    options = {parameter.name: max(parameter.opts, key=len) for parameter in command.params}
    if "methods" in options:
        methods = ",".join(words)
        return f"{own} takes methods as an option; did you mean `{path} {options['methods']} {methods}`?"
    return f"{own}: the word {words[0]} belongs to no option; see `{path} --help`."


def _below(group: Any) -> list[str]:
    """The commands of the groups below, by their words."""
    return [f"{name} {sub}" for name, one in group.commands.items() for sub in getattr(one, "commands", {})]
