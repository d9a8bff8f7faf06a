"""semilearn's own training loop (``AlgorithmBase.train``) on images: its data set, loader, augmentation and FixMatch.

Its hooks that evaluate, save and time by CUDA's clock are left out, and it runs on the CPU; all else is as it comes.
"""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision import transforms

from ssmar_bench.algorithms.usb.upstream import algorithms, held
from ssmar_bench.core.benchmark_config import ClipConfig

LEFT_OUT = {"EvaluationHook", "CheckpointHook", "TimerHook"}
PACKAGES = ("semilearn", "semilearn.datasets", "semilearn.datasets.cv_datasets")
"""Their ``__init__`` imports data sets of texts and sounds, and is passed over."""


class Images(nn.Module):
    """A network of clips as semilearn's models are called with images (B, 3, H, W)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits and features."""
        output = self.network(images.unsqueeze(1))
        return {"logits": output.logits, "feat": output.features}


def semilearn_loop(
    images: npt.NDArray[np.uint8],
    labels: list[int],
    classes: int,
    labelled: int,
    batch: int,
    steps: int,
    views: ClipConfig,
    network: Callable[[], nn.Module],
) -> Callable[[], None]:
    """What trains for ``steps`` steps each time that it is called, as long as it is called.

    Args:
        images: (N, S, S, 3) of RGB, already of the size that the network sees.
        labels: of the images; those of the first ``labelled`` are used.
        classes: how many there are.
        labelled: how many images have a label.
        batch: images of each pool a step.
        steps: steps a call.
        views: holds mean and standard deviation of the channels.
        network: makes the network of clips (B, 1, 3, S, S); called for the model and for its average.
    """
    data, augmentation, samplers, utils = _own_data_modules()
    size = images.shape[1]
    tensor = [transforms.ToTensor(), transforms.Normalize(views.mean, views.std)]
    geometry = [
        transforms.Resize(size),
        transforms.RandomCrop(size, padding=size // 8, padding_mode="reflect"),
        transforms.RandomHorizontalFlip(),
    ]
    weak = transforms.Compose([*geometry, *tensor])
    strong = transforms.Compose([*geometry, augmentation.RandAugment(3, 5), *tensor])

    class Loop(algorithms()["fixmatch"]):  # type: ignore[misc]
        def set_dataset(self) -> dict[str, Any]:
            known = data.BasicDataset("fixmatch", images[:labelled], labels[:labelled], classes, weak, False, strong)
            others = data.BasicDataset("fixmatch", images[labelled:], labels[labelled:], classes, weak, True, strong)
            return {"train_lb": known, "train_ulb": others, "eval": known, "test": None}

    build = sys.modules["semilearn.core.utils.build"]
    loading = {"name2sampler": samplers.name2sampler, "get_collactor": utils.get_collactor}
    arguments = {
        "algorithm": "fixmatch", "num_classes": classes, "epoch": 1, "num_train_iter": steps, "num_eval_iter": steps,
        "num_log_iter": 256, "use_cat": True, "ulb_loss_ratio": 1.0, "amp": False, "clip_grad": 0, "ema_m": 0.999,
        "save_name": "", "save_dir": "", "resume": False, "gpu": None, "rank": 0, "distributed": False,
        "world_size": 1, "net": "", "use_pretrain": False, "pretrain_path": "", "optim": "SGD", "lr": 0.03,
        "momentum": 0.9, "weight_decay": 5e-4, "layer_decay": 1, "num_warmup_iter": 0, "use_wandb": False,
        "use_aim": False, "uratio": 1, "batch_size": batch, "eval_batch_size": batch, "num_workers": 0,
        "train_sampler": "RandomSampler", "hard_label": True, "T": 0.5, "p_cutoff": 0.95,
    }  # fmt: skip
    with held(torch.device("cpu")), patch.multiple(build, **loading):
        loop = Loop(Namespace(**arguments), lambda **_: Images(network()))
    for name in LEFT_OUT:
        del loop.hooks_dict[name]

    seeding = sys.modules["semilearn.core.hooks.sampler_seed"]

    def train() -> None:
        loop.it = 0
        with held(torch.device("cpu")), patch.object(seeding, "DistributedSampler", samplers.DistributedSampler):
            loop.train()
        assert loop.it == steps

    return train


def _own_data_modules() -> tuple[ModuleType, ModuleType, ModuleType, ModuleType]:
    """semilearn's modules of data sets of images, augmentation, samplers, and further functions."""
    (folder,) = find_spec("semilearn").submodule_search_locations  # type: ignore[misc]
    packages = {name: ModuleType(name) for name in PACKAGES}
    for name, package in packages.items():
        package.__path__ = [str(Path(folder, *name.split(".")[1:]))]
    with patch.dict(sys.modules, packages):
        names = ("cv_datasets.datasetbase", "augmentation", "samplers", "utils")
        data, augmentation, samplers, utils = (importlib.import_module(f"semilearn.datasets.{name}") for name in names)
    return data, augmentation, samplers, utils
