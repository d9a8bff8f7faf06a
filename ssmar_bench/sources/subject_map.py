"""Who is seen in which video of iMiGUE: the map that comes with the data, as a spreadsheet or as CSV."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.folders import first_file
from ssmar_bench.sources.text import Cells, Row, column, rows, whole_number, wrong_line

MAPS = ("Link_V2.xlsx", "Link_V2.csv", "Label/Link_V2.xlsx", "Label/Link_V2.csv")
_VIDEO, _SUBJECT = ("video_id", "video"), ("sub_id", "subject_id", "subject")


def subject_map(root: Path) -> dict[str, str]:
    """Video (four digits) -> subject, from the first of ``MAPS`` that the user has put into ``root``; {} without one.

    Raises:
        UserError: it is unreadable, lacks a column, or names two subjects for a video.
    """
    path = first_file(root, MAPS)
    if path is None:
        return {}
    return _subjects(path, _sheet(path) if path.suffix == ".xlsx" else rows(path, _is_header, (",", ";", "\t")))


def _is_header(cells: Cells) -> bool:
    return None not in (column(cells, _VIDEO), column(cells, _SUBJECT))


def _subjects(path: Path, found: list[Row]) -> dict[str, str]:
    header, *others = found or [Row(1, (), "")]
    video, subject = column(header.cells, _VIDEO), column(header.cells, _SUBJECT)
    if video is None or subject is None:
        raise wrong_line(path, header.number, "a header with Video_id and Sub_id, each once", header.text)
    subjects: dict[str, str] = {}
    for row in others:
        fields = [whole_number(row.cells[place]) if place < len(row.cells) else None for place in (video, subject)]
        if None in fields:
            raise wrong_line(path, row.number, "a number of a video and one of the user", row.text)
        name = f"{fields[0]:04d}"
        if subjects.setdefault(name, str(fields[1])) != str(fields[1]):
            raise wrong_line(path, row.number, f"subject {subjects[name]} for video {name}, as above", str(fields[1]))
    if not subjects:
        raise UserError(f"{path}: this map names no video; get the file again, or take it away to do without subjects")
    return subjects


def _sheet(path: Path) -> list[Row]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        values = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    except Exception:  # noqa: BLE001 - a damaged archive or page fails in the ways of zlib, XML and openpyxl
        raise UserError(f"{path}: this is no spreadsheet, or a damaged one; expected the owners' map") from None
    written = [tuple("" if cell is None else str(cell).strip() for cell in row) for row in values]
    return [Row(number, cells, ",".join(cells)) for number, cells in enumerate(written, start=1) if any(cells)]
