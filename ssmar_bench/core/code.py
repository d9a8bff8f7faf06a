"""A digest of the code that computes a thing, read from its source without importing it.

It covers the named class and, over and over, every top-level statement that a covered one refers to, in its own package
and in our ``algorithms``; nothing else of those modules. Comments, docstrings, layout and the annotations of arguments
change nothing. What is below them all (contract, networks, engine) has revisions of its own.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ssmar_bench.core import modules

SHARED = "ssmar_bench.algorithms"
"""Whose parts a plugin may use: a change of them is a change of the plugin."""

Place = tuple[str, str]
"""Module and name; an empty name means the whole module."""


def code_digest(target: str, file: Path | None = None) -> str:
    """16 hexadecimal digits over the code behind ``target`` (``module:attribute``); "" where there is no source.

    Args:
        target: what is digested.
        file: the source of its module, where no import finds that (a plugin's file).
    """
    module, _, attribute = target.partition(":")
    sources = _Sources(module, file)
    first = sources.of(module)
    if first is None:
        return ""
    # A name that is nowhere is made when it is asked for, and everything may take part in that.
    todo: list[Place] = [(module, attribute if first.knows(attribute) else "")]
    texts: set[str] = set()
    seen: set[Place] = set()
    while todo:
        place = todo.pop()
        source = sources.of(place[0])
        if place in seen or source is None:
            continue
        seen.add(place)
        for statement in source.statements(place[1]):
            texts.add("".join(_told(statement)))
            todo += [(place[0], node.id) for node in ast.walk(statement) if isinstance(node, ast.Name)]
        for there, name in source.origins(place[1]):
            inner = f"{there}.{name}"
            todo.append((inner, "") if name and sources.of(inner) is not None else (there, name))
            if sources.of(there) is None:
                texts.add(f"import {inner}")
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]


class _Sources:
    """The modules that may be covered, each read once."""

    def __init__(self, module: str, file: Path | None) -> None:
        ours = _lies_in(module, SHARED) or file is not None
        self._inside = (SHARED, module if ours else module.partition(".")[0])
        self._known: dict[str, _Source | None] = {}
        if file is not None:
            self._known[module] = _Source(module, file)

    def of(self, module: str) -> _Source | None:
        """The module's source; None if it is not covered or has none."""
        if module not in self._known:
            covered = any(_lies_in(module, package) for package in self._inside)
            path = modules.source_file(module) if covered else None
            self._known[module] = None if path is None else _Source(module, path)
        return self._known[module]


def _lies_in(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


class _Source:
    """One module: which top-level statements bind which name, and what its imports bring."""

    def __init__(self, module: str, path: Path) -> None:
        tree = _Bare().visit(ast.parse(path.read_bytes(), str(path)))
        self._package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
        self._bound: dict[str, list[ast.stmt]] = {}
        self._brought: dict[str, list[Place]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    self._bring(node, alias)
        for statement in tree.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                # What binds no name runs whenever the module is imported, whatever is taken from it.
                for name in set(_binds(statement)) or {""}:
                    self._bound.setdefault(name, []).append(statement)

    def _bring(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> None:
        here, place = alias.asname or alias.name.partition(".")[0], (alias.name, "")
        if isinstance(node, ast.ImportFrom):
            above = self._package[: len(self._package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            here, place = ("", (module, "")) if alias.name == "*" else (here, (module, alias.name))
        self._brought.setdefault(here, []).append(place)

    def knows(self, name: str) -> bool:
        """Whether ``name`` is bound here or imported."""
        return name in self._bound or name in self._brought

    def statements(self, name: str) -> list[ast.stmt]:
        """Those that bind ``name`` (all of them, of the whole module), and those that bind nothing."""
        return self._of(self._bound, name)

    def origins(self, name: str) -> list[Place]:
        """Where ``name`` (everything, of the whole module) comes from, and what a star brings."""
        return self._of(self._brought, name)

    @staticmethod
    def _of(found: dict[str, Any], name: str) -> list[Any]:
        wanted = dict.fromkeys([name, ""]) if name else found
        return [one for key in wanted for one in found.get(key, ())]


def _binds(statement: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement gives a value."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in [statement] if isinstance(statement, definitions) else ast.walk(statement):
        if isinstance(node, definitions):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


class _Bare(ast.NodeTransformer):
    """Takes away what computes nothing: docstrings, annotations of arguments and results, and what ``Acts`` declares.

    With them go the imports that only type checkers see.
    """

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("annotation", "returns"):
            if hasattr(node, field) and not isinstance(node, ast.AnnAssign):  # a field of a Config has one that counts
                setattr(node, field, None)
        return super().generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        is_acts = isinstance(node.func, ast.Name) and node.func.id == "Acts"
        return ast.Constant(None) if is_acts else self.generic_visit(node)


def _told(node: Any) -> Iterator[str]:
    """A text of the tree that is the same under all versions of Python: what is empty or mere context is left out."""
    if isinstance(node, ast.Constant):
        yield repr(node.value)
    elif isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for name, value in ast.iter_fields(node):
            if value is not None and value != [] and name not in ("ctx", "type_comment"):
                yield f"{name}="
                yield from _told(value)
        yield ")"
    elif isinstance(node, list):
        for each in node:
            yield from _told(each)
            yield ","
    else:
        yield repr(node)
