"""Lists as spreadsheets and other programs write them: read where the meaning is certain, refused otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import read_source

Copy = Callable[..., Path]

LISTS: dict[str, tuple[str, str, str]] = {
    "clips of MA-52": ("ma52", "code", "train_list_videos.txt"),
    "names of MA-52": ("ma52", "code", "label_name.txt"),
    "table of iMiGUE": ("imigue", "full", "Label/labels_20200831.csv"),
    "ranges of iMiGUE": ("imigue", "miga", "imigue_data_phase1/datasets/imigue_skeleton_train/0005/0005_label.csv"),
    "ranges of SMG": ("smg", "full", "Sample0001/Sample0001_finelabels.csv"),
    "rate of SMG": ("smg", "full", "Sample0001/Sample0001_data.csv"),
    "classes of UCF101": ("ucf101", "", "ucfTrainTestlist/classInd.txt"),
    "training clips of UCF101": ("ucf101", "", "ucfTrainTestlist/trainlist01.txt"),
    "test clips of UCF101": ("ucf101", "", "ucfTrainTestlist/testlist01.txt"),
    "clips of HMDB51": ("hmdb51", "", "testTrainMulti_7030_splits/brush_hair_test_split1.txt"),
}
SEPARATED = re.compile(r"[\t,]| +(?=\S+ *$)")
LAST_BLANK_OR_TAB = re.compile(r" (?=\S+ *$)|\t")


def _cells(name: str, line: str) -> list[str]:
    line = line.strip()
    if name == "names of MA-52":
        return line.split("\t")
    return line.split(",") if name.split(" ")[0] in ("table", "ranges", "rate") else line.split()


def _numbers(cells: list[str]) -> list[str]:
    return [f"{cell}.0" if cell.isdigit() else cell for cell in cells]


WRITTEN: dict[str, Callable[[list[list[str]]], str]] = {
    "semicolons": lambda rows: "".join(";".join(row) + "\n" for row in rows),
    "tabs": lambda rows: "".join("\t".join(row) + "\n" for row in rows),
    "commas": lambda rows: "".join(",".join(row) + "\n" for row in rows),
    "rows of empty cells": lambda rows: ",,,,,\n" + "".join(",".join(row) + ",,\n,,,,,,\n" for row in rows),
    "semicolons and empty cells": lambda rows: "".join(";".join(row) + ";;\n;;;\n" for row in rows) + ";;;;",
    "decimals": lambda rows: "".join(",".join(_numbers(row)) + "\n" for row in rows),
    "decimals after a comma": lambda rows: "".join(
        ";".join(cell.replace(".0", ",0") for cell in _numbers(row)) + "\n" for row in rows
    ),
    "quotes": lambda rows: "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows),
    "blanks around cells": lambda rows: "".join(" , ".join(row) + "  \n" for row in rows),
    "old line ends": lambda rows: "\r".join(";".join(row) for row in rows),
    "Windows line ends and empty lines": lambda rows: "\r\n \r\n".join("\t".join(row) for row in rows) + "\r\n\r\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_another_program_gives_the_same_clips(name: str, copy: Copy) -> None:
    source, layout, path = LISTS[name]
    root = copy(source, layout)
    before = read_source(source, root)
    rows = [_cells(name, line) for line in (root / path).read_text().splitlines() if line.strip()]
    assert len(rows[0]) == len(_cells(name, (root / path).read_text().splitlines()[0]))
    for written, write in WRITTEN.items():
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            (root / path).write_bytes(write(rows).encode(encoding))
            after = read_source(source, root)
            assert (written, after.classes, after.rates) == (written, before.classes, before.rates)
            pd.testing.assert_frame_equal(after.clips, before.clips, obj=f"{name}, {written}, {encoding}")


REFUSED: dict[str, tuple[str, str, str]] = {
    "thousands or a decimal": ("ranges of SMG", "5;12,000;13,000", ":1: expected '<class>,<first frame>"),
    "one line of two separators": ("ranges of SMG", "5,12;13", ":1: expected '<class>,<first frame>"),
    "an open quote": ("ranges of SMG", '5,12,"13', ":1: expected '<class>,<first frame>"),
    "a decimal comma among commas": ("rate of SMG", "500,27,97,4500", ":1: expected '<frames>,<frames a second>"),
    "a decimal comma without depth": ("rate of SMG", "500,27,9,7", ":1: expected '<frames>,<frames a second>"),
    "a half class": ("clips of MA-52", "0003_00_0001.mp4 9.5", ":1: expected a label from 0 to 51, found '9.5'"),
    "an exponent": ("clips of MA-52", "0003_00_0001.mp4 1e1", ":1: expected a label from 0 to 51, found '1e1'"),
    "other digits": ("clips of MA-52", "0003_00_0001.mp4 ٣", ":1: expected a label from 0 to 51"),
    "a terminal's escape": ("clips of MA-52", "0003_\x1b[31m.mp4 9", r":1: expected characters .* '0003_\\x1b\[31m"),
    "zeros of a broken disk": ("clips of HMDB51", "\0" * 40, ":1: expected characters that can be shown"),
    "a header": ("clips of MA-52", "file,label", ":1: expected '<file>.mp4 <label>', found 'file,label'"),
    "a code and a half": ("clips of HMDB51", "a.avi 1.5", ":1: expected '<file>.avi <0|1|2>'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_certain_is_refused_with_its_line(case: str, copy: Copy) -> None:
    name, text, expected = REFUSED[case]
    source, layout, path = LISTS[name]
    root = copy(source, layout)
    others = [] if name == "rate of SMG" else (root / path).read_text().splitlines()[1:]
    (root / path).write_text("\n".join([text, *others]))
    with pytest.raises(UserError, match=re.escape(path) + expected.replace("|", r"\|")):
        read_source(source, root)


def test_two_rates_of_one_sample_are_refused(copy: Copy) -> None:
    root = copy("smg", "")
    path = root / "Sample0001" / "Sample0001_data.csv"
    text = path.read_text().strip()
    path.write_text(f"{text}\n{text}\n")
    read_source("smg", root)
    path.write_text(f"{text}\n{text.replace('28', '25')}\n")
    with pytest.raises(UserError, match=r"_data\.csv:2: expected one line"):
        read_source("smg", root)


def test_a_column_that_is_twice_is_refused(copy: Copy) -> None:
    root = copy("imigue", "full")
    path = root / "Label/labels_20200831.csv"
    path.write_text(path.read_text().replace("win_or_lose", "class"))
    with pytest.raises(UserError, match=r"labels_20200831\.csv:1: expected a header with .*, each once"):
        read_source("imigue", root)


EMPTY = {"nothing": "", "blank lines": "\n \r\n\t\n", "empty cells": ",,,,\n;;;\n", "a byte order mark": "\ufeff\n"}


@pytest.mark.parametrize("name", [*LISTS, "map of iMiGUE"])
@pytest.mark.parametrize("content", [*EMPTY, "a header"])
def test_an_empty_list_is_refused(name: str, content: str, copy: Copy) -> None:
    source, layout, path = LISTS.get(name, ("imigue", "miga", "Link_V2.csv"))
    root = copy(source, layout)
    header = {"table": "video_id,subject_id,class,start_frame,end_frame\n", "map": "Video_id,Sub_id\n"}
    (root / path).write_text(EMPTY[content] if content in EMPTY else header.get(name.split(" ")[0], "class,start\n"))
    with pytest.raises(UserError, match=re.escape(str(root / path))):
        read_source(source, root)


@pytest.mark.parametrize(
    ("name", "line", "twin"),
    [
        ("names of MA-52", "9\tshaking head", 11),
        ("names of MA-52", "9\t Shaking  Head ", 11),
        ("classes of UCF101", "2 ApplyEyeMakeup", 2),
        ("classes of UCF101", "2 applyeyemakeup", 2),
    ],
)
def test_two_classes_of_one_name_are_refused(name: str, line: str, twin: int, copy: Copy) -> None:
    source, layout, path = LISTS[name]
    root = copy(source, layout)
    lines = (root / path).read_text().splitlines()
    lines[9 if source == "ma52" else 1] = line
    (root / path).write_text("\n".join(lines))
    with pytest.raises(UserError, match=rf":{twin}: the class name '.*' is in line \d+ already"):
        read_source(source, root)
