"""Damaged and rewritten lists of every source: a sentence with the file, or every line of it as a clip."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import Index
from ssmar_bench.sources import read_source

EXAMPLES = 120
"""Of each list; all of them together take about half a minute."""

LISTS = [
    ("ma52", "code", "train_list_videos.txt"),
    ("ma52", "unzipped", "annotations/label_name.txt"),
    ("ma52", "unzipped", "annotations/test_list_videos.txt"),
    ("imigue", "full", "Label/labels_20200831.csv"),
    ("imigue", "miga", "Link_V2.csv"),
    ("imigue", "miga", "imigue_data_phase1/datasets/imigue_skeleton_train/0005/0005_label.csv"),
    ("smg", "full", "Sample0001/Sample0001_finelabels.csv"),
    ("smg", "full", "Sample0001/Sample0001_data.csv"),
    ("ucf101", "", "ucfTrainTestlist/classInd.txt"),
    ("ucf101", "", "ucfTrainTestlist/trainlist01.txt"),
    ("ucf101", "", "ucfTrainTestlist/testlist01.txt"),
    ("hmdb51", "", "testTrainMulti_7030_splits/brush_hair_test_split1.txt"),
]
PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\n\n",
        b",",
        b";",
        b"\t",
        b" ",
        b",,,,,\n",
        b";;;\n",
        b'"',
        b"'",
        b"\0",
        b"\x1b[31m",
        b".0",
    ),
    *(b",0", b"-1", b"0", b"9", b"99", b"1e9", b"nan", b"inf", b"99999999999", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe4"),
    *(b"../", b"/", b"\\", b".mp4", b".avi", "ü".encode(), "٣".encode(), "\u2028".encode(), b"class", b"sep=;\n"),
]
NUMBER = re.compile(r"(?<![\d.])0*(\d+)(?:\.0+)?")
SEPARATORS = [b" ", b"\t", b",", b";"]


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A function that changes some of a list: bytes, pieces, lines, separators, or its encoding."""
    kind = draw(st.sampled_from(["piece", "bytes", "cut", "repeat", "swap", "drop", "separator", "encoding", "end"]))
    where, length = draw(st.floats(0, 1)), draw(st.integers(0, 40))
    piece, old, new = (draw(st.sampled_from(some)) for some in (PIECES, SEPARATORS, SEPARATORS))
    noise = draw(st.binary(min_size=1, max_size=4))
    encoding = draw(st.sampled_from(["utf-16", "utf-8-sig", "utf-16-le", "utf-32"]))

    def mutate(data: bytes) -> bytes:
        place = int(where * len(data))
        lines = data.splitlines(keepends=True) or [b""]
        line = min(int(where * len(lines)), len(lines) - 1)
        return {
            "piece": lambda: data[:place] + piece + data[place:],
            "bytes": lambda: data[:place] + noise + data[place + length :],
            "cut": lambda: data[:place],
            "repeat": lambda: data + lines[line],
            "swap": lambda: b"".join([*lines[line:], *lines[:line]]),
            "drop": lambda: b"".join([*lines[:line], *lines[line + 1 :]]),
            "separator": lambda: data.replace(old, new),
            "encoding": lambda: data.decode("utf-8", "replace").encode(encoding),
            "end": lambda: data.replace(b"\n", piece + b"\n"),
        }[kind]()

    return mutate


def _said(data: bytes, path: str) -> int:
    """How many clips (or classes) a list names, to whoever looks at its lines."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip(' \t,;"\u2028')]
    if path.endswith("_20200831.csv"):
        return len({tuple(NUMBER.findall(line)[:5]) for line in lines[1:]})
    if path.endswith(("_label.csv", "_finelabels.csv")):  # the same range twice is one clip
        return len({tuple(NUMBER.findall(line)) for line in lines})
    return len(lines)


@pytest.mark.parametrize(("source", "layout", "path"), LISTS, ids=[f"{name} {path}" for name, _, path in LISTS])
def test_a_changed_list_is_read_whole_or_refused(
    source: str, layout: str, path: str, originals: Callable[[str, str], Path], copy: Callable[[str, str], Path]
) -> None:
    root = copy(source, layout)
    if path.startswith("Link"):
        (root / path).write_text(
            "Video_id,Link,Sub_id\n" + "".join(f"{n},https://x/{n},{n % 9 + 1}\n" for n in range(1, 20))
        )
    original = (root / path).read_bytes()
    before = read_source(source, root, whole=False)
    read_whole: list[bytes] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(mutations(), min_size=1, max_size=3))
    def changed(changes: list[Callable[[bytes], bytes]]) -> None:
        data = original
        for change in changes:
            data = change(data)
        (root / path).write_bytes(data)
        try:
            index = read_source(source, root, whole=False)
        except UserError as error:
            said = str(error)
            assert str(root) in said, said
            assert "\n" not in said, said
            assert said.isprintable(), said
            return
        _require_sound(index, before)
        if path.endswith(("label_name.txt", "classInd.txt")):
            assert len(index.classes) == _said(data, path)
        elif not path.endswith(("_data.csv", "Link_V2.csv")):  # no line is lost
            assert len(index.clips) - _said(data, path) == len(before.clips) - _said(original, path)
        read_whole.append(data)

    changed()
    assert len(read_whole) > EXAMPLES / 10  # neither everything is refused nor everything read
    assert len(set(read_whole)) < EXAMPLES


def _require_sound(index: Index, before: Index) -> None:
    clips = index.clips
    assert clips["clip_id"].is_unique
    assert set(clips["label"]) <= {*index.classes, -1}
    assert set(index.classes) == set(before.classes)
    assert len({name.casefold() for name in index.classes.values()}) == len(index.classes)
    assert (clips["end"] >= clips["start"]).all()
    assert all(0 < rate < 1e9 for rate in index.rates.values())


def test_the_clips_do_not_depend_on_the_order_of_lines(copy: Callable[[str, str], Path]) -> None:
    for source, layout, path in LISTS:
        if path.endswith(("labels_20200831.csv", "data.csv", "Link_V2.csv")):
            continue
        root = copy(source, layout)
        before = read_source(source, root).clips
        (root / path).write_text("\n".join(reversed((root / path).read_text().splitlines())))
        pd.testing.assert_frame_equal(read_source(source, root).clips, before)
        shutil.rmtree(root)
