"""Every command understands the folder that ``run`` was given; without one it is ``./ssmar-runs``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.api import report_state
from ssmar_bench.core.run_folder import RunFolder
from tests.conftest import Finished, Trained, folder_of

Call = Callable[..., Finished]


def unexpected(*_: object) -> None:
    raise AssertionError("a finished grid needs none of this")


@pytest.mark.slow
def test_without_out_everything_is_below_ssmar_runs(
    trained: Trained, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    trained.copy(tmp_path / "ssmar-runs", "supervised")
    assert call("run", "--benchmark", tiny, "--methods", "supervised").status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["ssmar-runs"]
    assert sorted(path.name for path in (tmp_path / "ssmar-runs").iterdir()) == ["frames", "reports", "runs"]
    shutil.rmtree(tmp_path / "ssmar-runs" / "reports")
    assert call("report").status == 0
    assert (tmp_path / "ssmar-runs" / "reports" / "index.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("layout", [".", "results"])
def test_the_folder_of_results_and_the_one_around_it_are_understood(
    layout: str, trained: Trained, tmp_path: Path, call: Call, videos: Any
) -> None:
    results = trained.copy(tmp_path / "out" / layout, "supervised")
    video = next(videos.rglob("*.mp4"))
    for folder in {tmp_path / "out", results}:
        ended = call("predict", "tiny-motion_supervised_r50_s0", video, "--results", folder)
        assert ended.status == 0, ended.err
        assert call("report", "--results", folder, "-o", tmp_path / "reports").status == 0


@pytest.mark.slow
def test_a_finished_grid_typed_again_renders_nothing(
    trained: Trained, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = trained.copy(tmp_path / "out", "supervised", "fixmatch")
    words = ("run", "-b", tiny, "-m", "supervised,fixmatch", "-o", out)
    first = call(*words)
    assert first.status == 0, first.err
    page = out / "reports" / "index.html"
    assert first.out.splitlines()[-1] == f"Page: {page}"
    before = page.stat()
    with monkeypatch.context() as patch:  # no record is read, no network built
        for place in ("api.reports.load_runs", "runs.resolve.fit.check_fit"):
            patch.setattr(f"ssmar_bench.{place}", unexpected)
        again = call(*words)
    assert (again.status, again.out) == (0, first.out)
    assert page.stat().st_ctime_ns == before.st_ctime_ns
    assert api.report_is_current(out)
    one = call("run", "-b", tiny, "-m", "fixmatch", "-o", out)
    assert (one.status, len(one.out.splitlines())) == (0, len(first.out.splitlines()) - 1)
    assert page.stat().st_ctime_ns == before.st_ctime_ns
    assert not (out / "reports" / "paper").exists()  # of `reproduce` alone
    another = folder_of(trained.out, "aplt")
    shutil.copytree(another, out / "runs" / another.name)
    assert call(*words).status == 0
    assert page.stat().st_ctime_ns != before.st_ctime_ns
    api.report(out, benchmarks=["tiny-motion"])
    assert not api.report_is_current(out)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert call("report", "--results", out, "--open").status == 0
    assert opened == [page.as_uri()]


@pytest.mark.slow
def test_a_finished_grid_typed_again_reads_each_record_once_and_digests_all_of_them_once(
    trained: Trained, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    out = trained.copy(tmp_path / "out", "supervised", "aplt")
    words = ("run", "-b", tiny, "-m", "supervised,aplt", "-o", out)
    first = call(*words)
    asked: list[str] = []

    def counted(target: object, name: str, said: Callable[..., str]) -> None:
        inner = getattr(target, name)

        def heard(*given: object) -> Any:
            asked.append(said(*given))
            return inner(*given)

        monkeypatch.setattr(target, name, heard)

    counted(RunFolder, "record_faults", lambda folder: folder.path.name)
    counted(report_state, "input_digest", lambda _: "all records")
    again = call(*words)
    assert (again.status, again.out) == (0, first.out)
    assert sorted(asked) == sorted(["all records", *(folder_of(out, name).name for name in ("supervised", "aplt"))])


SLOW_TO_LOAD = {
    *("scipy.optimize", "scipy.stats", "matplotlib", "jinja2", "torchvision", "timm", "PIL"),
    *("torch._dynamo", "sympy"),  # torch loads them for arithmetic without memory
}


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--plan", "--json", "--seeds", "0,1")], ids=["finished", "planned"])
def test_a_grid_typed_again_loads_nothing_that_it_has_no_need_of(
    more: tuple[str, ...], trained: Trained, tiny: Path, tmp_path: Path, call: Call
) -> None:
    out = trained.copy(tmp_path / "out", "aplt")
    words = [str(word) for word in ("run", "-b", tiny, "-m", "aplt", "-o", out, *more)]
    assert call(*words).status == 0
    code = (
        "import sys\n"
        "from ssmar_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('status', end.code)\n"
        f"print('loaded', sorted({SLOW_TO_LOAD} & set(sys.modules)))"
    )
    again = subprocess.run([sys.executable, "-P", "-c", code, *words], capture_output=True, text=True, check=True)
    assert again.stdout.splitlines()[-2:] == ["status 0", "loaded []"]


@pytest.mark.slow
def test_only_what_was_asked_for_is_printed_with_its_gain(
    trained: Trained, tiny: Path, tmp_path: Path, call: Call
) -> None:
    out = trained.copy(tmp_path / "out")
    ended = call("run", "-b", tiny, "-m", "fixmatch", "-o", out, "--quiet")
    assert (ended.status, ended.err) == (0, "")
    header, _, *rows = [line for line in ended.out.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in header.split("|")[1:-1]] == ["Method", "50 %", "gain"]
    assert [row.split("|")[1].strip() for row in rows] == ["FixMatch", "Most frequent class"]
    frame = api.results(out).query("ratio == 0.5").set_index("method")["accuracy"]
    gain = 100 * (frame["fixmatch"] - frame["supervised"])
    assert rows[0].split("|")[3].strip() == f"{gain:+.1f}"
