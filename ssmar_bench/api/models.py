"""Trained models: load the one that a finished run has kept, and ask it what a video shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ssmar_bench.api.find_run import find_record
from ssmar_bench.api.run_clips import roles_in, whole_path
from ssmar_bench.api.run_trust import trust_of
from ssmar_bench.api.video_predictions import Paths, Prediction, find_videos, frame_of
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.digests import DamagedError
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.grid import check_device, chosen_device
from ssmar_bench.runs.rerun_command import rerun_command
from ssmar_bench.sources.path_list import PlacedClip
from ssmar_bench.training.trained_method import Answer, TrainedMethod


class Model:
    """A method with the weights that its run ended with; :func:`load_model` makes it.

    Attributes:
        run: its run's name.
        classes: names of the classes, in the benchmark's order.
        renamed: the name of its folder, where that is not the run's; "" where it is.
        trust: how many of its test clips the run named rightly, as a sentence.
    """

    def __init__(self, folder: RunFolder, device: torch.device) -> None:
        self._trained = TrainedMethod(folder, device)
        own = folder.renamed()
        self.run, self.renamed = (own, folder.path.name) if own else (folder.path.name, "")
        self.classes = self._trained.classes
        self.trust = trust_of(folder.record)
        self._roles = roles_in(folder)

    def __repr__(self) -> str:
        return f"<model of {self.run}, {len(self.classes)} classes>"

    @property
    def network(self) -> torch.nn.Module:
        """The torch module that predicts, in evaluation mode: clips (B, T, 3, H, W) to logits and features.

        Of a method that keeps a teacher and predicts with it, the teacher's. A method may put something of its own on
        the features, as APLT its prototypes: then :meth:`predict` does not follow from the module's logits. semilearn's
        methods hold the last weights in it, also those that predict with averaged ones.
        """
        return self._trained.network

    def predict(self, video: Path | str, start: int = -1, end: int = -1) -> Prediction:
        """What the model says of a video, decoded and cropped exactly as the clips that it was tested on.

        Args:
            video: any file that FFmpeg decodes.
            start: first frame of a clip in a longer video, from 0; -1 with ``end``: the whole video.
            end: its last frame, inclusive.

        Raises:
            UserError: the video is missing, no video or damaged, or ends before ``end`` by more than half of the clip;
                or it is no path of one video.
        """
        if not isinstance(video, str | os.PathLike):
            raise UserError(
                f"predict() takes the path of one video, not a {type(video).__name__}; of several, ask predict_many()."
            )
        return self._prediction(PlacedClip(Path(video)), self._trained.answer(Path(video), start, end))

    def predict_each(
        self, videos: Paths, listener: Listener = ignore_events, root: Path | str | None = None
    ) -> Iterator[Prediction]:
        """What the model says of many videos, one after the other; a few of them are in memory at a time.

        Args:
            videos: a file, a folder or a list, or several; of a folder the videos in it and below it, by their endings.
                A list is a ``.csv``, ``.tsv`` or ``.txt`` file: a table as for ``run --labels``, whose labels are
                handed on, or a path a line.
            listener: hears how far it is, and how many other files lie in a folder;
                ``ssmar_bench.progress_display.ProgressDisplay().hear`` draws it.
            root: where the paths of a list begin; None for the list's own folder.

        Yields:
            A prediction a video, in the order given, those of a folder by path; a video that is given twice is
            predicted once. One that cannot be used has a ``problem`` and no classes.

        Raises:
            UserError: there is nothing to predict, a folder without videos, or a list that is wrong.
        """
        for clip, answer in self._answers(find_videos(videos, listener, root), listener):
            yield self._prediction(clip, answer)

    def predict_many(
        self, videos: Paths, top: int = 5, listener: Listener = ignore_events, root: Path | str | None = None
    ) -> pd.DataFrame:
        """What the model says of many videos, a row a video, in the order of :meth:`predict_each`.

        Args:
            videos: as in :meth:`predict_each`.
            top: how many classes.
            listener: as in :meth:`predict_each`.
            root: as in :meth:`predict_each`.

        Returns:
            Columns ``video`` (its path), ``label``, ``probability`` in [0, 1], ``problem`` (why a video cannot be
            used, "" if it can), and ``label_2``, ``probability_2`` and so on to ``top``. The row of a video that
            cannot be used has empty labels and NaN. Behind ``video`` stand ``start`` and ``end`` (-1: the whole video)
            and ``given``, the label of a list, where a list has any; and ``role``, for what the run had the clip
            (``labelled``, ``unlabelled``, ``validation``, ``test``), where it was one of ``run --videos``.

        Raises:
            UserError: as :meth:`predict_each`, or a ``top`` below 1.
        """
        if top < 1:
            raise UserError(f"predict_many(top={top}): expected 1 or more classes.")
        return frame_of(self.predict_each(videos, listener, root), min(top, len(self.classes)))

    def features(self, videos: Paths, listener: Listener = ignore_events) -> npt.NDArray[np.float32]:
        """(n, D) float32: the features of videos that the model predicts from, before classifier or prototypes.

        Args:
            videos: as in :meth:`predict_each`, and in its order.
            listener: as in :meth:`predict_each`.

        Raises:
            UserError: as :meth:`predict_each`, or a video cannot be used.
        """
        found = []
        for clip, answer in self._answers(find_videos(videos, listener), listener):
            if answer.problem:
                raise BadVideoError(clip.video, answer.problem, "leave it out, or replace the file")
            found.append(answer.features)
        return np.stack(found)

    def _answers(self, clips: Sequence[PlacedClip], listener: Listener) -> Iterator[tuple[PlacedClip, Answer]]:
        answers = self._trained.answers((clip.video, clip.start, clip.end) for clip in clips)
        for done, pair in enumerate(zip(clips, answers, strict=True), start=1):
            listener(Event("", "predict", "predicting videos", done, len(clips)))
            yield pair

    def _prediction(self, clip: PlacedClip, answer: Answer) -> Prediction:
        named = zip(self.classes, answer.probabilities.tolist(), strict=not answer.problem)
        ranked = tuple(sorted(named, key=lambda pair: -pair[1]))
        role = self._roles.get((whole_path(clip.video), clip.start, clip.end), "") if self._roles else ""
        return Prediction(clip.video, ranked, answer.problem, clip.start, clip.end, clip.given, clip.file, role)


def load_model(run: Path | str, results: Path | str = RESULTS, device: str = "auto") -> Model:
    """The model of a finished run.

    A run keeps its weights beside its record, in ``work/weights.pt``, on the machine that trained it; they are not
    committed and in no archive. Where only the record is, the error says which command trains it again.

    Args:
        run: a run's folder; or its name under ``runs/`` or in an archive, whose hexadecimal digits at the end may be
            left out; or a start of names that one run alone has.
        results: the folder that ``run`` wrote in.
        device: ``auto`` (a GPU if there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UserError: no such run, a run that is not finished, weights that were not kept or that today's code cannot
            use, or no such device.
    """
    device = chosen_device(device)
    check_device(device)
    found = find_record(run, results_of(results))
    folder = found.folder
    if folder is None:
        raise UserError(
            f"Run {found.name} is in an archive, which keeps no weights; train it again with: "
            f"{rerun_command(found.spec())} --out FOLDER, and look for it in FOLDER."
        )
    _require_done(folder)
    if damage := folder.damage():
        raise UserError(f"{damage}; the `ssmar-bench run` that made the run makes it again.")
    spec = found.spec()
    if not folder.weights.is_file():
        raise UserError(
            f"Run {folder.path.name} has its record here and no weights; train it again with: "
            f"{rerun_command(spec)} --out FOLDER, and look for it in FOLDER."
        )
    try:
        return Model(folder, torch.device(device))
    except DamagedError as error:
        raise UserError(
            f"{error.path} is damaged: {error.why}; train the run again: `ssmar-bench run` with --overwrite always."
        ) from error


def _require_done(folder: RunFolder) -> None:
    if folder.done() or folder.renamed():
        return
    name, failure = folder.path.name, folder.failure().strip()
    if failure:
        raise UserError(f"Run {name} has failed ({failure.splitlines()[-1].rstrip('.')}); run it again.")
    state = "is being trained by another command" if folder.held() else "is not finished"
    raise UserError(f"Run {name} {state}; the `ssmar-bench run` that began it finishes it.")
