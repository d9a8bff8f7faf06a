"""A built split as lists, read back by the rules of the code that they are for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import Index
from ssmar_bench.splits.export import clip_locations, export_lists
from ssmar_bench.splits.split_builder import BenchmarkClips
from ssmar_bench.splits.split_set import SplitSet, build_split_set

SIZES = {3: 40, 7: 20}
ROOT = Path("/v")
SEMILEARN = {"labelled": "l_train", "unlabelled": "u_train_in", "validation": "val", "test": "test"}


@pytest.fixture(scope="module")
def index(make_index) -> Index:
    index = make_index(SIZES)
    return replace(index, clips=index.clips.assign(path="/v/videos/" + index.clips["clip_id"] + ".mp4"))


@pytest.fixture(scope="module")
def split_set(index: Index, make_benchmark_config) -> SplitSet:
    benchmark_config = make_benchmark_config(SIZES).model_copy(update={"ratios": [0.1, 0.5], "seeds": [0]})
    return build_split_set(BenchmarkClips.of(index, benchmark_config))


def fields(path: Path) -> list[list[str]]:
    """Both readers split a line at spaces."""
    return [line.strip().split() for line in path.read_text().splitlines()]


@pytest.mark.parametrize(("form", "names"), [("mmaction2", {}), ("semilearn", SEMILEARN)])
@pytest.mark.parametrize("cell", ["r10_s0", "r50_s0"])
def test_lists_of_whole_files(
    split_set: SplitSet, index: Index, tmp_path: Path, form: str, names: dict[str, str], cell: str
) -> None:
    written = export_lists(split_set, clip_locations(index, ROOT), form, tmp_path / "lists")
    assert {path.parent.name for path in written} == {"lists", "r10_s0", "r50_s0"}
    split = split_set.splits[cell]
    truth = dict(zip(index.clips["clip_id"], (index.clips["label"] == 7).astype(int), strict=True))
    for part in ("labelled", "unlabelled", "validation", "test"):
        found = fields(tmp_path / "lists" / cell / f"{names.get(part, part)}.txt")
        clips = getattr(split, part)
        assert [file for file, _ in found] == [f"videos/{clip}.mp4" for clip in clips]
        assert [int(label) for _, label in found] == [-1 if part == "unlabelled" else truth[clip] for clip in clips]
    assert (tmp_path / "lists" / "classes.txt").read_text() == "class 3\nclass 7\n"


def test_parts_of_longer_videos(split_set: SplitSet, index: Index, tmp_path: Path) -> None:
    """mmaction2: folder of frames, first frame, number of frames, label; semilearn: what its loader is given."""
    clips = index.clips.assign(path="/v/0001/0001_color.mp4", start=range(len(index.clips)))
    cut = clip_locations(replace(index, clips=clips.assign(end=clips["start"] + 9)), ROOT)
    first = split_set.splits["r10_s0"].labelled[0]
    start = int(clips.loc[clips["clip_id"] == first, "start"].iloc[0])
    label = str(split_set.splits["r10_s0"].labels[first])
    export_lists(split_set, cut, "mmaction2", tmp_path / "m")
    assert fields(tmp_path / "m" / "r10_s0" / "labelled.txt")[0] == ["0001/0001_color", str(start), "10", label]
    export_lists(split_set, cut, "semilearn", tmp_path / "s")
    expected = [f"0001/0001_color.mp4#{start}-{start + 9}", label]
    assert fields(tmp_path / "s" / "r10_s0" / "l_train.txt")[0] == expected


def test_a_space_in_a_name_is_refused(split_set: SplitSet, index: Index, tmp_path: Path) -> None:
    spaced = replace(index, clips=index.clips.assign(path="/v/my videos/" + index.clips["clip_id"]))
    with pytest.raises(UserError, match=r"'my videos/train-.*' has a space in its name"):
        export_lists(split_set, clip_locations(spaced, ROOT), "mmaction2", tmp_path / "lists")
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_the_source_lacks_is_named(split_set: SplitSet, index: Index, tmp_path: Path) -> None:
    where = clip_locations(index, ROOT)
    gone = split_set.splits["r50_s0"].test[0]
    with pytest.raises(UserError, match=f"holds no clip '{gone}' of this split"):
        export_lists(
            split_set, {clip: place for clip, place in where.items() if clip != gone}, "semilearn", tmp_path / "lists"
        )
    assert list(tmp_path.iterdir()) == []


def test_unknown_formats_and_full_folders_are_refused(split_set: SplitSet, index: Index, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--format mmaction: unknown; did you mean 'mmaction2'"):
        export_lists(split_set, clip_locations(index, ROOT), "mmaction", tmp_path / "lists")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="nothing is overwritten"):
        export_lists(split_set, clip_locations(index, ROOT), "mmaction2", tmp_path)
    with pytest.raises(UserError, match="is a file, not a folder"):
        export_lists(split_set, clip_locations(index, ROOT), "mmaction2", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
