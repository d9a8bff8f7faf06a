"""Views show the frames, crops and operations that their keys say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ssmar_bench.clips.decode import Frames
from ssmar_bench.clips.store import ClipFile, Store, prepare
from ssmar_bench.clips.views import Viewer
from ssmar_bench.core.contract import View
from ssmar_bench.core.definition import ClipRecipe, StoreRecipe
from ssmar_bench.core.errors import UserError

from .conftest import number_of

SEGMENTS, CANDIDATES = 4, 3
STORED = StoreRecipe(decoder="pyav", short_side=20, segments=SEGMENTS, candidates=CANDIDATES)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
WEAK, STRONG, TEST = View("weak"), View("strong"), View("test")


class Places(Store):
    """A store whose pixels say where they are: red the frame, green the row, blue the column."""

    def __init__(self, *shapes: tuple[int, int]) -> None:
        super().__init__(Path("nowhere"), STORED, [])
        self.ids = tuple(f"clip-{number}" for number in range(len(shapes)))
        self._shapes = shapes

    def clip(self, row: int) -> Frames:
        height, width = self._shapes[row]
        grid = np.mgrid[: SEGMENTS * CANDIDATES, :height, :width]
        return np.moveaxis(grid, 0, -1).astype(np.uint8)


def _recipe(**changes: Any) -> ClipRecipe:
    known = {"size": 16, "flip": True, "strong_ops": 3, "cutout": 0.5, "per_frame": False, "mean": MEAN, "std": STD}
    return ClipRecipe(**{**known, **changes})


def _viewer(seed: int = 0, clips: int = 64, **changes: Any) -> Viewer:
    return Viewer(Places(*[(20, 24 + row % 3) for row in range(clips)]), _recipe(**changes), STORED, seed)


def _pixels(views: Tensor) -> np.ndarray:
    """(B, T, C, H, W) values from 0 to 255, normalisation undone."""
    values = (views * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)) * 255
    assert float((values - values.round()).abs().max()) < 1e-3
    return values.round().to(torch.int64).numpy()


def _frames(views: Tensor) -> np.ndarray:
    """(B, T): which stored frames are shown."""
    red = _pixels(views)[:, :, 0]
    assert (red == red[:, :, :1, :1]).all()
    return red[:, :, 0, 0]


def _places(views: Tensor) -> np.ndarray:
    """(B, 3): top, left and whether it is mirrored; the same for all frames."""
    pixels = _pixels(views)
    top, first, last = pixels[:, 0, 1, 0, 0], pixels[:, 0, 2, 0, 0], pixels[:, 0, 2, 0, -1]
    left = np.minimum(first, last)
    rows, columns = np.arange(16)[:, None], np.arange(16)
    for clip, y, x, mirrored in zip(pixels, top, left, first > last, strict=True):
        assert (clip[:, 1] == y + rows).all()
        assert (clip[:, 2] == x + (columns[::-1] if mirrored else columns)).all()
    return np.stack([top, left, first > last], -1)


def test_shape_type_and_normalisation() -> None:
    view = _viewer().views([0, 1, 2], {"x": TEST}, ("step", 1))["x"]
    assert view.shape == (3, SEGMENTS, 3, 16, 16)
    assert view.dtype == torch.float32
    # The frame in the middle of the first segment is 1; the crop's first row is 2 of 20, its first column 4 of 24.
    assert torch.allclose(
        view[0, 0, :, 0, 0], (torch.tensor([1.0, 2, 4]) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    )


def test_test_view_is_the_centre() -> None:
    viewer = _viewer()
    view = viewer.views(range(3), {"x": TEST}, ("step", 1))["x"]
    assert _frames(view).tolist() == [[1, 4, 7, 10]] * 3
    assert _places(view).tolist() == [[2, 4, 0], [2, 5, 0], [2, 5, 0]]
    assert torch.equal(view, _viewer(seed=5).views(range(3), {"y": View("test", "t", "s")}, ("other", 2))["y"])


def test_test_batches() -> None:
    viewer = _viewer()
    batches = list(viewer.test_batches(range(10), 4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert torch.equal(torch.cat(batches), viewer.views(range(10), {"x": TEST}, ())["x"])


def test_weak_view_covers_frames_places_and_mirrors() -> None:
    viewer = _viewer(clips=300)
    view = viewer.views(range(300), {"x": WEAK}, ("step", 1))["x"]
    frames, places = _frames(view), _places(view)
    assert (frames // CANDIDATES == np.arange(SEGMENTS)).all()
    for segment in range(SEGMENTS):
        counts = np.bincount(frames[:, segment] % CANDIDATES, minlength=CANDIDATES)
        assert (counts > 60).all()  # of 100 each
    assert len({tuple(shown) for shown in frames}) > 60  # of 81: segments are drawn each by itself
    assert set(places[:, 0]) == set(range(5))  # 20 - 16 + 1 offsets
    assert set(places[::3, 1]) == set(range(9))  # 24 - 16 + 1 offsets
    assert 110 < places[:, 2].sum() < 190


def test_no_mirroring_where_left_and_right_matter() -> None:
    places = _places(_viewer(flip=False).views(range(64), {"x": WEAK}, ("step", 1))["x"])
    assert not places[:, 2].any()
    mirrored = _places(_viewer().views(range(64), {"x": WEAK}, ("step", 1))["x"])
    assert np.array_equal(places[:, :2], mirrored[:, :2])


@pytest.mark.parametrize("others", [{}, {"s": STRONG}, {"a": STRONG, "b": View("weak", "own", "own"), "t": TEST}])
def test_a_view_does_not_depend_on_the_others(others: dict[str, View]) -> None:
    for name, view in {"w": WEAK, "x": View("strong", "shared", "same")}.items():
        alone = _viewer().views(range(8), {name: view}, ("step", 3))[name]
        among = _viewer().views(range(8), {**others, name: view}, ("step", 3))[name]
        assert torch.equal(alone, among)


def test_equal_time_keys_share_frames() -> None:
    views = {"a": WEAK, "b": View("weak"), "c": View("weak", time="other")}
    found = _viewer().views(range(32), views, ("step", 1))
    assert np.array_equal(_frames(found["a"]), _frames(found["b"]))
    assert not np.array_equal(_frames(found["a"]), _frames(found["c"]))


def test_equal_space_keys_share_crop_and_flip_but_own_does_not() -> None:
    views = {
        "a": View("weak", space="together"),
        "b": View("weak", time="other", space="together"),
        "c": View("weak", space="apart"),
        "d": WEAK,
        "e": WEAK,
    }
    found = {name: _places(view) for name, view in _viewer().views(range(32), views, ("step", 1)).items()}
    assert np.array_equal(found["a"], found["b"])
    for one, other in ["ac", "ad", "cd", "de"]:
        assert not np.array_equal(found[one], found[other])


def test_strong_view_has_the_weak_geometry_of_its_keys() -> None:
    viewer = _viewer(strong_ops=0, cutout=0)
    found = viewer.views(range(8), {"w": View("weak", space="same"), "s": View("strong", space="same")}, ("step", 1))
    assert torch.equal(found["w"], found["s"])
    strong = _viewer().views(range(8), {"s": View("strong", space="same")}, ("step", 1))["s"]
    assert all(not torch.equal(one, other) for one, other in zip(strong, found["s"], strict=True))


def test_strong_views_draw_their_own_operations() -> None:
    views = {"a": View("strong", space="same"), "b": View("strong", space="same")}
    found = _viewer().views(range(8), views, ("step", 1))
    assert all(not torch.equal(one, other) for one, other in zip(found["a"], found["b"], strict=True))


@pytest.mark.parametrize("view", [WEAK, STRONG])
def test_seed_and_key_decide_all(view: View) -> None:
    def look(seed: int, *key: str | int) -> Tensor:
        return _viewer(seed).views(range(8), {"x": view}, key)["x"]

    assert torch.equal(look(0, "step", 1), look(0, "step", 1))
    for other in (look(1, "step", 1), look(0, "step", 2), look(0, "labelled", 1)):
        assert not torch.equal(look(0, "step", 1), other)


def test_frames_and_places_are_drawn_anew_for_each_key() -> None:
    viewer = _viewer()
    one, other = (viewer.views(range(8), {"x": WEAK}, ("step", step))["x"] for step in (1, 2))
    assert not np.array_equal(_frames(one), _frames(other))
    assert not np.array_equal(_places(one), _places(other))


@pytest.mark.parametrize("view", [WEAK, STRONG])
@pytest.mark.parametrize("per_frame", [False, True])
def test_draws_belong_to_the_place_in_the_batch(view: View, per_frame: bool) -> None:
    viewer = _viewer(per_frame=per_frame)
    whole = viewer.views([3, 9, 6, 3], {"x": view}, ("step", 1))["x"]
    part = viewer.views([3, 9], {"x": view}, ("step", 1))["x"]
    assert torch.equal(whole[:2], part)
    assert not torch.equal(whole[0], whole[3])  # the same clip twice


class Still(Places):
    """A store of clips that do not move."""

    def clip(self, row: int) -> Frames:
        frame = np.random.default_rng(row).integers(0, 256, (20, 24, 3)).astype(np.uint8)
        return np.stack([frame] * (SEGMENTS * CANDIDATES))


def test_strong_operations_are_drawn_once_a_clip() -> None:
    def moving(per_frame: bool) -> list[bool]:
        viewer = Viewer(Still((20, 24)), _recipe(per_frame=per_frame), STORED, 0)
        view = viewer.views([0] * 12, {"x": STRONG}, ("step", 1))["x"]
        return [not torch.equal(clip[0], clip[1]) for clip in view]

    assert not any(moving(per_frame=False))
    assert all(moving(per_frame=True))


def test_clips_of_several_aspects() -> None:
    viewer = Viewer(Places((20, 30), (40, 20), (16, 16)), _recipe(), STORED, 0)
    view = viewer.views([0, 1, 2], {"x": WEAK}, ("step", 1))["x"]
    assert view.shape == (3, SEGMENTS, 3, 16, 16)
    assert _places(view)[2, :2].tolist() == [0, 0]


def test_frames_smaller_than_the_crop() -> None:
    viewer = Viewer(Places((20, 20), (12, 20)), _recipe(), STORED, 0)
    with pytest.raises(UserError, match=r"'clip-1' is stored with 20 x 12 pixels, smaller than the crop of 16"):
        viewer.views([0, 1], {"x": TEST}, ())


def test_from_video_to_view(tmp_path: Path, video: Path) -> None:
    clips = [ClipFile("a", video, 0, 11), ClipFile("b", video, 48, 59)]
    stored = STORED.model_copy(update={"short_side": 64})
    prepare(tmp_path / "store", clips, stored, 1)
    store = Store.open(tmp_path / "store")
    recipe = _recipe(size=64, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    view = Viewer(store, recipe, stored, 0).views([store.row("b")], {"x": TEST}, ())["x"]
    for shown, frame in zip(view[0], [49, 52, 55, 58], strict=True):
        wide = np.pad((shown * 255).permute(1, 2, 0).numpy(), ((0, 0), (16, 16), (0, 0)))  # what the crop cut off
        assert number_of(wide) == frame & 0b01111110
