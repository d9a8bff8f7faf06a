from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core.config_section import Section
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import Split
from tests._records import SECTIONS

PLAIN: dict[str, Any] = {
    "benchmark": "micro-motion-12",
    "split": "0123456789abcdef",
    "ratio": 0.1,
    "seed": 0,
    "method": "aplt-literal",
    "algorithm": "aplt",
    "revision": 1,
    "hyperparameters": {"threshold": 0.95, "warm_up": "3/11"},
    **SECTIONS,
}
SPEC = RunSpec.from_json(PLAIN)
MANIFEST = Split(
    benchmark="b",
    ratio=0.1,
    seed=0,
    classes=("x", "y"),
    labelled=("a",),
    unlabelled=("b", "c"),
    validation=("d",),
    test=("e",),
    labels={"a": 0, "d": 1},
)


def other(value: Any) -> Any:
    """A neighbouring value of the same type."""
    match value:
        case str():
            return value + "x"
        case int() | float():
            return value + 1
        case tuple():
            return value[::-1] if len(value) > 1 else (*value, "z")
        case dict():
            key = next(iter(value))
            return {**value, key: other(value[key])}
        case Section():
            key = next(key for key, one in value if isinstance(one, float) or type(one) is int or key == "name")
            return value.model_copy(update={key: other(getattr(value, key))})
    raise TypeError(value)


@pytest.mark.parametrize("name", [field.name for field in fields(RunSpec)])
def test_every_field_changes_the_identity(name: str) -> None:
    changed = replace(SPEC, **{name: other(getattr(SPEC, name))})
    assert changed.identity() != SPEC.identity()
    assert changed.folder() != SPEC.folder()


def test_one_key_more_in_a_section_changes_the_identity() -> None:
    train = SPEC.train.model_copy(update={"gradient_clipping": 4.0})
    assert replace(SPEC, train=train).identity() != SPEC.identity()
    options = SPEC.source.model_copy(update={"options": {"noise": 0.1, "seed": 0}})
    assert replace(SPEC, source=options).identity() != SPEC.identity()


def test_the_order_of_keys_and_tuples_for_lists_do_not_change_it() -> None:
    train = dict(reversed(PLAIN["train"].items()))
    clips = {**PLAIN["clips"], "mean": (0.5, 0.5, 0.5)}
    assert RunSpec.from_json({**PLAIN, "train": train, "clips": clips}).identity() == SPEC.identity()


def test_a_spec_written_and_read_is_the_same_run() -> None:
    again = RunSpec.from_json(json.loads(json.dumps(SPEC.to_json())))
    assert SPEC.to_json() == PLAIN | {"weights": "", "device": "cpu", "engine": SPEC.engine}
    assert again == SPEC
    assert again.identity() == SPEC.identity()


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.1, "r10"), (0.07, "r7"), (0.025, "r2.5"), (1.0, "r100"), (0.29, "r29"), (1 / 3, "r33.3333")]
)
def test_a_folders_name_is_readable_first_and_unique_last(ratio: float, text: str) -> None:
    spec = replace(SPEC, ratio=ratio, seed=12)
    assert spec.folder() == f"micro-motion-12_aplt-literal_{text}_s12_{spec.identity()}"


def test_a_known_spec_keeps_its_name() -> None:
    """Another name here would orphan every record that was ever committed, by this engine or the one before."""
    assert replace(SPEC, engine=1).folder() == "micro-motion-12_aplt-literal_r10_s0_b8e531904d999ca8"
    assert (
        replace(SPEC, engine=2, pixels="fedcba9876543210").folder()
        == "micro-motion-12_aplt-literal_r10_s0_d5fe6507f94daa9e"
    )


def test_where_a_file_of_weights_is_is_no_part_of_a_run() -> None:
    away = SPEC.backbone.model_copy(update={"weights": "/secret/place/mine.pth"})
    spec = replace(SPEC, backbone=away)
    assert spec.backbone.weights == spec.to_json()["backbone"]["weights"] == "mine.pth"
    assert RunSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"train": {**SECTIONS["train"], "lr": "fast"}}, r"train\.lr: Input should be a valid number"),
        ({"train": {**SECTIONS["train"], "tempo": 1}}, r"train\.tempo: Extra inputs"),
        ({"clips": {}}, r"clips\.size: is missing"),
        ({"frame_cache": 3}, "frame_cache: "),
        ({"colour": "red"}, "colour: Unexpected keyword"),
        ({"ratio": "many"}, "ratio: "),
    ],
)
def test_what_is_no_spec_is_refused_with_its_key(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        RunSpec.from_json(PLAIN | changed)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SPEC.seed = 1  # type: ignore[misc]


def test_one_ratio_is_one_run() -> None:
    assert replace(SPEC, ratio=1).identity() == replace(SPEC, ratio=1.0).identity()


# ---- splits and indices, which a spec points at


@pytest.mark.parametrize("name", [field.name for field in fields(Split)])
def test_every_field_changes_a_splits_fingerprint(name: str) -> None:
    assert replace(MANIFEST, **{name: other(getattr(MANIFEST, name))}).fingerprint() != MANIFEST.fingerprint()


def test_a_split_written_and_read_is_the_same() -> None:
    again = Split.from_json(json.loads(json.dumps(MANIFEST.to_json())))
    assert again == MANIFEST
    assert again.fingerprint() == MANIFEST.fingerprint()


def test_a_fingerprint_does_not_depend_on_the_order_of_labels_or_the_last_digit_of_a_ratio() -> None:
    turned = replace(MANIFEST, labels=dict(reversed(MANIFEST.labels.items())), ratio=0.1 + 1e-12)
    assert turned.fingerprint() == MANIFEST.fingerprint()
    assert replace(MANIFEST, ratio=0.1001).fingerprint() != MANIFEST.fingerprint()


def test_an_index_without_its_columns_is_refused() -> None:
    assert len(Index("x", pd.DataFrame(columns=list(COLUMNS)), {}).clips) == 0
    with pytest.raises(ValueError, match=r"lacks the columns \['subject'\]"):
        Index("x", pd.DataFrame(columns=[name for name in COLUMNS if name != "subject"]), {})
