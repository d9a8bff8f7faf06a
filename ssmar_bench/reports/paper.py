"""The paper's tables, claims and figures: sections of the report, and files below ``reports/paper``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ssmar_bench.reports import paper_figures
from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.paper_claims import claims_frame, claims_section
from ssmar_bench.reports.paper_tables import section, table_frame
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.table_formats import csv_text, escape_markdown, markdown_page
from ssmar_bench.results.summary import FIGURE_4, Examples, FilledTable, PaperSummary

FOLDER = "paper"


@dataclass(frozen=True)
class PaperSection:
    """A section, and the same as a frame."""

    section: Section
    frame: pd.DataFrame


def paper_sections(found: Sequence[PaperSummary]) -> list[PaperSection]:
    """The paper's claims and tables on each kind of data."""
    sections = []
    for one in found:
        sections.append(PaperSection(claims_section(one.claims, one.on), claims_frame(one.claims)))
        sections += [
            PaperSection(_section(table, one.examples, one.frames), table_frame(table)) for table in one.tables
        ]
    return sections


def texts(found: Sequence[PaperSection]) -> Iterator[tuple[str, str]]:
    """Path below the reports and text of every section: as Markdown, LaTeX and CSV."""
    for part in found:
        stem = f"{FOLDER}/{part.section.name}"
        yield f"{stem}.md", _markdown(part.section)
        yield f"{stem}.tex", "\n".join(latex(table, table.name) for table in part.section.tables)
        yield f"{stem}.csv", csv_text(part.frame)


def table_text(found: FilledTable, examples: Examples | None) -> str:
    """The section of one table as Markdown, whether or not it has runs; ``examples`` are of the table ``fig4``."""
    return _markdown(_section(found, examples, {}))


def _section(found: FilledTable, examples: Examples | None, frames: Mapping[str, bytes]) -> Section:
    """A table's section; that of Fig. 4 shows clips, too."""
    one = section(found)
    if found.table.name != FIGURE_4:
        return one
    words = paper_figures.selection_note(examples)
    return replace(one, words=(*one.words, words), pictures=paper_figures.pictures(examples, frames))


def _markdown(one: Section) -> str:
    head, _, tables = markdown_page(one.title, one.tables).partition("\n")
    return "\n\n".join([head, *map(escape_markdown, one.words)]) + f"\n{tables}"
