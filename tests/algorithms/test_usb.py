"""semilearn's own algorithms in our engine: what is mended, refused and held, and that nothing else is changed."""

from __future__ import annotations

import random
import sys
from argparse import Namespace
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _loops import method_of, values_of
from torch import Tensor, nn

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.algorithms.usb import ADAPTED, upstream
from ssmar_bench.algorithms.usb.adapter import _arguments, _Backbone, adapted
from ssmar_bench.core.contract import Context, Output, Progress
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny()


@pytest.fixture
def fresh() -> Iterator[None]:
    for cached in (upstream.algorithms, adapted):
        cached.cache_clear()
    yield
    for cached in (upstream.algorithms, adapted):
        cached.cache_clear()


def test_it_is_known_by_seventeen_names_and_dash_is_not() -> None:
    assert {name for name in ALGORITHMS.names() if name.startswith("usb-")} == {f"usb-{name}" for name in ADAPTED}
    assert set(upstream.algorithms()) - set(ADAPTED) == {"dash", "fullysupervised"}  # the latter is "supervised" again
    with pytest.raises(UserError, match="usb-dash"):
        ALGORITHMS.load("usb-dash")


@pytest.mark.parametrize(("found", "state"), [(None, "is not installed"), ("0.3.1", "0.3.1 is installed")])
def test_without_the_right_semilearn_two_lines_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, fresh: None, found: str | None, state: str
) -> None:
    monkeypatch.setattr(upstream, "_installed", lambda: found)
    with pytest.raises(UserError) as told:
        resolve(Grid("micro-motion-12", ["usb-fixmatch"]))
    first, second = str(told.value).splitlines()
    assert state in first
    assert second.strip() == "pip install --no-deps semilearn==0.3.2"


def test_the_import_leaves_nothing_behind_but_the_algorithms(fresh: None) -> None:
    assert "fixmatch" in upstream.algorithms()
    assert not [name for name, module in sys.modules.items() if isinstance(module, upstream._Unused)]
    assert not {"semilearn", "semilearn.nets", "semilearn.datasets", "aim", "wandb"} & set(sys.modules)


def test_a_module_that_is_there_already_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", random)
    with upstream._only_algorithms():
        import aim  # type: ignore[import-not-found]
        import wandb  # type: ignore[import-not-found]

        assert wandb is random
        assert aim.Run is object
        assert not hasattr(aim, "__wrapped__")
    assert sys.modules["wandb"] is random
    assert "aim" not in sys.modules


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("p_cutof: {value: 0.9, source: mine}", "p_cutof: unknown key; did you mean 'p_cutoff'?"),
        ("T: {value: warm, source: mine}", "mine.yaml:5: T: input should be a valid number"),
        ("hard_label: {value: 1, source: mine}", "hard_label: input should be a valid boolean"),
    ],
)
def test_a_method_config_is_validated_against_its_own_argument_list(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: usb-fixmatch\nname: mine\nlabel: Mine\nhyperparameters:\n  {text}\n")
    with pytest.raises(UserError) as told:
        resolve(Grid("micro-motion-12", [str(path)]))
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("name", "key", "value", "reason"),
    [
        ("mixmatch", "mixup_manifold", True, "trains the classifier alone"),
        ("remixmatch", "rot_loss_ratio", 0.5, "rotated copies"),
        ("softmatch", "per_class", True, "AttributeError"),
        ("vat", "vat_embed", True, "word embeddings"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(name: str, key: str, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ALGORITHMS.load(f"usb-{name}").Config.model_validate(values_of(f"usb-{name}", **{key: value}))


def test_global_generators_and_series_are_held(capfd: pytest.CaptureFixture[str]) -> None:
    before = np.random.get_state()[1].tolist(), random.getstate(), Tensor.cuda  # type: ignore[index]  # noqa: NPY002
    method = method_of(TINY, "usb-softmatch")
    mixing = method_of(TINY, "usb-mixmatch")
    losses = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        losses.append(mixing.loss(TINY.batch_of(mixing.views()), TINY.progress(1)).terms["total"].item())
    method.loss(TINY.batch_of(method.views()), TINY.progress(1))
    assert losses[0] == losses[1] != losses[2]
    assert (np.random.get_state()[1].tolist(), random.getstate(), Tensor.cuda) == before  # type: ignore[index]  # noqa: NPY002
    assert capfd.readouterr() == ("", "")


# ---- nothing but the mended parts is changed


def as_semilearn_runs(name: str, values: dict[str, Any], steps: int) -> tuple[list[float], dict[str, Tensor]]:
    """semilearn's own loop: its train step, its parameter update and averaging, without the adapter's subclass."""
    context = TINY.context()
    backbone = _Backbone(context.network("student"))
    arguments = _arguments(name, context, ALGORITHMS.load(f"usb-{name}").Config.model_validate(values))
    kind = upstream.algorithms()[name]
    # Its own would import all data sets.
    with pytest.MonkeyPatch.context() as patch, upstream.held(torch.device("cpu")):
        patch.setattr(sys.modules["semilearn.core.algorithmbase"], "get_dataset", lambda *_: None)
        algorithm = kind(arguments, lambda **_: deepcopy(backbone))
        algorithm.call_hook("before_run", "EMAHook")
    algorithm.optimizer = torch.optim.SGD(algorithm.model.parameters(), 0.05)
    algorithm.scheduler, algorithm.epoch = None, 0
    method = method_of(TINY, f"usb-{name}")
    seen = []
    for step in range(steps):
        batch = TINY.batch_of(method.views(), step)
        weak, other = batch.unlabelled.clips.values()
        given = {"x_lb": batch.labelled.clips["weak"], "y_lb": batch.labelled.label, "x_ulb_w": weak, "x_ulb_s": other}
        torch.manual_seed(step)
        with upstream.held(torch.device("cpu")):
            extra = {"idx_ulb": batch.unlabelled.index} if name == "flexmatch" else {}
            algorithm.out_dict, algorithm.log_dict = algorithm.train_step(**given, **extra)
        seen.append(float(algorithm.out_dict["loss"].detach()))
        for hook in ("ParamUpdateHook", "EMAHook"):
            algorithm.call_hook("after_train_step", hook)
        algorithm.it += 1
    return seen, algorithm.model.state_dict()


@pytest.mark.parametrize("name", ["fixmatch", "flexmatch", "freematch", "softmatch", "meanteacher", "mixmatch"])
def test_the_adapter_computes_what_semilearns_own_loop_computes(name: str) -> None:
    values = values_of(f"usb-{name}", ema_m=0.9, p_cutoff=0.4)
    wanted, weights = as_semilearn_runs(name, values, steps=4)
    method = TINY.method(ALGORITHMS.load(f"usb-{name}"), values)
    optimiser = torch.optim.SGD(method.parameters(), 0.05)
    seen = []
    for step in range(4):
        torch.manual_seed(step)
        progress = Progress(step, 3 * TINY.epochs, 0, TINY.epochs)
        loss = method.loss(TINY.batch_of(method.views(), step), progress).terms["total"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        method.after_step(progress)
        seen.append(loss.item())
    assert seen == wanted
    assert all(value.equal(weights[key]) for key, value in method.model.state_dict().items())


# ---- clips of five dimensions


def test_vats_direction_has_its_length_on_clips() -> None:
    batch = TINY.batch_of(method_of(TINY, "usb-vat").views())
    clips = batch.unlabelled.clips["weak"]
    lengths = method_of(TINY, "usb-vat").algorithm._l2_normalize(clips).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(TINY.batch))
    bare = upstream.algorithms()["vat"]._l2_normalize(None, clips.clone())
    assert bare.equal(clips), "semilearn's own normaliser treats clips now: the mending can go"


def test_vats_loss_is_not_zero_on_clips() -> None:
    losses = []
    for weight in (0.0, 1.0):
        method = method_of(Tiny(sharp=True), "usb-vat", ulb_loss_ratio=weight)
        torch.manual_seed(0)
        losses.append(method.loss(TINY.batch_of(method.views()), TINY.progress(TINY.epochs - 1)).terms["total"].item())
    assert losses[1] > losses[0] + 0.01


class Volumes(nn.Module):
    """A 3-D network: the kind whose BatchNorm semilearn does not freeze."""

    features = 6

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv3d(3, 6, 3), nn.BatchNorm3d(6), nn.ReLU())
        self.classifier = nn.Linear(6, 3)

    def forward(self, clips: Tensor) -> Output:
        features = self.backbone(clips.transpose(1, 2)).mean((2, 3, 4))
        return Output(self.classifier(features), features, features[:, None])


@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("name", ["pseudolabel", "pimodel", "meanteacher", "vat", "mixmatch", "remixmatch"])
def test_running_statistics_of_3d_networks_move_once_a_step(name: str, mended: bool) -> None:
    network = Volumes()
    context = Context(3, 9, 12, 33, 11, lambda role: network, lambda role, make: make())
    algorithm = ALGORITHMS.load(f"usb-{name}")
    method = algorithm(context, algorithm.Config.model_validate(values_of(f"usb-{name}")))
    if not mended:
        method.algorithm.bn_controller = type(method.algorithm.bn_controller)()
        method.algorithm.bn_controller.freeze_bn = lambda model: None
    method.loss(TINY.batch_of(method.views()), TINY.progress(5))
    moved = int(network.backbone[1].num_batches_tracked)  # type: ignore[arg-type]
    assert (moved == 1) == mended


def test_what_it_remembers_moves_with_its_weights() -> None:
    method = method_of(TINY, "usb-freematch").double()
    hook = method.algorithm.hooks_dict["MaskingHook"]
    assert {value.dtype for value in (hook.p_model, hook.time_p, *method.algorithm.ema.shadow.values())} == {
        torch.float64
    }


def test_remixmatch_aligns_to_the_labelled_clips() -> None:
    method = method_of(TINY, "usb-remixmatch")
    pools = Namespace(labels=torch.tensor([0, 0, 0, 1]))
    method.epoch_start(TINY.progress(0), pools)
    assert method.algorithm.hooks_dict["DistAlignHook"].p_target.tolist() == [0.75, 0.25, 0.0]


def test_comatchs_queue_is_a_ring() -> None:
    method = method_of(TINY, "usb-comatch", queue_batch=1)
    size = method.algorithm.queue_size
    rows_of = torch.arange(3.0)[:, None]
    for start in range(0, size + 3, 3):
        method.algorithm.update_bank((rows_of + start).expand(3, 64), torch.zeros(3, 3))
    assert method.algorithm.queue_ptr == (start + 3) % size
    assert sorted(method.algorithm.queue_feats[:, 0].tolist()) == [float(n) for n in range(start + 3 - size, start + 3)]


@pytest.mark.slow
def test_it_trains_in_the_engine(call: Any, tiny: Path, tmp_path: Path) -> None:
    ended = call(
        *("run", "--benchmark", tiny, "--methods", "usb-freematch", "--out", tmp_path, "--set", "train.epochs=2"),
        *("--set", "usb-freematch.ema_p=0.9"),
    )
    assert ended.status == 0, ended.err
    (pseudo_label_log,) = (tmp_path / "runs").glob("*_usb-freematch_*/record/pseudo_labels.csv")
    assert "online" in pseudo_label_log.read_text()
