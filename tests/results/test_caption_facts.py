from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from _records import Fake

from ssmar_bench.reports.formatting import unequal
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.record_schema import MethodFacts
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.variants import LONGEST, label_suffixes, variant

B = "micro-motion-12"


def test_facts_for_captions(tmp_path: Path) -> None:
    for seed in (3, 1):
        Fake(seed=seed).write(tmp_path)
    Fake(seed=7, state="failed").write(tmp_path)
    facts = caption_facts(load_runs(tmp_path), B)
    assert facts.networks == ("micro-tsm, from scratch, on mean-subtracted frames",)
    assert facts.seeds == (1, 3)
    assert (facts.test_clips, facts.test_subjects, facts.classes) == ((200,), (5,), (12,))
    assert facts.differences == {}
    assert facts.mixed_splits == ()


def test_rows_under_different_schedules_are_noticed(tmp_path: Path) -> None:
    Fake("fixmatch", epochs=4).write(tmp_path)
    Fake("aplt", epochs=2, threshold=0.5).write(tmp_path)
    assert set(caption_facts(load_runs(tmp_path), B).differences) == {"train.epochs"}


def test_methods_on_different_splits_are_noticed(tmp_path: Path) -> None:
    Fake("fixmatch", split="a").write(tmp_path)
    Fake("aplt", split="b").write(tmp_path)
    assert caption_facts(load_runs(tmp_path), B).mixed_splits == ((0.1, 0),)


def test_no_finished_run_has_no_facts(tmp_path: Path) -> None:
    Fake(state="failed").write(tmp_path)
    assert caption_facts(load_runs(tmp_path), B).networks == ()


def test_ratio_seed_and_split_do_not_make_a_variant() -> None:
    spec = Fake().spec()
    assert variant(spec) == variant(replace(spec, ratio=0.5, seed=9, split="x"))
    assert variant(spec) != variant(replace(spec, device="cuda"))


def test_a_long_difference_is_counted_and_named_by_its_digest_where_two_are_alike() -> None:
    specs = [replace(Fake().spec(), hyperparameters={f"parameter_{i}": i + j for i in range(9)}) for j in (0, 1)]
    runs = [(variant(spec), spec) for spec in specs]
    found = label_suffixes(runs, set())
    assert all(len(text) < LONGEST for text in found.values())
    assert len(set(found.values())) == 2
    assert {text.partition(",")[0] for text in found.values()} == {" [9 own settings"}
    departures = {f"section.long_name_{i}": i for i in range(12)}
    departing = {runs[0][0]: MethodFacts(label="x", initial_weights="", departures=departures)}
    assert [*label_suffixes(runs[:1], set(), departing).values()] == [" [12 own settings]"]


def test_a_mock_data_set_is_reported(tmp_path: Path) -> None:
    Fake().write(tmp_path)
    assert not caption_facts(load_runs(tmp_path), B).mock
    Fake("aplt", changed={"mock": True}).write(tmp_path)
    facts = caption_facts(load_runs(tmp_path), B)
    assert facts.mock
    assert [text for text in unequal(facts) if "mock data set" in text]
