"""The page as text: what no browser is needed for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from _records import Fake

from ssmar_bench.reports.render import html
from ssmar_bench.reports.web.page_data import embedded_json
from ssmar_bench.results.input_digest import input_digest

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;<!--"


def rendered(root: Path) -> str:
    return html(root)


def data(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    Fake("fixmatch", label=HOSTILE, changed={"classes": [HOSTILE, *map(str, range(11))]}).write(tmp_path)
    Fake("aplt", state="failed", reason=f"ValueError: {HOSTILE}\n").write(tmp_path)
    text = rendered(tmp_path)
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert text.count("<script") == 2
    assert HOSTILE in json.dumps(data(text), ensure_ascii=False)


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>", "&lt;", "\u2028", '"\\'])
def test_embedded_data_cannot_leave_their_element(text: str) -> None:
    written = embedded_json({"name": text})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"name": text}


def test_the_page_needs_no_other_file_and_carries_the_digest(tmp_path: Path) -> None:
    Fake().write(tmp_path)
    text = rendered(tmp_path)
    assert not re.findall(r"""(?:src|href)=["'](?!#)[^"']*""", text)
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert f'<meta name="results-digest" content="{input_digest(tmp_path)}">' in text
    assert "The MIT License (MIT)" in text


def test_every_run_is_in_the_data_with_what_it_was(tmp_path: Path) -> None:
    Fake("fixmatch", seed=1, clips=True).write(tmp_path)
    Fake("aplt", state="failed").write(tmp_path)
    Fake("supervised", 1.0, state="running").write(tmp_path)
    found = data(rendered(tmp_path))
    runs = {run["method"]: run for run in found["runs"]}
    assert [runs[name]["state"] for name in ("fixmatch", "aplt", "supervised")] == ["done", "failed", "unfinished"]
    sections = {name: found["shared"][runs["fixmatch"]["spec"][name]] for name in found["sections"]}
    assert {**runs["fixmatch"]["spec"], **sections} == Fake("fixmatch", seed=1).spec().to_json()
    assert runs["aplt"]["spec"]["train"] == runs["fixmatch"]["spec"]["train"]  # written once
    assert runs["aplt"]["reason"] == "ValueError: loss is not finite"
    assert sum(map(sum, runs["fixmatch"]["confusion"])) == 200
    assert len(runs["fixmatch"]["curves"]["validation/accuracy"]) == 4


def test_means_over_seeds_are_those_of_the_tables(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.5, 0.6)):
        Fake(seed=seed, accuracy=accuracy).write(tmp_path)
    bench = data(rendered(tmp_path))["benchmarks"][0]
    (cell,) = bench["cells"]
    assert cell["accuracy"] == [55, 7.071]
    assert len(cell["runs"]) == 2


def test_one_seed_has_no_deviation_in_the_data(tmp_path: Path) -> None:
    Fake().write(tmp_path)
    bench = data(rendered(tmp_path))["benchmarks"][0]
    assert bench["cells"][0]["accuracy"] == [50, None]
    assert set(bench["cells"][0]["curves"]["full_pool/accuracy"]["std"]) == {None}
