"""What a run tells is read from its folder, whole, in order, and from a file that does not grow without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core import event_file
from ssmar_bench.core.event_file import Tail, append, last_event
from ssmar_bench.core.events import Event


def step(number: int) -> Event:
    return Event("run", "step", f"epoch {number}", number, 100, 1.5)


def test_events_are_read_as_they_were_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = Tail.end(path)
    assert (tail.new(), last_event(path)) == ([], None)
    append(path, step(1))
    append(path, step(2))
    assert tail.new() == [step(1), step(2)]
    assert tail.new() == []
    append(path, step(3))
    assert tail.new() == [step(3)]
    assert last_event(path) == step(3)
    assert Tail.end(path).new() == []
    assert Tail(path).new() == [step(1), step(2), step(3)]


def test_half_a_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append(path, step(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    tail = Tail(path)
    assert tail.new() == []
    path.write_bytes(whole)
    assert tail.new() == [step(1)]


def test_the_file_is_bounded_and_readers_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "LARGEST", 1000)
    path = tmp_path / "events.jsonl"
    tail, seen = Tail(path), []
    for number in range(100):
        append(path, step(number))
        assert path.stat().st_size <= 1000
        seen += tail.new()
    assert seen == [step(number) for number in range(100)]


def test_nonsense_in_the_file_is_no_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'nonsense\n[]\n{"run": 1}\n\xff\n')
    append(path, step(1))
    assert Tail(path).new() == [step(1)]
    assert last_event(path) == step(1)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(OSError):
        append(tmp_path / "events.jsonl", step(1))
    assert not (tmp_path / "other").exists()
