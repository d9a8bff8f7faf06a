"""The logs of records in folders, read together: one parse of all their text takes as long as one of a few files."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.csv

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.log_rows import LogRows, coded, from_frames
from ssmar_bench.results.record_logs import KINDS, read_log
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import there

_ARROW = {str: pa.dictionary(pa.int32(), pa.string()), int: pa.int64(), float: pa.float64()}


def read_folders(records: Mapping[str, RecordPlace], log: str) -> tuple[list[LogRows], dict[str, UserError]]:
    """One log of many records, and which of them cannot be read.

    Args:
        records: run -> its record, in a folder or in an archive that keeps its text.
        log: a key of ``KINDS``.
    """
    alike: dict[bytes, dict[str, bytes]] = defaultdict(dict)
    odd: list[str] = []
    for name, record in records.items():
        text = _plain_text(record / f"{log}.csv", needed=log == "curves")
        if text is None:
            odd.append(name)
        else:
            head, _, body = text.partition(b"\n")
            if body:
                alike[head][name] = body if body.endswith(b"\n") else body + b"\n"
            elif not _has(head, log):
                odd.append(name)
    found: list[LogRows] = []
    for head, texts in alike.items():
        for part in _parsed(head, texts, log) if _has(head, log) else [[*texts]]:
            if isinstance(part, LogRows):
                found.append(part)
            else:
                odd += part
    return found, _read_odd(records, odd, log, found)


def _has(head: bytes, log: str) -> bool:
    return not head or set(head.decode(errors="replace").split(",")) >= set(KINDS[log])


def _plain_text(path: RecordPlace, needed: bool) -> bytes | None:
    """The content of a file that holds no quoted text; None where it must be looked at closely."""
    if not there(path) and not needed:
        return b""
    try:
        text = None if path.is_symlink() or not path.is_file() else path.read_bytes()
    except OSError:
        return None
    if text is None or b'"' in text or b"\r" in text or b"\0" in text:
        return None
    return text if len(text) > 1 else None if needed else b""


def _parsed(head: bytes, texts: Mapping[str, bytes], log: str) -> Iterator[LogRows | list[str]]:
    """The runs of ``texts`` in as few logs as can be parsed, and the names of those that cannot."""
    kinds = KINDS[log]
    names = head.decode().split(",")
    sizes = [body.count(b"\n") for body in texts.values()]
    try:
        rows = pa.csv.read_csv(
            io.BytesIO(b"".join(texts.values())),
            pa.csv.ReadOptions(column_names=names, use_threads=False),
            pa.csv.ParseOptions(quote_char=False),
            pa.csv.ConvertOptions(
                column_types={name: _ARROW[kind] for name, kind in kinds.items()},
                include_columns=[*kinds],
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        # Empty lines are no rows, and must not move the next run's.
        found = LogRows(rows.add_column(0, "folder", coded([*texts], sizes))) if rows.num_rows == sum(sizes) else None
    except (pa.ArrowException, ValueError):
        found = None
    items = [*texts.items()]
    if found is not None:
        yield found
    elif len(items) == 1:
        yield [items[0][0]]
    else:
        for half in (items[: len(items) // 2], items[len(items) // 2 :]):
            yield from _parsed(head, dict(half), log)


def _read_odd(
    records: Mapping[str, RecordPlace], odd: list[str], log: str, found: list[LogRows]
) -> dict[str, UserError]:
    """Read each of some records by itself, into ``found``; why it cannot be read."""
    frames, faults = {}, {}
    for name in odd:
        try:
            frame = read_log(records[name], log)
        except UserError as error:
            faults[name] = error
            continue
        if len(frame):
            frames[name] = frame
    if frames:
        found.append(from_frames(frames, KINDS[log]))
    return faults
