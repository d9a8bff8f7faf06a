"""The sources that there are: what a user must know before a file of theirs is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from ssmar_bench.core.yaml_file import load_yaml


@dataclass(frozen=True)
class Source:
    """A data set as it is known without its files.

    Attributes:
        name: as benchmark configs and ``--data`` say it.
        title: one line for the user.
        reader: ``module:function`` of ``(root, source, options, listener) -> SourceListing``; imported when it is used.
        facts: path of the YAML file with the owners' class names and counts
            (:class:`~ssmar_bench.sources.published_facts.PublishedFacts`), or "" for a source without.
        licensed: whether its frames and lists may only be used by who has signed for them; a report asks before it
            shows a frame or a clip's name.
        terms: what its owners allow, as far as it is known.
        get: where it comes from.
        options: what a benchmark config may choose, name -> allowed values, the first one being the default.
        by_name: whether its class ids are only places in a sorted list of names, so that another copy may have others:
            a benchmark's classes are then found by their names.
        layouts: the layouts that its owners distribute, all of which are read; the first one is the usual one.
    """

    name: str
    title: str
    reader: str
    facts: str
    licensed: bool
    terms: str
    get: str
    options: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    layouts: tuple[str, ...] = ()
    by_name: bool = False


SOURCES: dict[str, Source] = TypeAdapter(dict[str, Source]).validate_python(
    {name: {"name": name, **entry} for name, entry in load_yaml(Path(__file__).with_suffix(".yaml")).data.items()}
)
"""Those that come with the package."""
