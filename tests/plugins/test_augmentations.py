"""Augmentations of files and packages: found by name, used by a view, and told apart from what is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ssmar_bench.clips.augmentation_catalog import AUGMENTATIONS, load_augmentation
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core import catalog
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.testing import MethodUnderTest, examine
from tests.conftest import Finished
from tests.plugins.conftest import FILE, Install

Call = Callable[..., Finished]
Write = Callable[..., Path]

BASE = "from ssmar_bench.core.augmentation import Augmentation\n"
NEGATIVE = """

class FilmNegative(Augmentation):
    random_frames = False
    random_crop = False

    def pixels(self, clip, rng, config):
        return 255 - clip
"""
ASKS = """
    def views(self):
        from ssmar_bench.core.contract import View, Views

        return Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("NAME")})
"""
BENCHMARK = "micro-motion-12"
GRID = Grid(BENCHMARK, ["mine"], ratios=[0.5], seeds=[0])


def asking(name: str) -> str:
    """A plugin's file whose method looks at the augmentation ``name``."""
    return FILE.replace("    revision = 1\n", "    revision = 1\n" + ASKS.replace("NAME", name))


@dataclass(frozen=True)
class OneClip:
    """A clip whose frames are of one value each: 0, 10, 20, ..."""

    ids: tuple[str, ...] = ("clip",)

    def clip(self, row: int) -> Frames:
        values = np.arange(0, 120, 10, dtype=np.uint8)[:, None, None, None]
        return np.broadcast_to(values, (12, 16, 16, 3)).copy()


def shown(name: str, key: int = 0) -> list[list[float]]:
    """The values of the four frames of a view, seen under one key."""
    config = ClipConfig(size=8, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=(0, 0, 0), std=(1, 1, 1))
    stored = FrameCacheConfig(decoder="pyav", short_side=16, segments=4, candidates=3)
    view = ViewMaker(OneClip(), config, stored, 0).views([0], {"v": View(name)}, ("labelled", key))["v"]
    return view[0].float().flatten(1).unique(dim=1).tolist()


def test_a_file_brings_an_augmentation_and_a_method_that_looks_at_it(plugin: Write) -> None:
    catalog.use_plugin_file(plugin(BASE + NEGATIVE + asking("film-negative")))
    assert shown("test") == [[10], [40], [70], [100]]
    assert shown("film-negative") == [[245], [215], [185], [155]]
    assert resolve(GRID).methods
    catalog.forget_plugin_files()
    assert "film-negative" not in AUGMENTATIONS


def test_the_frames_of_an_augmentation_are_those_that_it_declares(plugin: Write) -> None:
    catalog.use_plugin_file(plugin(BASE + NEGATIVE.replace("random_frames = False", "random_frames = True")))
    seen = {str(shown("film-negative", key)) for key in range(8)}
    assert len(seen) > 1
    assert {str(shown("test", key)) for key in range(8)} == {"[[10.0], [40.0], [70.0], [100.0]]"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (BASE + NEGATIVE, {"film-negative"}),
        (BASE + NEGATIVE + "\n\nclass Twice(FilmNegative):\n    pass\n", {"film-negative", "twice"}),
        (BASE.replace("Augmentation\n", "Augmentation as Base\n") + "class X(Base):\n    pass\n", {"x"}),
        ("from ssmar_bench.core import augmentation\nclass Y2K(augmentation.Augmentation):\n    pass\n", {"y2-k"}),
        ("from ssmar_bench.clips.augmentations import Strong\nclass Stronger(Strong):\n    pass\n", {"stronger"}),
    ],
)
def test_a_file_of_augmentations_alone_is_a_plugin_and_is_not_run(plugin: Write, text: str, names: set[str]) -> None:
    found = catalog.use_plugin_file(plugin(f"raise SystemExit('it was run')\n{text}"))
    assert {*found.augmentations} == names
    assert names <= {*AUGMENTATIONS.names()}
    with pytest.raises(UserError, match=r"augmentation '\S+' of \S+ cannot be loaded: SystemExit: it was run"):
        load_augmentation(min(names))
    catalog.use_plugin_file(plugin(text))
    assert {type(load_augmentation(name)).__module__ for name in names} == {found.module}


def test_a_file_with_neither_is_no_plugin(plugin: Write) -> None:
    with pytest.raises(UserError, match="it has no method config"):
        catalog.use_plugin_file(plugin("class FilmNegative:\n    pass\n"))


def test_an_unknown_augmentation_is_reported_before_anything_starts(plugin: Write, call: Call, tmp_path: Path) -> None:
    path = plugin(BASE + NEGATIVE + asking("film-negativ"))
    ended = call("run", "--methods", "mine", "--plugin", path, "--benchmark", BENCHMARK, "--out", tmp_path / "out")
    what = "it asks for an unknown augmentation 'film-negativ' (known: film-negative, strong, test, weak)"
    assert (ended.status, ended.err) == (2, f"ssmar-bench: mine cannot be run on {BENCHMARK}: {what}.\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("base", "body", "on_device"),
    [
        ("Strong", "pass", True),
        ("Strong", "def pixels(self, clip, rng, config): return clip", False),
        ("Strong", "on_device = True\n    def pixels(self, clip, rng, config): return clip", True),
        ("Weak", "pass", False),
    ],
)
def test_pixels_are_made_on_a_device_only_where_their_own_class_says_so(
    plugin: Write, base: str, body: str, on_device: bool
) -> None:
    catalog.use_plugin_file(
        plugin(f"from ssmar_bench.clips.augmentations import {base}\nclass Mine({base}):\n    {body}\n")
    )
    assert load_augmentation("mine").changes_pixels_on_device() is on_device


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("    raise KeyError('x')\n", "cannot be loaded: KeyError: 'x'"),
        ("    def __init__(self, size):\n        pass\n", "cannot be built without arguments: TypeError"),
    ],
)
def test_one_that_cannot_be_used_is_reported_before_anything_starts(plugin: Write, fault: str, says: str) -> None:
    catalog.use_plugin_file(plugin(BASE + NEGATIVE + fault, "negative.py"))
    catalog.use_plugin_file(plugin(asking("film-negative")))
    with pytest.raises(UserError, match=rf"mine cannot be run on {BENCHMARK}: augmentation 'film-negative'.*{says}"):
        resolve(GRID)


def test_a_name_that_is_taken_names_both(plugin: Write) -> None:
    path = plugin(BASE + "class Strong(Augmentation):\n    pass\n")
    catalog.use_plugin_file(path)
    with pytest.raises(UserError, match=rf"augmentation 'strong' is defined twice: by ssmar-bench .* and by {path}"):
        load_augmentation("strong")
    assert shown("weak")


@pytest.mark.parametrize("wrong", ["clip / 255", "clip[:2]", "clip[..., :4]", "clip.numpy()", "None"])
def test_what_gives_no_clip_is_an_error_and_not_stretched_into_one(plugin: Write, wrong: str) -> None:
    catalog.use_plugin_file(plugin(BASE + NEGATIVE.replace("255 - clip", wrong)))
    with pytest.raises(UserError, match=r"Augmentation 'film-negative': its pixels\(\) made .* same shape and type"):
        shown("film-negative")


def test_a_package_names_its_augmentations_in_a_group(install: Install) -> None:
    install(
        "my-package",
        {catalog.AUGMENTATIONS: "negative = my_package:FilmNegative\nnothing = my_package:int"},
        **{"my_package/__init__.py": BASE + NEGATIVE},
    )
    assert shown("negative") == [[245], [215], [185], [155]]
    with pytest.raises(UserError, match=r"augmentation 'nothing' of my-package 1.2 .*'int'"):
        load_augmentation("nothing")


def test_broken_ones_are_listed_without_an_import(install: Install, call: Call) -> None:
    lines = "lost = my_package.nowhere:Lost\nweak = my_package:FilmNegative\nsound = my_package:FilmNegative"
    install("my-package", {catalog.AUGMENTATIONS: lines}, **{"my_package/__init__.py": "raise SystemExit('imported')"})
    ended = call("methods", "list")
    broken = [line for line in ended.out.splitlines() if line.startswith("Broken: ")]
    assert ended.err == ""
    assert broken[0] == ("Broken: augmentation 'lost' of my-package 1.2: its module 'my_package.nowhere' is not there.")
    assert broken[1].startswith("Broken: augmentation 'weak' of ssmar-bench ")
    assert "is defined twice" in broken[1]
    assert len(broken) == 2


def test_the_kit_finds_an_unknown_name_in_an_offline_round(plugin: Write) -> None:
    """Only a run reaches it: a plan asks for the views of the steps alone."""
    asks = """
    def epoch_start(self, progress, pools):
        from ssmar_bench.core.contract import View

        pools.map("labelled", View("film-negativ"), self.predict)
"""
    catalog.use_plugin_file(plugin(FILE.replace("    revision = 1\n", "    revision = 1\n" + asks)))
    outcome = examine(MethodUnderTest.of("mine"), "losses-are-finite-scalars-that-train")
    assert outcome.state == "failed"
    assert "Unknown augmentation 'film-negativ'" in outcome.message
