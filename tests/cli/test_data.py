"""``ssmar-bench data``: listing, checking and mocking sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssmar_bench import api
from ssmar_bench.sources import read_source
from ssmar_bench.sources.synthetic import encode_video
from tests.conftest import Finished

Call = Callable[..., Finished]


@pytest.mark.slow
def test_a_listing_loads_nothing_that_takes_seconds() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['ssmar-bench', 'data', 'list']\n"
        "from ssmar_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('status', end.code)\n"
        "heavy = {'torch', 'torchvision', 'pandas', 'matplotlib', 'sklearn', 'timm'}\n"
        "print('loaded', sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-2:] == ["status 0", "loaded []"]


def test_sources_are_listed_with_their_licences(call: Call) -> None:
    ended = call("data", "list")
    assert ended.status == 0
    lines = ended.out.splitlines()
    for source in api.sources():
        line = next(line for line in reversed(lines) if line.startswith(f"{source.name}\t"))
        assert ("licensed:" in line) == source.licensed


def test_the_api_names_what_it_exports() -> None:
    assert {name for name in api.__all__ if getattr(api, name, None) is None} == set()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        api.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_mock_data_set_is_written_and_checked(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "with space é"
    ended = call("data", "mock", "smg", "--out", out, "--layout", "miga", "--lists-only", "--clips", 60)
    assert (ended.status, ended.out) == (0, f"{out}\n")
    for video in out.glob("SMG_RGB_*/*/*/*.mp4"):
        video.write_bytes(b"a video")
    ended = call("data", "check", "smg", "--root", out)
    assert ended.status == 0, ended.err
    assert "SMG, layout miga" in ended.out
    assert "Turtling neck and shoulder" in ended.out
    assert "The paper counts 3,692 clips, the files hold 3,699." in ended.out
    assert "This folder is a mock data set" in ended.out
    assert ended.out.splitlines()[-1].startswith("Readable, every video is there; the counts differ from the published")

    gone = next(iter(sorted(out.glob("SMG_RGB_*/*/*/*.mp4"))))
    gone.unlink()
    ended = call("data", "check", "smg", "--root", out)
    assert ended.status == 1
    assert "Missing videos (1):" in ended.out
    assert gone.name in ended.out
    assert ended.out.splitlines()[-1].startswith("NOT whole: videos are missing or empty")

    again = call("data", "mock", "smg", "--out", out)
    assert again.status == 2
    assert again.err == f"ssmar-bench: {out}: this exists already; give a new or empty folder, nothing is overwritten\n"


def test_only_some_of_many_empty_videos_are_named(call: Call, tmp_path: Path) -> None:
    call("data", "mock", "hmdb51", "--out", tmp_path / "hmdb", "--lists-only", "--clips", 10)
    ended = call("data", "check", "hmdb51", "--root", tmp_path / "hmdb")
    assert ended.status == 1
    assert "Empty videos (255):" in ended.out
    assert "  and 235 more" in ended.out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("check", "ma53", "--root", "."), "Unknown source 'ma53'; did you mean 'ma52'?"),
        (("check", "ma52", "--root", "nowhere"), "nowhere: there is no such folder; expected the folder of MA-52"),
        (("mock", "smg", "--out", "new", "--layout", "mga"), "smg has no layout 'mga'; did you mean 'miga'?"),
        (("mock", "micro-motion", "--out", "new"), "micro-motion is synthetic itself"),
    ],
)
def test_wrong_usage_is_one_sentence(
    words: tuple[str, ...], fault: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call("data", *words)
    assert ended.status == 2
    assert fault in ended.err
    assert len(ended.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("source", "layout"), [("smg", "full"), ("smg", "miga"), ("imigue", "miga")])
def test_a_whole_copy_has_the_published_counts(call: Call, tmp_path: Path, source: str, layout: str) -> None:
    """The challenges keep the lists of their test part."""
    out = tmp_path / "data"
    api.mock_source(source, out, layout, lists_only=True)
    for video in out.rglob("*.mp4"):
        video.write_bytes(b"a video")
    ended = call("data", "check", source, "--root", out)
    hidden = {"full": "", "miga": f"; no clip is listed of the part {'miga-test' if source == 'imigue' else 'test'}"}
    verdict = f"Readable, every video is there; the counts are the published ones{hidden[layout]}."
    assert (ended.status, ended.out.splitlines()[-1]) == (0, verdict)


@pytest.mark.parametrize("source", ["ma52", "imigue", "smg", "ucf101", "hmdb51"])
def test_a_deep_check_names_every_video_that_cannot_be_decoded(call: Call, tmp_path: Path, source: str) -> None:
    root = tmp_path / source
    assert call("data", "mock", source, "--out", root, "--clips", 40, "--lists-only").status == 0
    videos = sorted(path for path in root.rglob("*") if path.suffix in (".mp4", ".avi"))
    film, frames = tmp_path / "film.mp4", max(8, read_source(source, root).clips["end"].max() + 1)
    encode_video(np.zeros((frames, 16, 16, 3), np.uint8), film, 25, 40)
    for video in videos:
        shutil.copy(film, video)
    assert call("data", "check", source, "--root", root, "--deep").status == 0
    data = videos[0].read_bytes()
    videos[0].write_bytes(data[: len(data) // 3])
    videos[1].write_bytes(b"<html>please log in</html>")
    videos[2].write_bytes(bytes(len(videos[2].read_bytes())))
    shallow = call("data", "check", source, "--root", root)
    assert (shallow.status, shallow.out.count("cannot be used")) == (0, 0)
    ended = call("data", "check", source, "--root", root, "--deep")
    assert ended.status == 1
    assert "Videos that cannot be used (3):" in ended.out
    for path in videos[:3]:
        (line,) = [line for line in ended.out.splitlines() if line.startswith(f"  {path}: ")]
        assert len(line) > len(f"  {path}: ") + 10
    assert f"decoding videos  {len(videos)}/{len(videos)}" in ended.err
    assert ended.out.splitlines()[-1].startswith("NOT whole: videos are missing or empty or cannot be used")


def test_a_link_to_nothing_is_no_video(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "ma52"
    call("data", "mock", "ma52", "--out", root, "--lists-only", "--clips", 60)
    for number, video in enumerate(sorted(root.rglob("*.mp4"))):
        video.write_text(f"video {number}")
    video.unlink()
    video.symlink_to("nowhere.mp4")
    ended = call("data", "check", "ma52", "--root", root)
    assert ended.status == 1
    assert f"  {video}: it is a link to a file that does not exist\n" in ended.out
    assert "every video is there" not in ended.out


def test_a_copy_without_the_test_videos_is_split_and_planned(call: Call, tmp_path: Path) -> None:
    root, test = tmp_path / "ma52", tmp_path / "ma52" / "videos_test"
    call("data", "mock", "ma52", "--out", root, "--lists-only", "--clips", 900)
    for number, video in enumerate(sorted(root.rglob("*.mp4"))):
        video.write_text(f"video {number}")
    count = len(list(test.iterdir()))
    test.rename(tmp_path / "elsewhere")
    clips = api.show_split(api.build_split("ma-12", tmp_path / "built", {"ma52": root}, durations=False))[0].clips
    train = clips.loc[clips["role"] == "train", "clip_id"].tolist()[:9]
    tested = clips.loc[clips["role"] == "test", "clip_id"].tolist()[:9]
    for one, other in zip(train, tested, strict=True):
        paths = [root / f"videos_{clip}.mp4" for clip in (one, other)]
        paths[1].write_bytes(paths[0].read_bytes())
    words = ("--data", f"ma52={root}", "--no-durations", "--out", tmp_path / "again")
    ended = call("splits", "build", "ma-12", *words)
    assert ended.status == 0, ended.err
    assert "! 9 clips have the same content in both train and test" in ended.out
    assert f"{train[0]} = {tested[0]}" in ended.out
    run = ("run", "--benchmark", "ma-12", "--data", f"ma52={root}", "--methods", "supervised", "--plan")
    planned = call(*run, "--profile", "smoke", "--out", tmp_path / "out")
    assert planned.status == 0, planned.err
    checked = call("data", "check", "ma52", "--root", root)
    assert checked.status == 1
    assert f"Missing videos ({count}):" in checked.out
    assert f"{root}: there is neither videos_test/ nor raw_videos/test/ nor test.zip" in checked.out
    assert "Clips with the same content under two names (9):" in checked.out
    (root / "videos_val").rename(tmp_path / "val")
    refused = call("splits", "build", "ma-12", *words)
    assert refused.status == 2
    assert "there is neither videos_val/" in refused.err
