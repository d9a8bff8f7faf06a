"""A wheel, from the checkout or from an sdist, carries method configs and benchmark configs and finds them anywhere."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from ssmar_bench import __version__

ROOT = Path(__file__).parents[2]
FOLDERS = ("methods", "splits")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed"),
]


def run(*words: object, at: Path, **environment: str) -> str:
    command = [sys.executable, *map(str, words)]
    ended = subprocess.run(command, cwd=at, env=os.environ | environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def built(target: str, source: Path, out: Path) -> Path:
    """The one file that hatchling builds of ``source`` in ``out``; nothing is downloaded."""
    with FileLock(out.with_suffix(".lock")):
        if not out.exists():
            run("-m", "hatchling", "build", "-t", target, "-d", out, at=source)
    (path,) = (path for path in out.iterdir() if path.suffix in (".whl", ".gz"))
    return path


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    return built("wheel", ROOT, shared / "wheel")


@pytest.fixture(scope="session")
def second_wheel(shared: Path) -> Path:
    """The wheel of an unpacked sdist, far from the checkout."""
    sdist = built("sdist", ROOT, shared / "sdist")
    with FileLock(shared / "unpacked.lock"):
        if not (shared / "unpacked").exists():
            with tarfile.open(sdist) as archive:
                archive.extractall(shared / "unpacked", filter="data")
    (source,) = (shared / "unpacked").iterdir()
    return built("wheel", source, shared / "second-wheel")


def contents(wheel: Path, under: str = "") -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith(under)}


def test_the_wheel_holds_every_method_config_and_benchmark_config(wheel: Path) -> None:
    expected = {
        f"ssmar_bench/_bundled/{path.relative_to(ROOT)}": path.read_bytes()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.yaml")
    }
    paper = ROOT / "results" / "paper"
    expected |= {
        f"ssmar_bench/_bundled/results/paper/{path.relative_to(paper)}": path.read_bytes()
        for path in paper.rglob("*.*")
        if path.is_file()
    }
    assert len(expected) >= 22
    bundled = contents(wheel, "ssmar_bench/_bundled/")
    assert {name: text for name, text in bundled.items() if name.endswith((".yaml", ".csv"))} == expected
    assert not [name for name in bundled if name.endswith(".py")]


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = [*contents(wheel)]
    assert "ssmar_bench/runs/worker.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ssmar_bench"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]
    (entry,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert "ssmar-bench = ssmar_bench.cli:main" in contents(wheel)[entry].decode()


def test_the_wheel_holds_the_templates_of_methods_and_the_kits_benchmark(wheel: Path) -> None:
    templates = ROOT / "ssmar_bench" / "api" / "templates"
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in [*templates.rglob("*"), ROOT / "ssmar_bench" / "testing" / "tiny.yaml"]
        if path.is_file() and path.suffix != ".pyc"
    }
    assert len(expected) == 4 + 3 * 2 + 1
    assert expected <= set(contents(wheel))


def test_the_wheel_holds_the_facts_of_every_source(wheel: Path) -> None:
    sources = ROOT / "ssmar_bench" / "sources"
    facts = [*(sources / "published").iterdir(), sources / "source_catalog.yaml"]
    expected = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in facts}
    assert len(expected) == 6
    assert expected.items() <= contents(wheel, "ssmar_bench/sources/").items()


def test_the_wheel_holds_the_licence_and_says_that_it_is_typed(wheel: Path) -> None:
    names = contents(wheel)
    assert names["ssmar_bench/py.typed"] == b""
    (licence,) = (name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
    assert names[licence] == (ROOT / "LICENSE").read_bytes()
    (metadata,) = (text.decode() for name, text in names.items() if name.endswith(".dist-info/METADATA"))
    assert {"License-Expression: MIT", f"Version: {__version__}"} <= {*metadata.splitlines()}


def test_a_wheel_from_the_sdist_is_the_same(wheel: Path, second_wheel: Path) -> None:
    assert contents(second_wheel, "ssmar_bench/") == contents(wheel, "ssmar_bench/")


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="pip is not installed")
@pytest.mark.parametrize("origin", ["wheel", "second_wheel"])
def test_an_installed_wheel_finds_them_from_any_folder(
    request: pytest.FixtureRequest, tmp_path: Path, origin: str
) -> None:
    target, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    # Decoys: what lies in the working directory is never looked at.
    for folder in FOLDERS:
        (elsewhere / folder).mkdir(parents=True)
        (elsewhere / folder / "decoy.yaml").write_text("name: decoy\n")
    words = ("install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", target)
    run("-m", "pip", *words, request.getfixturevalue(origin), at=tmp_path, PIP_DISABLE_PIP_VERSION_CHECK="1")
    code = (
        "import ssmar_bench\n"
        "from ssmar_bench import api\n"
        "print(ssmar_bench.__file__, *(one.name for one in [*api.methods(), *api.benchmarks()]), sep='\\n')"
    )
    said = run("-c", code, at=elsewhere, PYTHONPATH=str(target)).splitlines()
    assert Path(said[0]).parent == target / "ssmar_bench"
    assert said[1:] == [
        name for folder in FOLDERS for name in sorted(path.stem for path in (ROOT / folder).glob("*.yaml"))
    ]


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="pip is not installed")
def test_an_installed_command_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    words = ("install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", tmp_path / "installed")
    run("-m", "pip", *words, wheel, at=tmp_path, PIP_DISABLE_PIP_VERSION_CHECK="1")
    command = tmp_path / "installed" / "bin" / "ssmar-bench"
    listing = run(command, "data", "list", at=tmp_path, PYTHONPATH=str(tmp_path / "installed"))
    assert "\nmicro-motion-12\t" in listing


def test_the_checkout_finds_its_own() -> None:
    code = "from ssmar_bench.core import paths; print(paths.shipped_folder('methods'))"
    assert run("-P", "-c", code, at=Path("/")).strip() == str(ROOT / "methods")
