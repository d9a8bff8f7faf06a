"""A finished run's method under the weights that it ended with: what it says of a video that it has never seen."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.clips.video_clip import decode_video_clip
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.digests import read_file
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import Split
from ssmar_bench.training.train import build_method


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
        # The weights replace whatever it starts from, so none are fetched.
        spec = replace(spec, backbone=spec.backbone.model_copy(update={"weights": "none"}))
        steps = int(json.loads(read_file(folder.record, "metrics.json"))["steps"])
        self._method = build_method(spec, split, steps)
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

    @torch.no_grad()
    def probabilities(self, video: Path, start: int = -1, end: int = -1) -> npt.NDArray[np.float32]:
        """(C,) probabilities of the classes for frames ``start`` to ``end`` of a video, as in the run's test.

        Raises:
            UserError: as :func:`ssmar_bench.clips.video_clip.decode_video_clip`.
        """
        spec = self.spec
        decoded = decode_video_clip(video, spec.frame_cache, start, end)
        viewer = ViewMaker(decoded, spec.clips, spec.frame_cache, spec.seed)
        (views,) = viewer.test_batches([0], 1)
        found: npt.NDArray[np.float32] = (
            self._method.predict(views.to(self._device)).float().softmax(1)[0].cpu().numpy()
        )
        return found
