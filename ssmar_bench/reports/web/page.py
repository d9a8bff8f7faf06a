"""Writes the page: tables as HTML by a template that escapes everything, the rest as data for its scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ssmar_bench.reports.section import Section
from ssmar_bench.reports.tables import Table
from ssmar_bench.reports.web.page_data import embedded_json

HERE = Path(__file__).parent
SCRIPTS = ("dom", "tables", "charts", "matrix", "compare", "run", "main")


@dataclass(frozen=True)
class Findings:
    """What the first page says: the headline, how far it goes, and the tables behind it."""

    headline: str
    limits: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class BenchmarkView:
    """What the comparison of one benchmark shows besides its curves."""

    name: str
    title: str
    tables: tuple[Table, ...]


def page_html(
    answer: Findings,
    benches: Sequence[BenchmarkView],
    runs: Table,
    sections: Sequence[Section],
    data: Mapping[str, Any],
    digest: str,
) -> str:
    """The whole page as one text that needs no other file.

    Args:
        answer: the first view.
        benches: a view each.
        runs: every run in a row; the last column is the run's folder, by which its page is found.
        sections: of the published claims and tables; may be none.
        data: of :func:`payload`.
        digest: of what everything was rendered from.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE / "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda data: b64encode(data).decode()
    return environment.get_template("page.html").render(
        answer=answer,
        benches=benches,
        runs=runs,
        sections=sections,
        digest=digest,
        data=Markup(embedded_json(data)),  # noqa: S704  # no sign of it can end the script element
        styles=_inline("vendor/uPlot.min.css", "assets/page.css"),
        scripts=_inline("vendor/uPlot.iife.min.js", *(f"assets/{name}.js" for name in SCRIPTS)),
        licence=(HERE / "vendor/uPlot.LICENSE").read_text(encoding="utf-8"),
    )


def _inline(*names: str) -> Markup:
    """Our own files, which hold no end of a script or style element."""
    return Markup("\n".join((HERE / name).read_text(encoding="utf-8").strip() for name in names))  # noqa: S704
