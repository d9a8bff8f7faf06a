"""Networks, initial weights and optimisers of rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from _records import SECTIONS, Fake

from ssmar_bench.backbones.timm_tags import TIMM, initial_weights
from ssmar_bench.core.benchmark_config import BackboneConfig, TrainConfig
from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.core.method_config import read_method_config
from ssmar_bench.core.network_names import with_usual_weights
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.comparability import OPTIMISER, TrainingSetup, training_setup
from ssmar_bench.results.record_schema import MethodFacts
from ssmar_bench.results.records import load_runs

BACKBONE = BackboneConfig.model_validate(SECTIONS["backbone"])
NETWORKS = (*TIMM, *TIMM.values(), "tsm:resnet18")
METHODS = ("supervised", "tcl", "ltg", "svformer", "aplt", "supervised-r3d")


@pytest.mark.parametrize(
    ("network", "weights", "words"),
    [
        ("micro-tsm", "none", "from scratch"),
        ("tsn:resnet18", "imagenet", "from ImageNet weights"),
        ("r3d18", "kinetics400", "from Kinetics-400 weights"),
        ("tsn:resnet18", "/secret/place/mine.pth", "from the weights mine.pth"),
        ("timesformer-base", "imagenet", "from ImageNet-21k weights"),
        ("timesformer-base", "none", "from scratch"),
    ],
)
def test_initial_weights_in_words(network: str, weights: str, words: str) -> None:
    assert initial_weights(BACKBONE.model_copy(update={"name": network, "weights": weights})) == words


def test_networks_of_more_images_are_those_that_timm_says() -> None:
    imagenet = {name: BACKBONE.model_copy(update={"name": name, "weights": "imagenet"}) for name in NETWORKS}
    found = {name: initial_weights(backbone) for name, backbone in imagenet.items()}
    assert found.pop("tsm:resnet18") == "from ImageNet weights"
    assert set(found.values()) == {"from ImageNet-21k weights"}
    assert all("in21k" in name for name in TIMM.values())


def test_a_neutral_value_may_be_left_out() -> None:
    def setup(**changed: float) -> TrainingSetup:
        spec = replace(Fake().spec(), train=TrainConfig.model_validate(SECTIONS["train"] | changed))
        return training_setup(spec, MethodFacts(label="FixMatch", initial_weights="from scratch"))

    assert setup() == setup(gradient_clipping=0.0)
    assert setup() != setup(gradient_clipping=4.0)
    assert dict(zip(OPTIMISER, setup().optimiser, strict=True)) == {
        "lr": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 5e-4,
        "gradient_clipping": 0.0,
    }


def test_what_method_configs_give_their_rows() -> None:
    def planned(benchmark: str) -> dict[str, tuple[str, str]]:
        found = {}
        for name in METHODS:
            method_config, source = read_method_config(name)
            backbone = with_usual_weights(resolve_config(benchmark, None, method_config, {}, source).backbone)
            found[name] = backbone.name, initial_weights(backbone)
        return found

    assert planned("ma-12") == {
        "supervised": ("tsn:resnet18", "from ImageNet weights"),
        "tcl": ("tsm:resnet18", "from scratch"),
        "ltg": ("r3d18", "from scratch"),
        "svformer": ("timesformer-base", "from ImageNet-21k weights"),
        "aplt": ("tsn:resnet18", "from ImageNet weights"),
        "supervised-r3d": ("r3d18", "from scratch"),
    }
    small = planned("micro-motion-12")
    assert {network for network, _ in small.values()} == {"micro-tsm", "micro-r3d", "timesformer-micro"}
    assert {name: start for name, (_, start) in small.items()} == {
        name: "from scratch" if name in {"tcl", "ltg", "supervised-r3d"} else "from pretext weights" for name in METHODS
    }


class Own(Fake):
    def spec(self):
        plain = super().spec()
        return replace(
            plain,
            backbone=plain.backbone.model_copy(update={"name": "micro-r3d", "dropout": 0.5}),
            train=plain.train.model_copy(update={"gradient_clipping": 40.0}),
        )


def test_rows_of_records_have_footings_and_their_differences_name_neutral_values(tmp_path: Path) -> None:
    Fake("fixmatch").write(tmp_path)
    Own("ltg", label="LTG").write(tmp_path)
    facts = caption_facts(load_runs(tmp_path), "micro-motion-12")
    assert {label: one.network for label, one in facts.training_setups.items()} == {
        "FixMatch": "micro-tsm",
        "LTG": "micro-r3d",
    }
    assert facts.differences == {
        "backbone.dropout": [0, 0.5],
        "backbone.name": ["micro-tsm", "micro-r3d"],
        "train.gradient_clipping": [0, 40.0],
    }
