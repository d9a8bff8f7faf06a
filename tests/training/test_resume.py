"""A run that is stopped again and again ends as the one that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ssmar_bench.core.errors import DivergedError, UserError
from ssmar_bench.training import pseudo_label_log

RUNS = [("supervised", 0.5), ("fixmatch", 0.5), ("aplt", 0.5), ("supervised", 1.0)]


def produced(folder: Path) -> dict[str, Any]:
    """What a training process leaves behind, without the time it took."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in [folder / "work" / "predictions.npz", *(folder / "work" / "pseudo_label_log").iterdir()]
    }
    outcome = json.loads((folder / "work" / "outcome.json").read_text())
    del outcome["epoch_seconds"], outcome["ended"]
    return {**files, "outcome": outcome}


@pytest.mark.slow
@pytest.mark.parametrize(("method", "ratio"), RUNS)
def test_a_run_that_is_stopped_in_every_epoch_equals_an_uninterrupted_one(
    prepared: Any, tmp_path: Path, method: str, ratio: float
) -> None:
    prepared.trainer(tmp_path / "whole", method, ratio).run()

    for epoch in range(6):
        lost = prepared.trainer(tmp_path / "stopped", method, ratio)
        lost.resume()
        assert lost.progress().epoch == epoch
        lost.one_step()  # of an epoch that is never saved
        one = prepared.trainer(tmp_path / "stopped", method, ratio)
        one.resume()
        one.epoch()
        one.save()
    last = prepared.trainer(tmp_path / "stopped", method, ratio)
    last.run()

    assert last.step == last.steps
    whole, stopped = produced(tmp_path / "whole"), produced(tmp_path / "stopped")
    assert sorted(whole) == sorted(stopped)
    for name, content in whole.items():
        assert stopped[name] == content, name
    assert len(whole["outcome"]["curve"]) >= 6 * 4


def test_what_a_method_draws_while_it_is_made_and_between_epochs_is_the_runs_own(
    prepared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []

    def draw(*_: Any) -> Any:
        drawn.append(float(torch.rand(())))

    algorithm = type(prepared.trainer(tmp_path / "first", "supervised").method)
    made = algorithm.__init__
    monkeypatch.setattr(algorithm, "__init__", lambda self, *given: (made(self, *given), draw())[0])
    for hook in ("epoch_start", "train_end"):
        monkeypatch.setattr(algorithm, hook, draw)

    torch.manual_seed(1)
    prepared.trainer(tmp_path / "whole", "supervised").run()
    whole = drawn.copy()
    assert len(set(whole)) == 1 + 6 + 1

    drawn.clear()
    torch.manual_seed(2)
    begun = prepared.trainer(tmp_path / "stopped", "supervised")
    begun.epoch()
    begun.save()
    torch.manual_seed(3)
    prepared.trainer(tmp_path / "stopped", "supervised").run()
    assert drawn == [*whole[:2], whole[0], *whole[2:]]


def test_a_checkpoint_that_cannot_be_read_is_named(prepared: Any, tmp_path: Path) -> None:
    trainer = prepared.trainer(tmp_path, "supervised")
    trainer.epoch()
    trainer.save()
    path = tmp_path / "work" / "checkpoint-odd.pt"
    torn = path.read_bytes()[:1000]
    trainer.folder.keep({path.name: torn})  # whole, and yet no checkpoint: of another torch, for instance
    with pytest.raises(UserError, match=r"checkpoint-odd\.pt cannot be read .* remove it, and the run goes on from"):
        prepared.trainer(tmp_path, "supervised").resume()
    path.write_bytes(torn[:-1])
    with pytest.raises(UserError, match=r"checkpoint-odd\.pt is damaged: its SHA-256 is not the one in SHA256SUMS"):
        prepared.trainer(tmp_path, "supervised").resume()


def test_a_run_learns(prepared: Any, tmp_path: Path) -> None:
    """The comparison above would hold for an engine that does nothing."""
    trainer = prepared.trainer(tmp_path, "supervised", 1.0)
    before = torch.cat([parameter.detach().flatten() for parameter in trainer.method.parameters()])
    trainer.run()
    after = torch.cat([parameter.detach().flatten() for parameter in trainer.method.parameters()])
    losses = [
        value for _, series, name, value in trainer.curve.rows if (series, name) == ("train", "loss/labelled_weak")
    ]
    assert not torch.equal(before, after)
    assert losses[-1] < losses[0]


def test_a_checkpoint_holds_no_pickled_code(prepared: Any, tmp_path: Path) -> None:
    trainer = prepared.trainer(tmp_path, "aplt")
    trainer.epoch()
    trainer.save()
    state = torch.load(tmp_path / "work" / "checkpoint-odd.pt", weights_only=True)
    assert state["step"] == trainer.data.steps_per_epoch


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(prepared: Any, tmp_path: Path) -> None:
    trainer = prepared.trainer(tmp_path, "supervised")
    with torch.no_grad():
        next(trainer.method.parameters()).fill_(torch.nan)
    with pytest.raises(DivergedError, match=r"loss/labelled_weak became .* in epoch 1; try a lower train.lr"):
        trainer.run()
    assert not trainer.folder.started()


@pytest.mark.parametrize("method", ["supervised", "fixmatch", "aplt"])
def test_the_full_pool_covers_every_unlabelled_clip_in_every_epoch(prepared: Any, tmp_path: Path, method: str) -> None:
    trainer = prepared.trainer(tmp_path, method)
    for _ in range(3):
        trainer.epoch()
    pool = len(prepared.planned_runs[method, 0.5].split.unlabelled)
    files = sorted((tmp_path / "work" / "pseudo_label_log").iterdir())
    assert [path.name for path in files] == [f"epoch-{number:05d}.npz" for number in (1, 2, 3)]
    for number, path in enumerate(files, start=1):
        series_by_name = pseudo_label_log.read_pseudo_label_log(path.read_bytes())
        assert series_by_name["full_pool"]["index"].tolist() == list(range(pool))
        assert series_by_name["full_pool"]["weight"].tolist() == [1.0] * pool
        # APLT's first round is after epoch 2 of 6.
        trained_on = {"supervised": set(), "fixmatch": {"online"}, "aplt": {"online", *(["offline"] * (number > 2))}}
        assert set(series_by_name) == {"full_pool"} | trained_on[method]


def test_the_pseudo_label_log_holds_what_the_method_trained_on(prepared: Any, tmp_path: Path) -> None:
    trainer = prepared.trainer(tmp_path, "fixmatch")
    trainer.epoch()
    online = pseudo_label_log.read_pseudo_label_log(
        (tmp_path / "work" / "pseudo_label_log" / "epoch-00001.npz").read_bytes()
    )["online"]
    expected = np.concatenate([trainer.data.slots("unlabelled", step) for step in range(trainer.data.steps_per_epoch)])
    assert online["index"].tolist() == expected.tolist()
    assert np.array_equal(online["weight"] > 0, online["confidence"] >= 0.95)
    assert set(online["label"].tolist()) <= set(range(12))


def test_a_pool_without_unlabelled_clips_has_no_series(prepared: Any, tmp_path: Path) -> None:
    prepared.trainer(tmp_path, "supervised", 1.0).epoch()
    assert (
        pseudo_label_log.read_pseudo_label_log(
            (tmp_path / "work" / "pseudo_label_log" / "epoch-00001.npz").read_bytes()
        )
        == {}
    )
