"""The page as text: what no browser is needed for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from _page_data import many_runs, parts_of
from _records import SECTIONS, Fake
from _reports import html

from ssmar_bench.reports.web import page, run_parts
from ssmar_bench.reports.web.page_data import embedded_json
from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.method_groups import group_of

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;<!--"


def rendered(root: Path) -> str:
    return html(root)


def runs_of(parts: dict[str, Any]) -> dict[str, Any]:
    """Method -> its run, with the sections that runs share."""
    shared, runs = parts["run/"]["shared"], parts["run/"]["runs"].values()
    own = {name: lambda spec, name=name: shared[spec[name]] for name in parts["core"]["sections"]}
    return {
        run["method"]: {**run, "spec": run["spec"] | {key: of(run["spec"]) for key, of in own.items()}} for run in runs
    }


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    Fake("fixmatch", label=HOSTILE, changed={"classes": [HOSTILE, *map(str, range(11))]}).write(tmp_path)
    Fake("aplt", state="failed", reason=f"ValueError: {HOSTILE}\n").write(tmp_path)
    text = rendered(tmp_path)
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == len(parts_of(text)) + 1
    assert HOSTILE in json.dumps(parts_of(text)["benchmark/micro-motion-12"], ensure_ascii=False)


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
    found = parts_of(rendered(tmp_path))
    runs = runs_of(found)
    assert [runs[name]["state"] for name in ("fixmatch", "aplt", "supervised")] == ["done", "failed", "unfinished"]
    assert runs["fixmatch"]["spec"] == Fake("fixmatch", seed=1).spec().to_json()
    places = [run["spec"]["train"] for run in found["run/"]["runs"].values()]
    assert len({*places}) == 1  # written once
    assert runs["aplt"]["reason"] == "ValueError: loss is not finite"
    assert sum(runs["fixmatch"]["confusion"][1::2]) == 200
    assert len(runs["fixmatch"]["curves"]["validation/accuracy"]) == 4


def test_means_over_seeds_are_those_of_the_tables(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.5, 0.6)):
        Fake(seed=seed, accuracy=accuracy).write(tmp_path)
    (cell,) = parts_of(rendered(tmp_path))["benchmark/micro-motion-12"]["cells"]
    assert cell["accuracy"] == [55, 7.071]
    assert cell["seeds"] == 2


def test_one_seed_has_no_deviation_in_the_data(tmp_path: Path) -> None:
    Fake().write(tmp_path)
    parts = parts_of(rendered(tmp_path))
    assert parts["benchmark/micro-motion-12"]["cells"][0]["accuracy"] == [50, None]
    assert set(parts["curves/micro-motion-12/0.1"]["FixMatch"]["full_pool/accuracy"]["std"]) == {None}


def test_every_group_of_methods_is_told_from_the_others() -> None:
    names = (
        "supervised",
        "fixmatch",
        "svformer",
        "usb-fixmatch",
        "fixmatch-strong-labelled",
        "aplt-km",
        "somebodys-own",
    )
    assert [group_of(name, True) for name in names] == [
        *("Baselines", "Image SSL", "Video SSL", "Controls", "Controls", "Ablations", "Image SSL"),
    ]
    assert group_of("supervised", False) == "Other settings"


def test_many_runs_are_files_beside_the_page_of_which_only_changed_ones_are_written(tmp_path: Path) -> None:
    files = many_runs(600)
    text = files[page.INDEX]
    assert "script-src 'unsafe-inline' 'self';" in text
    assert set(parts_of(text)) == {"overview", "core"}  # the answer, and what every view needs
    runs = [name for name in files if name.startswith(f"{page.FOLDER}/run~")]
    assert len(runs) == 16
    page.write_page(files, tmp_path)
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in files}
    assert times == {name: (tmp_path / name).stat().st_mtime_ns for name in files if page.write_page(files, tmp_path)}
    page.write_page({**files, runs[3]: "registerPart('x',1);\n"}, tmp_path)
    assert [name for name in files if (tmp_path / name).stat().st_mtime_ns != times[name]] == [runs[3]]
    page.write_page({page.INDEX: text}, tmp_path)
    assert not (tmp_path / page.FOLDER).exists()


def test_much_data_of_few_runs_are_files_beside_the_page_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(many_runs(100)) == {page.INDEX}
    monkeypatch.setattr(page, "LARGEST", 10_000)
    files = many_runs(100)
    assert len(files) > 5
    assert set(parts_of(files[page.INDEX])) == {"overview", "core"}


def test_a_run_stays_in_its_part_when_others_are_added() -> None:
    assert [run_parts.bucket_digits(count) for count in (1, 64, 65, 1000, 10_000)] == [0, 0, 1, 1, 2]
    assert run_parts.bucket("easy_aplt_r10_s0_0123456789abcdef", 2) == "ef"


def write_try(root: Path, name: str, ended: str) -> None:
    timings = Fake(benchmark=name).write(root) / "record" / "timings.json"
    timings.write_text(json.dumps({**json.loads(timings.read_text()), "ended": ended}))


def test_of_two_tries_of_own_videos_the_page_says_which_was_trained_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECTIONS, "source", {"name": "videos"})
    write_try(tmp_path, "clips", "2026-11-26T09:30:00Z")
    assert [one["title"] for one in parts_of(rendered(tmp_path))["core"]["benchmarks"]] == ["clips"]
    write_try(tmp_path, "clips-2", "2026-11-27T08:05:10Z")
    parts = parts_of(rendered(tmp_path))
    titles = ["clips (trained 2026-11-26 09:30 UTC)", "clips-2 (trained 2026-11-27 08:05 UTC)"]
    assert [one["title"] for one in parts["core"]["benchmarks"]] == titles
    assert {row[0] for row in parts["runs"]["rows"]} == set(titles)
