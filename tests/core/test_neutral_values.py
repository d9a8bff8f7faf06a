"""Keys that were added later do not rename the runs that were trained before."""

from __future__ import annotations

import json

import pytest

from ssmar_bench.core import benchmark_config
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.paths import shipped_folder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.archive import Archive, archive_folders


def test_the_committed_runs_keep_their_names() -> None:
    archives = [Archive(folder) for folder in archive_folders(shipped_folder("methods").parent / "results")]
    specs = {name: archive.content(name, "spec.json") for archive in archives for name in archive.runs}
    assert specs
    for name, text in specs.items():
        plain = json.loads(text)
        spec = RunSpec.from_json(plain)
        assert spec.to_json() == plain, name
        assert name == spec.folder()


class Older(Section):
    size: int


class Newer(Older):
    more: int = 0


@pytest.mark.parametrize(
    ("section", "told"), [(Newer(size=3), {"size": 3}), (Newer(size=3, more=1), {"size": 3, "more": 1})]
)
def test_a_neutral_value_is_left_out_and_any_other_is_reported(section: Section, told: dict[str, int]) -> None:
    assert section.to_config() == told
    assert Newer.model_validate(section.to_config()) == section


def test_what_is_in_a_benchmark_config_is_reported_where_it_has_no_neutral_value() -> None:
    frame_cache = benchmark_config.read_benchmark_config("micro-motion-12").frame_cache
    assert frame_cache.to_config() == {"decoder": "pyav", "short_side": 36, "segments": 8, "candidates": 3}


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("frame_cache", "neighbours", 1),
        ("backbone", "dropout", 0.5),
        ("train", "gradient_clipping", 4.0),
        ("train", "unlabelled_per_labelled", 7),
    ],
)
def test_what_only_some_methods_need_is_reported_where_they_need_it(section: str, key: str, value: float) -> None:
    plain = getattr(benchmark_config.read_benchmark_config("micro-motion-12"), section)
    assert key not in plain.to_config()
    assert plain.model_copy(update={key: value}).to_config() == {**plain.to_config(), key: value}
