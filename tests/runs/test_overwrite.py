"""The four words for overwriting, on results where one run is finished, one failed, one interrupted, one missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.execution_options import Execution, Overwrite
from ssmar_bench.runs.local import LocalEngine
from tests.conftest import METHODS, Finished, folder_of, records, timings

pytestmark = pytest.mark.slow


@pytest.fixture
def mixed(trained: Any, tmp_path: Path) -> Path:
    """Supervised finished, FixMatch failed, APLT killed after its last epoch; strongly supervised missing."""
    out = trained.copy(tmp_path / "out")
    failed, interrupted = folder_of(out, "fixmatch"), folder_of(out, "aplt")
    for folder in (failed, interrupted):
        for path in (folder / "record").iterdir():
            if path.name != "spec.json":
                path.unlink()
        (folder / "work" / "outcome.json").unlink()
    (failed / "work" / "failure.txt").write_text("Traceback\nValueError: it broke\n")
    return out


def grid(tiny: Path, *more: str) -> api.Grid:
    return api.Grid(str(tiny), [*METHODS, *more])


def tree(out: Path) -> dict[str, tuple[int, bytes]]:
    """Every file but the leases, with its time of change."""
    paths = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith("lease-")]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def states(out: Path, tiny: Path, word: Overwrite, *more: str) -> list[str]:
    return [*api.run(grid(tiny, *more), api.Execution(out, {}, overwrite=word)).values()]


def test_only_missing_trains_what_has_no_record(mixed: Path, tiny: Path, trained: Any) -> None:
    finished = timings(mixed)
    assert states(mixed, tiny, "only-missing") == ["done", "done", "done"]
    assert {run: timings(mixed)[run] for run in finished} == finished
    reference = trained.copy(mixed.parent / "reference")
    assert records(mixed, "timings.json") == records(reference, "timings.json")
    before = tree(mixed)
    assert states(mixed, tiny, "only-missing") == ["done", "done", "done"]
    assert tree(mixed) == before


def test_never_leaves_what_was_begun_and_only_cache_trains_nothing(mixed: Path, tiny: Path) -> None:
    before = tree(mixed)
    assert states(mixed, tiny, "never") == ["done", "failed", "interrupted"]
    assert states(mixed, tiny, "only-cache", "supervised-strong") == ["done", "failed", "interrupted", "missing"]
    assert tree(mixed) == before


def test_only_cache_tells_a_kept_failure(mixed: Path, tiny: Path, call: Callable[..., Finished]) -> None:
    words = ("run", "--benchmark", tiny, "--methods", ",".join(METHODS), "--overwrite", "only-cache", "--out", mixed)
    ended = call(*words)
    assert ended.status == 1
    assert "ValueError: it broke" in ended.out
    assert f"failed: {folder_of(mixed, 'fixmatch').name}" in ended.err


def test_never_trains_what_was_never_begun(mixed: Path, tiny: Path) -> None:
    shutil.rmtree(folder_of(mixed, "supervised"))
    assert states(mixed, tiny, "never") == ["done", "failed", "interrupted"]
    assert len(timings(mixed)) == 1


def test_always_trains_again_and_forgets_what_was_there(trained: Any, tmp_path: Path, tiny: Path) -> None:
    out = trained.copy(tmp_path, "supervised")
    folder, before = folder_of(out, "supervised"), timings(out)
    expected = records(out, "timings.json")
    (folder / "record" / "stale.csv").write_text("of another time")
    (folder / "work" / "failure.txt").write_text("of another time")
    done = api.run(api.Grid(str(tiny), ["supervised"]), api.Execution(out, {}, overwrite="always"))
    assert [*done.values()] == ["done"]
    assert timings(out)[folder.name][0] > before[folder.name][0]
    assert records(out, "timings.json") == expected
    assert not (folder / "work" / "failure.txt").exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"overwrite": "alway"}, "Execution(overwrite='alway'): no such choice; did you mean 'always'?"),
        ({"workers": -1}, "Execution(workers=-1): expected 0 or more."),
        ({"on_bad_clip": "leave"}, "Execution(on_bad_clip='leave'): no such choice; known: skip, stop."),
    ],
)
def test_a_word_that_a_script_mistypes_is_no_silent_nothing(words: dict[str, Any], fault: str) -> None:
    with pytest.raises(UserError) as error:
        Execution(**words)
    assert str(error.value) == fault


def test_a_run_that_another_command_forgot_has_not_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends as it does when its folder is cleared before, while or after it trains."""
    folder = RunFolder(tmp_path / "run")
    folder.work.mkdir(parents=True)
    engine = LocalEngine(Execution(jobs=1))
    lost = [(folder, 1)]

    def run(worker: Callable[[], Any], finish: Callable[[RunFolder], None] = lambda _: None) -> list[str]:
        monkeypatch.setattr(engine, "_process", lambda *_: worker() or (1, True, "its process ended"))
        return [state for _, state in engine.run(lost, lambda _: None, finish)]

    def laid_out() -> None:
        (folder.work / "launch.json").write_text("{}")
        engine._stopping.clear()

    assert run(lambda: None) == ["held"]  # cleared, and not laid out again
    laid_out()
    assert run(folder.clear) == ["held"]
    assert not folder.failure()
    laid_out()
    assert run(lambda: None) == ["failed"]

    def cannot(_: RunFolder) -> None:
        folder.clear()
        raise FileNotFoundError("predictions.npz")

    laid_out()
    assert run(lambda: (folder.work / "outcome.json").write_text("{}") and None, cannot) == ["held"]
    assert not folder.failure()


def test_a_renamed_run_is_reported_by_its_record(trained: Any, tmp_path: Path, tiny: Path) -> None:
    results = trained.copy(tmp_path, "supervised")
    own = folder_of(tmp_path, "supervised")
    name = own.name
    other = own.rename(own.with_name("my best run"))
    for asked in (other, name, name.rpartition("_")[0], "my best run"):
        model = api.load_model(asked, results)
        assert (model.run, model.renamed) == (name, "my best run")
    assert api.renamed_runs(results) == [
        f"{other} is the finished run {name} under another name; give it its name again to use it."
    ]
    with pytest.warns(UserWarning, match=f"this is the run {name}; give the folder its name again"):
        assert api.results(results).empty
    shutil.copytree(other, own)
    assert api.renamed_runs(results) == [f"{other} is a copy of the run {name}; move it out of runs/."]
