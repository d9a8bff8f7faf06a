"""What LaTeX says of the tables, where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from _records import LABELS, Fake, Real
from _reports import paper_sections

from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.records import load_runs

HEAD = r"""\documentclass[twocolumn,10pt]{article}
\usepackage[margin=1.8cm]{geometry}
\usepackage{booktabs}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\begin{document}
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here; Debian: texlive-latex-recommended")
def test_the_tables_compile_and_fit_their_pages(tmp_path: Path) -> None:
    for benchmark, ratio in (("micro-motion-12", 0.1), ("micro-motion-12", 0.5), ("micro-motion-5", 0.2)):
        for method in ("supervised", "pseudolabel", "fixmatch", "aplt", "aplt-km"):
            for seed in (0, 1):
                Real(method, ratio, seed, 0.5, benchmark=benchmark).write(tmp_path)
    Fake("my_own", 0.5, label=r"100% & <$_^~\#{}> 動 λ").write(tmp_path)
    sections = [part.section for part in paper_sections(load_runs(tmp_path))]
    tables = [table for section in sections for table in section.tables]
    tables.append(Table("odd", "Odd.", (), ("a",), tuple((text,) for text in (*"[&%$#_{}~^\\<>|", *LABELS)) * 5))
    text = HEAD + "\\clearpage\n".join(latex(table, table.name) for table in tables) + "\\end{document}\n"
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Float too large" not in done.stdout
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]
    assert max(wide, default=0) < 25, "a table is wider than its page"
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
