"""The submission for MA-52's hidden test part, in the format of the owners' README."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.api.ma52_submission import COLUMNS, submission_csv
from ssmar_bench.api.video_predictions import Prediction
from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.published_facts import read_facts
from tests.conftest import Finished

Call = Callable[..., Finished]
FACTS = read_facts("ma52.yaml")
NAMES = tuple(FACTS.names.values())


def prediction(video: str, shares: dict[int, float], classes: Sequence[str] = NAMES) -> Prediction:
    ranked = [(name, shares.get(list(NAMES).index(name), 0.0)) for name in classes]
    return Prediction(Path(video), tuple(sorted(ranked, key=lambda pair: -pair[1])))


def rows(text: str) -> list[list[str]]:
    return [*csv.reader(io.StringIO(text))]


def part_of(label: int) -> int:
    """The part of the body of an action by the owners' evaluation script."""
    return [label <= last for last in (4, 10, 23, 31, 37, 47, 51)].index(True)


def test_a_row_by_hand() -> None:
    """Parts by sums: head-hand 0.2 + 0.2, body 0.35, leg-hand 0.15, head 0.1, then the first that has nothing."""
    shares = {0: 0.35, 40: 0.2, 41: 0.2, 48: 0.15, 7: 0.1}
    header, row = rows(submission_csv([prediction("x/test0007.mp4", shares)], NAMES))
    assert header == [
        "vid", "action_pred_1", "action_pred_2", "action_pred_3", "action_pred_4", "action_pred_5",
        "body_pred_1", "body_pred_2", "body_pred_3", "body_pred_4", "body_pred_5",
    ]  # fmt: skip
    assert row == ["test0007.mp4", "0", "40", "41", "48", "7", "5", "0", "6", "1", "2"]


def test_parts_of_the_body_are_those_of_the_owners_script() -> None:
    for label in range(52):
        row = rows(submission_csv([prediction("a.mp4", {label: 1.0})], NAMES))[1]
        assert (row[1], row[6]) == (str(label), str(part_of(label)))


def test_rows_are_by_file_name_and_whole() -> None:
    found = rows(submission_csv([prediction(f"test000{n}.mp4", {n: 1.0}) for n in (2, 0, 1)], NAMES))
    assert [row[0] for row in found[1:]] == ["test0000.mp4", "test0001.mp4", "test0002.mp4"]
    for row in found[1:]:
        assert len(row) == len(COLUMNS) == 11
        assert len(set(row[1:6])) == len(set(row[6:])) == 5
        assert all(0 <= int(label) < 52 for label in row[1:6])
        assert all(0 <= int(label) < 7 for label in row[6:])


def test_a_model_of_some_classes_is_filled_up() -> None:
    classes = ("nodding", "patting legs")
    row = rows(submission_csv([prediction("a.mp4", {9: 0.4, 48: 0.6}, classes)], classes))[1]
    assert row[1:6] == ["48", "9", "0", "1", "2"]
    assert row[6:] == ["6", "1", "0", "2", "3"]


@pytest.mark.parametrize(
    ("given", "classes", "said"),
    [
        ([prediction("a.mp4", {})], ("nodding", "jumping"), "'jumping' is no class of MA-52"),
        ([Prediction(Path("b.mp4"), (), "it is no video")], NAMES, "b.mp4: it is no video; a submission needs every"),
        ([prediction("a/1.mp4", {}), prediction("b/1.mp4", {})], NAMES, "b/1.mp4: another video has the same name"),
    ],
)
def test_what_is_no_submission_is_refused(given: list[Prediction], classes: Sequence[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        submission_csv(given, classes)


class Model:
    """A trained run of MA-52 that always says the same."""

    classes, renamed, trust = NAMES, "", "This run named half of its test clips rightly."

    def predict_each(self, videos: list[Path], *_: object) -> Iterator[Prediction]:
        for video in sorted(videos[0].iterdir()):
            yield prediction(str(video), {9: 0.9, 0: 0.1})


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(api, "load_model", lambda *_: Model(), raising=False)
    folder = tmp_path / "videos_test"
    folder.mkdir()
    for number in range(3):
        (folder / f"test{number:04}.mp4").touch()
    return folder


def test_the_command_writes_table_and_zip(call: Call, videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "submission.zip"
    ended = call("predict", "run", videos, "-o", out, "--format", "MA52")
    assert ended.status == 0, ended.err
    table = (tmp_path / "submission.csv").read_bytes()
    with zipfile.ZipFile(out) as file:
        assert file.namelist() == ["prediction.csv"]  # without a folder around it
        assert file.read("prediction.csv") == table
    assert [row[:2] for row in rows(table.decode())[1:]] == [[f"test{n:04}.mp4", "9"] for n in range(3)]
    assert "The hidden test part of MA-52 has 5,586 clips; this submission has 3." in ended.err
    again = call("predict", "run", videos, "-o", out, "--format", "ma52")
    assert (again.status, again.out) == (2, "")
    assert "exists already" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "ma52"], "--format ma52 writes a submission of whole videos: give -o FILE.zip"),
        (["--format", "ma52", "-o", "x.zip", "--json"], "no --json or --start"),
        (["--format", "ma52", "-o", "x.txt"], "a submission is a .zip file"),
        (["--format", "ma25"], "did you mean 'ma52'?"),
    ],
)
def test_a_command_without_sense_is_one_sentence(call: Call, videos: Path, words: list[Any], said: str) -> None:
    ended = call("predict", "run", videos, *words)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
