"""The methods that there are: what their recipes say, and what their algorithms show of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmar_bench.core import method_set
from ssmar_bench.core import recipe as recipes
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.recipe import Recipe

if TYPE_CHECKING:  # a listing reads YAML alone
    from ssmar_bench.core.contract import Acts, Views
    from ssmar_bench.testing.cost import Cost


def methods(names: Sequence[str] | None = None) -> list[Recipe]:
    """The recipes of all shipped methods, or of those that ``names`` (methods and sets of them) stand for.

    Raises:
        UserError: a name that is neither a method nor a set.
    """
    wanted = recipes.RECIPES.names() if names is None else method_set.expand(names)
    return [recipes.read(name)[0] for name in wanted]


def set_notes(names: Sequence[str]) -> list[str]:
    """What the sets among ``names`` say of themselves."""
    return [method_set.read(name).notes for name in names if name in method_set.SETS.names()]


def compared(recipe: Recipe) -> str:
    """What the tests compare the algorithm of ``recipe`` with, in a few words."""
    parity = recipe.parity
    if recipe.algorithm.startswith("usb-"):
        return "semilearn 0.3.2's own code"
    if parity is None:
        return "nothing"
    if parity.oracle == "formulas":
        return f"plain loops, to {parity.tolerance:g}"
    return f"semilearn's {parity.algorithm}, to {parity.tolerance:g}"


@dataclass(frozen=True)
class Described:
    """A method as its recipe and its algorithm describe it.

    Attributes:
        recipe: label, citation, values and their sources, deviations, parity.
        views: what it looks at in a step.
        acts: where each hyper-parameter acts.
        costs: of a step in the first and in the last epoch.
        unavailable: why the algorithm cannot be asked here ("" if it can); then the three above are empty.
    """

    recipe: Recipe
    views: Views | None = None
    acts: Mapping[str, Acts] = field(default_factory=dict)
    costs: Sequence[Cost] = ()
    unavailable: str = ""


def describe(name: str) -> Described:
    """The method ``name`` (or the path of a recipe): its recipe, and what its algorithm does on a tiny problem.

    Raises:
        UserError: no such method, or values that its algorithm does not accept.
    """
    from ssmar_bench.algorithms import ALGORITHMS
    from ssmar_bench.core.yaml_file import Document, validate
    from ssmar_bench.testing import Subject
    from ssmar_bench.testing.cost import cost

    recipe, source = recipes.read(name)
    try:
        algorithm = ALGORITHMS.load(recipe.algorithm)
    except UserError as error:
        if not recipe.algorithm.startswith("usb-"):
            raise
        return Described(recipe, unavailable=str(error))
    lines = {place[1:]: line for place, line in source.lines.items() if place[:1] == ("hyperparameters",)}
    validate(algorithm.Config, Document(recipe.values(), lines))
    subject = Subject(recipe.name, algorithm, recipe.values())
    ends = [cost(subject, epoch) for epoch in (0, subject.tiny.epochs - 1)]
    return Described(recipe, subject.build().views(), subject.fields(), ends[:1] if ends[0] == ends[1] else ends)
