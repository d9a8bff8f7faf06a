"""One of semilearn's algorithms behind our contract: its ``train_step`` gives the loss, the trainer does the rest."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from inspect import signature
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ssmar_bench.algorithms.usb.arguments import config_of
from ssmar_bench.algorithms.usb.upstream import algorithms, held
from ssmar_bench.core.contract import (
    Batch,
    Context,
    HyperParameters,
    Losses,
    Method,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)
from ssmar_bench.core.seeds import seed_of

_LABELLED = {"x_lb": "weak", "x_lb_s": "strong"}
_UNLABELLED = {"x_ulb_w": "weak", "x_ulb_s": "strong", "x_ulb_s_0": "strong", "x_ulb_s_1": "second_strong"}
_TWICE_WEAK = ("meanteacher", "mixmatch", "pimodel")
"""Those whose ``x_ulb_s`` is a second weak view in semilearn's own data sets."""


class _Backbone(nn.Module):
    """Our network as semilearn's models are called: clips to a dictionary, or features alone, or logits of features."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.num_features = network.features

    def forward(self, x: Tensor, only_fc: bool = False, only_feat: bool = False) -> Any:
        if only_fc:
            return self.network.classifier(x)
        output = self.network(x)
        return output.features if only_feat else {"logits": output.logits, "feat": output.features}

    def extract(self, x: Tensor) -> Tensor:
        features: Tensor = self.network(x).features
        return features


class _FrozenStatistics:
    """semilearn's ``Bn_Controller`` for every kind of BatchNorm: its own overlooks 1-D and 3-D ones."""

    def __init__(self) -> None:
        self._kept: list[tuple[Tensor, Tensor]] = []

    def freeze_bn(self, model: nn.Module) -> None:
        layers = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
        self._kept = [(buffer, buffer.clone()) for layer in layers for buffer in layer.buffers()]

    def unfreeze_bn(self, model: nn.Module) -> None:
        for buffer, kept in self._kept:
            buffer.data.copy_(kept)
        self._kept = []


class _Mended:
    """What semilearn's algorithms lack to run on clips, from one process, without its data sets."""

    def set_dataset(self) -> Any:
        """A stand-in with one clip of each class; ReMixMatch counts it (see :meth:`Usb.epoch_start`)."""
        return {"train_lb": Namespace(targets=range(self.num_classes))}  # type: ignore[attr-defined]

    def set_data_loader(self) -> None:
        """The engine loads."""

    def call_hook(self, fn_name: str, hook_name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Calls a hook and keeps what it was first asked and answered in a step."""
        answer = super().call_hook(fn_name, hook_name, *args, **kwargs)  # type: ignore[misc]
        self.asked.setdefault(fn_name, (kwargs, answer))
        return answer

    def _l2_normalize(self, d: Tensor) -> Tensor:
        """VAT's directions (B, ...) at length 1; its own leaves clips of five dimensions as they are."""
        lengths: Tensor = torch.linalg.vector_norm(d.flatten(1), dim=1).clamp_min(1e-16)
        return d / lengths.view(-1, *[1] * (d.ndim - 1))

    @torch.no_grad()
    def update_bank(self, feats: Tensor, *others: Tensor) -> None:
        """CoMatch's queue as a ring: its own fails where the batch does not divide its length."""
        if not hasattr(self, "queue_feats"):
            super().update_bank(feats, *others)  # type: ignore[misc]
            return
        rows = (self.queue_ptr + torch.arange(len(feats), device=feats.device)) % self.queue_size
        self.queue_feats[rows], self.queue_probs[rows] = feats.float(), others[0].float()
        self.queue_ptr = int((self.queue_ptr + len(feats)) % self.queue_size)

    asked: dict[str, tuple[Mapping[str, Any], Any]]
    queue_feats: Tensor
    queue_probs: Tensor
    queue_size: int
    queue_ptr: int = 0


def _arguments(name: str, context: Context, config: HyperParameters) -> Namespace:
    """Everything that semilearn's base class reads, most of it about data, logs and optimiser, which it does not get.

    ``net`` says that features come pooled; the batch, which only the length of CoMatch's queue depends on, follows
    from the length of an epoch.
    """
    batch = math.ceil((context.n_labelled + context.n_unlabelled) * context.epochs / max(context.steps, 1))
    general = {
        "algorithm": name, "num_classes": context.classes, "epoch": context.epochs, "num_train_iter": context.steps,
        "num_eval_iter": 1, "num_log_iter": 1, "use_cat": True, "ulb_loss_ratio": 1.0, "amp": False, "clip_grad": 0,
        "save_name": "", "save_dir": "", "resume": False, "gpu": None, "rank": 0, "distributed": False,
        "world_size": 1, "dataset": "none", "num_labels": context.n_labelled, "data_dir": "", "net": "bert",
        "include_lb_to_ulb": False, "use_pretrain": False, "pretrain_path": "", "optim": "SGD", "lr": 0.1,
        "momentum": 0.9, "weight_decay": 0, "layer_decay": 1, "num_warmup_iter": 0, "use_wandb": False,
        "use_aim": False, "ulb_dest_len": context.n_unlabelled, "lb_dest_len": context.n_labelled,
        "uratio": context.unlabelled_per_labelled, "batch_size": batch,
    }  # fmt: skip
    return Namespace(**(general | dict(config)))


def _build(name: str, context: Context, config: HyperParameters) -> Any:
    """The algorithm with our network in it, and its averaged weights."""
    backbone = _Backbone(context.network("student"))
    weights = backbone.network.classifier.weight.detach()
    with torch.random.fork_rng(devices=[]), held(torch.device("cpu")):
        torch.manual_seed(seed_of("network", str(weights.double().sum().item()), name))  # heads and banks of its own
        kind = type(name, (_Mended, algorithms()[name]), {"asked": {}})
        built = kind(_arguments(name, context, config), lambda **_: backbone)
        built.bn_controller = _FrozenStatistics()
        built.call_hook("before_run", "EMAHook")
    return built


class Usb(Method):
    """An algorithm of semilearn; its one loss term is the whole loss, labelled and unlabelled.

    What it remembers (averaged weights, thresholds, distributions, queues) travels in the state's extra part.
    """

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    revision = 1

    def __init__(self, context: Context, config: HyperParameters) -> None:
        super().__init__()
        self.config = config
        self.algorithm = _build(self.name, context, config)
        self.model = self.algorithm.model

    def views(self) -> Views:
        """What its ``train_step`` takes."""

        def of(names: Iterable[str]) -> dict[str, View]:
            return {name: View("strong" if name.endswith("strong") else "weak") for name in names}

        return Views(of(view for key, view in _LABELLED.items() if key in self.inputs), of(self._unlabelled().values()))

    def _unlabelled(self) -> dict[str, str]:
        names = _UNLABELLED | ({"x_ulb_s": "second"} if self.name in _TWICE_WEAK else {})
        return {key: view for key, view in names.items() if key in self.inputs}

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """One ``train_step`` without its update."""
        x, u = batch.labelled, batch.unlabelled
        given = {key: x.clips[view] for key, view in _LABELLED.items() if key in self.inputs}
        given |= {"y_lb": x.label, "idx_lb": x.index}
        if u is not None:
            given |= {key: u.clips[view] for key, view in self._unlabelled().items()} | {"idx_ulb": u.index}
        self.algorithm.it, self.algorithm.epoch = progress.step, progress.epoch
        self.algorithm.asked.clear()
        with held(x.label.device):
            outcome, _ = self.algorithm.train_step(**{key: given[key] for key in self.inputs if key in given})
        return Losses({"total": outcome["loss"]}, self._pseudo(u.index) if u is not None else {})

    def _pseudo(self, index: Tensor) -> dict[str, PseudoLabels]:
        """What its masking and pseudo-labelling hooks said of the unlabelled clips, if it has them."""
        asked = self.algorithm.asked
        if not {"masking", "gen_ulb_targets"} <= asked.keys():
            return {}
        question, mask = asked["masking"]
        scores = question["logits_x_ulb"].detach().float()
        probability = scores.softmax(1) if question.get("softmax_x_ulb", True) else scores
        target = asked["gen_ulb_targets"][1].detach()
        label = target if target.ndim == 1 else target.argmax(1)
        return {"online": PseudoLabels(index, label, mask.detach().float(), probability.amax(1))}

    def after_step(self, progress: Progress) -> None:
        """The average of the weights moves on."""
        self.algorithm.ema.update()

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """ReMixMatch aligns to the classes of the labelled clips, which semilearn counts when it is built."""
        if self.name == "remixmatch":
            count = torch.bincount(pools.labels, minlength=self.algorithm.num_classes)
            self.algorithm.hooks_dict["DistAlignHook"].p_target = count / count.sum()

    def predict(self, clips: Tensor) -> Tensor:
        """Logits of the last weights or of the averaged ones."""
        averaged = getattr(self.config, "predict_with", "model") == "ema"
        if averaged:
            self.algorithm.ema.apply_shadow()
        logits: Tensor = self.model(clips)["logits"]
        if averaged:
            self.algorithm.ema.restore()
        return logits

    # ---- memory: plain values of the algorithm and of its own hooks

    def _owners(self) -> dict[str, Any]:
        hooks = self.algorithm.hooks_dict.items()
        return {"algorithm": self.algorithm, "ema": self.algorithm.ema.shadow} | {
            name: hook for name, hook in hooks if type(hook).__module__.startswith("semilearn.algorithms")
        }

    @staticmethod
    def _values(owner: Any) -> dict[str, Any]:
        return owner if isinstance(owner, dict) else vars(owner)

    def get_extra_state(self) -> dict[str, dict[str, Any]]:
        """Tensors and numbers by owner and name."""
        plain = (Tensor, bool, int, float, type(None))
        return {
            name: {key: value for key, value in self._values(owner).items() if isinstance(value, plain)}
            for name, owner in self._owners().items()
        }

    def set_extra_state(self, state: dict[str, dict[str, Any]]) -> None:
        """Put back what :meth:`get_extra_state` gave."""
        for name, owner in self._owners().items():
            for key, value in state[name].items():
                self._values(owner)[key] = value.clone() if isinstance(value, Tensor) else value

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Moves what it remembers together with its weights."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for owner in self._owners().values():
            values = self._values(owner)
            values.update({key: fn(value) for key, value in values.items() if isinstance(value, Tensor)})
        return self


@cache
def adapted(name: str) -> type[Usb]:
    """The method class of semilearn's algorithm ``name``.

    Raises:
        UserError: semilearn is absent or of another version.
    """
    inputs = tuple(key for key in signature(algorithms()[name].train_step).parameters if key != "self")
    return type(
        f"Usb{name}",
        (Usb,),
        {
            "__doc__": f"semilearn's {name}.",
            "name": name,
            "inputs": inputs,
            "Config": config_of(name),
            "needs_unlabelled": any("ulb" in key for key in inputs),
        },
    )
