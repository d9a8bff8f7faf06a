"""Nothing is deleted or written through a symbolic link inside a folder of results, reports or splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_text
from ssmar_bench.core.run_folder import RunFolder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that nobody may touch."""
    folder = tmp_path / "outside"
    (folder / "inner").mkdir(parents=True)
    for place in ("precious.txt", "inner/precious.txt", "checkpoint.pt", "metrics.json", "spec.json"):
        (folder / place).write_text("mine")
    return folder


def everything(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "place", ["", "record", "work", "work/pseudo_label_log", "work/checkpoint.pt", "record/metrics.json"]
)
def test_a_run_with_a_link_in_it_is_not_cleared(tmp_path: Path, outside: Path, place: str) -> None:
    folder = RunFolder(tmp_path / "runs" / "run")
    link = folder.path / place if place else folder.path
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "checkpoint.pt" if link.suffix else outside)
    before = everything(outside)
    for change in (folder.clear, folder.lease().__enter__, folder.refuse_links):
        with pytest.raises(UserError, match="symbolic link") as error:
            change()
        assert str(link) in str(error.value)
    assert everything(outside) == before


def test_a_link_that_leads_nowhere_or_to_its_parent_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "again").symlink_to(tmp_path / "loop")
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "gone").symlink_to(tmp_path / "nowhere")
    for name in ("loop", "lost"):
        with pytest.raises(UserError, match="symbolic link"):
            links.refuse(tmp_path, name)


def test_the_folder_that_a_subject_names_may_be_a_link(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "out").symlink_to(outside)
    links.refuse(tmp_path / "out", "inner")
    folder = RunFolder(tmp_path / "out" / "runs" / "run")
    with folder.lease():
        (folder.work / "failure.txt").write_text("x")
        folder.clear()
    assert not (folder.work / "failure.txt").exists()
    assert (outside / "precious.txt").read_text() == "mine"


def test_what_is_cleared_is_the_name_of_a_hard_link_alone(tmp_path: Path, outside: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "run")
    folder.record.mkdir(parents=True)
    (folder.record / "metrics.json").hardlink_to(outside / "metrics.json")
    with folder.lease():
        folder.clear()
    assert not folder.record.exists()
    assert (outside / "metrics.json").read_text() == "mine"


def test_a_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path, outside: Path) -> None:
    before = everything(outside)
    for target in (outside, outside / "precious.txt", tmp_path / "nowhere"):
        link = tmp_path / "link"
        link.symlink_to(target)
        links.remove(link)
        assert not link.is_symlink()
    links.remove(tmp_path / "nowhere")
    assert everything(outside) == before


def test_a_file_that_is_written_replaces_a_link_of_its_name(tmp_path: Path, outside: Path) -> None:
    link = tmp_path / "index.html"
    link.symlink_to(outside / "precious.txt")
    write_text(link, "new")
    assert (outside / "precious.txt").read_text() == "mine"
    assert not link.is_symlink()
    assert link.read_text() == "new"


def test_a_lease_is_no_link(tmp_path: Path, outside: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "run")
    folder.work.mkdir(parents=True)
    (folder.work / "lease").symlink_to(outside / "precious.txt")
    with pytest.raises(UserError, match="symbolic link"), folder.lease():
        pass
    with FileLock(tmp_path / "lock"):
        assert (outside / "precious.txt").read_text() == "mine"
