"""Writes a package with a method of your own, which works at once and is meant to be changed."""

from __future__ import annotations

import importlib.util
import keyword
import re
from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import links
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.catalog import Catalog
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.writable import require_writable

HERE = Path(__file__).parent / "templates"
TEMPLATES = {
    "fixmatch": "confident labels of weak views supervise strong views",
    "teacher": "an average of the student's past weights says what unlabelled clips are",
    "offline": "the whole unlabelled pool is labelled in rounds between epochs",
}
"""Name -> what a method of this kind does."""


def new_method(name: str, template: str = "fixmatch", out: Path = Path()) -> Path:
    """Writes the package of a method ``name`` into the new folder ``out/name``, which is returned.

    It holds the algorithm, its method config, a test, ``pyproject.toml`` with the entry point, and a README.

    Args:
        name: of method and package: small letters, digits and hyphens; becomes ``MyMethod`` and ``my_method``.
        template: one of ``TEMPLATES``.
        out: the folder in which the new one is made.

    Raises:
        UserError: an unknown template, a name that cannot be one or is taken, a folder that is there already, or that
            cannot be written.
    """
    template = meant(template, TEMPLATES)
    if template not in TEMPLATES:
        raise UserError(f"Unknown template '{template}'{nearest(template, TEMPLATES)}")
    _check(name)
    folder = out / name
    require_writable(out, f"--out {out}")
    if folder.exists():
        raise UserError(f"{folder}: this exists already; choose another name or --out.")
    words = {
        "my-method": name,
        "my_method": _module(name),
        "MyMethod": "".join(part.capitalize() for part in name.split("-")),
        "My method": name.replace("-", " ").capitalize(),
    }
    package = HERE / "package"
    files = {path.relative_to(package): path for path in sorted(package.rglob("*")) if path.is_file()}
    files[Path("my_method", "algorithm.py")] = HERE / template / "algorithm.py"
    files[Path("my_method", "methods", "my-method.yaml")] = HERE / template / "my-method.yaml"
    aside = out / f".{name}.partial"
    links.discard(aside)
    try:
        for place, source in files.items():
            if "__pycache__" not in place.parts:
                target = aside / _filled(str(place), words)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_filled(source.read_text(encoding="utf-8"), words), encoding="utf-8")
        aside.rename(folder)
    except OSError as error:
        links.discard(aside)
        raise UserError(f"{folder} cannot be written: {error.strerror or error}; choose another --out.") from error
    return folder


def _filled(text: str, words: dict[str, str]) -> str:
    """A template's text, or path, with your own names."""
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def _module(name: str) -> str:
    return name.replace("-", "_")


def _check(name: str) -> None:
    """Raises for a name that no package and no method can have."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or keyword.iskeyword(_module(name)):
        raise UserError(f"'{name}' cannot be a method's name; use small letters, digits and hyphens: my-method.")
    taken: dict[str, Catalog] = {
        "a method": method_configs.METHODS,
        "an algorithm": ALGORITHMS,
        "a set of methods": method_configs.METHOD_SETS,
    }
    for kind, known in taken.items():
        if name in known:
            raise UserError(f"There is {kind} '{name}' already; choose another name.")
    if importlib.util.find_spec(_module(name)) is not None:
        raise UserError(f"There is a Python module '{_module(name)}' already, which the new one would hide.")
