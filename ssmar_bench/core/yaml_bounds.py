"""Bounds on YAML, checked while it is read: nothing that others wrote takes minutes, or all memory."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import Node, ScalarNode

BYTES = 512 * 1024
DEPTH = 32
NODES = 20_000
"""Keys, values and entries; what an alias stands for counts each time."""
DIGITS = 18
"""Of a whole number, sign and underscores included: every one fits 64 bits."""

TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge")}


def read(text: str) -> Any:
    """The one document in ``text``, as ruamel's round-trip types.

    Raises:
        MarkedYAMLError: not YAML, or beyond a bound; its mark has the line.
    """
    if len(text) > BYTES:
        raise MarkedYAMLError(problem=f"the text is longer than {BYTES // 1024} KiB")
    yaml = YAML(typ="rt")
    yaml.Composer = _Bounded
    try:
        return yaml.load(text)
    except YAMLError:
        raise
    except Exception as error:
        raise MarkedYAMLError(problem=f"a value cannot be read ({error})") from error


class _Bounded(Composer):  # type: ignore[misc, unused-ignore]
    """Counts nodes and depth; knows which anchors are still open."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self._count = self._level = 0
        self._sizes: dict[str, int] = {}
        self._open: list[str] = []

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        name, before = event.anchor, self._count
        if isinstance(event, AliasEvent):
            if name in self._open:
                raise _beyond(f"the alias '*{name}' stands for what holds it", event)
            self._count += self._sizes.get(name, 0)
        self._count += 1
        self._level += 1
        if self._count > NODES:
            raise _beyond(f"there are more than {NODES} keys and values (what an alias stands for counts each)", event)
        if self._level > DEPTH:
            raise _beyond(f"it is nested deeper than {DEPTH} levels", event)
        if name is not None and not isinstance(event, AliasEvent):
            self._open.append(name)
            node = super().compose_node(parent, index)
            self._open.pop()
            self._sizes[name] = self._count - before
        else:
            node = super().compose_node(parent, index)
        self._level -= 1
        _plain(node, event)
        return node


def _plain(node: Node, event: Any) -> None:
    """Raises for a value that is none of YAML's plain ones."""
    tag = str(node.tag)
    if tag not in TAGS:
        said = tag.removeprefix("tag:yaml.org,2002:")
        hint = ", put it in quotation marks" if said == "timestamp" else ""
        raise _beyond(f"expected plain text, a number, true, false, a list or a mapping, found '{said}'{hint}", event)
    if isinstance(node, ScalarNode) and tag.endswith(":int") and len(node.value) > DIGITS:
        raise _beyond(f"a whole number has more than {DIGITS} digits", event)


def _beyond(problem: str, event: Any) -> MarkedYAMLError:
    return MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
