"""Writes the page: a shell with the answer, and data in parts, within it or in files beside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ssmar_bench.core import links
from ssmar_bench.core.files import write_changed
from ssmar_bench.reports import result_tables
from ssmar_bench.reports.formatting import damage
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.summary_findings import FirstView, first_view
from ssmar_bench.reports.web.clip_parts import clip_parts
from ssmar_bench.reports.web.page_data import (
    benchmark_part,
    class_parts,
    core_part,
    curve_parts,
    embedded_json,
    table_data,
)
from ssmar_bench.reports.web.run_parts import bucket_digits, run_parts
from ssmar_bench.results.summary import BenchmarkSummary, Summary

HERE = Path(__file__).parent
SCRIPTS = ("dom", "download", "tables", "charts", "matrix", "compare", "examples", "run", "main")
ONE_FILE = 500
LARGEST = 900_000
"""Runs and characters of data up to which the page is one file; with more, the data of a view are files that it loads
when it is opened."""
INDEX = "index.html"
FOLDER = "index-data"
"""Of these files, beside the page."""


def page_parts(benchmarks: Sequence[BenchmarkSummary], sections: Sequence[Section]) -> dict[str, Any]:
    """The data of every view by their keys, such as ``runs`` or ``curves/micro-motion-12/0.5``.

    Args:
        benchmarks: in the order in which they are shown.
        sections: of the published claims and tables; may be none.
    """
    core = core_part(benchmarks)
    core["digits"] = bucket_digits(core["runs"])
    titles = {one.name: one.title for one in benchmarks}
    every = pd.concat([one.runs for one in benchmarks])
    parts: dict[str, Any] = {"core": core, "runs": table_data(result_tables.runs(every, titles))}
    for one in benchmarks:
        parts[f"benchmark/{one.name}"] = benchmark_part(one)
        for kind, own in (("curves", curve_parts(one)), ("classes", class_parts(one))):
            parts |= {f"{kind}/{one.name}/{ratio}": part for ratio, part in own.items()}
        parts |= clip_parts(one)
    parts |= {f"run/{name}": part for name, part in run_parts(benchmarks, core["digits"]).items()}
    if sections:
        parts["paper"] = [_section(section) for section in sections]
    return parts


def page_files(summary: Summary, sections: Sequence[Section]) -> dict[str, str]:
    """The page of a summary as texts by their paths; ``sections`` are of what was published."""
    view = first_view(summary.benchmarks)
    limits = (*damage(summary.damage), *view.limits)
    return parts_files(replace(view, limits=limits), page_parts(summary.benchmarks, sections), summary.digest)


def parts_files(answer: FirstView, parts: Mapping[str, Any], digest: str) -> dict[str, str]:
    """The page as texts by their paths: ``index.html``, and the files that it loads, if it is not one file.

    Args:
        answer: the first view.
        parts: of :func:`page_parts`.
        digest: of what everything was rendered from.
    """
    texts = {key: embedded_json(part) for key, part in parts.items()}
    large = parts["core"]["runs"] > ONE_FILE or sum(map(len, texts.values())) > LARGEST
    apart = {key for key in parts if key != "core"} if large else set()
    environment = Environment(
        loader=FileSystemLoader(HERE / "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html").render(
        answer=answer,
        tables=Markup(embedded_json([table_data(table) for table in answer.tables])),  # noqa: S704
        parts={key: Markup(text) for key, text in texts.items() if key not in apart},  # noqa: S704  # no sign ends it
        sections="paper" in parts,
        examples=bool(parts["core"]["examples"]),
        one_file=not apart,
        digest=digest,
        styles=_inline("vendor/uPlot.min.css", "assets/page.css"),
        scripts=_inline("vendor/uPlot.iife.min.js", *(f"assets/{name}.js" for name in SCRIPTS)),
        licence=(HERE / "vendor/uPlot.LICENSE").read_text(encoding="utf-8"),
    )
    files = {
        f"{FOLDER}/{file_name(key)}": f"registerPart({embedded_json(key)},{texts[key]});\n" for key in sorted(apart)
    }
    return {INDEX: page, **files}


def file_name(key: str) -> str:
    """The file of a part; the keys hold names of benchmarks, ratios and digits alone."""
    return f"{key.replace('/', '~')}.js"


def write_page(files: Mapping[str, str], reports: Path) -> list[Path]:
    """Write the files of :func:`page_files` that are not there as they are, and remove parts of an earlier page.

    Raises:
        UserError: a symbolic link is in the way.
    """
    for name in files:
        links.refuse(reports, *name.split("/"))
    for path in (reports / FOLDER).glob("*.js"):
        if f"{FOLDER}/{path.name}" not in files:
            path.unlink()
    if (reports / FOLDER).is_dir() and not any((reports / FOLDER).iterdir()):
        (reports / FOLDER).rmdir()
    for name, text in files.items():
        write_changed(reports / name, text)
    return [reports / name for name in files]


def _section(section: Section) -> dict[str, Any]:
    pictures = [[b64encode(one.jpeg).decode(), one.words] for one in section.pictures]
    tables = [table_data(table) for table in section.tables]
    return {
        "name": section.name,
        "title": section.title,
        "words": section.words,
        "tables": tables,
        "pictures": pictures,
    }


def _inline(*names: str) -> Markup:
    """Our own files, which hold no end of a script or style element."""
    return Markup("\n".join((HERE / name).read_text(encoding="utf-8").strip() for name in names))  # noqa: S704
