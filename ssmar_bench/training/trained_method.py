"""A finished run's method under the weights that it ended with: what it says of a video that it has never seen."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.clips.normalise import Normaliser
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.clips.video_clip import VideoClips, decode_video_clip
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.contract import Output
from ssmar_bench.core.digests import read_file
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.processes import cores
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import Split
from ssmar_bench.training.build_method import build_method
from ssmar_bench.training.predict import counting_networks

BATCH = 16
"""Clips that are decoded and predicted together."""

ClipPlace = tuple[Path, int, int]
"""A video, and the first and last frame of a clip in it (0-based, inclusive; -1 and -1: all of it)."""

Floats = npt.NDArray[np.float32]


def _nothing() -> Floats:
    return np.zeros(0, np.float32)


@dataclass(frozen=True)
class Answer:
    """What a method says of a clip.

    Attributes:
        probabilities: (C,) of the classes.
        features: (D,), the pooled features that it is said from.
        problem: why the video cannot be used, without naming it; the others are then empty.
    """

    probabilities: Floats = field(default_factory=_nothing)
    features: Floats = field(default_factory=_nothing)
    problem: str = ""


class TrainedMethod:
    """The method of a finished run, ready to predict.

    Args:
        folder: a run that is done and has kept its weights.
        device: where it predicts.

    Attributes:
        classes: names, in the order of the probabilities.

    Raises:
        UserError: the algorithm is not known here or has another revision than when it was trained, or a file that is
            read is damaged.
    """

    def __init__(self, folder: RunFolder, device: torch.device) -> None:
        self.spec = spec = folder.spec()
        split = Split.from_json(json.loads(folder.kept("split.json")))
        self.classes = split.classes
        if spec.algorithm not in ALGORITHMS.names():
            raise UserError(
                f"Run {folder.path.name} was trained by the algorithm '{spec.algorithm}', which is not known here; add "
                "the plugin that brings it."
            )
        revision = ALGORITHMS.load(spec.algorithm).revision
        if revision != spec.revision:
            raise UserError(
                f"Run {folder.path.name} was trained by revision {spec.revision} of {spec.algorithm}, which is at "
                f"{revision} by now; train it again."
            )
        if ALGORITHMS.plugin_file(spec.algorithm) != spec.plugin_file:
            provider = ALGORITHMS.entry(spec.algorithm).provider
            raise UserError(
                f"Run {folder.path.name} was trained by another content of {provider}; "
                "give the file as it was, or train the run again."
            )
        steps = int(json.loads(read_file(folder.record, "metrics.json"))["steps"])
        self._method = build_method(spec, split, steps, None)
        weights = io.BytesIO(folder.kept(folder.weights.name))
        try:
            self._method.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        except Exception as error:
            raise UserError(
                f"{folder.weights} does not hold the weights of {spec.method} ({type(error).__name__}); remove the "
                "run's folder and train it again."
            ) from error
        self._method.to(device).eval()
        self._device = device

    @property
    def network(self) -> nn.Module:
        """The network that predicts: a student, or the teacher of a method that predicts with one.

        Raises:
            UserError: the method predicts without a network of the benchmark.
        """
        spec = self.spec
        clip = torch.zeros(1, spec.frame_cache.segments, 3, spec.clips.size, spec.clips.size, device=self._device)
        return self._predict(clip)[2]

    def answer(self, video: Path, start: int = -1, end: int = -1) -> Answer:
        """What it says of frames ``start`` to ``end`` of a video, as in the run's test.

        Raises:
            UserError: as :func:`ssmar_bench.clips.video_clip.decode_video_clip`.
        """
        return self._answers([decode_video_clip(video, self.spec.frame_cache, start, end)])[0]

    def answers(self, clips: Iterable[ClipPlace]) -> Iterator[Answer]:
        """What it says of many clips, in their order; no more than ``BATCH`` of them are in memory at a time.

        A video that cannot be used gives an answer with its ``problem``.

        Raises:
            UserError: a clip ends before it starts or has a number below 0, or the decoder is not installed.
        """
        threads = 1 if self.spec.frame_cache.decoder == "decord" else min(cores(), BATCH)
        places = iter(clips)
        with ThreadPoolExecutor(threads) as pool:
            while some := list(islice(places, BATCH)):
                decoded = list(pool.map(self._decoded, some))
                said = iter(self._answers([one for one in decoded if not isinstance(one, str)]))
                yield from (Answer(problem=one) if isinstance(one, str) else next(said) for one in decoded)

    def _decoded(self, place: ClipPlace) -> Frames | str:
        """A clip's frames, or why its video cannot be used."""
        try:
            return decode_video_clip(place[0], self.spec.frame_cache, *place[1:])
        except BadVideoError as error:
            return error.reason

    def _answers(self, frames: Sequence[Frames]) -> list[Answer]:
        if not frames:
            return []
        spec, rows = self.spec, range(len(frames))
        clips = VideoClips(tuple(map(str, rows)), tuple(frames))
        (views,) = ViewMaker(clips, spec.clips, spec.frame_cache, spec.seed).test_batches(rows, len(frames))
        logits, features, _ = self._predict(Normaliser(spec.clips, self._device)(views))
        return [Answer(*both) for both in zip(logits.softmax(1).cpu().numpy(), features.cpu().numpy(), strict=True)]

    @torch.no_grad()
    def _predict(self, views: Tensor) -> tuple[Tensor, Tensor, nn.Module]:
        """Logits (B, C) of test views, the features (B, D) behind them, and the network that gave these."""
        seen: list[tuple[nn.Module, Tensor]] = []

        def look(network: nn.Module, given: object, output: Output) -> None:  # noqa: ARG001 - as torch calls it
            seen.append((network, output.features))

        hooks = [network.register_forward_hook(look) for network in counting_networks(self._method)]
        try:
            logits = self._method.predict(views).float()
        finally:
            for hook in hooks:
                hook.remove()
        if not seen:
            raise UserError(f"{self.spec.algorithm} predicts without one of the benchmark's networks.")
        network, features = seen[-1]
        return logits, features.float(), network
