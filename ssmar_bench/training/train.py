"""One run, from its first step or from its checkpoint to its predictions."""

from __future__ import annotations

import io
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core.contract import Losses, Method, Progress, PseudoLabels
from ssmar_bench.core.errors import DivergedError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.metrics import scores
from ssmar_bench.core.run_folder import ENDED, RunFolder
from ssmar_bench.core.run_spec import Launch, RunSpec
from ssmar_bench.core.seeds import seed_of
from ssmar_bench.core.split import Split
from ssmar_bench.training.build_method import build_method
from ssmar_bench.training.checkpoint import earlier_checkpoint, last_checkpoint, loadable_state, write_checkpoint
from ssmar_bench.training.instruction_set import instruction_set
from ssmar_bench.training.lr_schedule import CosineSchedule
from ssmar_bench.training.precision import autocast, lay_out, set_up_precision
from ssmar_bench.training.predict import (
    AveragedWeights,
    between_epochs,
    counting_networks,
    forward_passes,
    predict,
    predict_further,
)
from ssmar_bench.training.pseudo_label_log import PseudoLabelLog
from ssmar_bench.training.run_data import EpochPools, RunData


@dataclass
class CurveLog:
    """Rows (epoch, series, quantity, value) of what training itself can measure."""

    rows: list[tuple[int, str, str, float]]

    def add(self, epoch: int, series: str, values: dict[str, float]) -> None:
        """One row a quantity."""
        self.rows += [(epoch, series, quantity, value) for quantity, value in values.items()]


class Trainer:
    """The state of a run: method, optimiser, averaged weights, curves and counters."""

    def __init__(self, spec: RunSpec, split: Split, launch: Launch, folder: RunFolder, listener: Listener) -> None:
        self.settings = spec.train
        torch.set_num_threads(self.settings.threads)
        set_up_precision(self.settings)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # filling takes time
        self.spec, self.folder, self.listener = spec, folder, listener
        self.device = torch.device(launch.device)
        frame_cache = FrameCache.open(Path(launch.frame_cache), spec.pixels)
        self.data = RunData(spec, split, frame_cache, self.device, launch.workers, launch.plugins)
        self.epochs = self.settings.epochs
        self.steps = self.epochs * self.data.steps_per_epoch
        self.classes = len(split.classes)
        torch.manual_seed(seed_of("method", spec.seed))
        self.method = build_method(spec, split, self.steps, launch.weight_files).to(self.device)
        lay_out(self.method, self.settings)
        self.views = self.method.views()
        self.schedule = CosineSchedule(
            self.settings.lr, self.epochs, self.data.steps_per_epoch, self.method.restarts(self.epochs)
        )
        self.optimiser = self._new_optimiser()
        self.averaged = AveragedWeights(self.method, self.settings.ema)
        self.pseudo_label_log = PseudoLabelLog(folder, self.data.unlabelled)
        self.curve = CurveLog([])
        self.step = 0
        self.epoch_seconds: list[float] = []

    def _new_optimiser(self) -> torch.optim.SGD:
        groups, settings = self._parameter_groups(), self.settings
        return torch.optim.SGD(groups, settings.lr, settings.momentum, nesterov=settings.nesterov)

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Weight decay on weights, none on biases and on the affine parameters of normalisation.

        ``factor``: by what the method multiplies the learning rate of a group.
        """
        groups: dict[tuple[float, float], list[Tensor]] = {(self.settings.weight_decay, 1.0): [], (0.0, 1.0): []}
        factors = self.method.learning_rates()
        for name, parameter in self.method.named_parameters():
            if parameter.requires_grad:
                decay = self.settings.weight_decay if parameter.ndim > 1 else 0.0
                groups.setdefault((decay, factors.get(name, 1.0)), []).append(parameter)
        return [
            {"params": members, "weight_decay": decay, "factor": factor} for (decay, factor), members in groups.items()
        ]

    def progress(self) -> Progress:
        """Where the run is."""
        return Progress(self.step, self.steps, self.step // self.data.steps_per_epoch, self.epochs)

    def run(self) -> None:
        """Train to the end from wherever the checkpoint is, and write the predictions."""
        self.resume()
        while self.step < self.steps:
            self.epoch()
            self.save()
        self.finish()

    def epoch(self) -> None:
        """One epoch: the method's own preparations, its steps, then validation and pseudo-labels on the full pool."""
        began = last_report = time.perf_counter()
        number = self.step // self.data.steps_per_epoch + 1
        torch.manual_seed(seed_of("epoch", self.spec.seed, number))
        with between_epochs(self.method):
            self.method.epoch_start(self.progress(), EpochPools(self.data, number))
        if number - 1 in self.schedule.restarts:
            self.optimiser = self._new_optimiser()
            self.averaged = AveragedWeights(self.method, self.settings.ema)
        totals: dict[str, Tensor] = {}
        for done in range(self.data.steps_per_epoch):
            for term, value in self.one_step().terms.items():
                totals[term] = totals.get(term, torch.zeros((), device=self.device)) + value.detach()
            now = time.perf_counter()
            if now - last_report > 1:
                last_report = now
                self.tell("step", rate=(done + 1) / (now - began))
        means = {f"loss/{term}": float(total) / self.data.steps_per_epoch for term, total in totals.items()}
        if not all(map(math.isfinite, means.values())):
            terms = ", ".join(term for term, value in means.items() if not math.isfinite(value))
            raise DivergedError(f"{terms} became infinite or not a number in epoch {number}; try a lower train.lr.")
        self.curve.add(number, "train", {**means, "lr": self.schedule.rate(self.step - 1)})
        self.evaluate(number)
        self.pseudo_label_log.write(number)
        self.epoch_seconds.append(time.perf_counter() - began)
        self.tell("epoch", rate=self.data.steps_per_epoch / self.epoch_seconds[-1])

    def one_step(self) -> Losses:
        """One batch, one update."""
        torch.manual_seed(seed_of("step", self.spec.seed, self.step))
        for group in self.optimiser.param_groups:
            group["lr"] = group["factor"] * self.schedule.rate(self.step)
        batch = self.data.batch(self.step, self.views)
        with autocast(self.settings, self.device):
            losses = self.method.loss(batch, self.progress())
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack([value.float() for value in losses.terms.values()]).sum().backward()  # type: ignore[no-untyped-call]
        if self.settings.gradient_clipping:
            torch.nn.utils.clip_grad_norm_(self.method.parameters(), self.settings.gradient_clipping)
        self.optimiser.step()
        self.averaged.update(self.step - self.schedule.began(self.step))
        self.method.after_step(self.progress())
        self.pseudo_label_log.add(losses.pseudo)
        self.step += 1
        return losses

    def evaluate(self, epoch: int) -> None:
        """Validation scores, and pseudo-labels on the full pool, made from the deterministic view."""
        for head, logits in (("", predict(self.method, self.data, "validation")), *self.heads("validation").items()):
            prediction = logits.argmax(1).cpu().numpy()
            series = f"validation_{head}" if head else "validation"
            self.curve.add(epoch, series, scores(self.data.validation_label, prediction, self.classes))
        if self.data.unlabelled:
            confidence, label = predict(self.method, self.data, "unlabelled").softmax(1).max(1)
            index = torch.arange(len(label), device=self.device)
            self.pseudo_label_log.add(
                {"full_pool": PseudoLabels(index, label, torch.ones_like(confidence), confidence)}
            )

    def heads(self, part: str) -> dict[str, Tensor]:
        """Logits (N, C) of a whole part by each of the method's heads; nothing is forwarded where there are none."""
        if type(self.method).further_predictions is Method.further_predictions:
            return {}
        return predict_further(self.method, self.data, part)

    def finish(self) -> None:
        """The predictions of validation and test, raw and averaged, the weights that made them, and the run's cost."""
        torch.manual_seed(seed_of("epoch", self.spec.seed, self.epochs + 1))
        with between_epochs(self.method):
            self.method.train_end(self.progress(), EpochPools(self.data, self.epochs + 1))
        weights = loadable_state(self.method.state_dict())
        arrays: dict[str, np.ndarray] = {}
        for part in ("validation", "test"):
            arrays[part] = predict(self.method, self.data, part).softmax(1).cpu().numpy()
            for head, logits in self.heads(part).items():
                arrays[f"{part}/{head}"] = logits.softmax(1).cpu().numpy()
            with self.averaged.in_place():
                arrays[f"{part}_ema"] = predict(self.method, self.data, part).softmax(1).cpu().numpy()
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        views = len(self.views.labelled) + len(self.views.unlabelled) * self.settings.unlabelled_per_labelled
        outcome = {
            "curve": self.curve.rows,
            "steps": self.steps,
            "epochs": self.epochs,
            "clips_seen": self.steps * self.data.batch_size * views,
            "forward_passes": forward_passes(self.method),
            "parameters": sum(p.numel() for p in self.method.parameters() if p.requires_grad),
            "epoch_seconds": self.epoch_seconds,
            "resolved": dict(self.method.resolved()),
            "ended": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "device_model": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "",
            "instruction_set": instruction_set() if self.device.type == "cpu" else "",
        }
        files: dict[str, bytes | dict[str, Any]] = {self.folder.weights.name: weights}
        files |= {"predictions.npz": buffer.getvalue(), ENDED: outcome}
        self.folder.keep(files, forget=[earlier_checkpoint(self.epochs)])

    def save(self) -> None:
        """Everything that the next epoch depends on; no generator has a state worth keeping."""
        state = {
            "step": self.step,
            "method": self.method.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "averaged": self.averaged.shadow,
            "forward_passes": forward_passes(self.method),
            "curve": self.curve.rows,
            "epoch_seconds": self.epoch_seconds,
        }
        write_checkpoint(self.folder, self.progress().epoch, state)

    def resume(self) -> None:
        """Continue from the last checkpoint whose epochs have their pseudo-labels, if there is one.

        Raises:
            UserError: a checkpoint is damaged or cannot be read.
        """
        state = last_checkpoint(self.folder, self.data.steps_per_epoch)
        if state is None:
            return
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        with torch.no_grad():
            torch._foreach_copy_(self.averaged.shadow, state["averaged"])
        for first, module in enumerate(counting_networks(self.method)):
            module.forward_passes = 0 if first else state["forward_passes"]
        self.step = state["step"]
        self.curve.rows = [tuple(row) for row in state["curve"]]
        self.epoch_seconds = state["epoch_seconds"]

    def tell(self, kind: str, rate: float) -> None:
        """News for whoever watches."""
        validation = [
            value for _, series, name, value in self.curve.rows if (series, name) == ("validation", "accuracy")
        ]
        epoch = min(self.step // self.data.steps_per_epoch + 1, self.epochs)
        text = f"epoch {epoch}/{self.epochs}" + (f", validation {100 * validation[-1]:.1f} %" if validation else "")
        self.listener(Event(self.folder.path.name, kind, text, self.step, self.steps, rate))


def train(spec: RunSpec, split: Split, launch: Launch, folder: RunFolder, listener: Listener) -> None:
    """Execute ``spec`` in ``folder``, whose lease the caller (:mod:`ssmar_bench.runs.worker`) holds.

    Writes ``work/outcome.json``, ``work/predictions.npz``, ``work/weights.pt`` and ``work/pseudo_label_log/``; scores
    of unlabelled and test clips are joined afterwards by :mod:`ssmar_bench.runs.record`, which knows the labels.

    Raises:
        DivergedError: a loss, a prediction or a pseudo-label became infinite or not a number.
        UserError: a clip cannot be read, or a loading process was lost.
    """
    Trainer(spec, split, launch, folder, listener).run()
