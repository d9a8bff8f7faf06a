"""A run's record says by whose code it was made, and results of other code than today's are marked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench import __version__, api
from ssmar_bench.algorithms.provenance import FILE, digest_today, provenance, standing
from ssmar_bench.core import digests, plugins
from ssmar_bench.core.files import json_bytes
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs.worker import _with_todays_code
from tests._records import Fake
from tests.conftest import Finished, folder_of
from tests.plugins.conftest import FILE as PLUGIN

Call = Callable[..., Finished]
Write = Callable[..., Path]
FOOTNOTE = "Stale: made by other code of the method than today's"
WITH_LOSS = "    revision = 1\n\n    def predict(self, clips):\n        return super().predict(clips) * 2\n"


def test_the_record_of_a_package_names_it(mine: Path) -> None:
    found = provenance("mine", 1)
    assert found == {
        "algorithm": "mine",
        "package": "my-package",
        "version": "1.2",
        "revision": 1,
        "code": digest_today("mine"),
    }
    assert len(found["code"]) == 16
    path = mine / "my_package" / "algorithm.py"
    path.write_text(path.read_text() + "# nothing computes this\n")
    assert digest_today("mine") == found["code"]
    path.write_text(path.read_text() + "Mine.revision = 3\n")
    assert digest_today("mine") != found["code"]


def test_a_files_record_holds_its_name_and_no_folder(plugin: Write) -> None:
    plugins.use(plugin(PLUGIN))
    found = provenance("mine", 1)
    assert (found["package"], found["version"]) == ("my_method.py", "")
    assert found["code"] == digest_today("mine")


def test_ours_are_recorded_and_digested_alike() -> None:
    found = provenance("fixmatch", 1)
    assert (found["package"], found["version"]) == ("ssmar-bench", __version__)
    assert len(found["code"]) == 16


@pytest.mark.parametrize(
    ("text", "today", "expected"),
    [
        ('{"code": "a"}', "a", "today"),
        ('{"code": "a"}', "b", "other"),
        ('{"code": "a"}', "", "unknown"),
        ('{"code": ""}', "b", "unknown"),
        ("{}", "b", "unknown"),
        ("[", "b", "unknown"),
        (None, "b", "unknown"),
    ],
)
def test_what_is_not_known_is_not_called_stale(tmp_path: Path, text: str | None, today: str, expected: str) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    assert standing(tmp_path, today) == expected


def test_an_algorithm_that_is_not_installed_has_no_digest() -> None:
    assert digest_today("no-such-algorithm") == ""


@pytest.fixture
def run(plugin: Write, tiny: Path, tmp_path: Path, call: Call) -> Callable[..., Finished]:
    """``run`` of the plugin's method in a real process."""

    def run(*words: object) -> Finished:
        more = ("--methods", "mine", "--plugin", tmp_path / "my_method.py", "--set", "train.epochs=2")
        return call("run", "--benchmark", tiny, *more, "--out", tmp_path, *words)

    return run


@pytest.mark.slow
def test_a_result_of_other_code_is_marked_until_it_is_measured_again(
    plugin: Write, tmp_path: Path, run: Callable[..., Finished], call: Call
) -> None:
    plugin(PLUGIN)
    assert run().status == 0
    record = folder_of(tmp_path, "mine") / "record"
    noted = json.loads((record / FILE).read_text())
    assert noted == {
        "algorithm": "mine",
        "package": "my_method.py",
        "version": "",
        "revision": 1,
        "code": noted["code"],
    }
    assert str(tmp_path) not in (record / FILE).read_text()

    plugin(PLUGIN.replace("A method of one file.", "Described again."))
    assert "stale" not in run("--plan").out
    plugin(PLUGIN.replace("    revision = 1\n", WITH_LOSS))
    planned = run("--plan")
    assert "│ done, stale │" in planned.out
    assert "Stale: made by other code of the method than today's; --overwrite always trains it again." in planned.out
    again = run()
    assert again.err.startswith("  cached  tiny-motion_mine_r50_s0"), "nothing is trained behind anybody's back"
    assert "(1; 1 stale) |" in again.out
    page = (tmp_path / "reports" / "tiny-motion" / "comparison.md").read_text()
    assert FOOTNOTE in page
    assert "1; 1 stale" in page
    html = (tmp_path / "reports" / "index.html").read_text()
    assert html.count("done, stale") == 1
    assert FOOTNOTE in html

    assert run("--overwrite", "always").status == 0
    assert "stale" not in run("--plan").out
    assert "stale" not in (tmp_path / "reports" / "tiny-motion" / "comparison.md").read_text().lower()

    plugin(PLUGIN)
    words = ("--results", tmp_path / "results", "--out", tmp_path / "reports")
    assert call("report", *words, "--plugin", tmp_path / "my_method.py").status == 0
    assert FOOTNOTE in (tmp_path / "reports" / "tiny-motion" / "comparison.md").read_text()
    plugins.forget()
    assert call("report", *words).status == 0
    page = (tmp_path / "reports" / "tiny-motion" / "comparison.md").read_text()
    assert FOOTNOTE not in page, "without the plugin, nobody knows"
    assert "| Mine " in page


@pytest.mark.slow
def test_ours_say_so_too_and_old_records_say_nothing(trained: object, tmp_path: Path) -> None:
    out = trained.copy(tmp_path, "fixmatch", "supervised")  # type: ignore[attr-defined]
    record = folder_of(out, "fixmatch") / "record"
    assert json.loads((record / FILE).read_text()) == provenance("fixmatch", 1)
    digests.write_files(folder_of(out, "supervised") / "record", {}, forget=[FILE])
    runs = load_runs(out / "results").runs.set_index("method")
    assert runs["code"].to_dict() == {"fixmatch": "today", "supervised": "unknown"}
    digests.write_files(record, {FILE: json_bytes({**provenance("fixmatch", 1), "code": "f" * 16})})
    assert load_runs(out / "results").runs.set_index("method").loc["fixmatch", "code"] == "other"
    text = api.table(out / "results", "tiny-motion")
    (row,) = (line for line in text.splitlines() if line.startswith("| FixMatch"))
    assert "(1; 1 stale)" in row
    assert "stale" not in next(line for line in text.splitlines() if line.startswith("| Supervised"))


def spec_of(folder: RunFolder) -> RunSpec:
    spec = Fake(benchmark="b").spec()
    folder.work.mkdir(parents=True)
    return spec


def test_a_run_that_other_code_began_starts_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    spec = spec_of(folder)
    _with_todays_code(folder, spec)
    assert json.loads((folder.work / FILE).read_text()) == provenance("fixmatch", 1)
    folder.keep({"checkpoint-odd.pt": b"of today's code", "checkpoint-even.pt": b"too"})
    _with_todays_code(folder, spec)
    assert folder.checkpoints() == ["checkpoint-even.pt", "checkpoint-odd.pt"]
    folder.keep({FILE: {"code": "another"}})
    _with_todays_code(folder, spec)
    assert folder.checkpoints() == []
    assert json.loads((folder.work / FILE).read_text())["code"] == digest_today("fixmatch")


def test_a_run_that_unknown_code_began_starts_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    spec = spec_of(folder)
    folder.keep({"checkpoint-odd.pt": b"of code that nobody knows"})
    _with_todays_code(folder, spec)
    assert json.loads((folder.work / FILE).read_text())["code"] == digest_today("fixmatch")
    assert folder.checkpoints() == []
