"""Weights that cannot be had, and clips that a network cannot take, are reported before anything is decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from tests.conftest import Finished

WEIGHTS = {
    "a folder": "is a folder; give its path",
    "no file": "does not exist; give its path",
    "an empty file": "holds no weights that can be read",
    "text": "holds no weights that can be read",
    "a cut file": "holds no weights that can be read",
    "no tensors": "holds no weights: expected a dictionary of tensors",
    "another network": (
        "does not fit the network: 'conv1.weight', 'bn1.weight', 'bn1.bias' and 97 more are missing or have another "
        "shape; 'stem.weight' is left over."
    ),
    "another shape": "does not fit the network: 'conv1.weight', 'bn1.weight', 'bn1.bias' and 97 more are missing",
}


def damaged(case: str, path: Path) -> Path:
    match case:
        case "a folder":
            path.mkdir()
        case "an empty file":
            path.touch()
        case "text":
            path = path.with_suffix(".safetensors")
            path.write_text("no weights")
        case "a cut file":
            torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
            path.write_bytes(path.read_bytes()[:-100])
        case "no tensors":
            torch.save({"epoch": 3}, path)
        case "another network":
            path = path.with_suffix(".safetensors")
            safetensors.torch.save_file({"stem.weight": torch.zeros(3)}, path)
        case "another shape":
            torch.save({"conv1.weight": torch.zeros(1)}, path)
    return path


@pytest.mark.parametrize("case", WEIGHTS)
def test_weights_are_tried_by_the_plan(
    case: str, call: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    path = damaged(case, tmp_path / "weights.pth")
    given = ("--backbone", "tsm:resnet18", "--set", f"backbone.weights={path}")
    for plan in (("--plan",), ("--out", str(tmp_path / "out"))):
        ended = call("run", "--methods", "fixmatch", *given, *plan)
        assert (ended.status, ended.out) == (2, "")
        assert f"{path} {WEIGHTS[case]}" in ended.err
        assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "out").exists()


def test_weights_that_cannot_be_fetched_are_reported_by_the_plan(
    call: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", nowhere)
    monkeypatch.setattr("ssmar_bench.backbones.timm_networks.try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", nowhere)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", nowhere)
    for name, weights in (("tsn:resnet26", "imagenet"), ("r3d18", "kinetics400")):
        given = ("--backbone", name, "--set", f"backbone.weights={weights}")
        ended = call("run", "--methods", "fixmatch", *given, "--plan")
        assert (ended.status, ended.out) == (2, "")
        assert "cannot be fetched" in ended.err
