"""``ssmar-bench splits``: build, show, verify and export on the tiny benchmark, and what each of them refuses."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.sources import read_source
from tests.conftest import Finished

Call = Callable[..., Finished]


@pytest.fixture(scope="module")
def whole(tiny: Path, rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny benchmark's split at 25 and 50 %; nobody may change it."""
    out = tmp_path_factory.mktemp("splits")
    options = api.SplitOptions(ratios=[0.25, 0.5], seeds=[0, 1])
    return api.build_split(str(tiny), out, {"micro-motion": rendered}, options)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / whole.name)


def test_build_prints_what_it_built(call: Call, tiny: Path, rendered: Path, whole: Path, tmp_path: Path) -> None:
    words = ("splits", "build", tiny, "--data", f"micro-motion={rendered}", "--out", tmp_path / "out")
    ended = call(*words, "--ratios", "0.25,0.5", "--seeds", "0,1")
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[-1] == str(tmp_path / "out" / "tiny-motion")
    rows = {cells[0]: cells[1:] for cells in _rows(ended.out)}
    split_set, summary = api.show_split(whole)
    sizes = split_set.clips["role"].value_counts()
    for number, role in enumerate(("train", "validation", "test")):
        subjects = split_set.clips.loc[split_set.clips["role"] == role, "subject"].nunique()
        assert _rows(ended.out)[12][1:][number].startswith(f"{sizes[role]} ({subjects}, ")
        assert "unknown" not in _rows(ended.out)[12][1:][number]
    assert rows["all"] == [str(summary.labelled[f"r{ratio}_s0"]["all"]) for ratio in (25, 50)]
    for cell, fingerprint in split_set.fingerprints.splits.items():
        assert f"{cell}: {fingerprint}" in ended.out
    assert re.search(r"^frame cache: (none|[0-9a-f]{16})", ended.out, re.MULTILINE)  # other tests may have decoded it
    for name in ("clips.csv", "fingerprints.json", "splits/r25_s1.json", "benchmark.yaml"):
        assert (tmp_path / "out" / "tiny-motion" / name).read_bytes() == (whole / name).read_bytes()

    shown = call("splits", "show", tmp_path / "out" / "tiny-motion")
    assert (shown.status, shown.out) == (0, ended.out)


def _rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines() if "\t" in line][1:]


def test_seconds_are_those_of_the_videos(whole: Path) -> None:
    """8 frames at 12 a second."""
    split_set, _ = api.show_split(whole)
    assert set(split_set.clips["seconds"].round(2)) == {0.67}


def test_without_durations_no_video_is_opened(tiny: Path, rendered: Path, tmp_path: Path) -> None:
    empty = shutil.copytree(rendered, tmp_path / "data")
    for video in empty.rglob("*.mp4"):
        video.write_bytes(b"")
    roots, options = {"micro-motion": empty}, api.SplitOptions()
    for durations in (False, True):
        folder = api.build_split(str(tiny), tmp_path / str(durations), roots, options, durations)
        assert api.show_split(folder)[0].clips["seconds"].isna().all()


def test_the_built_benchmark_config_trains_on_the_built_splits(tiny: Path, rendered: Path, tmp_path: Path) -> None:
    roots = {"micro-motion": rendered}
    for options, name in (
        (api.SplitOptions(labelled_by="subject", ratios=[0.4]), "tiny-motion-by-subject"),
        (api.SplitOptions(clips_per_class=1), "tiny-motion-1-per-class"),
    ):
        folder = api.build_split(str(tiny), tmp_path, roots, options)
        assert folder.name == name
        split_set, _ = api.show_split(folder)
        planned = plan_runs(
            resolve(Grid(str(folder / "benchmark.yaml"), ["supervised"])), read_source("micro-motion", rendered)
        )
        assert [cell.spec.split for cell in planned] == list(split_set.fingerprints.splits.values())
        assert {cell.spec.benchmark for cell in planned} == {name}


def test_one_labelled_clip_of_every_class(tiny: Path, rendered: Path, tmp_path: Path) -> None:
    folder = api.build_split(str(tiny), tmp_path, {"micro-motion": rendered}, api.SplitOptions(clips_per_class=1))
    split_set, summary = api.show_split(folder)
    (column,) = summary.labelled.columns
    assert set(summary.labelled[column].drop("all")) == {1}
    (split,) = split_set.splits.values()
    train = len(split.labelled) + len(split.unlabelled)
    assert split.ratio == float(f"{12 / train:.4g}")


def test_the_frame_cache_has_a_fingerprint_once_it_is_decoded(
    tiny: Path, rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    roots, benchmark_config = {"micro-motion": rendered}, benchmark_configs.read_benchmark_config(str(tiny))
    index = read_source("micro-motion", rendered)
    folder = api.build_split(str(tiny), tmp_path, roots)
    assert api.show_split(folder)[0].fingerprints.frame_cache == ""
    split = next(iter(api.show_split(folder)[0].splits.values()))
    prepare_data.prepare_frame_cache(benchmark_config, index, split, 1, lambda event: None)
    assert len(api.show_split(api.build_split(str(tiny), tmp_path, roots))[0].fingerprints.frame_cache) == 16


def test_verify(call: Call, folder: Path, whole: Path) -> None:
    for against in (whole, whole / "fingerprints.json", whole / "splits" / "r25_s0.json"):
        assert call("splits", "verify", folder, against) == Finished(0, "The same clips.\n", "")


def test_verify_says_what_differs(call: Call, folder: Path, whole: Path, tmp_path: Path) -> None:
    theirs = json.loads((whole / "splits" / "r25_s0.json").read_text())
    moved = theirs["unlabelled"].pop()
    (tmp_path / "theirs.json").write_text(json.dumps(theirs))
    ended = call("splits", "verify", folder, tmp_path / "theirs.json")
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.startswith("ratio 25 %, seed 0, unlabelled, class ")
    assert ended.out.endswith(f": here only {moved}.\n")

    prints = json.loads((whole / "fingerprints.json").read_text())
    prints["labelled"]["r50_s1"]["9"]["clips"] += 1
    (tmp_path / "prints.json").write_text(json.dumps(prints))
    ended = call("splits", "verify", folder, tmp_path / "prints.json")
    count = prints["labelled"]["r50_s1"]["9"]["clips"]
    assert (ended.status, ended.err) == (1, "")
    line = f"ratio 50 %, seed 1, labelled, class 9 (nodding): {count - 1} clips here, {count} there.\n"
    assert ended.out == line


def test_verify_says_that_test_clips_have_other_classes(
    call: Call, tiny: Path, rendered: Path, whole: Path, tmp_path: Path
) -> None:
    """Their labels are in no split."""
    data = shutil.copytree(rendered, tmp_path / "data")
    listed = data / "val_list_videos.txt"
    first = next(line for line in listed.read_text().splitlines() if line.endswith(" 9"))
    listed.write_text(listed.read_text().replace(first, first[:-1] + "8"))
    options = api.SplitOptions(ratios=[0.25, 0.5], seeds=[0, 1])
    other = api.build_split(str(tiny), tmp_path, {"micro-motion": data}, options)
    ended = call("splits", "verify", whole, other)
    assert ended.status == 1
    here = (json.loads((folder / "fingerprints.json").read_text())["parts"]["test"] for folder in (whole, other))
    ours, theirs = ({label: part[label]["clips"] for label in ("8", "9")} for part in here)
    assert ended.out.splitlines() == [
        f"test, class 8 (turning head): {ours['8']} clips here, {theirs['8']} there.",
        f"test, class 9 (nodding): {ours['9']} clips here, {theirs['9']} there.",
    ]


@pytest.mark.parametrize(("form", "labelled"), [("mmaction2", "labelled.txt"), ("semilearn", "l_train.txt")])
def test_export(call: Call, folder: Path, rendered: Path, tmp_path: Path, form: str, labelled: str) -> None:
    words = ("splits", "export", folder, "--data", f"micro-motion={rendered}")
    ended = call(*words, "--format", form, "--out", tmp_path / "lists")
    assert ended.status == 0, ended.err
    assert len(ended.out.splitlines()) == 1 + 4 * 4
    for line in (tmp_path / "lists" / "r25_s0" / labelled).read_text().splitlines():
        file, label = line.split()
        assert (rendered / file).is_file()
        assert 0 <= int(label) < 12


REFUSED = {
    "unknown benchmark": (["build", "ma-21"], "Unknown benchmark 'ma-21'; did you mean 'ma-12'?"),
    "no folder of the source": (["build", "ma-12"], "ma-12 is built from ma52; say where it is: --data ma52=FOLDER."),
    "ratio twice": (["build", "TINY", "--ratios", "0.5,0.5"], "ratios: value error, 0.5 occurs twice"),
    "ratio outside": (["build", "TINY", "--ratios", "1.5"], "a labelled ratio lies in (0, 1], not 1.5"),
    "seed in words": (["build", "TINY", "--seeds", "one"], "--seeds one: expected numbers"),
    "seed twice": (["build", "TINY", "--seeds", "1,1"], "1 occurs twice"),
    "unknown unit": (
        ["build", "TINY", "--labelled-by", "subjects"],
        "--labelled-by subjects: unknown; did you mean 'subject'?",
    ),
    "ratios and clips": (["build", "TINY", "--clips-per-class", "2", "--ratios", "0.5"], "Give either ratios or clips"),
    "subjects and clips": (
        ["build", "TINY", "--clips-per-class", "2", "--labelled-by", "subject"],
        "Subjects cannot be labelled by a number of clips",
    ),
    "more than there are": (["build", "TINY", "--clips-per-class", "50"], "labels 50 clips of every class, and class "),
    "no split": (["show", "OUT"], "fingerprints.json: there is no such file; expected the fingerprints.json of"),
    "nothing published": (["verify", "SPLIT"], "No fingerprints of tiny-motion are published here"),
    "nothing there": (["verify", "SPLIT", "OUT"], "there is no such file or folder; expected a built split"),
    "another's page": (["verify", "SPLIT", "PAGE"], "expected the fingerprints.json of a built split, found something"),
    "unknown format": (["export", "SPLIT", "--format", "torch", "--out", "OUT"], "--format torch: unknown; known: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_words(call: Call, tiny: Path, rendered: Path, whole: Path, tmp_path: Path, case: str) -> None:
    words, fault = REFUSED[case]
    (tmp_path / "page.html").write_text("<html>")
    names = {"TINY": tiny, "SPLIT": whole, "OUT": tmp_path / "out", "PAGE": tmp_path / "page.html"}
    words = [str(names.get(word, word)) for word in words]
    if words[0] in ("build",):
        words += ["--out", str(tmp_path / "out")]
    if str(tiny) in words or words[0] == "export":
        words += ["--data", f"micro-motion={rendered}"]
    ended = call("splits", *words)
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith("ssmar-bench: ")
    assert fault in ended.err
    assert ended.out == ""
    assert not (tmp_path / "out").exists()
