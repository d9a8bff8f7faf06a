"""A plugin of one file: an algorithm's class and its method configs as YAML strings, read without running any of it.

Every constant at the file's top level whose name begins with ``METHOD_CONFIG`` is a method config. Its ``algorithm:``
names a class of the same file, letters' case, hyphens, dots and underscores apart (``my-method`` is ``MyMethod``), or
an algorithm that is known already. A subclass of :class:`ssmar_bench.core.augmentation.Augmentation` at the top level
is an augmentation, by its name in small letters with hyphens (``MotionBlur`` is ``motion-blur``).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ssmar_bench.core.errors import UserError, name_taken_twice
from ssmar_bench.core.renamed import RENAMED, renamed_note
from ssmar_bench.core.yaml_file import Document, parse_yaml

MARK = "METHOD_CONFIG"


@dataclass(frozen=True)
class PluginFile:
    """What is in a file.

    Attributes:
        path: absolute.
        method_configs: name -> YAML, with the lines of the Python file.
        classes: algorithm -> class of this file.
        augmentations: augmentation -> class of this file.
        digest: SHA-256 of the file, in hexadecimal digits.
    """

    path: Path
    method_configs: Mapping[str, Document]
    classes: Mapping[str, str]
    augmentations: Mapping[str, str]
    digest: str

    @property
    def module(self) -> str:
        """The name under which it is imported: no other file has it."""
        return f"ssmar_bench_plugin_{hashlib.sha256(str(self.path).encode()).hexdigest()[:12]}"

    def load(self, owner: str) -> Any:
        """The class ``owner``; the file is executed once."""
        return getattr(self._load(), owner)

    def _load(self) -> ModuleType:
        if self.module in sys.modules:
            return sys.modules[self.module]
        spec = importlib.util.spec_from_file_location(self.module, self.path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[self.module] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[self.module]
            raise
        return module

    def forget(self) -> None:
        """The next :meth:`load` executes the file again."""
        sys.modules.pop(self.module, None)


def read_plugin_file(path: Path) -> PluginFile:
    """The plugin in ``path``.

    Raises:
        UserError: no such file, no Python, neither method config nor augmentation, or a method config that is no YAML
            or has no name; with file and line.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; a plugin is a .py file with a method config.")
    try:
        content = path.read_bytes()
        tree = ast.parse(content, str(path))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        line = getattr(error, "lineno", None) or 1
        raise UserError(f"{path}:{line}: not valid Python: {getattr(error, 'msg', error)}.") from error
    method_configs: dict[str, Document] = {}
    assigned = _assigned(tree)
    for constant in (node for name, node in assigned if name.startswith(MARK)):
        document = _document(path, constant)
        name = str(document.data["name"])
        if name in method_configs:
            raise name_taken_twice("method", name, [method_configs[name].where(()), document.where(())])
        method_configs[name] = document
    augmentations = _augmentations(tree)
    if not method_configs and not augmentations:
        for old in sorted({name for name, _ in assigned} & {*RENAMED}):
            raise UserError(f"{path}: unknown constant '{old}'{renamed_note(old)}.")
        raise UserError(
            f'{path}: it has no method config; write one at its top level: {MARK} = """name: my-method ...""".'
        )
    classes = {_bare(node.name): node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    algorithms = {str(document.data.get("algorithm")) for document in method_configs.values()}
    found = {name: classes[_bare(name)] for name in sorted(algorithms) if _bare(name) in classes}
    return PluginFile(path.absolute(), method_configs, found, augmentations, hashlib.sha256(content).hexdigest())


def _augmentations(tree: ast.Module) -> dict[str, str]:
    """Augmentation -> class: the classes below ``Augmentation``, or below one of ours or of this file."""
    known = {"Augmentation"}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            ours = node.module == "ssmar_bench.clips.augmentations"
            known |= {name.asname or name.name for name in node.names if ours or name.name == "Augmentation"}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
            if bases & known:
                known.add(node.name)
                found[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", node.name).lower()] = node.name
    return found


def _bare(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign not in "-_.")


def _assigned(tree: ast.Module) -> list[tuple[str, ast.Assign]]:
    """The names that assignments at the top level give a value."""
    assignments = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [(name.id, node) for node in assignments for name in node.targets if isinstance(name, ast.Name)]


def _document(path: Path, node: ast.Assign) -> Document:
    if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
        raise UserError(f"{path}:{node.lineno}: a method config is one string of YAML, without a call or an f-string.")
    text = node.value.value
    # Counted from the closing quotes: a backslash behind the opening ones swallows a line's end.
    before = (node.value.end_lineno or node.lineno) - 1 - text.count("\n")
    document = parse_yaml(text, path, before)
    if not isinstance(document.data.get("name"), str):
        raise UserError(f"{document.where(())}: name: is missing; a method config says its own name.")
    return document
