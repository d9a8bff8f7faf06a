"""A part of the report as data: what is under one heading, whoever computed it."""

from __future__ import annotations

from dataclasses import dataclass

from ssmar_bench.reports.table_formats import Table


@dataclass(frozen=True)
class Picture:
    """A JPEG on the page, and what it shows in words; also for those who do not see it."""

    jpeg: bytes
    words: str


@dataclass(frozen=True)
class Section:
    """One heading of the report.

    Attributes:
        name: unique word for links, ``table3``.
        title: the heading.
        words: paragraphs of plain text.
        tables: below them.
        pictures: below the tables, on the page alone.
    """

    name: str
    title: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
