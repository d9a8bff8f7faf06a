"""Named sets of methods: the rows of a table in its order (``--methods table1``)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from ssmar_bench.core.benchmark_config import Section
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.method_config import METHODS
from ssmar_bench.core.shelf import ConfigCatalog, is_path
from ssmar_bench.core.yaml_file import validate


class MethodSet(Section):
    """One file of ``methods/sets/``: what it is, its methods in order, and what a reader of its table must know."""

    title: str = Field(min_length=1)
    notes: str = ""
    methods: list[str] = Field(min_length=1)


METHOD_SETS = ConfigCatalog("methods/sets", "set of methods")


def read_method_set(name: str) -> MethodSet:
    """The validated set ``name``."""
    return validate(MethodSet, METHOD_SETS.document(name))


def expand_method_sets(words: Sequence[str]) -> list[str]:
    """Methods by name or path of a .yaml file, with every set among ``words`` replaced by its methods; none twice.

    A name may be given in any case.

    Raises:
        UserError: a word that is neither, or both.
    """
    sets, methods = METHOD_SETS.names(), METHODS.names()
    names: list[str] = []
    for word in (meant(word, [*sets, *methods]) for word in words):
        if not (word in sets or word in methods or is_path(word)):
            raise UserError(f"Unknown method '{word}'{nearest(word, [*sets, *methods])}")
        if word in sets and word in methods:
            raise UserError(
                f"'{word}' is a set of methods of {METHOD_SETS.config_file(word).provider} and a method of "
                f"{METHODS.config_file(word).provider}; one of them needs another name."
            )
        names += read_method_set(word).methods if word in sets else [word]
    return list(dict.fromkeys(names))
