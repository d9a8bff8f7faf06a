"""Every file of a finished, a just ended and an interrupted run is damaged in turn: noticed, named, healed or left out.

The runs are executed by the commands' own code, with the worker in this process so that each takes less than a second.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ssmar_bench import api
from ssmar_bench.core import digests
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, ignore_events
from ssmar_bench.core.run_folder import RECORD, RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data, worker
from ssmar_bench.runs.execute import _ready, _train
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.local import LocalEngine
from ssmar_bench.runs.plan import PlannedRun, plan_runs
from ssmar_bench.runs.resolve import resolve
from tests.conftest import Finished, folder_of, records

pytestmark = pytest.mark.slow
EPOCHS = 3
KINDS = ("finished", "ended", "interrupted")
READ_BY_PREDICT = {"work/split.json", "work/weights.pt"}


class StoppedError(BaseException):
    """As a kill: nothing is written after it."""


class Here(LocalEngine):
    """This machine's engine with the worker in this process."""

    def _process(self, folder: RunFolder, threads: int, listener: Any) -> tuple[int, bool, str]:
        return worker.execute(folder, listener), True, "it ended"


def flip(content: bytes, chance: random.Random) -> bytes:
    bit = chance.randrange(8 * len(content))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: len(content) // 2]


def empty(content: bytes, chance: random.Random) -> bytes:
    return b""


def lost(content: bytes, chance: random.Random) -> None:
    return None


@dataclass
class Trial:
    """A cell, one folder for each kind of run, and the record that all must end with."""

    planned_run: PlannedRun
    launch: Launch
    truth: Any
    base: Path
    told: list[str] = field(default_factory=list)

    def folder(self, name: str) -> RunFolder:
        return self.planned_run.folder(self.base / name)

    def hear(self, event: Event) -> None:
        if event.kind in ("note", "failed"):
            self.told.append(event.text)

    def again(self, name: str) -> str:
        """What the same command does: its run's state before, and then nothing or everything that is missing."""
        state = self.planned_run.state(self.base / name)
        if state != "done":
            execution = Execution(self.base / name, jobs=1)
            launches = {self.folder(name): (self.planned_run, self.launch)}
            _train(launches, Here(execution), self.truth, self.hear)
        return state

    def copy(self, kind: str, name: str) -> RunFolder:
        shutil.copytree(self.folder(kind).path, self.folder(name).path)
        return self.folder(name)


@pytest.fixture(scope="session")
def master(tiny: Path, known: Any, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """One run of each kind, never changed."""
    (planned_run,) = plan_runs(
        resolve(Grid(str(tiny), ["fixmatch"], [0.5], [0], sets={"train.epochs": EPOCHS})), known.index
    )
    frame_cache = prepare_data.prepare_frame_cache(
        known.benchmark_config, known.index, planned_run.split, 1, ignore_events
    )
    trial = Trial(planned_run, Launch(str(frame_cache)), known.truth, tmp_path_factory.mktemp("damage"))

    def kill(event: Event) -> None:
        if event.kind == "epoch" and event.done == event.total:  # the last epoch is trained and not saved
            raise StoppedError

    assert _ready(trial.folder("interrupted"), planned_run, trial.launch, ignore_events)
    with pytest.raises(StoppedError):
        worker.execute(trial.folder("interrupted"), kill)
    assert _ready(trial.folder("ended"), planned_run, trial.launch, ignore_events)
    assert worker.execute(trial.folder("ended"), ignore_events) == 0
    trial.copy("ended", "finished")
    assert trial.again("finished") == "interrupted"
    assert trial.told == []
    assert trial.folder("interrupted").checkpoints() == ["checkpoint-even.pt", "checkpoint-odd.pt"]
    return trial


@pytest.fixture
def trial(master: Trial, tmp_path: Path) -> Iterator[Trial]:
    """The runs to be damaged, each in a copy; the torch of this process is as before afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    for kind in KINDS:
        shutil.copytree(master.base / kind, tmp_path / kind)
    yield replace(master, base=tmp_path, told=[])
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(strict)


def files_of(folder: RunFolder) -> list[str]:
    paths = (
        path for path in folder.path.rglob("*") if path.is_file() and not path.name.startswith(("lease-", "events."))
    )
    return sorted(path.relative_to(folder.path).as_posix() for path in paths)


def same(one: Path, other: Path) -> bool:
    return records(one, "timings.json") == records(other, "timings.json")


def damaged(trial: Trial, kind: str, name: str, damage: Callable[[bytes, random.Random], bytes | None]) -> None:
    """Damages one file of a copy of the run, runs the command again, and checks all that is promised."""
    what = f"{kind}, {name}, {damage.__name__}"
    folder = trial.copy(kind, "copy")
    path = folder.path / name
    content = damage(path.read_bytes(), random.Random(what))
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    trial.told.clear()
    state = trial.again("copy")
    assert folder.done(), what
    assert folder.damage() == "", what
    assert same(trial.base / "copy", trial.base / "finished"), what
    assert not [text for text in trial.told if "Traceback" in text or "raised" in text], what
    if kind == "finished" and name.startswith("work/"):
        assert state == "done", what  # its record is whole and needs none of this
        if name in READ_BY_PREDICT:
            with pytest.raises(UserError) as raised:
                api.load_model(folder.path)
            assert f"{path} is damaged" in str(raised.value) or "no weights" in str(raised.value), what
    elif kind == "finished" or name != "record/method.json":  # which is written before a run, whatever is there
        named = [text for text in trial.told if f"{path} is damaged" in text or digests.FILE in f"{name}{text}"]
        assert named, (what, trial.told)
        if not name.endswith(digests.FILE):
            assert any(f"{path} is damaged" in text for text in trial.told), (what, trial.told)
        trial.told.clear()
        assert trial.again("copy") == "done", what
        assert trial.told == [], what
    shutil.rmtree(trial.base / "copy")


@pytest.mark.parametrize("kind", KINDS)
def test_damage_in_any_file_is_noticed_named_and_healed(trial: Trial, kind: str) -> None:
    names = files_of(trial.folder(kind))
    assert len(names) >= 9
    for number, name in enumerate(names):
        damaged(trial, kind, name, flip)
        damaged(trial, kind, name, (cut, empty, lost)[number % 3])


def test_two_damaged_files_at_once(trial: Trial) -> None:
    """The record and what it is made from; both checkpoints."""
    for kind, names in (
        ("finished", ("record/metrics.json", "work/predictions.npz")),
        ("finished", ("record/curves.csv", "work/pseudo_label_log/epoch-00001.npz")),
        ("interrupted", ("work/checkpoint-odd.pt", "work/checkpoint-even.pt")),
    ):
        folder = trial.copy(kind, "copy")
        for name in names:
            path = folder.path / name
            path.write_bytes(flip(path.read_bytes(), random.Random(name)))
        trial.told.clear()
        trial.again("copy")
        assert same(trial.base / "copy", trial.base / "finished"), names
        for name in names:
            assert any(f"{folder.path / name} is damaged" in text for text in trial.told), (name, trial.told)
        shutil.rmtree(trial.base / "copy")


def test_a_record_alone_is_trained_again_if_it_is_damaged(trial: Trial) -> None:
    folder = trial.folder("finished")
    expected = records(trial.base / "finished", "timings.json")
    shutil.rmtree(folder.work)
    path = folder.record / "predictions.csv"
    path.write_bytes(flip(path.read_bytes(), random.Random(0)))
    assert trial.again("finished") == "damaged"
    assert [text for text in trial.told if text.startswith(f"{path} is damaged: its SHA-256 is not")]
    assert records(trial.base / "finished", "timings.json") == expected


def test_a_persons_own_file_in_a_record_is_no_damage(trial: Trial) -> None:
    note = trial.folder("finished").record / "note.json"
    note.write_text("mine")
    assert trial.again("finished") == "done"
    assert {*files_of(trial.folder("finished"))} > {f"record/{name}" for name in RECORD}
    (note.parent / "curves.csv").write_text("")
    assert trial.again("finished") == "damaged"
    assert note.read_text() == "mine"


def test_a_record_without_digests_is_an_older_one_and_stays(trial: Trial) -> None:
    folder = trial.folder("finished")
    shutil.rmtree(folder.work)
    (folder.record / digests.FILE).unlink()
    assert trial.again("finished") == "done"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("name", ["checkpoint", "epoch-00003", "outcome", "curves.csv"])
def test_a_disk_that_is_full_stops_the_run_with_a_sentence(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, number: int, name: str
) -> None:
    folder = trial.folder("interrupted")
    opened = Path.open

    def full(self: Path, mode: str = "r", *more: Any, **words: Any) -> Any:
        if {*"wx"} & {*mode} and self.name.startswith(f".{name}"):
            opened(self, mode).close()
            raise OSError(number, os.strerror(number))
        return opened(self, mode, *more, **words)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        trial.again("interrupted")
    sentence = folder.reason()
    assert f"cannot be written: {os.strerror(number)}; " in sentence
    assert "fixmatch raised" not in sentence
    assert trial.told == [sentence]
    assert not list(folder.path.rglob("*.tmp"))
    assert trial.again("interrupted") == "failed"
    assert same(trial.base / "interrupted", trial.base / "finished")
    assert folder.failure() == ""


def test_a_full_disk_that_takes_not_even_the_reason(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def full(self: Path, mode: str = "r", *more: Any, **words: Any) -> Any:
        if {*"wx"} & {*mode} and self.name.startswith((".checkpoint", ".failure")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(self, mode, *more, **words)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        trial.again("interrupted")
    assert any("cannot be written: No space left on device" in text for text in trial.told)
    assert trial.told[-1] == "for a reason that could not be written"
    trial.again("interrupted")
    assert same(trial.base / "interrupted", trial.base / "finished")


def test_what_a_kill_left_is_removed_by_the_next_who_holds_the_run(trial: Trial) -> None:
    folder = trial.folder("interrupted")
    left = [folder.work / ".checkpoint-odd.pt.7.tmp", folder.record / ".curves.csv.7.tmp"]
    left.append(folder.work / "pseudo_label_log" / ".epoch-00003.npz.123.tmp")
    for path in left:
        path.write_bytes(b"half")
    (folder.work / ".mine.tmp").write_text("not ours")
    trial.again("interrupted")
    assert trial.told == []
    assert [path.name for path in folder.path.rglob(".*")] == [".mine.tmp"]
    assert same(trial.base / "interrupted", trial.base / "finished")


def test_the_commands_tell_it(trained: Any, tiny: Path, tmp_path: Path, call: Callable[..., Finished]) -> None:
    """In real processes: one record damaged, one run's predictions and record, and one untouched."""
    out = trained.copy(tmp_path / "out")
    one, other = folder_of(out, "supervised"), folder_of(out, "fixmatch")
    broken = [one / "record" / "curves.csv", other / "record" / "metrics.json", other / "work" / "predictions.npz"]
    for path in broken:
        path.write_bytes(flip(path.read_bytes(), random.Random(path.name)))
    words = ("run", "--benchmark", tiny, "--methods", "supervised,fixmatch,aplt", "--out", out)
    assert "damaged" in call(*words, "--plan").out
    left = call(*words, "--overwrite", "never")
    assert f"{broken[0]}: its SHA-256 is not the one in SHA256SUMS; --overwrite only-missing" in left.err
    assert left.status != 0
    assert "Traceback" not in left.err
    ended = call(*words)
    assert ended.status == 0, ended.err
    for path in broken:
        assert f"note  {path} is damaged: its SHA-256 is not the one in SHA256SUMS; " in ended.err
    assert "Traceback" not in ended.err + ended.out
    reference = trained.copy(tmp_path / "reference")
    assert same(out, reference)
    assert api.table(reference, "tiny-motion") in ended.out
