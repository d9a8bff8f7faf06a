"""Initial weights from pretext clips: made again by one command, and of use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ssmar_bench import api
from ssmar_bench.backbones.build import build_backbone, pretext_weights, weights_digest
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.network_names import PRETEXT_NETWORKS
from ssmar_bench.sources.synthetic import SyntheticOptions, render_subject
from ssmar_bench.sources.synthetic.rendering import ActionInterval, seeded
from ssmar_bench.training import pretrain as module
from ssmar_bench.training.pretrain import SCHEDULES, Schedule, pretext_clips, train_on_pretext

LARGEST = 1_000_000


def _config(network: str, weights: str) -> BackboneConfig:
    return BackboneConfig(name=network, weights=weights, input="diff")


@pytest.mark.parametrize("network", PRETEXT_NETWORKS)
def test_every_small_network_starts_from_weights_of_the_package(network: str) -> None:
    made = build_backbone(_config(network, "pretext"), 8, 12, seed=0, size=32)
    drawn = build_backbone(_config(network, "none"), 8, 12, seed=0, size=32)
    state = load_file(pretext_weights(network))
    assert pretext_weights(network).stat().st_size < LARGEST
    assert set(state) == set(made.backbone.state_dict())
    for name, value in made.backbone.state_dict().items():
        assert torch.equal(value, state[name].to(value.dtype)), name
    assert torch.equal(made.classifier.weight, drawn.classifier.weight)  # the seed's, whatever the weights
    assert weights_digest(_config(network, "pretext")) == weights_digest(
        _config(network, str(pretext_weights(network)))
    )
    assert weights_digest(_config(network, "none")) == ""


def test_a_network_without_pretext_weights_is_named() -> None:
    with pytest.raises(api.UserError, match=r"'tsn:resnet18' has no pretext weights; set backbone.weights to none or "):
        build_backbone(_config("tsn:resnet18", "pretext"), 8, 12, seed=0)


def test_the_same_schedule_gives_the_same_weights_and_learns(tmp_path: Path) -> None:
    config = next(config for config in api.benchmarks() if config.name == "micro-motion-12")
    schedule = Schedule(clips=180, epochs=4, batch=18, lr=0.1, warm_up=5)
    data = pretext_clips(schedule.clips, config.frame_cache.short_side, processes=1)
    losses: list[float] = []
    states = []
    for _ in range(2):
        backbone, accuracy = train_on_pretext(
            _config("micro-tsm", "none"), config.frame_cache, config.clips, schedule, data,
            lambda done, epochs, loss: losses.append(loss),
        )  # fmt: skip
        assert 0 <= accuracy <= 1
        module.save_weights(backbone, tmp_path / "weights.safetensors")
        states.append((tmp_path / "weights.safetensors").read_bytes())
    assert states[0] == states[1]
    assert losses[:4] == losses[4:]
    assert losses[3] < losses[0]
    loaded = build_backbone(_config("micro-tsm", str(tmp_path / "weights.safetensors")), 8, 12, seed=0, size=32)
    first = "blocks.0.weight"
    assert torch.equal(loaded.backbone.state_dict()[first], backbone.state_dict()[first].half().float())


def test_pretext_weights_are_worth_something_on_classes_that_they_never_saw() -> None:
    """The nearest class mean of features that were never trained on these classes, with the subjects of seed 0."""
    config = next(config for config in api.benchmarks() if config.name == "micro-motion-12")
    labels = sorted(config.classes)
    clips = torch.stack([_clip(label, number) for number in range(20) for label in labels])
    truth = torch.arange(len(labels)).repeat(20)
    right = {}
    for weights in ("none", "pretext"):
        network = build_backbone(_config("micro-tsm", weights), 8, 12, seed=0, size=32).eval()
        with torch.no_grad():
            features = torch.nn.functional.normalize(network(clips).features)
        known = features[: len(clips) // 2].view(10, len(labels), -1).mean(0)
        right[weights] = float(
            (torch.cdist(features[len(clips) // 2 :], known).argmin(1) == truth[120:]).float().mean()
        )
    assert right["pretext"] > right["none"] + 0.15


def _clip(label: int, number: int) -> torch.Tensor:
    options = SyntheticOptions()
    frames = render_subject(
        0, number, options.frames, [ActionInterval(label, 0, options.frames - 1)],
        lambda axis: seeded("clip", label, number, axis), size=32, amplitude=1.5,
    )[1::3]  # fmt: skip
    return (torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float() / 255 - 0.45) / 0.225


def test_an_unknown_network_is_told_before_anything_is_rendered(tmp_path: Path) -> None:
    with pytest.raises(api.UserError, match=r"'micro-tms' is no small network that is pretrained here"):
        api.pretrain("micro-tms", tmp_path / "x.safetensors")
    assert set(SCHEDULES) == set(PRETEXT_NETWORKS)
    assert replace(SCHEDULES["micro-tsm"], clips=400) == SCHEDULES["micro-tsm"].shortened(400)


def test_no_call_has_the_name_of_its_own_module() -> None:
    """The import of such a module would put the module in the place of the call."""
    modules = {path.stem for path in Path(api.__file__).parent.glob("*.py")}
    assert modules.isdisjoint(api.__all__)
