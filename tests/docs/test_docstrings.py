"""Everything public says what it is, and what a caller needs: parameters, shapes, errors.

ruff asks for a docstring and, where there is a section ``Args``, for all of it. Here is what it does not ask for. A
method that overrides another one is described there.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.core import contract

sys.path.insert(0, str(Path(__file__).parent))
from _pages import ROOT

PACKAGE = ROOT / "ssmar_bench"
CONTRACT = {name for name in vars(contract.Method) if not name.startswith("_")}
"""What the contract describes once, for every algorithm."""


@dataclass(frozen=True)
class Public:
    """A public function: where it is, its own docstring, and that together with its class's and module's."""

    place: str
    node: ast.FunctionDef
    docstring: str
    around: str

    def mentions_tensors(self) -> bool:
        arguments = [*self.node.args.args, *self.node.args.kwonlyargs]
        hints = [argument.annotation for argument in arguments] + [self.node.returns]
        return any(hint is not None and re.search(r"\bTensor\b", ast.unparse(hint)) for hint in hints)

    def raises_user_errors(self) -> bool:
        found = (node for node in ast.walk(self.node) if isinstance(node, ast.Raise) and node.exc is not None)
        return any("UserError" in ast.unparse(node.exc) for node in found if node.exc is not None)


def functions(node: ast.AST, place: str, around: str) -> Iterator[Public]:
    """The public functions and methods below a module or class."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from functions(child, f"{place}{child.name}.", around + (ast.get_docstring(child) or ""))
        elif isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
            docstring = ast.get_docstring(child) or ""
            yield Public(f"{place}{child.name}", child, docstring, around + docstring)


def everything() -> list[Public]:
    found: list[Public] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += functions(tree, f"{path.relative_to(PACKAGE).as_posix()}:", ast.get_docstring(tree) or "")
    return found


EVERYTHING = everything()


def test_every_function_has_a_docstring() -> None:
    overriding = {"results/claim_rules.py": "evaluate"}  # described in Claim.evaluate
    lacking = [
        one.place
        for one in EVERYTHING
        if not one.docstring and overriding.get(one.place.partition(":")[0]) != one.node.name
    ]
    assert not lacking


def test_every_tensor_has_a_shape() -> None:
    own = [one for one in EVERYTHING if one.mentions_tensors() and one.node.name not in CONTRACT]
    assert len(own) > 50
    assert not [one.place for one in own if not re.search(r"\([A-Z<][^)]*\)|\([a-z]+,\)|scalar", one.around)]


def test_every_error_for_subjects_is_announced() -> None:
    own = [one for one in EVERYTHING if one.raises_user_errors() and not one.place.startswith("cli/")]
    assert len(own) > 40
    assert not [one.place for one in own if not re.search(r"Raises:|UserError|[Ee]rrors as in|As :", one.docstring)]


@pytest.mark.parametrize("name", api.__all__)
def test_the_api_says_every_parameter_and_field(name: str) -> None:
    thing: Any = getattr(api, name)
    docstring = inspect.getdoc(thing) or ""
    if inspect.isfunction(thing):
        parameters = inspect.signature(thing).parameters
        asks = "in :func:" in docstring  # its arguments are those of another function
        assert asks or not [one for one in parameters if not re.search(rf"\b{one}\b", docstring)]
    elif dataclasses.is_dataclass(thing):
        assert not [field.name for field in dataclasses.fields(thing) if not re.search(rf"\b{field.name}\b", docstring)]


@pytest.mark.parametrize("name", [name for name, thing in vars(contract).items() if dataclasses.is_dataclass(thing)])
def test_the_contract_says_every_field(name: str) -> None:
    thing = getattr(contract, name)
    docstring = (inspect.getdoc(thing) or "") + (contract.__doc__ or "")
    assert not [field.name for field in dataclasses.fields(thing) if not re.search(rf"\b{field.name}\b", docstring)]
