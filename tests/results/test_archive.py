"""Runs in archives: nothing is lost, the same runs give the same bytes, and what is damaged is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from _many_records import many_records
from _records import Fake, Real
from _reports import comparison_text, html, write_sections

from ssmar_bench import api
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RECORD
from ssmar_bench.results import archive, archive_write
from ssmar_bench.results.archive import Archive, archive_folders
from ssmar_bench.results.archive_schema import JSON_FILES, SCHEMAS
from ssmar_bench.results.publish import Replaced, check, publish
from ssmar_bench.results.records import load_runs

B = "micro-motion-12"
COMMITTED = Path(__file__).parents[2] / "results"


def write(root: Path) -> Path:
    """Runs of three methods, one of which failed, and with all tables."""
    for method in ("supervised", "fixmatch", "aplt"):
        for seed in (0, 1):
            Real(method, 0.5, seed, accuracy=0.4 + 0.1 * seed, clips=True).write(root)
    Real("aplt", 0.5, 2, state="failed").write(root)
    Fake("fixmatch", 1.0, 0, clips=True, benchmark="another").write(root)
    return root


def records(root: Path) -> dict[str, dict[str, bytes]]:
    """Every file of every record below ``root/runs``, and as an archive in ``root`` has it."""
    found = {
        path.name: {file.name: file.read_bytes() for file in (path / "record").iterdir()}
        for path in root.glob("runs/*")
    }
    for folder in archive_folders(root):
        archive = Archive(folder)
        found |= {run: {name: archive.content(run, name) for name in archive.names_of(run)} for run in archive.runs}
    return found


def test_a_published_record_is_read_back_byte_for_byte(tmp_path: Path) -> None:
    write(tmp_path / "a")
    publish([tmp_path / "a"], tmp_path / "b")
    before, after = records(tmp_path / "a"), records(tmp_path / "b")
    assert before.keys() == after.keys()
    for run, files in before.items():
        kept = after[run] if "method.json" in files else {k: v for k, v in after[run].items() if k != "method.json"}
        assert kept == files


def test_reports_of_folders_and_of_their_archive_are_the_same(tmp_path: Path) -> None:
    write(tmp_path / "a")
    publish([tmp_path / "a"], tmp_path / "b")
    folders, archive = load_runs(tmp_path / "a"), load_runs(tmp_path / "b")
    pd.testing.assert_frame_equal(folders.runs, archive.runs)
    assert folders.specs == archive.specs
    assert comparison_text(tmp_path / "a", B) == comparison_text(tmp_path / "b", B)
    assert html(tmp_path / "a").partition("</style>")[2].count("Supervised") > 0
    texts = [
        [path.read_text() for path in write_sections(runs, tmp_path / str(number))]
        for number, runs in enumerate((folders, archive))
    ]
    assert texts[0] == texts[1] != []


def test_the_committed_records_are_whole() -> None:
    found, damage = check(COMMITTED)
    assert found >= 15
    assert damage == []


def test_the_same_runs_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    write(tmp_path / "a")
    runs = sorted((tmp_path / "a" / "runs").iterdir())
    publish([tmp_path / "a"], tmp_path / "one")
    for run in reversed(runs):
        publish([run], tmp_path / "two")
    publish([tmp_path / "two", tmp_path / "one", *runs], tmp_path / "three")
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 2 * 6
    for file in files:
        assert len({(tmp_path / name / file).read_bytes() for name in ("one", "two", "three")}) == 1, file


def test_a_run_with_two_results_is_told_with_both_machines_and_nothing_is_written(tmp_path: Path) -> None:
    for name, accuracy in (("a", 0.5), ("b", 0.6)):
        folder = Fake(accuracy=accuracy, clips=True).write(tmp_path / name)
        about = {"processor": f"processor {name}", "system": "Linux"}
        (folder / "record" / "environment.json").write_text(json.dumps(about))
        publish([tmp_path / name], tmp_path / f"archive-{name}")
    with pytest.raises(UserError, match="two results, and nothing was written") as raised:
        publish([tmp_path / "archive-a", tmp_path / "archive-b"], tmp_path / "c")
    for words in ("processor a, Linux", "processor b, Linux", "predictions.csv", "archive-a", "archive-b"):
        assert words in str(raised.value)
    assert not (tmp_path / "c").exists()


def machine(folder: Path, **about: str) -> Path:
    """Write what the record of a run says of its machine."""
    (folder / "record" / "environment.json").write_text(json.dumps(about))
    return folder


@pytest.mark.parametrize("sets", [("AVX2", "AVX512"), ("AVX2", "")])
def test_a_conflict_names_the_instruction_sets_where_both_records_have_them(
    tmp_path: Path, sets: tuple[str, str]
) -> None:
    for name, accuracy, own in zip("ab", (0.5, 0.6), sets, strict=True):
        machine(Fake(accuracy=accuracy, clips=True).write(tmp_path / name), processor="one", instruction_set=own)
    with pytest.raises(UserError) as raised:
        publish([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    named = [f"(on one, {own})" in str(raised.value) for own in sets]
    assert named == [all(sets)] * 2


def test_a_new_result_replaces_the_archived_one_if_asked_for(tmp_path: Path) -> None:
    for seed in (0, 1):
        Fake(seed=seed, clips=True).write(tmp_path / "a")
    publish([tmp_path / "a"], tmp_path / "to")
    new = Fake(seed=1, accuracy=0.6, clips=True).write(tmp_path / "b")
    before = {path: path.read_bytes() for path in (tmp_path / "to").rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="or put a new result in the place of an archived one with --replace"):
        publish([new], tmp_path / "to")
    assert {path: path.read_bytes() for path in before} == before
    found = publish([new, tmp_path / "to"], tmp_path / "to", replace=True)
    assert found.replaced == (Replaced(new.name, 0.5, 0.6),)
    assert found.runs == {B: 2}
    assert records(tmp_path / "to")[new.name] == records(tmp_path / "b")[new.name] | {
        "method.json": records(tmp_path / "to")[new.name]["method.json"]
    }
    assert check(tmp_path / "to") == (2, [])
    assert publish([new], tmp_path / "to", replace=True).replaced == ()


def test_two_new_results_and_a_failure_replace_nothing(tmp_path: Path) -> None:
    publish([Fake(clips=True).write(tmp_path / "a")], tmp_path / "to")
    new = [Fake(accuracy=accuracy, clips=True).write(tmp_path / f"{accuracy}") for accuracy in (0.6, 0.7)]
    with pytest.raises(UserError, match="two results"):
        publish(new, tmp_path / "to", replace=True)
    failed = Fake(state="failed", reason="ValueError: no").write(tmp_path / "c")
    with pytest.raises(UserError, match="two results"):
        publish([failed], tmp_path / "to", replace=True)
    assert load_runs(tmp_path / "to").runs["test_accuracy"].tolist() == [0.5]


def test_an_archived_run_stays_that_is_also_in_a_folder_beside_the_archive(tmp_path: Path) -> None:
    publish([Fake(seed=0, clips=True).write(tmp_path)], tmp_path)
    publish([Fake(seed=1, clips=True).write(tmp_path / "b")], tmp_path)
    shutil.rmtree(tmp_path / "runs")
    assert sorted(load_runs(tmp_path).runs["seed"]) == [0, 1]


def test_a_run_that_took_another_time_elsewhere_is_the_same_run(tmp_path: Path) -> None:
    for name, seconds in (("a", 5.0), ("b", 7.0)):
        folder = Fake(clips=True).write(tmp_path / name)
        (folder / "record" / "timings.json").write_text(json.dumps({"train_seconds": seconds}))
    publish([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    publish([tmp_path / "b", tmp_path / "a"], tmp_path / "d")
    assert len(load_runs(tmp_path / "c").runs) == 1
    assert records(tmp_path / "c") == records(tmp_path / "d")


def test_a_record_with_other_columns_is_kept_as_it_is(tmp_path: Path) -> None:
    folder = Fake(clips=True).write(tmp_path / "a")
    path = folder / "record" / "predictions.csv"
    path.write_text("\n".join(f"{line},x" for line in path.read_text().splitlines()) + "\n")
    publish([tmp_path / "a"], tmp_path / "b")
    assert records(tmp_path / "b")[folder.name]["predictions.csv"] == path.read_bytes()
    assert check(tmp_path / "b") == (1, [])


def test_many_rows_are_in_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a")
    monkeypatch.setattr(archive_write, "ROWS", 450)
    monkeypatch.setattr(archive_write, "ROWS_OF", {"pseudo_labels": 1})
    publish([tmp_path / "a"], tmp_path / "b")
    for name in ("predictions-3", "pseudo_labels-2"):
        assert (tmp_path / "b" / B / f"{name}.parquet").is_file(), name
    assert records(tmp_path / "b").keys() == records(tmp_path / "a").keys()
    assert check(tmp_path / "b") == (8, [])
    monkeypatch.undo()
    publish([tmp_path / "a"], tmp_path / "b")
    assert not list((tmp_path / "b" / B).glob("*-2.parquet"))
    assert check(tmp_path / "b") == (8, [])


def test_damaged_records_are_left_out_of_an_archive_and_named(tmp_path: Path) -> None:
    write(tmp_path / "a")
    lost = next(path for path in (tmp_path / "a" / "runs").iterdir() if "_aplt_r50_s0" in path.name)
    (lost / "record" / "metrics.json").write_text("{}")
    found = publish([tmp_path / "a"], tmp_path / "b")
    assert [one.folder for one in found.damage] == [lost.name]
    assert found.runs == {B: 6, "another": 1}


@pytest.mark.parametrize("name", ["runs", "curves", "predictions", "pseudo_labels"])
def test_a_changed_file_of_an_archive_is_named_and_its_runs_are_left_out(tmp_path: Path, name: str) -> None:
    publish([write(tmp_path / "a")], tmp_path)
    shutil.rmtree(tmp_path / "a")
    path = tmp_path / B / f"{name}.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    runs = load_runs(tmp_path)
    assert set(runs.runs["benchmark"]) == {"another"}
    assert [one.folder for one in runs.damage] == [B]
    assert str(path) in runs.damage[0].why
    with pytest.raises(UserError, match="Nothing was written"):
        publish([tmp_path], tmp_path)


def forged(path: Path, **columns: pa.Array) -> None:
    """Write other columns into a file of an archive, and its digest as if they were meant."""
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    pq.write_table(table, path, store_schema=False)
    lines = []
    for line in (path.parent / "SHA256SUMS").read_text().splitlines():
        own = hashlib.sha256(path.read_bytes()).hexdigest() if line.endswith(path.name) else line.split()[0]
        lines.append(f"{own}  {line.split()[1]}\n")
    (path.parent / "SHA256SUMS").write_text("".join(lines))


def test_forged_tables_with_right_digests_damage_their_runs_alone(tmp_path: Path) -> None:
    publish([write(tmp_path / "a")], tmp_path)
    shutil.rmtree(tmp_path / "a")
    path = tmp_path / B / "predictions.parquet"
    classes = pq.read_table(path)["prediction"].to_pylist()
    forged(path, prediction=pa.array([99, *classes[1:]], pa.int32()))
    runs = load_runs(tmp_path)
    assert len(runs.damage) == 1
    assert "a prediction is outside 0 to 11" in runs.damage[0].why
    assert len(runs.runs) == 7


def test_forged_results_are_found_by_their_digests(tmp_path: Path) -> None:
    publish([write(tmp_path / "a")], tmp_path)
    shutil.rmtree(tmp_path / "a")
    path = tmp_path / B / "runs.parquet"
    texts = pq.read_table(path)["metrics.json"].to_pylist()
    texts = [text.replace('"accuracy": 0.5', '"accuracy": 0.9') if text else text for text in texts]
    forged(path, **{"metrics.json": pa.array(texts)})
    found, damage = check(tmp_path)
    assert found == 8
    assert len(damage) == 3
    assert all("metrics.json" in one.why for one in damage)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(64) + b"PAR1", b"\x80\x04cos\nsystem\n"])
def test_what_is_no_parquet_is_named(tmp_path: Path, data: bytes) -> None:
    publish([write(tmp_path / "a")], tmp_path)
    shutil.rmtree(tmp_path / "a")
    (tmp_path / B / "runs.parquet").write_bytes(data)
    shutil.copy(tmp_path / "another" / "SHA256SUMS", tmp_path / B / "SHA256SUMS")
    assert [one.folder for one in load_runs(tmp_path).damage] == [B]
    with pytest.raises(UserError, match="damaged archive"):
        _ = Archive(tmp_path / B).runs


def test_a_file_that_would_not_fit_into_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish([write(tmp_path / "a")], tmp_path / "b")
    path = tmp_path / "b" / B / "curves.parquet"
    schema = SCHEMAS["curves"]
    rows = 100_000
    names = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x"]))
    values = [names, pa.array([1] * rows, pa.int32()), names, names, pa.array([0.0] * rows)]
    table = pa.Table.from_arrays(values, schema=schema)
    pq.write_table(table, path, compression="zstd", use_dictionary=False, store_schema=False)
    monkeypatch.setattr(archive, "LARGEST", path.stat().st_size)
    with pytest.raises(UserError, match="holds too much"):
        Archive(tmp_path / "b" / B).log("curves")
    monkeypatch.setattr(archive, "LARGEST", 100)
    with pytest.raises(UserError, match="larger than"):
        Archive(tmp_path / "b" / B).log("curves")


def test_the_files_of_a_record_are_known() -> None:
    assert {*JSON_FILES, *(f"{name}.csv" for name in SCHEMAS if name != "runs")} == {*RECORD}


@pytest.mark.parametrize(
    ("table", "column", "value", "why"),
    [
        ("predictions", "prediction", 99, "a prediction is outside 0 to 11"),
        ("predictions", "label", -1, "a label is outside 0 to 11"),
        ("predictions", "confidence", 1e305, "a confidence is not a finite number"),
        ("pseudo_labels", "pseudo_label", 12, "a pseudo_label is outside 0 to 11"),
        ("curves", "epoch", 0, "an epoch is outside 1 to 10"),
        ("curves", "epoch", 2, "a quantity occurs twice in one epoch"),
        ("curves", "value", 1e305, "a value is not a finite number"),
    ],
)
def test_what_is_wrong_in_an_archive_is_what_is_wrong_in_a_record(
    tmp_path: Path, table: str, column: str, value: float, why: str
) -> None:
    """The quick look at all runs at once lets nothing pass that a look at each would not."""
    many_records(tmp_path, 80)
    path = tmp_path / B / f"{table}.parquet"
    values = pq.read_table(path)[column].to_pylist()
    forged(path, **{column: pa.array([value, *values[1:]], SCHEMAS[table].field(column).type)})
    (damage,) = load_runs(tmp_path).damage
    assert why in damage.why


def test_thousands_of_made_up_records_are_valid(tmp_path: Path) -> None:
    many_records(tmp_path, 80)
    runs = load_runs(tmp_path)
    assert (len(runs.runs), runs.damage) == (80, ())


def test_the_model_of_an_archived_run_is_said_to_be_elsewhere(tmp_path: Path) -> None:
    name = Real("fixmatch", 0.5, 0).write(tmp_path / "a").name
    publish([tmp_path / "a"], tmp_path / "b")
    with pytest.raises(UserError, match=rf"Run {name} is in an archive, which keeps no weights; train it again with: "):
        api.load_model(name, tmp_path / "b")
