"""Counterfeits: read back by the readers of the real sources, with the real counts where there are only lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import counterfeit, read

MA_12 = (5, 7, 8, 9, 10, 17, 21, 22, 23, 31, 48, 49)


def test_ma_12_has_its_clips_on_lists_with_the_real_counts(tmp_path: Path) -> None:
    counterfeit.write("ma52", tmp_path / "ma52", lists_only=True)
    clips = read("ma52", tmp_path / "ma52").clips
    assert clips.groupby("part").size().to_dict() == {"train": 11250, "val": 5586, "test": 5586}
    labelled = clips[clips["part"] != "test"]
    assert tuple(sorted(labelled["label"].value_counts().head(12).index)) == MA_12
    assert clips[clips["label"].isin(MA_12)].groupby("part").size().to_dict() == {"train": 7028, "val": 3503}


def test_an_unknown_layout_or_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ma52 has no layout 'zip'; did you mean 'zips'"):
        counterfeit.write("ma52", tmp_path / "new", layout="zip")
    with pytest.raises(UserError, match="micro-motion is synthetic itself"):
        counterfeit.write("micro-motion", tmp_path / "new")
    with pytest.raises(UserError, match="did you mean 'ma52'"):
        counterfeit.write("ma5", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
