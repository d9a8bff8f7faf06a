"""Names in any case, paths below ``~``, folders that cannot be written, and terminals that lack letters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.backbones import build as backbones
from ssmar_bench.core import benchmark_config, method_config
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.writable import require_new, require_writable
from tests.conftest import Finished

Call = Callable[..., Finished]


def test_names_are_known_in_any_case() -> None:
    assert method_config.read_method_config("FixMatch")[0].name == "fixmatch"
    assert method_config.expand_method_sets(["Table1"]) == method_config.expand_method_sets(["table1"])
    assert benchmark_config.read_benchmark_config("Micro-Motion-12").name == "micro-motion-12"
    assert [backbones.named(name) for name in ("Micro-TSM", "TSM:ResNet18", "R3D18")] == [
        "micro-tsm", "tsm:resnet18", "r3d18",
    ]  # fmt: skip
    assert meant("A", ["a", "A"]) == "A"
    assert meant("b", ["a"]) == "b"
    assert nearest("FixMatsh", ["mixmatch", "fixmatch"]) == "; did you mean 'fixmatch'?"


def test_a_grid_is_the_same_in_any_case(call: Call, tiny: Path) -> None:
    plain = call("run", "--methods", "fixmatch", "--benchmark", tiny, "--profile", "smoke", "--plan")
    loud = call(
        *("run", "--methods", "FIXMATCH", "--benchmark", tiny, "--profile", "Smoke", "--plan", "--device", "CPU"),
        *("--engine", "Local", "--overwrite", "Only-Missing", "--backbone", "Micro-TSM"),
    )
    assert (plain.status, loud.status, loud.err) == (0, 0, plain.err)

    def rows(ended: Finished) -> list[str]:
        return [line for line in ended.out.splitlines() if "\t" in line]

    assert rows(loud) == rows(plain)
    assert len(rows(plain)) > 1


@pytest.mark.parametrize("words", [["--out", "~/x"], ["--out=~/x"]])
def test_a_home_is_no_folder_named_tilde(
    words: list[str], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert call("methods", "new", "my-idea", *words).status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert (tmp_path / "home" / "x" / "my-idea").is_dir()
    with pytest.raises(UserError, match="there is no such user"):
        expand_home("~no-such-user/x")


WRITERS = {
    "run": ("run", "--methods", "fixmatch", "--out"),
    "reproduce": ("reproduce", "table1", "--out"),
    "report": ("report", "--out"),
    "new": ("methods", "new", "my-idea", "--out"),
    "mock": ("data", "mock", "ma52", "--out"),
    "synthesize": ("data", "synthesize", "micro-motion", "--out"),
    "sheet": ("data", "synthesize", "micro-motion", "--out", "new", "--sheet"),
    "build": ("splits", "build", "micro-motion-12", "--out"),
}


@pytest.mark.parametrize("place", ["file/x/y", "dangling/x", "long"])
@pytest.mark.parametrize("case", WRITERS)
def test_what_cannot_be_written_is_reported_first(
    case: str, place: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    ended = call(*WRITERS[case], place if place != "long" else f"{'a' * 300}/x")
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert ended.err.startswith("ssmar-bench: ")
    assert ended.err.rstrip().endswith("give another folder.")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "dangling"}


@pytest.mark.parametrize("command", [("run", "--methods", "fixmatch"), ("data", "prepare"), ("splits", "build")])
def test_a_cache_that_cannot_be_written_is_reported(
    command: tuple[str, ...], call: Call, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "file" / "cache"))
    ended = call(*command, *(["--benchmark"] if command[0] == "run" else []), tiny)
    assert (ended.status, ended.out) == (2, "")
    assert f"{tmp_path / 'file'} is a file, not a folder" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_writing_is_tried_by_whoever_writes() -> None:
    open_to_all = Path(tempfile.mkdtemp())  # nobody else may enter pytest's own folders
    open_to_all.chmod(0o755)
    locked = open_to_all / "locked"
    locked.mkdir(mode=0o555)
    for folder in (locked, locked / "new" / "below"):
        other = "" if os.getuid() else "os.setgid(65534); os.setuid(65534); "  # to root, everything is writable
        asked = f"writable.require_writable(Path({str(folder)!r}), 'X')"
        code = f"import os; from pathlib import Path; from ssmar_bench.core import writable; {other}{asked}"
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
        assert "X cannot be written (Permission denied); give another folder." in ended.stderr
    assert not [*locked.iterdir()]
    shutil.rmtree(open_to_all)


def test_a_trial_of_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_writable(tmp_path / "a" / "b", "X")
    require_new(tmp_path, "X")
    assert not [*tmp_path.iterdir()]
    (tmp_path / "held").touch()
    with pytest.raises(UserError, match="this exists already"):
        require_new(tmp_path, "X")

    def broken(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", broken)
    with pytest.raises(UserError, match=r"X cannot be written \(Read-only file system\)"):
        require_writable(tmp_path, "X")


def test_text_is_utf8_in_every_locale(tmp_path: Path) -> None:
    text = "extends: fixmatch\nname: mine\nlabel: Ähnlich - 微\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8-sig")  # with a mark, as some editors write it
    ascii_only = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"} | ascii_only
    code = "from ssmar_bench.cli import main; main()"
    warned = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning:ssmar_bench"]
    ended = subprocess.run(
        [sys.executable, "-P", *warned, "-c", code, "methods", "list", "mine.yaml"],
        cwd=tmp_path, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"?hnlich - ?" in ended.stdout
