"""A shelf: the shipped YAML files of one kind, by name, each of which may extend another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.places import shipped
from ssmar_bench.core.yaml_file import Document, extend, load


@dataclass(frozen=True)
class Shelf:
    """The files of ``folder`` (``methods``), each of which is a ``kind`` (``method``)."""

    folder: str
    kind: str

    def names(self) -> list[str]:
        """What stands on it."""
        return sorted(path.stem for path in shipped(self.folder).glob("*.yaml"))

    def document(self, name: str) -> Document:
        """The YAML of ``name``, or of a path that ends in ``.yaml``, with what it ``extends:`` laid under it.

        A path in ``extends:`` is relative to the file that says it.

        Raises:
            UserError: no such name or file, ``extends:`` is no name, or leads back to where it came from.
        """
        return self._document(name, Path(), ())

    def _document(self, name: str, folder: Path, below: tuple[Path, ...]) -> Document:
        is_path = name.endswith((".yaml", ".yml"))
        path = folder / name if is_path else shipped(self.folder) / f"{name}.yaml"
        if not path.is_file():
            raise UserError(f"Unknown {self.kind} '{name}'{nearest(name, self.names())}.")
        if path.resolve() in below:
            raise UserError(f"{path}: this {self.kind} extends itself, by way of {below[-1]}.")
        top = load(path)
        parent = top.data.pop("extends", None)
        if parent is None:
            return top
        if not isinstance(parent, str):
            raise UserError(f"{top.where(('extends',))}: extends: expected the name of a {self.kind} or a .yaml file.")
        return extend(self._document(parent, path.parent, (*below, path.resolve())), top)
