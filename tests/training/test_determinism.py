"""New tensors are not filled in deterministic mode, and a run computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.mark.parametrize("method", ["fixmatch", "aplt"])
def test_weights_are_the_same_whether_new_tensors_are_filled_or_not(prepared: Any, tmp_path: Path, method: str) -> None:
    weights = []
    for fill in (False, True):
        trainer = prepared.trainer(tmp_path / str(fill), method)
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
        before = torch.cat([value.detach().flatten() for value in trainer.method.parameters()])
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        for _ in range(3):
            trainer.one_step()
        weights.append([value.clone() for value in trainer.method.state_dict().values()])
        after = torch.cat([value.detach().flatten() for value in trainer.method.parameters()])
        assert not torch.equal(before, after)
    assert all(map(torch.equal, *weights))
