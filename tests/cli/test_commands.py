"""What each command prints and writes when nothing is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ssmar_bench
from ssmar_bench import api
from ssmar_bench.core.run_folder import RunFolder
from tests.conftest import METHODS, Finished, folder_of

Call = Callable[..., Finished]


def test_version(call: Call) -> None:
    assert call("--version") == Finished(0, f"{ssmar_bench.__version__}\n", "")


def test_without_a_command_it_explains_itself(call: Call) -> None:
    ended = call()
    assert "Usage:" in ended.out + ended.err
    assert "Traceback" not in ended.err


HELPED = [
    (),
    ("run",),
    ("report",),
    ("data",),
    ("predict",),
    ("reproduce",),
    ("data", "synthesize"),
    ("data", "check"),
    ("splits",),
    ("splits", "build"),
]


@pytest.mark.parametrize("words", HELPED)
def test_help(call: Call, words: tuple[str, ...]) -> None:
    ended = call(*words, "--help")
    assert ended.status == 0
    assert "Usage:" in ended.out


@pytest.mark.slow
def test_help_loads_nothing_that_takes_seconds() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['ssmar-bench', 'run', '--help']\n"
        "from ssmar_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('status', end.code)\n"
        "print('loaded', sorted({'torch', 'torchvision', 'matplotlib', 'sklearn', 'timm'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-2:] == ["status 0", "loaded []"]


def test_data_list(call: Call) -> None:
    ended = call("data", "list")
    assert ended.status == 0
    benchmarks = ended.out.partition("what it is")[0].splitlines()
    for benchmark_config in api.benchmarks():
        (line,) = (line for line in benchmarks if line.startswith(f"{benchmark_config.name}\t"))
        assert benchmark_config.source.name in line
        assert ", ".join(f"{ratio:g}" for ratio in benchmark_config.ratios) in line


OPTIONS = (
    "--train-clips",
    13,
    "--test-clips",
    12,
    "--train-subjects",
    2,
    "--test-subjects",
    1,
    "--frames",
    4,
    "--size",
    16,
)


@pytest.mark.slow
def test_data_synthesize(call: Call, tmp_path: Path) -> None:
    words = ("data", "synthesize", "micro-motion", "--out", tmp_path / "data")
    ended = call(*words, *OPTIONS, "--amplitude", 2.5, "--sheet", tmp_path / "sheet.png")
    assert ended.status == 0, ended.err
    assert ended.out == f"{tmp_path / 'data'}\n"
    assert ended.err.splitlines()[-1].startswith(" prepare  rendering micro-motion  25/25")
    assert len([*(tmp_path / "data").glob("videos_train/*.mp4")]) == 13
    options = json.loads((tmp_path / "data" / "micro-motion.json").read_text())["options"]
    assert (options["train_clips"], options["frames"], options["amplitude"], options["fps"]) == (13, 4, 2.5, 12)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")

    again = call(*words, *OPTIONS)
    assert again.status == 2
    assert again.err.startswith(f"ssmar-bench: {tmp_path / 'data'}: this exists already")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["ma52"], "Only micro-motion can be synthesized, not 'ma52'."),
        (["micro-motion", "--size", "33"], "size is 33, expected an even number"),
        (["micro-motion", "--amplitude", "11"], "amplitude is 11.0, expected 0 to 10"),
    ],
)
def test_data_synthesize_refuses(call: Call, tmp_path: Path, words: list[str], fault: str) -> None:
    ended = call("data", "synthesize", *words, "--out", tmp_path / "data")
    assert ended.status == 2
    assert fault in ended.err
    assert not (tmp_path / "data").exists()


def test_a_plan_before_anything_was_run(call: Call, tiny: Path, rendered: Path, tmp_path: Path) -> None:
    words = ("--benchmark", tiny, "--methods", "supervised,aplt", "--ratios", "0.5,1", "--seeds", "0,1")
    ended = call("run", *words, "--out", tmp_path / "out", "--plan")
    assert ended.status == 0
    lines = [line for line in ended.out.splitlines() if "\t" in line and ("supervised" in line or "aplt" in line)]
    assert "8 runs" in ended.out
    assert len(lines) == 8
    assert sum("missing" in line and "unknown" not in line for line in lines) == 6
    assert sum("aplt needs unlabelled clips, and at ratio 1 there are none" in line for line in lines) == 2
    (told,) = (line for line in ended.out.splitlines() if line.startswith("To train: "))
    assert told.endswith(" (guessed: 6 by a timed step)")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_plan_after_a_run(call: Call, tiny: Path, trained: Any, tmp_path: Path) -> None:
    out = trained.copy(tmp_path / "out")
    (folder_of(out, "fixmatch") / "record" / "metrics.json").unlink()
    (folder_of(out, "aplt") / "record" / "metrics.json").unlink()
    (folder_of(out, "aplt") / "work" / "failure.txt").write_text("it broke")
    before = sorted(path for path in out.rglob("*") if not path.name.startswith("lease-"))
    methods = ",".join((*METHODS, "supervised-strong"))
    ended = call("run", "--benchmark", tiny, "--methods", methods, "--seeds", "0,1", "--out", out, "--plan")
    assert ended.status == 0
    rows = [line.split("\t") for line in ended.out.splitlines() if "\t" in line]
    table = {(method, seed): (state, expected) for method, _, seed, state, expected in rows}
    assert table["supervised", "0"] == ("done", "")
    assert table["fixmatch", "0"][0] == "interrupted"
    assert table["aplt", "0"][0] == "failed"
    assert table["supervised-strong", "0"][0] == "missing"
    state, expected = table["supervised", "1"]
    assert state == "missing"
    assert expected.endswith(" s")
    (told,) = (line for line in ended.out.splitlines() if line.startswith("To train: "))
    assert told.endswith(" (guessed: 6 by other methods)")
    assert sorted(path for path in out.rglob("*") if not path.name.startswith("lease-")) == before
    with RunFolder(folder_of(out, "fixmatch")).lease():  # as a worker of another command would
        ended = call("run", "--benchmark", tiny, "--methods", "fixmatch", "--ratios", "0.5", "--out", out, "--plan")
    (row,) = (line for line in ended.out.splitlines() if "fixmatch\t" in line)
    assert "running" in row


@pytest.mark.slow
def test_run_prints_the_comparison(trained: Any) -> None:
    lines = trained.output.out.splitlines()
    table = api.table(trained.out, "tiny-motion").splitlines()
    assert lines[: len(table)] == table
    for label in ("Supervised (labelled only)", "FixMatch", "APLT", "Most frequent class"):
        assert [line for line in lines if line.startswith(f"| {label} ")], label
    assert [line for line in lines if line.startswith("| Supervised (labelled only), all labels")]
    assert lines[-1] == f"Page: {trained.out / 'reports' / 'index.html'}"


@pytest.mark.slow
def test_report_renders_from_records_alone(trained: Any, tmp_path: Path, call: Call) -> None:
    for folder in (trained.out / "runs").iterdir():
        shutil.copytree(folder / "record", tmp_path / "runs" / folder.name / "record")
    shutil.copytree(trained.out / "frames", tmp_path / "frames")  # of the page's examples, which ``run`` recorded
    ended = call("report", "--results", tmp_path, "--out", tmp_path / "reports")
    assert ended.status == 0, ended.err
    written = {path.relative_to(tmp_path / "reports") for path in map(Path, ended.out.splitlines())}
    files = {path for path in (tmp_path / "reports").rglob("*.*") if not path.name.startswith(".")}
    assert written == {path.relative_to(tmp_path / "reports") for path in files}
    assert {path.suffix for path in written} == {".md", ".tex", ".csv", ".png", ".pdf", ".html", ".webp"}
    for path in written:
        if path.suffix in (".md", ".tex", ".csv"):
            assert (tmp_path / "reports" / path).read_bytes() == (trained.out / "reports" / path).read_bytes(), path


@pytest.mark.slow
def test_report_refuses(trained: Any, tmp_path: Path, call: Call) -> None:
    nothing = call("report", "--results", tmp_path, "--out", tmp_path / "reports")
    assert nothing.status == 2
    assert nothing.err.startswith(f"ssmar-bench: There are no runs under {tmp_path / 'runs'}")
    words = ("report", "--results", trained.out, "--out", tmp_path / "reports")
    unknown = call(*words, "--benchmark", "tiny-motio")
    assert unknown.status == 2
    assert unknown.err == "ssmar-bench: Benchmark 'tiny-motio' has no runs; did you mean 'tiny-motion'?\n"
    assert not (tmp_path / "reports").exists()
