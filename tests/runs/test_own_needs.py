"""Methods that need more than most: other frames, the next frames of the video, other networks, other optimisers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from tests.conftest import Finished, folder_of

ROWS = ("supervised", "tcl", "ltg", "supervised-r3d")
SHORT = {"train.epochs": 5}
NETWORKS = {"micro-tsm": 3, "micro-r3d": 3, "timesformer-micro": 3}


def test_most_rows_share_a_frame_cache_and_the_gradients_row_has_its_own(tiny: Path) -> None:
    plain, wider = [*resolve(Grid(str(tiny), ROWS, sets=SHORT)).frame_caches]
    assert (plain.neighbours, plain.frames) == (0, 8)
    assert wider == plain.model_copy(update={"neighbours": 1})
    assert wider.frames == 16
    assert [*resolve(Grid(str(tiny), ["supervised"], sets={"frame_cache.neighbours": 1})).frame_caches] == [wider]


def test_a_row_is_the_same_whatever_rows_stand_beside_it(tiny: Path, known: Any) -> None:
    alone = plan_runs(resolve(Grid(str(tiny), ["supervised"], [0.5], [0], sets=SHORT)), known.index)
    among = plan_runs(resolve(Grid(str(tiny), ROWS, [0.5], [0], sets=SHORT)), known.index)
    assert among[0].spec == alone[0].spec
    assert [planned_run.spec.frame_cache.neighbours for planned_run in among] == [0, 0, 1, 0]
    assert [planned_run.spec.backbone.name for planned_run in among] == [
        "micro-tsm",
        "micro-tsm",
        "micro-r3d",
        "micro-r3d",
    ]
    assert len({planned_run.split.fingerprint() for planned_run in among}) == 1
    ltg, supervised = among[2].spec, among[3].spec
    assert ltg.backbone == supervised.backbone
    assert ltg.train == supervised.train


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        (
            "ltg",
            {"sets": {"frame_cache.neighbours": 0}},
            r"ltg cannot be run on tiny-motion: .* set frame_cache\.neighbours: 1",
        ),
        ("ltg", {"backbone": "micro-tsm"}, "feature maps of its stages, as micro-tsm does not; .* micro-r3d, .*r3d18"),
        ("tcl", {"sets": {"tcl.slow_frames": 3}}, "tcl cannot be run on tiny-motion: it looks at 3 frames"),
        ("tcl", {"sets": {"train.epochs": 4}}, "tcl needs a longer run"),
        ("supervised-r3d", {"sets": {"backbone.weights": "imagenet"}}, "'micro-r3d' has no imagenet weights"),
        ("supervised", {"backbone": "r3d18", "sets": {"backbone.weights": "imagenet"}}, "'r3d18' has no imagenet"),
        (
            "supervised",
            {"backbone": "s3d"},
            r"^Backbone 's3d' takes clips of at least 13 frames of at least 209 x 209 pixels, not 4 frames of 16 x 16",
        ),
        (
            "supervised",
            {"backbone": "mvit_v2_s", "sets": {"frame_cache.segments": 16}},
            r"'mvit_v2_s' takes clips of 16 frames of 224 x 224 pixels alone, not 16 frames of 16 x 16; ",
        ),
        (
            "tcl",
            {
                "backbone": "mvit_v1_b",
                "sets": {"frame_cache.segments": 16, "clips.size": 224, "frame_cache.short_side": 224, **SHORT},
            },
            r"^tcl: Backbone 'mvit_v1_b' takes clips of 16 frames .* not 4 frames of 224 x 224",
        ),
    ],
)
def test_what_cannot_be_is_reported_before_anything_is_made(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str, options: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=said):
        api.run(Grid(str(tiny), [method], **options), api.Execution(tmp_path, {}))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["micro-tsm", "micro-r3d", "r3d18", "mc3_18", "tsm:resnet18", "swin3d_t", "timesformer-micro"]
)
def test_every_method_of_table_1_can_be_planned_on_every_kind_of_network(tiny: Path, name: str) -> None:
    resolve(Grid(str(tiny), ["table1"], backbone=name))


def test_a_plan_tells_the_space_of_every_frame_cache(tiny: Path) -> None:
    planned = api.plan_frame_caches(Grid(str(tiny), ROWS, sets=SHORT), api.Execution(Path("nowhere"), {}))
    assert [frame_cache.config.neighbours for frame_cache in planned] == [0, 1]
    plain, wider = (frame_cache.sizes.total for frame_cache in planned)
    assert wider == 2 * plain


@pytest.mark.slow
def test_the_rows_of_table_2_are_trained_side_by_side(
    tiny: Path, tmp_path: Path, call: Callable[..., Finished], known: Any
) -> None:
    short = ("--set", "train.epochs=5", "--set", "train.batch=20", "--jobs", 2, "--out", tmp_path)
    ended = call("run", "--benchmark", tiny, "--methods", "table2", "--ratios", "0.5", *short)
    assert ended.status == 0, ended.err
    methods = method_configs.read_method_set("table2").methods
    lines = [
        [planned_run.strip() for planned_run in line.split("|")[1:-1]]
        for line in ended.out.splitlines()
        if line[:1] == "|"
    ]
    header, _, *rows = lines[: 2 + len(methods)]
    assert header[:4] == ["Method", "Network", "Initial weights", "50 %"]
    assert {row[0].partition(" [")[0] for row in rows} == {
        method_configs.read_method_config(name)[0].label for name in methods
    }
    assert {name: sum(row[1] == name for row in rows) for name in NETWORKS} == NETWORKS
    assert {row[2] for row in rows} == {"from scratch", "from pretext weights"}
    assert all("(1)" in row[3] for row in rows)
    frame_caches = {}
    for method in ROWS:
        launch = read_json(folder_of(tmp_path, method, 50) / "work" / "launch.json")
        frame_caches[method] = FrameCache.open(Path(launch["frame_cache"]))
    assert frame_caches["ltg"].config.neighbours == 1
    assert {frame_caches[method].folder for method in ROWS if method != "ltg"} == {frame_caches["tcl"].folder}
    assert frame_caches["tcl"].folder == prepare_data.frame_cache_folder(
        known.benchmark_config, prepare_data.clip_files(known.index, _manifest(known))
    )
    assert frame_caches["tcl"].clip(0).shape[0] * 2 == frame_caches["ltg"].clip(0).shape[0]


def _manifest(known: Any) -> Any:
    return known.planned_runs["supervised", 0.5].split
