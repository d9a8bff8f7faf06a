"""Method config: an algorithm with every hyper-parameter and its source; and named sets of methods, a table's rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ssmar_bench.core.catalog import ConfigCatalog, is_path
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.errors import UserError, meant, name_taken_twice, nearest
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.printable import Line
from ssmar_bench.core.yaml_file import Document, validate


class HyperParameter(Section):
    """One hyper-parameter and the source of its value (paper and equation, official code, or our decision)."""

    value: Any
    source: str = Field(min_length=1)


class ReferenceCheck(Section):
    """What the algorithm is compared with, by the tests, and how closely it agrees.

    Attributes:
        reference: ``semilearn`` (its ``algorithm``, of version 0.3.2, under the method config's section
            ``as_semilearn``) or ``formulas`` (a second implementation in plain loops, in the file ``where``).
        tolerance: largest relative difference of the losses.
        steps: over how many optimiser steps from the same weights.
        arguments: the reference's arguments that are not at its defaults, and the hyper-parameters whose values they
            get.
        note: what is held equal besides weights, clips and seeds.
    """

    reference: Literal["semilearn", "formulas"]
    tolerance: float = Field(gt=0)
    steps: int = Field(default=12, ge=1)
    algorithm: str = ""
    arguments: dict[str, str] = Field(default_factory=dict)
    where: str = ""
    note: str = ""


class MethodConfig(Section):
    """One file of ``methods/``: a row of a table."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    label: Line
    citation: Line
    algorithm: str
    hyperparameters: dict[str, HyperParameter]
    deviations: list[str]
    overrides: dict[str, Any] = Field(default_factory=dict)
    as_semilearn: dict[str, HyperParameter] = Field(default_factory=dict)
    """Hyper-parameters that restore semilearn's reading where the method config has the paper's."""
    notes: str = ""
    reference_check: ReferenceCheck | None = None

    def __repr__(self) -> str:
        return f"<method {self.name}: algorithm {self.algorithm}>"

    __str__ = __repr__

    def values(self, as_semilearn: bool = False) -> dict[str, Any]:
        """The hyper-parameters without their sources; with semilearn's reading laid over them if asked for."""
        entries = self.hyperparameters | (self.as_semilearn if as_semilearn else {})
        return {name: entry.value for name, entry in entries.items()}


METHODS = ConfigCatalog("methods", "method", in_files=True)


def read_method_config(name: str) -> tuple[MethodConfig, Document]:
    """The validated method config and its document (for the line of each hyper-parameter).

    Raises:
        UserError: no such method, a fault with its file and line, or a name that another method has.
    """
    name = METHODS.named(name)
    source = METHODS.document(name)
    method_config = validate(MethodConfig, source)
    reference_check, algorithm = (source.lines.get((key,), (None, 0))[0] for key in ("reference_check", "algorithm"))
    if (
        method_config.reference_check is not None and reference_check != algorithm
    ):  # extended by another algorithm, of which it says nothing
        method_config = method_config.model_copy(update={"reference_check": None})
    if is_path(name):
        for entry in METHODS.entries():
            if entry.name == method_config.name and Path(entry.place).resolve() != expand_home(name).resolve():
                raise name_taken_twice("method", entry.name, [f"{entry.provider} ({entry.place})", name])
    elif method_config.name != name:
        raise UserError(
            f"{source.where(('name',))}: name: '{method_config.name}' is not '{name}', as the file is called."
        )
    return method_config, source


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
            near = nearest(word, [*sets, *methods])
            if "; known: " in near:  # nothing is near, and a list of all methods fills a screen
                near = f"; sets of methods: {', '.join(sets)}; `ssmar-bench methods list` names every method."
            raise UserError(f"Unknown method '{word}'{near}")
        if word in sets and word in methods:
            raise UserError(
                f"'{word}' is a set of methods of {METHOD_SETS.entry(word).provider} and a method of "
                f"{METHODS.entry(word).provider}; one of them needs another name."
            )
        names += read_method_set(word).methods if word in sets else [word]
    return list(dict.fromkeys(names))
