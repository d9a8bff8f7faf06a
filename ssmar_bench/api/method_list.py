"""The methods that there are: what their method configs say, and what their algorithms show of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.api.plugins import broken_methods, provider
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.catalog import is_path
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.core.yaml_file import Document, validate

if TYPE_CHECKING:  # a listing reads YAML alone
    from ssmar_bench.core.contract import Acts, Views
    from ssmar_bench.testing import Outcome
    from ssmar_bench.testing.cost import Cost


def list_methods(names: Sequence[str] | None = None) -> ShortList[tuple[MethodConfig, str]]:
    """Method configs, each with the package and its version or the file that it comes from; nothing is imported for it.

    They are those of all methods that can be used, or those that ``names`` (methods and sets of them) stand for.

    Raises:
        UserError: one of ``names`` cannot be used.
    """
    if names is None:
        broken = {one.name for one in broken_methods() if one.kind == "method"}
        words = [name for name in method_configs.METHODS.names() if name not in broken]
    else:
        words = method_configs.expand_method_sets(names)
    found = ((method_configs.read_method_config(word)[0], word if is_path(word) else provider(word)) for word in words)
    return ShortList(found)


def methods(names: Sequence[str] | None = None) -> ShortList[MethodConfig]:
    """The method configs alone of what ``names`` stand for, all without them; errors as in :func:`list_methods`."""
    return ShortList(method_config for method_config, _ in list_methods(names))


def set_notes(names: Sequence[str]) -> list[str]:
    """What the sets among ``names`` say of themselves."""
    return [
        method_configs.read_method_set(name).notes
        for name in names
        if method_configs.METHOD_SETS.named(name) in method_configs.METHOD_SETS
    ]


def reference_of(method_config: MethodConfig) -> str:
    """What the tests compare the algorithm of ``method_config`` with, in a few words."""
    reference_check = method_config.reference_check
    if ALGORITHMS.entry(method_config.algorithm).place.startswith("ssmar_bench.algorithms.usb:"):
        return "semilearn 0.3.2's own code"
    if reference_check is None:
        return "nothing"
    if reference_check.reference == "formulas":
        return f"plain loops, to {reference_check.tolerance:g}"
    return f"semilearn's {reference_check.algorithm}, to {reference_check.tolerance:g}"


@dataclass(frozen=True)
class MethodDescription:
    """A method as its method config and its algorithm describe it.

    Attributes:
        method_config: label, citation, values and their sources, deviations, reference check.
        views: what it looks at in a step.
        acts: where each hyper-parameter acts.
        costs: of a step in the first and in the last epoch.
        unavailable: why the algorithm cannot be asked here ("" if it can); then the three above are empty.
        provider: the package with its version, or the file, that it comes from.
    """

    method_config: MethodConfig
    provider: str
    views: Views | None = None
    acts: Mapping[str, Acts] = field(default_factory=dict)
    costs: Sequence[Cost] = ()
    unavailable: str = ""

    def __repr__(self) -> str:
        config = self.method_config
        values = ", ".join(f"{key}={entry.value!r}" for key, entry in config.hyperparameters.items())
        return f"<{config.name} ({config.label}), algorithm {config.algorithm}, from {self.provider}: {values}>"[:1000]


def describe(name: str) -> MethodDescription:
    """The method ``name`` (or a method config's path): its config, and what its algorithm does on a tiny problem.

    Raises:
        UserError: no such method, or values that its algorithm does not accept.
    """
    from ssmar_bench.testing import MethodUnderTest
    from ssmar_bench.testing.cost import cost

    method_config, source = method_configs.read_method_config(name)
    known = MethodDescription(method_config, name if is_path(name) else provider(method_config.name))
    try:
        examined = MethodUnderTest.of(name)
    except UserError as error:
        return replace(known, unavailable=str(error))
    lines = {place[1:]: line for place, line in source.lines.items() if place[:1] == ("hyperparameters",)}
    validate(examined.algorithm.Config, Document(method_config.values(), lines))
    try:
        ends = [cost(examined, epoch) for epoch in (0, examined.tiny.epochs - 1)]
        views = examined.build().views()
    except Exception as error:  # noqa: BLE001  # a stranger's method may raise anything
        why = f"it raised {type(error).__name__}: {error}; `ssmar-bench methods check {name}` says more."
        return replace(known, unavailable=why)
    costs = ends[:1] if ends[0] == ends[1] else ends
    return replace(known, views=views, acts=examined.fields(), costs=costs)


def run_checks(name: str) -> Iterator[Outcome]:
    """The outcome of every check of the conformance kit, one after the other; the last one takes a minute.

    Each runs in a process of its own. Where the method config does not fit the algorithm, or the method hangs, the
    others are not tried.

    Args:
        name: a method's name, or the path of a method config.

    Raises:
        UserError: no such method, or its code cannot be loaded.
    """
    from ssmar_bench.testing import ordered_checks
    from ssmar_bench.testing.isolated import examine_isolated

    yield from examine_isolated(name, ordered_checks())
