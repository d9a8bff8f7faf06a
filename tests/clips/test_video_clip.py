"""A video that is decoded on demand shows what a store of it shows, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ssmar_bench.clips.decode import BadVideoError
from ssmar_bench.clips.frame_cache import ClipFile, Store, prepare
from ssmar_bench.clips.video_clip import outside
from ssmar_bench.clips.views import Viewer
from ssmar_bench.core.benchmark_config import ClipRecipe, StoreRecipe
from ssmar_bench.core.errors import UserError

SHOWN = ClipRecipe(
    size=24, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.3)
)


@pytest.mark.parametrize(("start", "end"), [(-1, -1), (0, 59), (7, 40), (50, 55)])
def test_the_views_are_those_of_a_store(video: Path, tmp_path: Path, recipe: StoreRecipe, start: int, end: int) -> None:
    clips = [ClipFile("one", video, start, end), ClipFile("other", video, 3, 30)]
    prepare(tmp_path, clips, recipe, 1)
    store = Store.open(tmp_path)
    (stored,) = Viewer(store, SHOWN, recipe, 0).test_batches([store.row("one")], 1)
    (views,) = Viewer(outside(video, recipe, start, end), SHOWN, recipe, 5).test_batches([0], 1)
    assert torch.equal(views, stored)


def test_bad_videos(video: Path, tmp_path: Path, recipe: StoreRecipe) -> None:
    half = tmp_path / "half.mp4"
    half.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    for path, part, fault in [
        (half, (-1, -1), "it is not a video"),
        (video, (60, 70), "it has no frame 60: only 60 can be decoded"),
        (video, (50, 90), "it has no frame 90: only 60 can be decoded"),
    ]:
        with pytest.raises(BadVideoError, match=fault):
            outside(path, recipe, *part)
    for absent in (tmp_path / "no.mp4", tmp_path):
        with pytest.raises(UserError, match=f"There is no video file {absent}\\."):
            outside(absent, recipe)
    assert len(outside(video, replace_short(recipe, 80)).frames) == 24


def replace_short(recipe: StoreRecipe, short_side: int) -> StoreRecipe:
    return recipe.model_copy(update={"short_side": short_side})
