"""What runs of a grid have in common is made once, and is the same as if it were made for each."""

from __future__ import annotations

import json

from ssmar_bench.core.split import Split
from ssmar_bench.runs.run_facts import SPLITS, RunFacts


def split(seed: int) -> Split:
    labelled, unlabelled, validation, test = (f"{seed}-{number}" for number in range(4))
    labels = {labelled: 0, validation: 1}
    return Split("b", 0.5, seed, ("x", "y"), (labelled,), (unlabelled,), (validation,), (test,), labels)


def test_runs_of_one_split_share_its_text_and_no_text_of_many_is_kept() -> None:
    facts = RunFacts()
    first = facts.split(split(0), split(0).fingerprint())
    assert json.loads(first) == json.loads(json.dumps(split(0).with_opaque_ids().to_json()))
    assert facts.split(split(0), split(0).fingerprint()) is first
    others = [facts.split(split(seed), split(seed).fingerprint()) for seed in range(1, SPLITS + 1)]
    assert len({first, *others}) == SPLITS + 1
    again = facts.split(split(0), split(0).fingerprint())
    assert again == first
    assert again is not first, "it was kept"
