from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core import benchmark_config, method_config, paths
from ssmar_bench.core.config_layers import parse_set, resolve_config
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.core.printable import visible

BENCHMARK = "micro-motion-12"


def overriding(**overrides: Any) -> MethodConfig:
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    return method_config.read_method_config("fixmatch")[0].model_copy(update={"overrides": named})


def edited(folder: Path, old: str, new: str) -> str:
    text = (paths.shipped_folder("splits") / f"{BENCHMARK}.yaml").read_text()
    assert old in text
    (folder / "mine.yaml").write_text(text.replace(old, new))
    return str(folder / "mine.yaml")


def test_each_layer_lies_over_the_one_before() -> None:
    base = benchmark_config.read_benchmark_config(BENCHMARK)
    row = overriding(train__epochs=8, train__lr=0.5)
    layers = [
        ((None, None, {}), base.train.epochs),
        (("smoke", None, {}), 6),
        (("smoke", row, {}), 8),
        ((None, row, {}), 8),
        (("smoke", row, {"train.epochs": 9}), 9),
        ((None, None, {"train.epochs": 9}), 9),
    ]
    for (profile, method, sets), epochs in layers:
        found = resolve_config(BENCHMARK, profile, method, sets)
        assert found.train.epochs == epochs
        lr = base.train.lr if method is None else 0.5
        assert found.train == base.train.model_copy(update={"epochs": epochs, "lr": lr})
        assert found.model_copy(update={"train": base.train}) == base  # nothing else is touched


def test_every_section_of_the_benchmark_config_can_be_set() -> None:
    sets = {"frame_cache.segments": 4, "clips.size": 16, "clips.mean": [0, 0, 0], "backbone.name": "tsn:resnet18"}
    found = resolve_config(BENCHMARK, None, None, {**sets, "train.batch": 2})
    assert (found.frame_cache.segments, found.clips.size, found.clips.mean) == (4, 16, (0, 0, 0))
    assert (found.backbone.name, found.train.batch) == ("tsn:resnet18", 2)


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ({"train.epoch": 3}, ["train.epoch", "unknown key", "--set"]),
        ({"trains.epochs": 3}, ["trains.epochs", "did you mean 'train'?", "--set"]),
        ({"source.name": "x"}, ["source.name", "unknown key"]),
        ({"ratios": [1]}, ["ratios", "unknown key"]),
        ({"train.epochs": "many"}, ["train.epochs", "integer", "'many'", "--set"]),
        ({"train.epochs": 0}, ["train.epochs", "greater than or equal to 1", "--set"]),
        ({"train.lr": None}, ["train.lr", "None"]),
        ({"clips.size": 32, "clips.flip.x": 3}, ["clips.flip.x", "unknown key"]),
    ],
)
def test_what_cannot_be_set_is_named(sets: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        resolve_config(BENCHMARK, None, None, sets)
    for word in words:
        assert word in str(error.value)


def test_a_fault_in_overrides_names_the_method() -> None:
    for row in (overriding(train__epochs="many"), overriding(trains__epochs=3), overriding(train__epoch=3)):
        with pytest.raises(UserError, match="overrides of method 'fixmatch'"):
            resolve_config(BENCHMARK, None, row, {})


def test_an_unknown_profile_gets_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no profile 'smok'; did you mean 'smoke'\?"):
        resolve_config(BENCHMARK, "smok", None, {})


def test_a_fault_in_a_profile_names_the_profile(tmp_path: Path) -> None:
    for new in ("train.epoch: 6", "tain.epochs: 6", "train.epochs: six"):
        with pytest.raises(UserError, match="profile 'smoke'"):
            resolve_config(edited(tmp_path, "train.epochs: 6", new), "smoke", None, {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("train.lr=1e-4", 1e-4),
        ("train.lr = 0.1", 0.1),
        ("train.lr=3", 3),
        ("clips.flip=false", False),
        ("clips.mean=[0.1, 0.2, 3e-1]", [0.1, 0.2, 0.3]),
        ("backbone.weights=/a/b=c.pth", "/a/b=c.pth"),
        ("backbone.name=tsn:resnet18", "tsn:resnet18"),
        ("train.precision='bf16'", "bf16"),
        ("train.lr=", None),
    ],
)
def test_a_value_on_the_command_line_is_read_as_yaml(text: str, value: Any) -> None:
    key, found = parse_set(text)
    assert key == text.partition("=")[0].strip()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["train.lr", "lr=1", "", "=3", "clips.mean=[1", "a.b='", "a.b=\x01"])
def test_a_setting_that_cannot_be_read_is_quoted(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse_set(text)
    assert f"--set {visible(text)}" in str(error.value)


def test_a_fault_in_a_profile_names_its_line(tmp_path: Path) -> None:
    path = edited(tmp_path, "train.epochs: 6", "train.epochs: six")
    line = Path(path).read_text().splitlines().index("    train.epochs: six") + 1
    with pytest.raises(UserError, match=rf"mine\.yaml:{line}: "):
        resolve_config(path, "smoke", None, {})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    train.epochs: 6\n", ""),
        ("profiles:\n", "profiles:\nother:\n"),
        ("\ntrain:\n", "\ntrains:\n"),
        ("\ntrain:\n", "\ntrain: 3\ntrains:\n"),
    ],
    ids=["profile is null", "profiles are null", "no section train", "section is a number"],
)
def test_a_broken_file_under_a_profile_is_a_users_error(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(UserError):
        resolve_config(edited(tmp_path, old, new), "smoke", None, {})


def test_a_profile_written_as_sections_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        resolve_config(edited(tmp_path, "    train.epochs: 6", "    train: {epochs: 6}"), "smoke", None, {})
    assert "did you mean 'train'?" not in str(error.value)


@pytest.mark.parametrize(
    ("base", "profile", "networks"),
    [
        ("micro-motion-12", None, ["micro-tsm", "micro-r3d", "timesformer-micro"]),
        ("ma-12", None, ["tsm:resnet18", "r3d18", "timesformer-base"]),
        ("ma-12", "resnet50", ["tsm:resnet50", "r3d18", "timesformer-base"]),
        ("ucf101", "smoke", ["micro-tsm", "micro-r3d", "timesformer-micro"]),
    ],
)
def test_a_family_is_the_benchmarks_own_network(base: str, profile: str | None, networks: list[str]) -> None:
    for family, name in zip(("tsm", "3d", "vit"), networks, strict=True):
        found = resolve_config(base, profile, overriding(backbone__name=family), {})
        plain = resolve_config(base, profile, None, {})
        assert found.backbone == plain.backbone.model_copy(update={"name": name})
        assert resolve_config(base, profile, None, {"backbone.name": family}).backbone == found.backbone


def test_which_network_is_for_a_family_can_be_set() -> None:
    row = overriding(backbone__name="3d")
    assert resolve_config(BENCHMARK, None, row, {"networks.3d": "r3d18"}).backbone.name == "r3d18"
    assert resolve_config(BENCHMARK, None, row, {"backbone.name": "micro-tsm"}).backbone.name == "micro-tsm"
    with pytest.raises(UserError, match=r"networks\.4d"):
        resolve_config(BENCHMARK, None, None, {"networks.4d": "r3d18"})


def test_a_benchmark_without_a_network_of_a_family_says_what_to_do(tmp_path: Path) -> None:
    path = edited(tmp_path, "  3d: micro-r3d\n", "")
    with pytest.raises(UserError, match="does not say which network stands for the family '3d'; add it to its section"):
        resolve_config(path, None, overriding(backbone__name="3d"), {})
