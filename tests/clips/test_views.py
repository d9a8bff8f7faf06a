"""Views show the frames, crops and operations that their keys say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ssmar_bench.clips.augmentations import strong_augment
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.segments import check_views
from ssmar_bench.clips.views import ViewMaker, temporal_gradient
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View, Views
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.seeds import generator

from .conftest import number_of

SEGMENTS, CANDIDATES = 4, 3
STORED = FrameCacheConfig(decoder="pyav", short_side=20, segments=SEGMENTS, candidates=CANDIDATES)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
WEAK, STRONG, TEST = View("weak"), View("strong"), View("test")


class Places(FrameCache):
    """A frame cache whose pixels say where they are: red the frame, green the row, blue the column."""

    def __init__(self, *shapes: tuple[int, int]) -> None:
        super().__init__(Path("nowhere"), STORED, [])
        self.ids = tuple(f"clip-{number}" for number in range(len(shapes)))
        self._shapes = shapes

    def clip(self, row: int) -> Frames:
        height, width = self._shapes[row]
        grid = np.mgrid[: SEGMENTS * CANDIDATES, :height, :width]
        return np.moveaxis(grid, 0, -1).astype(np.uint8)


def _recipe(**changes: Any) -> ClipConfig:
    known = {"size": 16, "flip": True, "strong_ops": 3, "cutout": 0.5, "per_frame": False, "mean": MEAN, "std": STD}
    return ClipConfig(**{**known, **changes})


def _viewer(seed: int = 0, clips: int = 64, **changes: Any) -> ViewMaker:
    return ViewMaker(Places(*[(20, 24 + row % 3) for row in range(clips)]), _recipe(**changes), STORED, seed)


def _pixels(views: Tensor) -> np.ndarray:
    """(B, T, C, H, W) values from 0 to 255, in a type that can be calculated with."""
    assert views.dtype == torch.uint8
    return views.to(torch.int64).numpy()


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


def test_shape_and_type() -> None:
    view = _viewer().views([0, 1, 2], {"x": TEST}, ("step", 1))["x"]
    assert view.shape == (3, SEGMENTS, 3, 16, 16)
    # The frame in the middle of the first segment is 1; the crop's first row is 2 of 20, its first column 4 of 24.
    assert view[0, 0, :, 0, 0].tolist() == [1, 2, 4]
    assert view.is_contiguous()


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
    for one, other in [("a", "c"), ("a", "d"), ("c", "d"), ("d", "e")]:
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


@pytest.mark.parametrize("per_frame", [False, True])
def test_strong_pixels_are_those_of_one_generator_named_after_the_view(per_frame: bool) -> None:
    """The names of the draws decide what every measured run has seen."""
    viewer = _viewer(seed=3, per_frame=per_frame)
    found = viewer.views(range(8), {"w": View("weak", space="same"), "s": View("strong", space="same")}, ("step", 1))
    rng = generator("augmentation", 3, "step", 1, "strong", "s")
    weak = torch.from_numpy(_pixels(found["w"]).astype(np.uint8))
    expected = torch.stack([strong_augment(clip, rng, 3, 0.5, per_frame) for clip in weak])
    assert np.array_equal(_pixels(found["s"]), expected.numpy())


@pytest.mark.parametrize("view", [WEAK, STRONG])
def test_seed_and_key_decide_all(view: View) -> None:
    def look(seed: int, *key: str | int) -> Tensor:
        return _viewer(seed).views(range(8), {"x": view}, key)["x"]

    assert torch.equal(look(0, "step", 1), look(0, "step", 1))
    for other in (look(1, "step", 1), look(0, "step", 2), look(0, "labelled", 1)):
        assert not torch.equal(look(0, "step", 1), other)


def test_frames_and_places_are_drawn_again_for_each_key() -> None:
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
    """A frame cache of clips that do not move."""

    def clip(self, row: int) -> Frames:
        frame = np.random.default_rng(row).integers(0, 256, (20, 24, 3)).astype(np.uint8)
        return np.stack([frame] * (SEGMENTS * CANDIDATES))


def test_strong_operations_are_drawn_once_a_clip() -> None:
    def moving(per_frame: bool) -> list[bool]:
        viewer = ViewMaker(Still((20, 24)), _recipe(per_frame=per_frame), STORED, 0)
        view = viewer.views([0] * 12, {"x": STRONG}, ("step", 1))["x"]
        return [not torch.equal(clip[0], clip[1]) for clip in view]

    assert not any(moving(per_frame=False))
    assert all(moving(per_frame=True))


@pytest.mark.parametrize("per_frame", [False, True])
def test_what_is_left_to_a_device_is_drawn_and_done_there_as_here(per_frame: bool) -> None:
    views, asked = {"weak": WEAK, "strong": STRONG}, ([5, 3, 5], ("unlabelled", 4))
    recipe, cache = _recipe(per_frame=per_frame), Still(*[(20, 24)] * 6)
    whole = ViewMaker(cache, recipe, STORED, 1).views(asked[0], views, asked[1])
    leaving = ViewMaker(cache, recipe, STORED, 1, on_device=True)
    found = leaving.views(asked[0], views, asked[1])
    plain = found["strong"].clone()
    assert torch.equal(found["weak"], whole["weak"])
    assert not torch.equal(plain, whole["strong"])
    ViewMaker(cache, recipe, STORED, 1, on_device=True).augment_moved(found, views, asked[1])  # another process's
    assert torch.equal(found["weak"], whole["weak"])
    assert torch.equal(found["strong"], whole["strong"])
    rng = generator("augmentation", 1, *asked[1], "strong", "strong")
    for clip, one_by_one in zip(plain, whole["strong"], strict=True):
        assert torch.equal(strong_augment(clip, rng, recipe.strong_ops, recipe.cutout, per_frame), one_by_one)


def test_clips_of_several_aspects() -> None:
    viewer = ViewMaker(Places((20, 30), (40, 20), (16, 16)), _recipe(), STORED, 0)
    view = viewer.views([0, 1, 2], {"x": WEAK}, ("step", 1))["x"]
    assert view.shape == (3, SEGMENTS, 3, 16, 16)
    assert _places(view)[2, :2].tolist() == [0, 0]


def test_frames_smaller_than_the_crop() -> None:
    viewer = ViewMaker(Places((20, 20), (12, 20)), _recipe(), STORED, 0)
    with pytest.raises(UserError, match=r"'clip-1' is stored with 20 x 12 pixels, smaller than the crop of 16"):
        viewer.views([0, 1], {"x": TEST}, ())


def test_from_video_to_view(tmp_path: Path, video: Path) -> None:
    clips = [ClipFile("a", video, 0, 11), ClipFile("b", video, 48, 59)]
    stored = STORED.model_copy(update={"short_side": 64})
    prepare_frame_cache(tmp_path / "frame_cache", clips, stored, 1)
    frame_cache = FrameCache.open(tmp_path / "frame_cache")
    config = _recipe(size=64)
    view = ViewMaker(frame_cache, config, stored, 0).views([frame_cache.row("b")], {"x": TEST}, ())["x"]
    for shown, frame in zip(view[0], [49, 52, 55, 58], strict=True):
        wide = np.pad(shown.permute(1, 2, 0).numpy(), ((0, 0), (16, 16), (0, 0)))  # what the crop cut off
        assert number_of(wide) == frame & 0b01111110


def test_a_view_of_fewer_frames_takes_one_of_each_equal_part_of_the_clip() -> None:
    viewer = _viewer(clips=300)
    two = viewer.views(range(300), {"x": View("weak", time="slow", frames=2)}, ("step", 1))["x"]
    assert two.shape == (300, 2, 3, 16, 16)
    frames = _frames(two)
    assert (frames // 6 == np.arange(2)).all()
    for part in range(2):
        assert (np.bincount(frames[:, part] % 6, minlength=6) > 25).all()  # of 50 each
    test = viewer.views([0], {"x": View("test", frames=2)}, ())["x"]
    assert _frames(test).tolist() == [[3, 9]]
    all_of_them = viewer.views([0], {"x": View("weak", frames=12)}, ("step", 1))["x"]
    assert _frames(all_of_them).tolist() == [list(range(12))]


def test_as_many_frames_as_segments_are_what_a_view_shows_that_does_not_say() -> None:
    views = {"x": WEAK, "y": View("weak", frames=SEGMENTS), "t": TEST, "u": View("test", frames=SEGMENTS)}
    found = {name: _frames(view) for name, view in _viewer().views(range(8), views, ("step", 1)).items()}
    assert np.array_equal(found["x"], found["y"])
    assert np.array_equal(found["t"], found["u"])


def test_frames_of_another_time_are_drawn_by_themselves() -> None:
    views = {"x": WEAK, "y": View("weak", time="slow", frames=2)}
    found = _viewer(clips=64).views(range(64), views, ("step", 1))
    segment, part = _frames(found["x"]) % CANDIDATES, _frames(found["y"]) % 6
    assert abs(np.corrcoef(segment[:, 0], part[:, 0])[0, 1]) < 0.4


NEXT = STORED.model_copy(update={"neighbours": 1})


class Followed(Places):
    """:class:`Places` with neighbours: behind each frame one that is brighter by 4 in red and darker by 3 in blue."""

    def clip(self, row: int) -> Frames:
        frames = super().clip(row)
        following = (frames.astype(int) + np.array([4, 0, -3])).astype(np.uint8)
        return np.stack([frames, following], 1).reshape(-1, *frames.shape[1:])


def _followed(**changes: Any) -> ViewMaker:
    return ViewMaker(Followed(*[(20, 24)] * 32), _recipe(**changes), NEXT, 0)


def test_a_frame_cache_with_neighbours_shows_the_same_pictures() -> None:
    for view in (TEST, WEAK, STRONG, View("weak", frames=2)):
        plain = ViewMaker(Places(*[(20, 24)] * 32), _recipe(), STORED, 0).views(range(32), {"x": view}, ("step", 1))[
            "x"
        ]
        assert torch.equal(_followed().views(range(32), {"x": view}, ("step", 1))["x"], plain)


def test_a_gradient_is_a_picture_by_hand() -> None:
    frame, following = (np.array(values, np.uint8) for values in ([9, 200, 0, 255, 8, 8, 8], [9, 0, 255, 0, 9, 10, 6]))
    # (0 + 255) / 2 and so on; halves upwards: 127.5, 227.5, 0, 255, 127, 126.5, 128.5
    assert temporal_gradient(frame, following).tolist() == [128, 228, 0, 255, 127, 127, 129]


def test_a_gradient_lies_between_each_frame_and_the_next_one_of_its_video() -> None:
    view = View("weak", space="same", modality="tgrad")
    pixels = _pixels(_followed().views(range(32), {"x": view}, ("step", 1))["x"])
    assert (pixels[:, :, 0] == 126).all()  # (-4 + 255) / 2 = 125.5
    assert (pixels[:, :, 1] == 128).all()
    blue = pixels[:, :, 2]
    assert set(np.unique(blue)) <= {129, 0, 1, 2, 3}  # (3 + 255) / 2; in the first columns blue is below 3 and wraps


class Wandering(Places):
    """With neighbours: a bright dot at row 5 + t, column 6, that is a column further on in the next frame."""

    def clip(self, row: int) -> Frames:
        frames = np.zeros((2 * SEGMENTS * CANDIDATES, 20, 24, 3), np.uint8)
        for place in range(SEGMENTS * CANDIDATES):
            frames[2 * place, 5 + place, 6] = frames[2 * place + 1, 5 + place, 7] = 200
        return frames


def test_a_gradient_shares_frames_crop_and_flip_with_its_pictures() -> None:
    def dots(views: Tensor, value: int) -> list[tuple[int, ...]]:
        return [tuple(place) for place in np.argwhere(_pixels(views)[:, :, 0] == value)]

    views = {
        "rgb": View("weak", space="same"),
        "gradient": View("weak", space="same", modality="tgrad"),
        "other": View("weak", space="other", modality="tgrad"),
    }
    viewer = ViewMaker(Wandering(*[(20, 24)] * 32), _recipe(), NEXT, 0)
    found = viewer.views(range(32), views, ("step", 1))
    here, there = dots(found["rgb"], 200), dots(found["gradient"], 228)
    assert len(here) > 60
    assert here == there
    assert dots(found["other"], 228) != here
    ahead = {(*place[:3], place[3] + side) for place in here for side in (-1, 1)}
    assert {place for place in dots(found["gradient"], 28) if 0 < place[3] < 15} <= ahead


def test_strong_gradients_draw_operations_of_their_own_on_the_same_crop() -> None:
    views = {
        "weak": View("weak", space="same", modality="tgrad"),
        "strong": View("strong", space="same", modality="tgrad"),
        "rgb": View("strong", space="same"),
    }
    bare = _followed(strong_ops=0, cutout=0).views(range(8), views, ("step", 1))
    assert torch.equal(bare["weak"], bare["strong"])
    found = _followed(strong_ops=0, cutout=1.0).views(range(8), views, ("step", 1))
    grey = [_pixels(found[name])[:, 0, 1] == 123 for name in ("strong", "rgb")]
    assert not np.array_equal(*grey)


@pytest.mark.parametrize(
    ("view", "stored", "said"),
    [
        (View("weak", frames=5), STORED, "5 frames, into which the frame cache's 4 segments of 3 frames do not divide"),
        (View("weak", frames=24), NEXT, "24 frames"),
        (View("weak", modality="tgrad"), STORED, r"set frame_cache\.neighbours: 1"),
    ],
)
def test_what_a_frame_cache_cannot_serve_is_reported(view: View, stored: FrameCacheConfig, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_views(Views({"x": view}), stored)
    with pytest.raises(ValueError, match=said):
        check_views(Views({}, {"x": view}), stored)


def test_what_a_frame_cache_can_serve() -> None:
    check_views(Views({"x": View("weak", frames=6)}, {"y": View("strong", modality="tgrad")}), NEXT)
    check_views(Views({"x": WEAK}), STORED)


def test_gradients_of_a_real_video(tmp_path: Path, video: Path) -> None:
    """Frames 5 and 6, 101 and 110, differ in their two lowest bits: the first two columns, 12 pixels wide each."""
    stored = FrameCacheConfig(decoder="pyav", short_side=64, segments=4, candidates=3, neighbours=1)
    prepare_frame_cache(tmp_path / "frame_cache", [ClipFile("a", video, 0, 12)], stored, 1)
    config = _recipe(size=64)
    viewer = ViewMaker(FrameCache.open(tmp_path / "frame_cache"), config, stored, 0)
    view = viewer.views([0], {"x": View("test", modality="tgrad", frames=12)}, ())["x"]
    shown = view[0, 5].float().mean((0, 1))  # by pixel across; the crop begins at the 16th
    assert abs(shown[1:7].mean() - 33) < 5  # the second bit comes: (30 - 220 + 255) / 2
    assert abs(shown[9:].mean() - 128) < 2  # all others stay
