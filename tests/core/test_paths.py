from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from ssmar_bench.core import paths
from ssmar_bench.core.errors import UserError


def test_a_wheel_looks_in_bundled_and_a_checkout_at_its_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "ssmar_bench"
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, "PACKAGE", package)
    assert paths.shipped_folder("methods") == tmp_path / "site" / "methods"
    (package / "_bundled" / "methods").mkdir(parents=True)
    assert paths.shipped_folder("methods") == package / "_bundled" / "methods"


def test_the_working_directory_is_never_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "methods").mkdir()
    before = paths.shipped_folder("methods")
    monkeypatch.chdir(tmp_path)
    assert paths.shipped_folder("methods") == before
    assert before.is_absolute()
    assert (before / "fixmatch.yaml").is_file()


def test_the_cache_can_be_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path))
    assert paths.cache_folder() == tmp_path
    monkeypatch.delenv("SSMAR_BENCH_CACHE")
    assert paths.cache_folder() == Path(platformdirs.user_cache_dir("ssmar-bench"))


@pytest.mark.parametrize(("said", "meant"), [("~/c", "c"), ("~", "."), ("~/a/../c d", "a/../c d")])
def test_the_cache_may_begin_with_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSMAR_BENCH_CACHE", said)
    assert paths.cache_folder() == tmp_path / meant
    monkeypatch.setenv("SSMAR_BENCH_CACHE", "~nobody-of-that-name/c")
    with pytest.raises(UserError, match="there is no such user"):
        paths.cache_folder()


def test_results_are_found_in_the_folder_that_a_user_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.results_of(tmp_path) == tmp_path  # nothing yet
    (tmp_path / "results" / "runs").mkdir(parents=True)
    assert paths.results_of(tmp_path) == tmp_path / "results"
    assert paths.results_of(tmp_path / "results") == tmp_path / "results"
    (tmp_path / "runs").mkdir()
    assert paths.results_of(str(tmp_path)) == tmp_path
    archived = tmp_path / "clone"
    (archived / "results" / "micro-motion-12").mkdir(parents=True)
    (archived / "results" / "micro-motion-12" / "runs.parquet").touch()
    assert paths.results_of(archived) == paths.results_of(archived / "results") == archived / "results"
    monkeypatch.setenv("HOME", str(archived))
    assert paths.results_of("~") == archived / "results"
