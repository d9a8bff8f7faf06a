"""YAML files that remember their lines, so that a wrong value is reported where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from ssmar_bench.core import yaml_bounds
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.printable import odd_sign, shortened
from ssmar_bench.core.renamed import renamed_note

Model = TypeVar("Model", bound=BaseModel)
KeyPath = tuple[str, ...]
TYPED = (Path("--set"), 0)
"""In place of file and line: a value that was typed with ``--set``."""
SHOWN = 8
"""Faults that an error names before it counts the others."""


@dataclass(frozen=True)
class Document:
    """A YAML mapping as plain data, with the file and line of every key."""

    data: dict[str, Any]
    lines: dict[KeyPath, tuple[Path, int]]

    def where(self, place: KeyPath) -> str:
        """``file:line`` of ``place`` or of the nearest key above it."""
        return _where(self.lines, place)


def _where(lines: dict[KeyPath, tuple[Path, int]], place: KeyPath) -> str:
    for depth in range(len(place), -1, -1):
        if place[:depth] in lines:
            path, line = lines[place[:depth]]
            return f"{path}:{line}" if line else str(path)
    return "the command line"


def _plain(node: Any, start: tuple[Path, int], place: KeyPath, lines: dict[KeyPath, tuple[Path, int]]) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            found = (node.lc.data or {}).get(key)  # a key that "<<" merged in has no line of its own
            if found is not None:
                lines[(*place, str(key))] = (start[0], start[1] + found[0])
        return {
            _scalar(key, lines, place): _plain(value, start, (*place, str(key)), lines) for key, value in node.items()
        }
    if isinstance(node, CommentedSeq):
        return [_plain(value, start, (*place, str(i)), lines) for i, value in enumerate(node)]
    return _scalar(node, lines, place)


def _scalar(node: Any, lines: dict[KeyPath, tuple[Path, int]], place: KeyPath) -> Any:
    """A key or a value as plain Python."""
    if isinstance(node, ScalarBoolean):  # an int to Python
        return bool(node)
    if node is None or isinstance(node, bool):
        return node
    if isinstance(node, str):
        sign = odd_sign(node, lines=True)
        if sign:
            raise _unfit(lines, place, f"expected printable text, found the sign {sign}")
        return str(node)
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float) and math.isfinite(node):
        return float(node)
    raise _unfit(lines, place, f"expected text, a finite number, true or false, found {shortened(str(node))}")


def _unfit(lines: dict[KeyPath, tuple[Path, int]], place: KeyPath, why: str) -> UserError:
    where = [_where(lines, place)] if lines else []  # a single value is nowhere
    name = [shortened(".".join(place))] if place else []
    return UserError(": ".join([*where, *name, f"{why}."]))


def load_yaml(path: Path) -> Document:
    """Read the mapping in ``path``; a text that was read before is not parsed again. Nobody may change what it holds.

    Raises:
        UserError: no such file, not YAML, a key that occurs twice, not a mapping, or beyond :mod:`yaml_bounds`.
    """
    try:
        if path.stat().st_size > yaml_bounds.BYTES:
            raise UserError(f"{path}: the file is larger than {yaml_bounds.BYTES // 1024} KiB; is it a config?")
        return _parsed(path.read_text(encoding="utf-8-sig"), path)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read: it is no text in UTF-8; save it as UTF-8.") from error
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; give the path of one that is there.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}).") from error


@lru_cache(maxsize=1024)
def _parsed(text: str, path: Path) -> Document:
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path, before: int = 0) -> Document:
    """The mapping in ``text``, which is in ``path`` after ``before`` other lines.

    Raises:
        UserError: not YAML, a key that occurs twice, not a mapping, or beyond :mod:`yaml_bounds`.
    """
    try:
        node = yaml_bounds.read(text)
    except YAMLError as error:
        line = before + (mark.line if (mark := getattr(error, "problem_mark", None)) else 0) + 1
        raise UserError(f"{path}:{line}: not valid YAML: {_reason(error)}.") from error
    start = (path, before + 1)
    if not isinstance(node, CommentedMap):
        raise UserError(f"{path}:{start[1]}: expected a mapping of keys to values.")
    lines: dict[KeyPath, tuple[Path, int]] = {(): start}
    return Document(_plain(node, start, (), lines), lines)


def value(text: str) -> Any:
    """One value, as a user types it on a command line: ``1e-4`` is a number.

    Raises:
        UserError: why it is no YAML, or beyond :mod:`yaml_bounds`.
    """
    try:
        return _plain(yaml_bounds.read(text), (Path(), 1), (), {})
    except YAMLError as error:
        raise UserError(f"the value is not valid YAML: {_reason(error)}.") from error


def _reason(error: YAMLError) -> str:
    lines = str(getattr(error, "problem", None) or error).splitlines()
    return shortened(lines[0] if lines else type(error).__name__)


def extend_document(base: Document, top: Document) -> Document:
    """``top`` laid over ``base``: mappings are merged key by key, everything else is replaced.

    A mapping with a ``value`` is one entry and is replaced whole: a new value does not keep the old one's source. An
    empty value (``5:``) takes away the key that is below it.
    """

    def merge(below: Any, above: Any) -> Any:
        if isinstance(below, dict) and isinstance(above, dict) and "value" not in above:
            gone = {key for key, value in above.items() if value is None and key in below}
            merged = {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}
            return {key: value for key, value in merged.items() if key not in gone}
        return above

    replaced = [place[:-1] for place in top.lines if place[-1:] == ("value",)]
    kept = {place: line for place, line in base.lines.items() if not any(place[: len(r)] == r for r in replaced)}
    return Document(merge(base.data, top.data), {**kept, **top.lines})


def validate(model: type[Model], document: Document, place: KeyPath = ()) -> Model:
    """``document.data`` (already the part at ``place``) as a ``model``.

    Raises:
        UserError: names file, line, key and what was expected, of every fault up to :data:`SHOWN`.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        faults = [_fault(model, document, place, fault) for fault in error.errors(include_url=False)]
        more = f" And {len(faults) - SHOWN} more." if len(faults) > SHOWN else ""
        raise UserError(" ".join(faults[:SHOWN]) + more) from error


def _keys_of(model: type[BaseModel], place: KeyPath) -> list[str]:
    """The keys that the section at ``place`` may have; none where it is not a model's."""
    for name in place:
        inner = model.model_fields[name].annotation if name in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def _fault(model: type[BaseModel], document: Document, place: KeyPath, fault: Any) -> str:
    """One fault as a sentence."""
    key = tuple(str(part) for part in fault["loc"])
    end = "."
    message = fault["msg"][0].lower() + fault["msg"][1:]
    if fault["type"] == "extra_forbidden":
        message = "unknown key"
        end = renamed_note(key[-1])
        end = f"{end}." if end else nearest(key[-1], _keys_of(model, key[:-1]))
    elif fault["type"] == "missing":
        message = "is missing"
    else:
        message += f" (it is {shortened(repr(fault['input']))})"
        end = f"{renamed_note(str(fault['input']))}."
    name = shortened(".".join((*place, *key)) or "file")
    return f"{document.where((*place, *key))}: {name}: {message}{end}"
