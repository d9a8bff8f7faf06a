"""What the checks look at: a method under its hyper-parameters, on the tiny problem, at some point of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.contract import Acts, Batch, Labelled, Losses, Method, Progress, Unlabelled
from ssmar_bench.testing.tiny import Tiny


@dataclass(frozen=True)
class MethodUnderTest:
    """An algorithm, the values of its hyper-parameters, and the problem it is tried on.

    Attributes:
        method: the method's name, or its method config's path, where it has a method config: only then can a run of it
            be started.
    """

    name: str
    algorithm: type[Method]
    values: Mapping[str, Any]
    tiny: Tiny = field(default_factory=Tiny)
    method: str = ""

    @classmethod
    def of(cls, method: str) -> Self:
        """The method of that name, or of the method config at that path.

        Raises:
            UserError: no such method, or its code cannot be loaded.
        """
        method_config, source = method_configs.read_method_config(method)
        own = method_config.overrides
        tiny = Tiny(
            epochs=own.get("train.epochs", Tiny.epochs), segments=own.get("frame_cache.segments", Tiny.segments)
        )
        return cls(method_config.name, ALGORITHMS.of(method_config, source), method_config.values(), tiny, method)

    def under(self, **changed: Any) -> Self:
        """The same with other hyper-parameters."""
        return replace(self, values={**self.values, **changed})

    def on(self, **changed: Any) -> Self:
        """The same on a problem that differs in ``changed``."""
        return replace(self, tiny=replace(self.tiny, **changed))

    def selecting(self, which: str) -> Self:
        """The same where ``all`` or ``none`` of the unlabelled clips are selected, as far as fields declare it."""
        values = {key: getattr(acts, which) for key, acts in self.fields().items()}
        return self.under(**{key: value for key, value in values.items() if value is not None})

    def fields(self) -> dict[str, Acts]:
        """Where each hyper-parameter acts; the loss, if it does not say."""
        return {
            name: next((note for note in info.metadata if isinstance(note, Acts)), Acts())
            for name, info in self.algorithm.Config.model_fields.items()
        }

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last epoch."""
        return 0, self.tiny.epochs - 1

    def build(self) -> Method:
        """A new method in training mode."""
        return self.tiny.method(self.algorithm, self.values).train()

    def at(self, epoch: int) -> Method:
        """A new method before the first step of ``epoch``, without training until there."""
        method = self.build()
        for number in range(epoch + 1):
            start_epoch(method, self.tiny, number)
        return method

    def batch(self, method: Method, step: int = 0) -> Batch:
        """The clips of a step."""
        return self.tiny.batch_of(method.views(), step)

    def loss(self, method: Method, epoch: int, step: int = 0, batch: Batch | None = None) -> Losses:
        """The loss of a step in ``epoch``; like the trainer, torch's generator is set before it."""
        torch.manual_seed(1000 * epoch + step)
        return method.loss(batch or self.batch(method, step), self.progress(epoch, step))

    def progress(self, epoch: int, step: int = 0) -> Progress:
        """Where step ``step`` of ``epoch`` is."""
        first = self.tiny.progress(epoch)
        return replace(first, step=min(first.step + step % 3, first.steps - 1))

    def train(self, method: Method, epoch: int, steps: int, first: int = 0, rate: float = 0.05) -> list[Losses]:
        """``steps`` updates by plain gradient descent."""
        seen, factors = [], method.learning_rates()
        for step in range(first, first + steps):
            losses = self.loss(method, epoch, step)
            method.zero_grad()
            total_loss(losses).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for name, parameter in method.named_parameters():
                    if parameter.grad is not None:
                        parameter.sub_(rate * factors.get(name, 1.0) * parameter.grad)
            method.after_step(self.progress(epoch, step))
            seen.append(losses)
        return seen

    @torch.no_grad()
    def predict(self, method: Method) -> Tensor:
        """Logits of four clips in evaluation mode."""
        method.eval()
        clips = self.tiny.batch_of(method.views(), 4).labelled.clips
        logits = method.predict(next(iter(clips.values())))
        method.train()
        return logits


@torch.no_grad()
def start_epoch(method: Method, tiny: Tiny, epoch: int, seeded: bool = True) -> None:
    """What the trainer does before an epoch."""
    if seeded:
        torch.manual_seed(epoch)
    method.eval()
    method.epoch_start(tiny.progress(epoch), tiny.pools())
    method.train()


@torch.no_grad()
def end_training(method: Method, tiny: Tiny) -> None:
    """What the trainer does after the last epoch."""
    method.eval()
    method.train_end(tiny.progress(tiny.epochs - 1), tiny.pools())
    method.train()


def total_loss(losses: Losses) -> Tensor:
    """The sum that the trainer trains, a scalar."""
    return torch.stack([term.float() for term in losses.terms.values()]).sum()


def unlabelled(losses: Losses) -> dict[str, Tensor]:
    """The terms (scalars) that are not of labelled clips alone, by their names."""
    return {name: term for name, term in losses.terms.items() if not name.startswith("labelled")}


def gradients(method: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    """Gradients of ``loss`` (a scalar) by parameter, of those that it reaches."""
    method.zero_grad()
    if loss.requires_grad:
        loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    return {name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None}


def tensors(batch: Batch) -> dict[str, Tensor]:
    """Every tensor of a batch by a name that a user understands: clips (B, T, C, H, W), index and label (B,)."""

    def of(side: str, pool: Labelled | Unlabelled) -> Iterator[tuple[str, Tensor]]:
        yield from ((f"{side}.clips[{name!r}]", clips) for name, clips in pool.clips.items())
        yield f"{side}.index", pool.index

    found = dict(of("labelled", batch.labelled)) | {"labelled.label": batch.labelled.label}
    return found | (dict(of("unlabelled", batch.unlabelled)) if batch.unlabelled else {})


def equal_states(one: Any, other: Any) -> bool:
    """Whether two values, states or mappings of tensors are equal to the last bit; a NaN equals itself."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and bool(torch.equal(one.nan_to_num(7.7), other.nan_to_num(7.7)))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal_states(value, other[key]) for key, value in one.items())
    return bool(one == other)
